"""What the rules found in a chunk, and what they read to find it: so that it need not be found again.

Nothing here is invalidated by hand: what was read is compared with what is so now.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from playpen_ls.facts import Fact, Facts, Files
from playpen_ls.hit import Hit
from playpen_ls.rule import Given


@dataclass(frozen=True, slots=True)
class Question:
    """What a rule asked about other files: a name of `Files` and the path that it was asked of."""

    what: str
    path: str

    def asked_of(self, files: Files) -> object:
        found = getattr(files, self.what)
        return found if self.what == "known" else found(self.path)


@dataclass(frozen=True, slots=True)
class Reads:
    """What rules read besides a chunk, and what it was. Chunks of which the same was read share one object."""

    facts: tuple[Facts[Any], ...] = ()
    answers: tuple[tuple[Question, object], ...] = ()


NOTHING_READ = Reads()


@dataclass(frozen=True)
class Remembered:
    """What rules found in a chunk that began at `start`, fixes left out, and what they read to find it."""

    start: int
    hits: tuple[Hit, ...]
    reads: Reads = NOTHING_READ

    def moved(self, start: int, path: str) -> Remembered:
        """The same for a chunk that begins elsewhere now."""
        if start == self.start or not self.hits:
            return self
        by = start - self.start
        return Remembered(start, tuple([hit.shifted(by, path) for hit in self.hits]), self.reads)


QUIET = Remembered(0, ())
"""Nothing was found, and nothing read that could change that."""

Both = tuple[Remembered | None, Remembered | None]
"""What rules that look at one file found, and what those that look at others did; None where one raised."""

NEVER: Both = (None, None)
"""A chunk that was not looked at before."""

Memory = Mapping[Hashable, Both]


def once(files: Files) -> Files:
    return files if isinstance(files, OnceFiles) else OnceFiles(files)


class OnceFiles:
    """Files that answer each question once. Many parts ask the same, and within one check nothing changes."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.known = files.known
        self._exists: dict[str, bool] = {}
        self._texts: dict[str, str | None] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._large: dict[str, bool] = {}

    def exists(self, path: str) -> bool:
        if path not in self._exists:
            self._exists[path] = self._files.exists(path)
        return self._exists[path]

    def text(self, path: str) -> str | None:
        if path not in self._texts:
            self._texts[path] = self._files.text(path)
        return self._texts[path]

    def names(self, folder: str) -> tuple[str, ...]:
        if folder not in self._names:
            self._names[folder] = self._files.names(folder)
        return self._names[folder]

    def is_large(self, folder: str) -> bool:
        if folder not in self._large:
            self._large[folder] = self._files.is_large(folder)
        return self._large[folder]


class ReadFiles:
    """Files that keep a record of what was asked and answered, each question once."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.answers: dict[Question, object] = {}

    def _ask(self, what: str, path: str) -> Any:
        question = Question(what, path)
        if question not in self.answers:
            self.answers[question] = question.asked_of(self._files)
        return self.answers[question]

    @property
    def known(self) -> bool:
        return bool(self._ask("known", ""))

    def exists(self, path: str) -> bool:
        return bool(self._ask("exists", path))

    def text(self, path: str) -> str | None:
        return self._ask("text", path)  # type: ignore[no-any-return]

    def names(self, folder: str) -> tuple[str, ...]:
        return self._ask("names", folder)  # type: ignore[no-any-return]

    def is_large(self, folder: str) -> bool:
        return bool(self._ask("is_large", folder))


class Reader:
    """Says whether what was read is still so; what chunks share is looked at once.

    `quiet` has the ids of what is known to hold and to have found nothing.
    """

    def __init__(self, given: Given) -> None:
        self._given = given
        self._now: dict[type[Fact], Facts[Any]] = {}
        self._held: dict[int, bool] = {}
        self._same: dict[Reads, Reads] = {NOTHING_READ: NOTHING_READ}
        self._nothing: dict[int, Remembered] = {id(NOTHING_READ): QUIET}
        self._pairs: dict[tuple[int, int], Both] = {}
        self.quiet: set[int] = set()

    def holds(self, remembered: Remembered) -> bool:
        """What the rules read is still so."""
        reads = remembered.reads
        if reads is NOTHING_READ:
            return True
        held = self._held.get(id(reads))
        if held is None:
            held = self._held[id(reads)] = self._still(reads)
            if held:
                self._same.setdefault(reads, reads)
        return held

    def _still(self, reads: Reads) -> bool:
        for facts in reads.facts:
            if facts.kind not in self._now:
                self._now[facts.kind] = self._given.facts(facts.kind)
            if facts is not self._now[facts.kind]:
                return False
        return all(question.asked_of(self._given.files) == answer for question, answer in reads.answers)

    def holds_both(self, before: Both) -> TypeGuard[tuple[Remembered, Remembered]]:
        one, other = before
        return one is not None and other is not None and self.holds(one) and self.holds(other)

    def moved(self, both: tuple[Remembered, Remembered], start: int, path: str) -> tuple[Remembered, Remembered]:
        """The same for a chunk that begins elsewhere now; one without findings has no place."""
        one, other = both
        if not one.hits and not other.hits:
            self.quiet.add(id(both))
            return both
        if (one.start == start or not one.hits) and (other.start == start or not other.hits):
            return both
        return one.moved(start, path), other.moved(start, path)

    def remembered(self, start: int, fresh: Iterable[Hit], reads: Reads, path: str) -> Remembered:
        """One object for all chunks in which nothing was found, if the same was read."""
        hits = tuple([hit.shifted(0, path) for hit in fresh])
        reads = self._same.setdefault(reads, reads)
        self._held[id(reads)] = True
        if hits:
            return Remembered(start, hits, reads)
        nothing = self._nothing.get(id(reads))
        if nothing is None:
            nothing = self._nothing[id(reads)] = Remembered(0, (), reads)
        return nothing

    def both(self, now: Sequence[Remembered | None], before: Both) -> Both:
        """The same pair as before, or as other chunks have it."""
        one, other = now
        pair = before
        if one is not before[0] or other is not before[1]:
            pair = self._pairs.setdefault((id(one), id(other)), (one, other))
        if all(each is not None and not each.hits for each in pair):
            self.quiet.add(id(pair))
        return pair
