"""Cache of rule results per chunk. An entry is valid while its key and its recorded dependencies are unchanged.

Nothing is invalidated explicitly: the recorded dependencies are compared with their current values.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

from playpen_ls.api.facts import Fact, Facts, Files
from playpen_ls.api.rule import Given
from playpen_ls.engine.diagnostic import Hit
from playpen_ls.engine.diagnostics import Found
from playpen_ls.text.edit import equal_end, equal_start


@dataclass(frozen=True, slots=True)
class Question:
    """A query about other files: the name of a member of `Files`, and the path it was called with."""

    what: str
    path: str

    def asked_of(self, files: Files) -> object:
        found = getattr(files, self.what)
        return found if self.what == "known" else found(self.path)


@dataclass(frozen=True, slots=True)
class Reads:
    """The dependencies of a cache entry besides its chunk, with their values. Equal ones share one object."""

    facts: tuple[Facts[Any], ...] = ()
    answers: tuple[tuple[Question, object], ...] = ()


NOTHING_READ = Reads()


@dataclass(frozen=True)
class Remembered:
    """Cached diagnostics, without fixes, of a chunk that started at `start`, and their dependencies."""

    start: int
    hits: tuple[Hit, ...]
    reads: Reads = NOTHING_READ

    def moved(self, start: int, path: str) -> tuple[Hit, ...]:
        """The diagnostics for the chunk at its current start."""
        by = start - self.start
        return tuple([hit.shifted(by, path) for hit in self.hits]) if by else self.hits


QUIET = Remembered(0, ())
"""No diagnostics and no dependencies."""


class Pair:
    """The cache entries of a chunk: of local rules (`near`) and of cross-file rules (`far`); None if a rule raised.

    `found` has the diagnostics of both, for a chunk that started at `start`; None if there are none. Pairs with the
    same `read` have the same dependencies; it is None if an entry is missing.
    """

    __slots__ = ("far", "found", "near", "read", "start")

    def __init__(self, near: Remembered | None, far: Remembered | None, start: int, found: Found | None) -> None:
        self.near = near
        self.far = far
        self.start = start
        self.found = found
        self.read = (id(near.reads), id(far.reads)) if near is not None and far is not None else None


NEVER = Pair(None, None, 0, None)
"""A cache miss: a chunk that has not been checked yet."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The cache of a file: the entries of its chunks, with their keys, in text order."""

    keys: Sequence[Hashable] = ()
    pairs: Sequence[Pair] = ()

    def of(self, keys: Sequence[Hashable]) -> list[Pair]:
        """The entry for each key, or NEVER. Most keys are before or after the few that changed."""
        head = equal_start(self.keys, keys)
        tail = equal_end(self.keys, keys, min(len(self.keys), len(keys)) - head)
        gone, fresh = slice(head, len(self.keys) - tail), keys[head : len(keys) - tail]
        known = dict(zip(self.keys[gone], self.pairs[gone], strict=True))
        return [*self.pairs[:head], *(known.get(key, NEVER) for key in fresh), *self.pairs[gone.stop :]]


NOTHING = Memory()


class ReadFiles:
    """Records the queries to `Files` and their answers as dependencies."""

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
    """Validates cache entries of the file `path`; dependencies that chunks share are validated once."""

    def __init__(self, given: Given, path: str) -> None:
        self.given = given
        self.path = path
        self._now: dict[type[Fact], Facts[Any]] = {}
        self._held: dict[int, bool] = {}
        self._same: dict[Reads, Reads] = {NOTHING_READ: NOTHING_READ}
        self._nothing: dict[int, Remembered] = {id(NOTHING_READ): QUIET}
        self._pairs: dict[tuple[int, int], Pair] = {}

    def stale(self, pairs: Iterable[Pair]) -> Set[tuple[int, int] | None]:
        """The `read` values of pairs whose entries are missing or invalid."""
        return {read for read, pair in {pair.read: pair for pair in pairs}.items() if not self._hold(pair)}

    def _hold(self, pair: Pair) -> bool:
        near, far = pair.near, pair.far
        return near is not None and far is not None and self.holds(near) and self.holds(far)

    def holds(self, remembered: Remembered) -> bool:
        """Whether the dependencies of the entry are unchanged."""
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
                self._now[facts.kind] = self.given.facts(facts.kind)
            if facts is not self._now[facts.kind]:
                return False
        return all(question.asked_of(self.given.files) == answer for question, answer in reads.answers)

    def remembered(self, start: int, fresh: Iterable[Hit], reads: Reads) -> Remembered:
        """A new cache entry. Chunks without diagnostics and with equal dependencies share one object."""
        hits = tuple([hit.shifted(0, self.path) for hit in fresh])
        reads = self._same.setdefault(reads, reads)
        self._held[id(reads)] = True
        if hits:
            return Remembered(start, hits, reads)
        nothing = self._nothing.get(id(reads))
        if nothing is None:
            nothing = self._nothing[id(reads)] = Remembered(0, (), reads)
        return nothing

    def pair(self, now: Sequence[Remembered | None], before: Pair, start: int) -> Pair:
        """The pair of two entries; reuses the previous pair, or that of other chunks without diagnostics, if equal."""
        near, far = now
        if near is before.near and far is before.far:
            return before
        hits = [hit for each in now if each is not None for hit in each.moved(start, self.path)]
        if hits:
            return Pair(near, far, start, Found(hits))
        return self._pairs.setdefault((id(near), id(far)), Pair(near, far, 0, None))
