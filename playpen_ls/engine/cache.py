"""Cache of rule results per chunk. An entry is valid while its key and its recorded dependencies are unchanged.

Nothing is invalidated explicitly: the recorded dependencies are compared with their current values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence, Set
from dataclasses import field, replace
from typing import Any

from playpen_ls.api.facts import Fact, Facts, Files, NotKnownYet
from playpen_ls.api.file_view import FileView, Input, Outline, Question, is_located
from playpen_ls.api.rule import RuleContext
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.diagnostics import ChunkDiagnostics
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import equal_end, equal_start


@dataclass(frozen=True, slots=True)
class FileQuery:
    """A query about other files: the name of a member of `Files`, and the path it was called with."""

    what: str
    path: str

    def asked_of(self, files: Files) -> object:
        found = getattr(files, self.what)
        return found if self.what == "known" else found(self.path)


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What rules read besides a chunk, and what it was. Chunks of which the same was read share one object.

    `file` are the questions about the rest of the file with their answers, `inputs` what any of these ever followed
    from: while all of that is as it was, the answers are.
    """

    facts: tuple[Facts[Any], ...] = ()
    answers: tuple[tuple[FileQuery, object], ...] = ()
    file: tuple[tuple[Question, object], ...] = ()
    inputs: set[Input] = field(default_factory=set, compare=False)
    located: bool = field(default=False, compare=False)
    """Some answers depend on where the chunk stands."""
    hashed: int = field(default=0, compare=False)
    """The hash of what is compared. Computed once: answers can be long."""

    @classmethod
    def of(cls, facts: Collection[Facts[Any]], files: RecordedFiles, file: FileView) -> Dependencies:
        """What was asked while rules ran."""
        if not (file.reads or files.answers or facts):
            return NO_DEPENDENCIES
        located = any(is_located(query) for query, _ in file.reads)
        compared = (tuple(facts), tuple(files.answers.items()), tuple(file.reads.items()))
        return cls(*compared, set(file.inputs), located, hash(compared))


NO_DEPENDENCIES = Dependencies(hashed=hash(((), (), ())))


@dataclass(frozen=True)
class CachedFindings:
    """What rules found in a chunk, without fixes and with offsets from its start, and what they read to find it.

    `deferred` are the ids of those that wait; what they found last is kept.
    """

    diagnostics: tuple[Diagnostic, ...]
    reads: Dependencies = NO_DEPENDENCIES
    deferred: frozenset[str] = frozenset()


NO_FINDINGS = CachedFindings(())
"""No diagnostics and no dependencies."""


class ChunkEntry:
    """The cache entries of a chunk: of rules that look at one file (`local`) and of others; None if a rule raised.

    `groups` has the diagnostics of both, by the chunk that their offsets count from; None is the chunk itself. Entries
    with the same `read` have the same dependencies; it is None where not all are known. `located` says that these
    depend on where the chunk is. `deferred` are the rules that wait.
    """

    __slots__ = ("cross_file", "deferred", "groups", "local", "located", "read")

    def __init__(
        self,
        local: CachedFindings | None,
        cross_file: CachedFindings | None,
        diagnostics: Iterable[Diagnostic] = (),
    ) -> None:
        self.local = local
        self.cross_file = cross_file
        by_chunk: dict[int | None, list[Diagnostic]] = {}
        for diagnostic in diagnostics:
            by_chunk.setdefault(diagnostic.made.chunk, []).append(diagnostic)
        self.groups = tuple([(chunk, ChunkDiagnostics(those)) for chunk, those in by_chunk.items()])
        self.read = (id(local.reads), id(cross_file.reads)) if local is not None and cross_file is not None else None
        self.located = any(one is not None and one.reads.located for one in (local, cross_file))
        self.deferred = frozenset[str]().union(*[one.deferred for one in (local, cross_file) if one is not None])


MISS = ChunkEntry(None, None)
"""A chunk that was not checked before."""


