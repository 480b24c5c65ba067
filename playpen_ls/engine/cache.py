"""Cache of rule results per chunk. An entry is valid while its key and its recorded dependencies are unchanged.

Nothing is invalidated explicitly: the recorded dependencies are compared with their current values.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from playpen_ls.api.facts import Fact, Facts, Files
from playpen_ls.api.file_view import FileView, Input, Outline, is_located
from playpen_ls.api.file_view import Question as FileQuestion
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
    """What rules read besides a chunk, and what it was. Chunks of which the same was read share one object.

    `file` are the questions about the rest of the file with their answers, `inputs` what any of these ever followed
    from: while all of that is as it was, the answers are.
    """

    facts: tuple[Facts[Any], ...] = ()
    answers: tuple[tuple[Question, object], ...] = ()
    file: tuple[tuple[FileQuestion, object], ...] = ()
    inputs: set[Input] = field(default_factory=set, compare=False)
    located: bool = field(default=False, compare=False)
    """Some answers depend on where the chunk stands."""

    @classmethod
    def of(cls, facts: Iterable[Facts[Any]], files: ReadFiles, file: FileView) -> Reads:
        """What was asked while rules ran."""
        located = any(is_located(query) for query, _ in file.reads)
        return cls(tuple(facts), tuple(files.answers.items()), tuple(file.reads.items()), set(file.inputs), located)


NOTHING_READ = Reads()


@dataclass(frozen=True)
class Remembered:
    """What rules found in a chunk that began at `start`, fixes left out, and what they read to find it.

    `start` is 0 where positions count from the start of the chunk.
    """

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

    `founds` is all of it, in a chunk that began at `start`, by the chunks that their positions count from; None is the
    chunk itself. Of pairs with the same `read` the same was read; it is None where not all is known. `located` says
    that what was read depends on where the chunk stands.
    """

    __slots__ = ("far", "founds", "located", "near", "read", "start")

    def __init__(self, near: Remembered | None, far: Remembered | None, start: int, hits: Iterable[Hit] = ()) -> None:
        self.near = near
        self.far = far
        self.start = start
        by_chunk: dict[int | None, list[Hit]] = {}
        for hit in hits:
            by_chunk.setdefault(hit.made.chunk, []).append(hit)
        self.founds = tuple([(chunk, Found(those)) for chunk, those in by_chunk.items()])
        self.read = (id(near.reads), id(far.reads)) if near is not None and far is not None else None
        self.located = any(one is not None and one.reads.located for one in (near, far))


