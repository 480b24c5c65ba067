"""A piece of a Jenkinsfile with its calls, assignments and stages: the chunk by which findings are cached."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from playpen_ls.api.file_view import FileView
from playpen_ls.languages.jenkinsfile.model.pipeline import Assignment, EnvironmentEntry, Stage, assignment
from playpen_ls.languages.jenkinsfile.model.steps import SHELLS, ShellStep
from playpen_ls.languages.jenkinsfile.syntax.calls import Call
from playpen_ls.languages.jenkinsfile.syntax.expressions import string_at
from playpen_ls.languages.jenkinsfile.syntax.tree import Statement
from playpen_ls.languages.model import Chunk

if TYPE_CHECKING:
    from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile

T = TypeVar("T")

_PASSWORD = re.compile(r"(\w+)_PASS(?:WORD)?")


def users_of(name: str) -> tuple[str, ...]:
    """The names of the user variable that belongs to a variable `X_PASSWORD` or `X_PASS`."""
    match = _PASSWORD.fullmatch(name)
    return (f"{match[1]}_USER", f"{match[1]}_USERNAME") if match else ()


@dataclass(frozen=True, slots=True)
class Names:
    """The variables that a passage assigns to, those that it declares, and those that it sets to a literal."""

    assigned: frozenset[str]
    declared: frozenset[str]
    literal: frozenset[str]


class Passage(Chunk):
    """A stage, a section, a method or a step with a block; or the code between two of these."""

    def __init__(self, file: Jenkinsfile, number: int) -> None:
        self.file = file
        self.number = number
        self.stretch = file.tree.stretches[number]
        self.span = file.tree.span_of(self.stretch)
        self.text = file.source.of(self.span)
        self.record = file.tree.record(number)

    @property
    def key(self) -> Hashable:  # type: ignore[override]
        """The cache key: text, surrounding headers, and what passage rules read from the rest of the file."""
        file, known = self.file, self.record.known
        around = file.headers(self.stretch.around)
        whole = None if file.tree.whole(self.span) else file.source.text
        if "plain" in known:
            return self.text, around, whole
        names, holes = self.names.assigned, self.holes
        if not names and not holes:
            known["plain"] = True
            return self.text, around, whole
        users = frozenset(user for name in names for user in users_of(name)) & file.literal_names if names else None
        return self.text, around, whole, names and names & file.ids, users, self._secrets

    @property
    def _secrets(self) -> Hashable:
        """What `interpolated-secret` depends on: visible entries outside the passage, and names that shadow them."""
        if not self.holes:
            return None
        start, end = self.span.start, self.span.end
        entries = []
        for entry in self.file.credential_entries:
            scope = entry.scope
            if not start <= entry.name_span.start < end and scope.start < end and start < scope.end:
                entries.append((entry.name, max(scope.start, start) - start, min(scope.end, end) - start))
        return tuple(entries), self.holes & self.file.declared_names

    def _known(self, what: Hashable, find: Callable[[], T]) -> T:
        """The cached result of `find`, which must depend on the text of the passage only."""
        known = self.record.known
        try:
            found: T = known[what]
        except KeyError:
            found = known[what] = find()
        return found

    def parts(self, file: FileView | None = None) -> Iterator[object]:
        """Itself and the stages in it, then assignments and calls, each kind in text order."""
        yield self
        yield from self.stages
        yield from self.assignments
        yield from self.calls

    @cached_property
    def calls(self) -> list[Call]:
        """Every call in the passage, in text order."""
        return self.file.tree.calls(*self.stretch.statements)

    def names_around(self, word: str) -> bool:
        """Whether the word occurs in the passage or in the headers of the statements around it."""
        return word in self.text or any(word in header for header in self.file.headers(self.stretch.around))

    def named(self, *names: str) -> list[Call]:
        """The calls with one of these names, in text order."""
        return self.file.tree.named(self.number, names)

    @property
    def stages(self) -> Iterator[Stage]:
        """The stage of a declarative pipeline that the passage is, and its nested stages; empty for other code."""
        call = Statement(self.file.tree, self.stretch.statements[0]).call
        if call is None or call.name != "stage" or call.block is None:
            return
        waiting = [Stage(call, call.block, 0)]
        if [around.name for around in call.enclosing] != ["stages", "pipeline"]:
            return
        while waiting:
            stage = waiting.pop()
            yield stage
            waiting += reversed(stage.children)

    @cached_property
    def shell_steps(self) -> list[ShellStep]:
        return [call for call in self.named(*SHELLS) if isinstance(call, ShellStep)]

    def steps_with(self, words: tuple[str, ...]) -> list[ShellStep]:
        """The shell steps whose source contains one of these words, case-insensitive; `words` are in lower case."""
        places = self._known(words, lambda: tuple(self._places_with(words)))
        return [step for place, step in enumerate(self.shell_steps) if place in places] if places else []

    def _places_with(self, words: tuple[str, ...]) -> Iterator[int]:
        text, tokens = self.file.source.text, self.file.tree.tokens
        for place, step in enumerate(self.shell_steps):
            code = text[tokens[step.index][1] : tokens[step.last - 1][2]].lower()
            if any(word in code for word in words):
                yield place

    def of_step(self, step: ShellStep, look: Callable[[ShellStep], Iterable[T]]) -> list[T]:
        """The results of `look` for a shell step; that there are none is cached by the text of the step.

        `look` must not depend on anything but the step.
        """
        return self.file.of_step(step, look)

    @cached_property
    def assignments(self) -> list[Assignment]:
        """Every assignment to a variable in text order; those in `environment {…}` are EnvironmentEntry."""
        tree, begin = self.file.tree, self.stretch.statements[0]
        found = []
        for number in self._known("assignments", lambda: tuple(self._assigning())):
            statement = Statement(tree, begin + number)
            call = statement.block.call
            inside = call is not None and call.name == "environment"
            one = assignment(statement, EnvironmentEntry if inside else Assignment)
            assert one is not None
            found.append(one)
        return found

    def _assigning(self) -> Iterator[int]:
        begin, end = self.stretch.statements
        for number in range(begin, end):
            if assignment(Statement(self.file.tree, number)) is not None:
                yield number - begin

    @property
    def names(self) -> Names:
        return self._known("names", self._names)

    def _names(self) -> Names:
        found = self.assignments
        return Names(
            frozenset(one.name for one in found),
            frozenset(one.name for one in found if one.declared),
            frozenset(one.name for one in found if one.value.value),
        )

    @property
    def holes(self) -> frozenset[str]:
        """The names of the variables that are interpolated in the strings of the passage."""
        return self._known("holes", self._holes)

    def _holes(self) -> frozenset[str]:
        tree, names = self.file.tree, set[str]()
        for index in range(*self.stretch.tokens):
            literal = string_at(tree, index) if tree.tokens[index][1] in tree.holes else None
            if literal is not None:
                names.update(name for hole in literal.holes if (name := literal.hole_name(hole)))
        return frozenset(names)
