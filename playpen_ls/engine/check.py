"""Runs rules over the model of one file. Pure: the cache is passed in and returned."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from playpen_ls.api.facts import Fact, Facts
from playpen_ls.api.finding import Offer, Place
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
        if isinstance(place.stated, Fact):
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
    """The whole file as a chunk, for rules whose subject is the model."""

    def __init__(self, model: Model) -> None:
        self.key = model.source  # compared by identity: comparing long texts is slow
        self._model = model

    @property
    def begins(self) -> int:
        return 0

    def parts(self) -> Iterable[object]:
        yield self._model


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
    chunks = model.chunks if within is None else model.chunks_touching(within)
    units = [*chunks, _Whole(model)]
    known, path = memory or NOTHING, model.source.path
    reader = Reader(Given(given.platform, once(given.files), given.facts), path)
    keys = [unit.key for unit in units]
    pairs = known.of(keys)
    stale = reader.stale(pairs)
    founds: list[Found] = []
    moved: list[int] = []
    offers: list[Offered] = []
    failed: set[str] = set()
    for number, (unit, pair) in enumerate(zip(units, pairs, strict=True)):
        found, by = pair.found, unit.begins - pair.start
        if pair.read in stale or (fixes and found is not None):
            looked = _look(unit, pair, rules, reader, fixes)
            pairs[number] = pair = reader.pair(looked.pair, pair, unit.begins)
            offers += looked.offers
            failed |= looked.failed
            if memory is None or fixes or looked.failed:  # cached findings have no fixes
                found, by = Found(looked.hits) if looked.hits else None, 0
            else:
                found, by = pair.found, unit.begins - pair.start
        if found is not None:
            founds.append(found)
            moved.append(by)
    after = Memory(keys, pairs) if memory is not None else NOTHING
    return Checked(placed(Hits(path, founds, moved), model), offers, after, frozenset(failed))


@dataclass
class _Looked:
    """Result of checking a chunk; `pair` has the cache entries of local rules, then of cross-file rules."""

    hits: list[Hit] = field(default_factory=list)
    offers: list[Offered] = field(default_factory=list)
    pair: list[Remembered | None] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)


def _look(unit: Chunk, pair: Pair, rules: RuleSet, reader: Reader, fixes: bool) -> _Looked:
    """Run the rules whose cache entries are invalid, or whose findings need fixes."""
    looked = _Looked()
    parts: list[object] | None = None
    for some, remembered in zip(rules.by_reach, (pair.near, pair.far), strict=True):
        holds = remembered is not None and reader.holds(remembered)
        if remembered is not None and holds and not (fixes and remembered.hits):
            looked.hits += remembered.moved(unit.begins, reader.path)
        else:
            parts = list(unit.parts()) if parts is None else parts
            if remembered is not None and holds:  # only rules that have findings
                some = some.named({hit.rule.id for hit in remembered.hits})
            fresh, offers, reads, wrong = _run(parts, some, reader.given)
            looked.hits += fresh
            looked.offers += offers
            looked.failed |= wrong
            if not holds or wrong:
                remembered = None if wrong else reader.remembered(unit.begins, fresh, reads)
        looked.pair.append(remembered)
    return looked


def _run(parts: Sequence[object], rules: ByType, given: Given) -> tuple[list[Hit], list[Offered], Reads, set[str]]:
    """Run the rules for the type of each part. A rule that raises is logged, and the others continue."""
    files = ReadFiles(given.files)
    asked: dict[type, Facts[Any]] = {}

    def facts(kind: type) -> Facts[Any]:
        found = asked.get(kind)
        if found is None:
            found = asked[kind] = given.facts(kind)
        return found

    recording = Given(given.platform, files, facts)
    arguments: dict[str, tuple[object, ...]] = {}
    hits: list[Hit] = []
    offers: list[Offered] = []
    failed: set[str] = set()
    for part in parts:
        for configured in rules.of(type(part)):
            rule = configured.rule
            given_to = arguments.get(rule.id)
            if given_to is None:
                given_to = arguments[rule.id] = rule.arguments(recording)
            try:
                for said in rule.function(part, *given_to, **configured.options):
                    if isinstance(said, Offer):
                        offers.append(Offered(rule, said))
                    else:
                        hits.append(Hit(rule, said, configured.severity or said.severity or rule.severity))
            except Exception as error:
                log_failure(rule, error)
                failed.add(rule.id)
    return hits, offers, Reads(tuple(asked.values()), tuple(files.answers.items())), failed


def log_failure(rule: Rule, error: Exception) -> None:
    """Log one line without the error message, which may contain the checked text."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("rule %s failed: %s at %s:%s", rule.id, type(error).__name__, last.filename, last.lineno)
