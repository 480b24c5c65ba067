"""Runs rules over the model of one file. Pure: the cache is passed in and returned."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cache
from typing import Any

from playpen_ls.api.facts import Fact, Facts, NotKnownYet, PendingFacts
from playpen_ls.api.file_view import FileView, Outline, Question
from playpen_ls.api.finding import Change, Finding, Fix, Offer, Place
from playpen_ls.api.rule import Rule, RuleContext
from playpen_ls.engine.cache import (
    EMPTY_CACHE,
    CachedFindings,
    ChunkEntry,
    Dependencies,
    DependencyChecker,
    FindingsCache,
    RecordedFiles,
)
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.diagnostics import ChunkDiagnostics, FileDiagnostics, Places
from playpen_ls.engine.embedded import EmbeddedPart, EmbeddedParts
from playpen_ls.engine.rule_set import ByType, RuleSet
from playpen_ls.languages.model import Chunk, Embedded, Model
from playpen_ls.languages.registry import makers
from playpen_ls.project.filesystem import cached
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.pause import pause_or_end
from playpen_ls.text.span import Span, Spans

logger = logging.getLogger("playpen_ls")


def with_current_places(diagnostics: FileDiagnostics, model: Model) -> FileDiagnostics:
    """The diagnostics with the current places of facts that other parts of the file state, which may have shifted."""
    return diagnostics.with_related(
        {
            number: [_where(diagnostic, by, model) for diagnostic in found.diagnostics]
            for number, (found, by) in enumerate(zip(diagnostics.groups, diagnostics.moved, strict=True))
            if found.needs_lookup
        }
    )


def _where(diagnostic: Diagnostic, by: int, model: Model) -> Places:
    """The related places of a diagnostic without duplicates: identical documents state equal facts."""
    if not diagnostic.made.related:
        return ()
    path, found = model.source.path, []
    for place in diagnostic.related:
        if place.chunk is not None:
            found.append(Place(path, place.span.shifted(model.chunks[place.chunk].begins), place.message))
        elif isinstance(place.stated, Fact):
            span = model.span_of(place.stated)
            if span is not None:
                found.append(Place(path, span, place.message, place.stated))
        else:
            found.append(place.moved(by, path))
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


@dataclass(frozen=True, slots=True)
class Offered:
    rule: Rule
    offer: Offer


@dataclass(frozen=True)
class Checked:
    """Result of a check: findings and offers in text order, and the cache for the next check of this file."""

    diagnostics: FileDiagnostics
    offers: list[Offered] = field(default_factory=list)
    memory: FindingsCache = EMPTY_CACHE
    failed: frozenset[str] = frozenset()
    """The ids of rules that raised; their findings are unknown."""
    deferred: frozenset[str] = frozenset()
    """The ids of rules that wait; their findings are those of the last check."""


class _Whole(Chunk):
    """A file as a chunk, for rules that look at all of it."""

    def __init__(self, model: Model) -> None:
        self.key = ""  # what it reads of the chunks is recorded
        self.span = Span(0, len(model.source.text))
        self._model = model

    @property
    def begins(self) -> int:
        return 0

    def parts(self, file: FileView) -> Iterable[object]:
        return self._model.parts(file)


def check(
    model: Model,
    rules: RuleSet,
    given: RuleContext,
    memory: FindingsCache | None = None,
    within: Span | None = None,
    fixes: bool = False,
    before: Outline | None = None,
    last: Callable[[Span], Iterable[Diagnostic]] = lambda span: (),
) -> Checked:
    """Check a file with all rules.

    With a `memory` (the cache of an earlier version of the same file, with the same rules, options
    and platform) only changed chunks are checked, and findings have no fixes unless `fixes` is set:
    then chunks with findings are checked again. Without a cache every finding has its fixes, and
    `within` limits the check to the chunks that touch it. It pauses before each chunk, and each part of one, that is
    checked. `before` is the outline of an earlier version, or of this one, where no cache is passed: what it knows of
    the other chunks is not worked out again. `last` gives what the last check found in a range, at its current offsets:
    the findings of rules that wait stay.
    """
    chunks, known = model.chunks, memory or EMPTY_CACHE
    local = {id(chunk) for chunk in model.chunks_touching(within)} if within is not None else None
    units = [*chunks, _Whole(model)]
    outline = Outline(model.source.path, chunks, known.outline or before)
    given = RuleContext(given.platform, cached(given.files), cache(given.facts))  # type: ignore[arg-type]  # asked once for each kind
    reader = DependencyChecker(given, outline, known)
    keys = [unit.key for unit in units]
    pairs = known.of(keys, reader.holds)
    stale = reader.stale(pairs) if known.pairs else range(len(units))
    everything, remembers = not known.pairs and within is None, memory is not None and not fixes
    look = _ChunkChecker(model, rules, reader, fixes, last, everything=everything, remembers=remembers)
    groups: list[ChunkDiagnostics] = []
    moved: list[int] = []
    offers: list[Offered] = []
    failed: set[str] = set()
    for number, (unit, pair) in enumerate(zip(units, pairs, strict=True)):
        if local is not None and number < len(chunks) and id(unit) not in local:
            continue
        if number in stale or (fixes and pair.groups):
            pause_or_end()
            looked = look.at(unit, number, pair)
            pairs[number] = pair = reader.pair(looked.pair, pair)
            offers += looked.offers
            failed |= looked.failed
            if memory is None or fixes or looked.failed:  # what is remembered is without fixes
                if looked.diagnostics:
                    groups.append(ChunkDiagnostics([look.here(diagnostic, unit) for diagnostic in looked.diagnostics]))
                    moved.append(0)
                continue
        for chunk, found in pair.groups:
            groups.append(found)
            moved.append((unit if chunk is None else chunks[chunk]).begins)
    after = FindingsCache(keys, pairs, outline) if memory is not None else EMPTY_CACHE
    diagnostics = FileDiagnostics(model.source.path, groups, moved)
    if any(one.rule.masks_text for _, found in pairs[-1].groups for one in found.diagnostics):
        diagnostics = _without_repeated_secrets(diagnostics, model.language)
    deferred = frozenset[str]().union(*{pair.deferred for pair in pairs})
    return Checked(with_current_places(diagnostics, model), offers, after, frozenset(failed), deferred)


def _without_repeated_secrets(diagnostics: FileDiagnostics, language: str) -> FileDiagnostics:
    """A secret that the file's own rules report is not reported again for what other languages make of the file."""
    own = Spans(one.span for one in diagnostics if one.rule.masks_text and one.rule.language == language)
    return diagnostics.filtered(
        [one for one in diagnostics if not (one.rule.masks_text and one.rule.language != language)
         or not own.touch(one.start, one.end)]
    )  # fmt: skip