@dataclass(frozen=True, slots=True)
class FindingsCache:
    """What was found in the chunks of a file, by their keys, in text order; `outline` is of the text that was checked.

    An entry is valid while what it read is as it was, see DependencyChecker.
    """

    keys: Sequence[Hashable] = ()
    pairs: Sequence[ChunkEntry] = ()
    outline: Outline | None = None

    def of(self, keys: Sequence[Hashable], holds: Callable[[ChunkEntry, int], bool] | None = None) -> list[ChunkEntry]:
        """What is known of each of these chunks; most stand before or behind the few that changed.

        Of several that have a key it is the first that `holds` for the chunk of that number.
        """
        head = equal_start(self.keys, keys)
        tail = equal_end(self.keys, keys, min(len(self.keys), len(keys)) - head)
        gone, fresh = slice(head, len(self.keys) - tail), keys[head : len(keys) - tail]
        known: dict[Hashable, list[ChunkEntry]] = {}
        for key, pair in zip(self.keys[gone], self.pairs[gone], strict=True):
            known.setdefault(key, []).append(pair)

        def entry(number: int, key: Hashable) -> ChunkEntry:
            entries = known.get(key, (MISS,))
            if len(entries) == 1 or holds is None:
                return entries[-1]
            return next((one for one in entries if holds(one, number)), entries[-1])

        middle = [entry(number, key) for number, key in enumerate(fresh, head)]
        return [*self.pairs[:head], *middle, *self.pairs[gone.stop :]]

    def was_at(self, number: int, pair: ChunkEntry) -> bool:
        """The chunk of this number had this entry."""
        return number < len(self.pairs) and self.pairs[number] is pair


EMPTY_CACHE = FindingsCache()
_LATE = object()
"""The answer to a query about other files that was not known yet."""


