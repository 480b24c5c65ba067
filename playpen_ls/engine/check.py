"""Runs rules over the model of one file. Pure: the cache is passed in and returned."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from playpen_ls.api.facts import Fact, Facts, NotKnownYet, PendingFacts
from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.api.finding import Change, Fix, Offer, Place
from playpen_ls.api.rule import Given, Rule
from playpen_ls.engine.cache import NOTHING, Memory, Pair, Reader, ReadFiles, Reads, Remembered
from playpen_ls.engine.diagnostic import Hit
from playpen_ls.engine.diagnostics import Found, Hits, Places
from playpen_ls.engine.rule_set import ByType, RuleSet
from playpen_ls.languages.model import Chunk, Model
from playpen_ls.project.filesystem import once
from playpen_ls.text.span import Span

logger = logging.getLogger("playpen_ls")


def placed(hits: Hits, model: Model) -> Hits:
    """The diagnostics with the current places of facts that other parts of the file state, which may have shifted."""
    return hits.pointing(
        {
            number: [_where(hit, by, model) for hit in found.hits]
            for number, (found, by) in enumerate(zip(hits.founds, hits.moved, strict=True))
            if found.asks
        }
    )


def _where(hit: Hit, by: int, model: Model) -> Places:
    """The related places of a diagnostic without duplicates: identical documents state equal facts."""
    if not hit.made.related:
        return ()
    path, found = model.source.path, []
    for place in hit.related:
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

    hits: Hits
    offers: list[Offered] = field(default_factory=list)
    memory: Memory = NOTHING
    failed: frozenset[str] = frozenset()
    """The ids of rules that raised; their findings are unknown."""


class _Whole(Chunk):
    """A file as a chunk, for rules that look at all of it."""

    def __init__(self, model: Model) -> None:
        # Else its text is the key, by its identity: it is long.
        self.key = "" if model.asks else model.source
        self._model = model

    @property
    def begins(self) -> int:
        return 0

    def parts(self, file: FileView) -> Iterable[object]:
        return self._model.parts(file)


def check(
    model: Model,
    rules: RuleSet,
    given: Given,
    memory: Memory | None = None,
    within: Span | None = None,
    fixes: bool = False,
) -> Checked:
    """Check a file with all rules.

    With a `memory` (the cache of an earlier version of the same file, with the same rules, options
    and platform) only changed chunks are checked, and findings have no fixes unless `fixes` is set:
    then chunks with findings are checked again. Without a cache every finding has its fixes, and
    `within` limits the check to the chunks that touch it.
    """
    chunks, known = model.chunks, memory or NOTHING
    near = {id(chunk) for chunk in model.chunks_touching(within)} if within is not None else None
    units = [*chunks, _Whole(model)]
    outline = Outline(model.source.path, chunks, known.outline)
    reader = Reader(Given(given.platform, once(given.files), given.facts), outline, known)
    keys = [unit.key for unit in units]
    pairs = known.of(keys, reader.holds)
    stale = reader.stale(pairs)
    look = _Looking(model, rules, reader, fixes)
    founds: list[Found] = []
    moved: list[int] = []
    offers: list[Offered] = []
    failed: set[str] = set()
    for number, (unit, pair) in enumerate(zip(units, pairs, strict=True)):
        if near is not None and number < len(chunks) and id(unit) not in near:
            continue
        if number in stale or (fixes and pair.founds):
            looked = look.at(unit, number, pair)
            pairs[number] = pair = reader.pair(looked.pair, pair, 0 if model.asks else unit.begins)
            offers += looked.offers
            failed |= looked.failed
            if memory is None or fixes or looked.failed:  # what is remembered is without fixes
                if looked.hits:
                    founds.append(Found(looked.hits))
                    moved.append(0)
                continue
        for chunk, found in pair.founds:
            founds.append(found)
            moved.append((unit if chunk is None else chunks[chunk]).begins - pair.start)
    after = Memory(keys, pairs, outline) if memory is not None else NOTHING
    hits = Hits(model.source.path, founds, moved)
    return Checked(placed(hits, model), offers, after, frozenset(failed))


@dataclass
class _Looked:
    """Result of checking a chunk; `pair` has the cache entries of local rules, then of cross-file rules."""

    hits: list[Hit] = field(default_factory=list)
    offers: list[Offered] = field(default_factory=list)
    pair: list[Remembered | None] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)


class _Looking:
    """Runs rules over chunks of a file, for the most part again."""

    def __init__(self, model: Model, rules: RuleSet, reader: Reader, fixes: bool) -> None:
        self._model = model
        self._rules = rules
        self._reader = reader
        self._fixes = fixes

    def at(self, unit: Chunk, number: int, pair: Pair) -> _Looked:
        """Run the rules of which it is not known any more what they find, or whose findings are to have fixes."""
        looked, model, reader = _Looked(), self._model, self._reader
        # Parts may keep answers, so what the second half records is also what the first one asked.
        file = FileView(reader.outline, number if number < len(model.chunks) else None)
        parts: list[object] | None = None
        start = 0 if model.asks else unit.begins
        for some, remembered in zip(self._rules.by_reach, (pair.near, pair.far), strict=True):
            holds = remembered is not None and reader.still(remembered, pair, number)
            if remembered is not None and holds and not (self._fixes and remembered.hits):
                looked.hits += [self._here(hit, unit, remembered.start) for hit in remembered.hits]
            else:
                parts = list(unit.parts(file)) if parts is None else parts
                if remembered is not None and holds:  # the others would find nothing again
                    some = some.named({hit.rule.id for hit in remembered.hits})
                ran = _run(parts, some, reader.given, file)
                fresh = ran.hits
                if remembered is not None and ran.put_off:  # its last findings stay
                    last = remembered.moved(start, reader.path)
                    fresh += [hit for hit in last if hit.rule.id in ran.put_off]
                looked.hits += [self._here(hit, unit, start) for hit in fresh]
                looked.offers += [Offered(one.rule, self._offer(one.offer, unit, start)) for one in ran.offers]
                looked.failed |= ran.failed
                if not holds or ran.failed:
                    remembered = None if ran.failed else reader.remembered(start, fresh, ran.reads)
            looked.pair.append(remembered)
        file.open(model, unit.begins)
        return looked

    def _by(self, chunk: int | None, unit: Chunk, start: int) -> int:
        """How far positions move that count from the start of a chunk, where the one looked at began at `start`."""
        return (unit if chunk is None else self._model.chunks[chunk]).begins - start

    def _here(self, hit: Hit, unit: Chunk, start: int) -> Hit:
        """A finding where it stands in the file."""
        made, path = hit.made, self._reader.path
        by = self._by(made.chunk, unit, start)
        if not by:
            return hit
        if made.fixes:
            made = replace(made, fixes=tuple([_in_file(fix, path, by) for fix in made.fixes]))
        return Hit(hit.rule, made, hit.severity, by, path)

    def _offer(self, offer: Offer, unit: Chunk, start: int) -> Offer:
        by = self._by(offer.chunk, unit, start)
        return Offer(offer.span.shifted(by), _in_file(offer.fix, self._reader.path, by)) if by else offer


def _in_file(fix: Fix, path: str, by: int) -> Fix:
    """A fix whose edits, unless they are a Change, count from `by` in its own file."""

    def change() -> Change:
        made = fix.change()
        return made if isinstance(made, Change) else Change({path: tuple([edit.shifted(by) for edit in made])})

    return replace(fix, change=change)


@dataclass
class _Ran:
    """What rules said of a chunk, and what they read; the ids of those that raised, and of those that must wait."""

    hits: list[Hit]
    offers: list[Offered]
    reads: Reads
    failed: set[str]
    put_off: set[str]


def _run(parts: Sequence[object], rules: ByType, given: Given, file: FileView) -> _Ran:
    """Look at every part with the rules for its type. A rule that raises is logged, and the rest go on.

    One that asks what other files say before all were read is put off: it runs again when they are, since the facts
    that it asked for are others then.
    """
    files = ReadFiles(given.files)
    asked: dict[type, Facts[Any]] = {}

    def facts(kind: type) -> Facts[Any]:
        found = asked.get(kind)
        if found is None:
            found = asked[kind] = given.facts(kind)
        return found

    def waiting(kind: type) -> Facts[Any]:
        found = facts(kind)
        return found if found.complete else PendingFacts(kind)

    now, later = Given(given.platform, files, facts), Given(given.platform, files, waiting)
    arguments: dict[str, tuple[object, ...]] = {}
    hits: list[Hit] = []
    offers: list[Offered] = []
    failed: set[str] = set()
    put_off: set[str] = set()
    for part in parts:
        for configured in rules.of(type(part)):
            rule = configured.rule
            given_to = arguments.get(rule.id)
            if given_to is None:
                given_to = arguments[rule.id] = rule.arguments(later if rule.waits else now)
            try:
                for said in rule.function(part, *given_to, **configured.options):
                    if isinstance(said, Offer):
                        offers.append(Offered(rule, said))
                    else:
                        hits.append(Hit(rule, said, configured.severity or said.severity or rule.severity))
            except NotKnownYet:
                put_off.add(rule.id)
            except Exception as error:
                log_failure(rule, error)
                failed.add(rule.id)
    hits = [hit for hit in hits if hit.rule.id not in put_off]
    return _Ran(hits, offers, Reads.of(asked.values(), files, file), failed, put_off)


def log_failure(rule: Rule, error: Exception) -> None:
    """Log one line without the error message, which may contain the checked text."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("rule %s failed: %s at %s:%s", rule.id, type(error).__name__, last.filename, last.lineno)