@dataclass
class _CheckedChunk:
    """Result of checking a chunk; `pair` has the cache entries of local rules, then of cross-file rules.

    The offsets of the diagnostics count from the start of the chunk.
    """

    diagnostics: list[Diagnostic] = field(default_factory=list)
    offers: list[Offered] = field(default_factory=list)
    pair: list[CachedFindings | None] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)


class _ChunkChecker:
    """Runs rules over chunks of a file, for the most part again."""

    def __init__(
        self,
        model: Model,
        rules: RuleSet,
        reader: DependencyChecker,
        fixes: bool,
        last: Callable[[Span], Iterable[Diagnostic]],
        everything: bool,
        remembers: bool,
    ) -> None:
        """`everything`: all chunks will be looked at. What only `remembers` makes no fixes and no offers."""
        self._last = last
        self._everything = everything
        self._remembers = remembers
        self._concerning: dict[ByType, ByType] = {}
        self._model = model
        self._rules = rules
        self._reader = reader
        self._fixes = fixes
        self._unread: tuple[dict[Question, object], CachedFindings] | None = None
        """Of the last chunk that no rule has to look at: what was asked of the file, and its cache entry."""

    def at(self, unit: Chunk, number: int, pair: ChunkEntry) -> _CheckedChunk:
        """Run the rules of which it is not known any more what they find, or whose findings are to have fixes."""
        looked, model, reader = _CheckedChunk(), self._model, self._reader
        # Parts may keep answers, so what the second half records is also what the first one asked.
        file = FileView(reader.outline, number if number < len(model.chunks) else None)
        parts: list[object] | None = None
        made = self._made_of(file) if number == len(model.chunks) else _NOT_MADE
        inside = (*unit.embedded(), *made.texts)
        embedded: EmbeddedParts | None = None
        words, asked_for_words = None, False
        by_scope = self._rules.by_scope_with_embedded if inside or made.late else self._rules.by_scope
        for some, remembered in zip(by_scope, (pair.local, pair.cross_file), strict=True):
            holds = remembered is not None and reader.still(remembered, pair, number)
            if remembered is not None and holds and not (self._fixes and remembered.diagnostics):
                looked.diagnostics += remembered.diagnostics
            else:
                if remembered is not None and holds:  # the others would find nothing again
                    some = some.named({diagnostic.rule.id for diagnostic in remembered.diagnostics})
                if not asked_for_words:
                    words, asked_for_words = unit.words(file), True
                if words is not None:
                    some = self._in_file(some).concerning(words)
                if parts is None and some.rules:
                    parts = list(unit.parts(file))
                    embedded = EmbeddedParts(inside, reader.path)
                unread = parts is None and not holds and made is _NOT_MADE
                if unread and self._unread is not None and self._unread[0] == file.reads:
                    looked.pair.append(self._unread[1])
                    continue
                every = [*(parts or ()), *(embedded.parts if embedded else ())]
                ran = _run_rules(every, some, reader.given, file, made, self._remembers)
                fresh = ran.diagnostics
                if ran.deferred:  # their last findings stay
                    last = [*remembered.diagnostics] if remembered is not None else []
                    if remembered is None or made.late:
                        last = [*(one for one in last if one.made.chunk is not None), *self._moved(unit)]
                    fresh += [diagnostic for diagnostic in last if diagnostic.rule.id in ran.deferred]
                looked.diagnostics += fresh
                looked.offers += [Offered(one.rule, self._offer(one.offer, unit)) for one in ran.offers]
                looked.failed |= ran.failed
                if not holds or ran.failed:
                    remembered = None if ran.failed else reader.remembered(fresh, ran.reads, ran.deferred)
                    if unread and remembered is not None:
                        self._unread = (dict(file.reads), remembered)
            looked.pair.append(remembered)
        file.open(model, unit.begins)
        if embedded is not None:
            embedded.open()
        return looked

    def _in_file(self, some: ByType) -> ByType:
        """The rules that can find something in the file, if all of it is looked at: few are asked about each chunk."""
        if not self._everything:
            return some
        found = self._concerning.get(some)
        if found is None:
            found = self._concerning[some] = some.concerning(self._model.source.words)
        return found

    def _made_of(self, file: FileView) -> _Made:
        """What other languages make of the file."""
        embeds = makers(self._model.language, self._model.source.path)
        if not embeds:
            return _NOT_MADE
        given = self._reader.given
        files, asked = RecordedFiles(given.files), dict[type, Facts[Any]]()

        def facts(kind: type) -> Facts[Any]:
            found = asked[kind] = given.facts(kind)
            return found if found.complete else PendingFacts(kind)

        try:
            texts = tuple(text for one in embeds for text in one.made_of(file, files, facts))
        except NotKnownYet:
            return _Made((), frozenset(one.rule.id for one in self._rules.embedded.rules), files, asked)
        if not texts and not files.answers:
            return _NOT_MADE
        return _Made(texts, frozenset(), files, asked)

    def _moved(self, unit: Chunk) -> Iterator[Diagnostic]:
        """What the last check found in a chunk, with offsets from its start now."""
        for one in self._last(unit.span):
            if one.made.chunk is None:
                here = one.shifted(-unit.begins, self._reader.path)
                yield Diagnostic(one.rule, here.finding, one.severity, has_safe_fix=one.has_safe_fix)

    def _start(self, chunk: int | None, unit: Chunk) -> int:
        """The offset in the file that positions count from: that of a chunk by its number, or of the one checked."""
        return (unit if chunk is None else self._model.chunks[chunk]).begins

    def here(self, diagnostic: Diagnostic, unit: Chunk) -> Diagnostic:
        """A diagnostic with offsets in the file."""
        made, path = diagnostic.made, self._reader.path
        by = self._start(made.chunk, unit)
        if not by:
            return diagnostic
        if made.fixes:
            made = replace(made, fixes=tuple([_in_file(fix, path, by) for fix in made.fixes]))
        return Diagnostic(diagnostic.rule, made, diagnostic.severity, by, path, has_safe_fix=diagnostic.has_safe_fix)

    def _offer(self, offer: Offer, unit: Chunk) -> Offer:
        by = self._start(offer.chunk, unit)
        return Offer(offer.span.shifted(by), _in_file(offer.fix, self._reader.path, by)) if by else offer