class RecordedFiles:
    """Records the queries to `Files` and their answers as dependencies."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.answers: dict[FileQuery, object] = {}

    def _ask(self, what: str, path: str) -> Any:
        question = FileQuery(what, path)
        if question not in self.answers:
            self.answers[question] = _LATE
            self.answers[question] = question.asked_of(self._files)
        if self.answers[question] is _LATE:
            raise NotKnownYet
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

    def archive(self, path: str) -> tuple[tuple[str, str | None], ...] | None:
        return self._ask("archive", path)  # type: ignore[no-any-return]

    def is_large(self, folder: str) -> bool:
        return bool(self._ask("is_large", folder))

    def is_tracked(self, path: str) -> bool:
        return bool(self._ask("is_tracked", path))

    def settled(self, path: str) -> bool:
        return bool(self._ask("settled", path))


class Asked:
    """Records what a check asks of other files: kinds of facts, and queries."""

    def __init__(self) -> None:
        self.kinds: set[type[Fact]] = set()
        self._recorded: list[RecordedFiles] = []
        self._texts: set[FileQuery] = set()

    def recording(self, given: RuleContext) -> RuleContext:
        files = RecordedFiles(given.files)
        self._recorded.append(files)

        def facts(kind: type[Fact]) -> Facts[Any]:
            self.kinds.add(kind)
            return given.facts(kind)

        return RuleContext(given.platform, files, facts)

    def text(self, path: str) -> None:
        self._texts.add(FileQuery("text", path))

    @property
    def queries(self) -> set[FileQuery]:
        return self._texts.union(*(one.answers for one in self._recorded))


class DependencyChecker:
    """Says whether what was read for a file is still so; what chunks share is looked at once.

    `outline` is that of its text now, `memory` what is known of an earlier version.
    """

    def __init__(self, given: RuleContext, outline: Outline, memory: FindingsCache) -> None:
        self.given = given
        self.outline = outline
        self.path = outline.path
        self._memory = memory
        self._facts: dict[tuple[Facts[Any], ...], tuple[Facts[Any], ...]] = {}
        self._stand: dict[int, bool] = {}
        self._held: dict[tuple[int, int | None], bool] = {}
        self._same: dict[int, Dependencies] = {NO_DEPENDENCIES.hashed: NO_DEPENDENCIES}
        self._nothing: dict[int, CachedFindings] = {id(NO_DEPENDENCIES): NO_FINDINGS}
        self._pairs: dict[tuple[int, int], ChunkEntry] = {}

    def stale(self, pairs: Sequence[ChunkEntry]) -> Set[int]:
        """The numbers of the chunks of which the entry may not hold any more."""
        stands = {read: self._stands(pair) for read, pair in {pair.read: pair for pair in pairs}.items()}
        return {
            number
            for number, pair in enumerate(pairs)
            if not stands[pair.read] or (pair.located and not self._memory.was_at(number, pair))
        }

    def _stands(self, pair: ChunkEntry) -> bool:
        """What was read is as it was, for each chunk that stands where it stood among the others."""
        if pair.local is None or pair.cross_file is None:
            return False
        for reads in (pair.local.reads, pair.cross_file.reads):
            if reads is NO_DEPENDENCIES:
                continue
            if self._inputs_stand(reads):
                self._same.setdefault(reads.hashed, reads)
            elif reads.located or not self._holds(reads, None):
                return False
        return True

    def holds(self, pair: ChunkEntry, number: int) -> bool:
        """What was read for an entry is so for the chunk of this number."""
        return all(one is not None and self.still(one, pair, number) for one in (pair.local, pair.cross_file))

    def still(self, remembered: CachedFindings, pair: ChunkEntry, number: int) -> bool:
        """What one half of an entry has read is so for the chunk of this number."""
        reads = remembered.reads
        if not reads.located:
            return self._holds(reads, None)
        return (self._memory.was_at(number, pair) and self._inputs_stand(reads)) or self._holds(reads, number)

    def _holds(self, reads: Dependencies, chunk: int | None) -> bool:
        """All answers are what they were; `chunk` asks, where that matters."""
        if reads is NO_DEPENDENCIES:
            return True
        held = self._held.get((id(reads), chunk))
        if held is None:
            held = self._outside_stands(reads) and (
                (chunk is None and self._unchanged_inputs(reads)) or self._answers_stand(reads, chunk)
            )
            self._held[id(reads), chunk] = held
            if held:
                self._same.setdefault(reads.hashed, reads)
        return held

    def _outside_stands(self, reads: Dependencies) -> bool:
        """What was read of other files."""
        stand = self._stand.get(id(reads.facts))
        if stand is None:
            shared = self._facts.setdefault(reads.facts, reads.facts)
            stand = self._stand[id(reads.facts)] = all(facts is self.given.facts(facts.kind) for facts in shared)
        if not stand or not reads.answers:
            return stand
        return all(self._is_answered(question, answer) for question, answer in reads.answers)

    def _is_answered(self, question: FileQuery, answer: object) -> bool:
        """The answer is as it was, or not known yet: then the findings stay until it is."""
        try:
            return bool(question.asked_of(self.given.files) == answer)
        except NotKnownYet:
            return True

    def _inputs_stand(self, reads: Dependencies) -> bool:
        """Nothing that the answers followed from has changed, nor what was read of other files."""
        return self._outside_stands(reads) and self._unchanged_inputs(reads)

    def _unchanged_inputs(self, reads: Dependencies) -> bool:
        return not reads.file or (self._memory.outline is not None and self._changed.isdisjoint(reads.inputs))

    @cached_property
    def _changed(self) -> Set[Input]:
        """The inputs that are not as they were for the earlier version."""
        return self.outline.changed(self._memory.outline) if self._memory.outline is not None else frozenset()

    def _answers_stand(self, reads: Dependencies, chunk: int | None) -> bool:
        for question, answer in reads.file:
            now = self.outline.answer(question, chunk)
            if now.value is not answer and now.value != answer:
                return False
            reads.inputs.update(now.inputs)
        return True

    def remembered(
        self, fresh: Iterable[Diagnostic], reads: Dependencies, deferred: Iterable[str] = ()
    ) -> CachedFindings:
        """A new cache entry. Chunks without diagnostics and with equal dependencies share one object."""
        diagnostics = tuple([diagnostic.shifted(0, self.path) for diagnostic in fresh])
        known = self._same.get(reads.hashed)
        if known is None or known != reads:
            facts = self._facts.setdefault(reads.facts, reads.facts)
            known = self._same[reads.hashed] = reads if facts is reads.facts else replace(reads, facts=facts)
        known.inputs.update(reads.inputs)
        reads = known
        if not reads.located:
            self._held[id(reads), None] = True
        if diagnostics or deferred:
            return CachedFindings(diagnostics, reads, frozenset(deferred))
        nothing = self._nothing.get(id(reads))
        if nothing is None:
            nothing = self._nothing[id(reads)] = CachedFindings((), reads)
        return nothing

    def pair(self, now: Sequence[CachedFindings | None], before: ChunkEntry) -> ChunkEntry:
        """The pair of two entries; reuses the previous pair, or that of other chunks without diagnostics, if equal."""
        local, cross_file = now
        if local is before.local and cross_file is before.cross_file:
            return before
        diagnostics = [diagnostic for each in now if each is not None for diagnostic in each.diagnostics]
        if diagnostics:
            return ChunkEntry(local, cross_file, diagnostics)
        return self._pairs.setdefault((id(local), id(cross_file)), ChunkEntry(local, cross_file))
