"""What was found in a stage or section is found again by its text: with a keystroke most stay the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from playpen_ls.languages.jenkinsfile.calls import Call
from playpen_ls.languages.jenkinsfile.validator.faults import Fault, Faults

_MOST = 4_000  # pieces of a file that are remembered


class Memory:
    """`before` is of the version of the file before this one."""

    def __init__(self, before: Memory | None = None) -> None:
        self._before: dict[Hashable, tuple[Fault, ...]] = before._now if before is not None else {}
        self._now: dict[Hashable, tuple[Fault, ...]] = {}
        self._clean_before: set[Hashable] = before._clean if before is not None else set()
        self._clean: set[Hashable] = set()
        self._answers_before: dict[Hashable, bool] = before._answers if before is not None else {}
        self._answers: dict[Hashable, bool] = {}

    def get(self, key: Hashable) -> tuple[Fault, ...] | None:
        found = self._now.get(key)
        return found if found is not None else self._before.get(key)

    def put(self, key: Hashable, faults: tuple[Fault, ...]) -> None:
        if len(self._now) < _MOST:
            self._now[key] = faults

    def is_clean(self, question: Hashable, text: str) -> bool:
        key = (question, text)
        if key in self._clean:
            return True
        if key in self._clean_before:
            self.put_clean(question, text)
            return True
        return False

    def put_clean(self, question: Hashable, text: str) -> None:
        """There was nothing in a text of what was asked for."""
        if len(self._clean) < _MOST:
            self._clean.add((question, text))

    def answer(self, question: str, text: str, find: Callable[[], bool]) -> bool:
        """Whether something holds of a text; `find` must look at nothing else."""
        key = (question, text)
        known = self._answers.get(key, self._answers_before.get(key))
        if known is None:
            known = find()
        if len(self._answers) < _MOST:
            self._answers[key] = known
        return known


def remembered(
    faults: Faults, call: Call, memory: Memory, judge: Callable[[Faults, Call], None], within: bool = False
) -> None:
    """Add what `judge` finds in a call; it must look at nothing but the call's own text."""
    span = call.span
    key = (call.tree.source.text[span.start : span.end], within, call.name)
    known = memory.get(key)
    if known is None:
        found = Faults()
        judge(found, call)
        known = tuple(one.shifted(-span.start) for one in found.found)
    memory.put(key, known)
    faults.found += (one.shifted(span.start) for one in known)