def _in_file(fix: Fix, path: str, by: int) -> Fix:
    """A fix whose edits, unless they are a Change, count from `by` in its own file."""

    def change() -> Change:
        made = fix.change()
        return made if isinstance(made, Change) else Change({path: tuple([edit.shifted(by) for edit in made])})

    return replace(fix, change=change)


@dataclass(frozen=True)
class _Made:
    """Texts that other languages make of a file, and what was read for that; `late` are rules that wait for them."""

    texts: tuple[Embedded, ...] = ()
    late: frozenset[str] = frozenset()
    files: RecordedFiles | None = None
    asked: Mapping[type, Facts[Any]] = field(default_factory=dict)


_NOT_MADE = _Made()


@dataclass
class _RuleResults:
    """What rules said of a chunk, and what they read; the ids of those that raised, and of those that must wait."""

    diagnostics: list[Diagnostic]
    offers: list[Offered]
    reads: Dependencies
    failed: set[str]
    deferred: set[str]


def _run_rules(
    parts: Sequence[object], rules: ByType, given: RuleContext, file: FileView, made: _Made, without_fixes: bool
) -> _RuleResults:
    """Look at every part with the rules for its type. A rule that raises is logged, and the rest go on.

    A fix keeps what it was made of, so where none is wanted it is dropped at once.

    One that asks what other files say before all were read is put off: it runs again when they are, since the facts
    that it asked for are others then.
    """
    files = RecordedFiles(given.files)
    if made.files is not None:
        files.answers.update(made.files.answers)
    asked: dict[type, Facts[Any]] = {**made.asked}

    def facts(kind: type) -> Facts[Any]:
        found = asked.get(kind)
        if found is None:
            found = asked[kind] = given.facts(kind)
        return found

    def waiting(kind: type) -> Facts[Any]:
        found = facts(kind)
        return found if found.complete else PendingFacts(kind)

    now, later = RuleContext(given.platform, files, facts), RuleContext(given.platform, files, waiting)
    arguments: dict[str, tuple[object, ...]] = {}
    diagnostics: list[Diagnostic] = []
    offers: list[Offered] = []
    failed: set[str] = set()
    deferred: set[str] = {one.rule.id for one in rules.rules if one.rule.id in made.late} if made.late else set()
    agreed = _Agreed(made.texts)
    for part in parts:
        inside = part if isinstance(part, EmbeddedPart) else None
        for configured in rules.of(type(inside.part if inside is not None else part)):
            pause_or_end()  # a part can be most of the file
            rule = configured.rule
            if inside is not None and not _concerns(rule, inside):
                continue
            given_to = arguments.get(rule.id)
            if given_to is None:
                # What other files say does not decide about an embedded text.
                waits = rule.needs_index and inside is None
                given_to = arguments[rule.id] = rule.arguments(later if waits else now)
            try:
                subject = inside.part if inside is not None else part
                for said in rule.function(subject, *given_to, **configured.options):
                    if isinstance(said, Offer):
                        if inside is None and not without_fixes:
                            offers.append(Offered(rule, said))
                        continue
                    finding = said if inside is None else inside.in_host(_as_in_pipelines(rule, said))
                    if finding is not None:
                        severity = configured.severity or finding.severity or rule.severity
                        diagnostic = Diagnostic(rule, finding, severity)
                        if inside is None or agreed.on(diagnostic, inside.embedded.way):
                            diagnostics.append(diagnostic.without_fixes if without_fixes else diagnostic)
            except NotKnownYet:
                deferred.add(rule.id)
            except Exception as error:
                log_failure(rule, error)
                failed.add(rule.id)
    if deferred:
        diagnostics = [diagnostic for diagnostic in diagnostics if diagnostic.rule.id not in deferred]
    return _RuleResults(diagnostics, offers, Dependencies.of(asked.values(), files, file), failed, deferred)