NEVER = Pair(None, None, 0)
"""A chunk that was not looked at before."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What was found in the chunks of a file, by their keys, in text order; `outline` is of the text that was checked.

    The cache: an entry is valid while what it read is as it was, see Reader.
    """

    keys: Sequence[Hashable] = ()
    pairs: Sequence[Pair] = ()
    outline: Outline | None = None

    def of(self, keys: Sequence[Hashable], holds: Callable[[Pair, int], bool] | None = None) -> list[Pair]:
        """What is known of each of these chunks; most stand before or behind the few that changed.

        Of several that have a key it is the first that `holds` for the chunk of that number.
        """
        head = equal_start(self.keys, keys)
        tail = equal_end(self.keys, keys, min(len(self.keys), len(keys)) - head)
        gone, fresh = slice(head, len(self.keys) - tail), keys[head : len(keys) - tail]
        known: dict[Hashable, list[Pair]] = {}
        for key, pair in zip(self.keys[gone], self.pairs[gone], strict=True):
            known.setdefault(key, []).append(pair)

        def entry(number: int, key: Hashable) -> Pair:
            entries = known.get(key, (NEVER,))
            if len(entries) == 1 or holds is None:
                return entries[-1]
            return next((one for one in entries if holds(one, number)), entries[-1])

        middle = [entry(number, key) for number, key in enumerate(fresh, head)]
        return [*self.pairs[:head], *middle, *self.pairs[gone.stop :]]

    def was_at(self, number: int, pair: Pair) -> bool:
        """The chunk of this number had this entry."""
        return number < len(self.pairs) and self.pairs[number] is pair


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
    """Says whether what was read for a file is still so; what chunks share is looked at once.

    `outline` is that of its text now, `memory` what is known of an earlier version.
    """

    def __init__(self, given: Given, outline: Outline, memory: Memory) -> None:
        self.given = given
        self.outline = outline
        self.path = outline.path
        self._memory = memory
        self._now: dict[type[Fact], Facts[Any]] = {}
        self._held: dict[tuple[int, int | None], bool] = {}
        self._unchanged: dict[int, bool] = {}
        self._same: dict[Reads, Reads] = {NOTHING_READ: NOTHING_READ}
        self._nothing: dict[int, Remembered] = {id(NOTHING_READ): QUIET}
        self._pairs: dict[tuple[int, int], Pair] = {}

    def stale(self, pairs: Sequence[Pair]) -> Set[int]:
        """The numbers of the chunks of which the entry may not hold any more."""
        stands = {read: self._stands(pair) for read, pair in {pair.read: pair for pair in pairs}.items()}
        return {
            number
            for number, pair in enumerate(pairs)
            if not stands[pair.read] or (pair.located and not self._memory.was_at(number, pair))
        }

    def _stands(self, pair: Pair) -> bool:
        """What was read is as it was, for each chunk that stands where it stood among the others."""
        if pair.near is None or pair.far is None:
            return False
        for reads in (pair.near.reads, pair.far.reads):
            if not self._inputs_stand(reads) if reads.located else not self._holds(reads, None):
                return False
        return True

    def holds(self, pair: Pair, number: int) -> bool:
        """What was read for an entry is so for the chunk of this number."""
        return all(one is not None and self.still(one, pair, number) for one in (pair.near, pair.far))

    def still(self, remembered: Remembered, pair: Pair, number: int) -> bool:
        """What one half of an entry has read is so for the chunk of this number."""
        reads = remembered.reads
        if not reads.located:
            return self._holds(reads, None)
        return (self._memory.was_at(number, pair) and self._inputs_stand(reads)) or self._holds(reads, number)

    def _holds(self, reads: Reads, chunk: int | None) -> bool:
        """All answers are what they were; `chunk` asks, where that matters."""
        if reads is NOTHING_READ:
            return True
        held = self._held.get((id(reads), chunk))
        if held is None:
            held = self._outside_stands(reads) and (
                (chunk is None and self._unchanged_inputs(reads)) or self._answers_stand(reads, chunk)
            )
            self._held[id(reads), chunk] = held
            if held:
                self._same.setdefault(reads, reads)
        return held

    def _outside_stands(self, reads: Reads) -> bool:
        """What was read of other files."""
        for facts in reads.facts:
            if facts.kind not in self._now:
                self._now[facts.kind] = self.given.facts(facts.kind)
            if facts is not self._now[facts.kind]:
                return False
        return all(question.asked_of(self.given.files) == answer for question, answer in reads.answers)

    def _inputs_stand(self, reads: Reads) -> bool:
        """Nothing that the answers followed from has changed, nor what was read of other files."""
        return self._outside_stands(reads) and self._unchanged_inputs(reads)

    def _unchanged_inputs(self, reads: Reads) -> bool:
        before = self._memory.outline
        if not reads.file or before is None:
            return not reads.file
        found = self._unchanged.get(id(reads))
        if found is None:
            found = self._unchanged[id(reads)] = all(self.outline.same(one, before) for one in reads.inputs)
        return found

    def _answers_stand(self, reads: Reads, chunk: int | None) -> bool:
        for question, answer in reads.file:
            now = self.outline.answer(question, chunk)
            if now.value is not answer and now.value != answer:
                return False
            reads.inputs.update(now.inputs)
        return True

    def remembered(self, start: int, fresh: Iterable[Hit], reads: Reads) -> Remembered:
        """A new cache entry. Chunks without diagnostics and with equal dependencies share one object."""
        hits = tuple([hit.shifted(0, self.path) for hit in fresh])
        known = self._same.setdefault(reads, reads)
        known.inputs.update(reads.inputs)
        reads = known
        if not reads.located:
            self._held[id(reads), None] = True
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
            return Pair(near, far, start, hits)
        return self._pairs.setdefault((id(near), id(far)), Pair(near, far, 0))