class _Agreed:
    """Counts in which ways to deploy a file something is found."""

    def __init__(self, texts: Iterable[Embedded]) -> None:
        self._ways = {one.way for one in texts}
        self._found: dict[tuple[str, Span], set[str]] = {}

    def on(self, diagnostic: Diagnostic, way: str) -> bool:
        """Whether this is the one to report: the first time that it was found in all ways."""
        if not way:
            return True
        found = self._found.setdefault((diagnostic.rule.id, diagnostic.span), set())
        known = len(found)
        found.add(way)
        return len(found) == len(self._ways) > known


def _concerns(rule: Rule, part: EmbeddedPart) -> bool:
    """Whether a rule that is `in_pipelines` is about this text: what is missing, only if nothing is added to it."""
    return rule.in_pipelines is True or part.embedded.complete


def _as_in_pipelines(rule: Rule, finding: Finding) -> Finding:
    """A finding as the rule reports it there: what is missing has no fix, since its values are those of services."""
    own = rule.in_pipelines
    return finding if isinstance(own, bool) else replace(finding, severity=own, fixes=())


def log_failure(rule: Rule, error: Exception) -> None:
    """Log one line without the error message, which may contain the checked text."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("rule %s failed: %s at %s:%s", rule.id, type(error).__name__, last.filename, last.lineno)
