"""Runs rules over one file's model. Pure: what may be remembered is handed in and handed back."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from playpen_ls.facts import Fact, Facts
from playpen_ls.finding import Offer, Place
from playpen_ls.hit import Hit, in_order
from playpen_ls.languages.base import Model
from playpen_ls.remembering import NEVER, Both, Memory, Reader, ReadFiles, Reads, Remembered, once
from playpen_ls.rule import Configured, Given, Rule
from playpen_ls.source import Span

logger = logging.getLogger("playpen_ls")


def placed(hits: Iterable[Hit], model: Model) -> list[Hit]:
    """The hits with the places of what other parts of the file state; they may have moved since a hit was found."""
    return [
        _placed(hit, model) if hit.made.related and any(one.stated for one in hit.made.related) else hit for hit in hits
    ]


def _placed(hit: Hit, model: Model) -> Hit:
    related = []
    for place in hit.related:
        found = model.place_of(place.stated) if isinstance(place.stated, Fact) else place
        if found is not None:
            related.append(Place(found.path, found.span, place.message, place.stated))
    return hit.pointing(tuple(related))


@dataclass(frozen=True, slots=True)
class Offered:
    rule: Rule
    offer: Offer


@dataclass(frozen=True)
class Checked:
    """Findings and offers in text order, and the memory for the next check of this file."""

    hits: list[Hit]
    offers: list[Offered] = field(default_factory=list)
    memory: Memory = field(default_factory=dict)
    failed: frozenset[str] = frozenset()
    """The ids of rules that raised; what they would have found is not known."""


class Rules:
    """Rules by the type of part that they look at."""

    def __init__(self, rules: Iterable[Configured]) -> None:
        self.rules = tuple(rules)
        self._by_type: dict[type, tuple[Configured, ...]] = {}

    def of(self, kind: type) -> tuple[Configured, ...]:
        found = self._by_type.get(kind)
        if found is None:
            found = tuple(one for one in self.rules if issubclass(kind, one.rule.subjects))
            self._by_type[kind] = found
        return found


def check(
    model: Model,
    rules: Sequence[Configured],
    given: Given,
    memory: Memory | None = None,
    within: Span | None = None,
    fixes: bool = False,
) -> Checked:
    """All findings of a file.

    With a `memory` (of an earlier version of the same file, the same rules, options and platform)
    only what changed is looked at, and findings have no fixes unless `fixes` asks for them: then
    the chunks that have findings are looked at again. Without a memory every finding has its fixes,
    and `within` limits the work to the chunks that touch it.
    """
    given = Given(given.platform, once(given.files), given.facts)
    groups = [Rules(one for one in rules if one.rule.crosses is crosses) for crosses in (False, True)]
    chunks = model.chunks if within is None else model.chunks_touching(within)
    units: list[tuple[Hashable, int, Callable[[], Iterable[object]]]] = [
        (chunk.key, chunk.begins, chunk.parts) for chunk in chunks
    ]
    units.append((("", model.source.text), 0, lambda: (model,)))
    hits: list[Hit] = []
    offers: list[Offered] = []
    failed: set[str] = set()
    path = model.source.path
    after: dict[Hashable, Both] = {}
    reader = Reader(given)
    known: Memory = memory if memory is not None else {}
    for key, start, parts in units:
        before = known.get(key, NEVER)
        if id(before) in reader.quiet:  # most chunks of a long file; the rest of this costs more
            after[key] = before
            continue
        if not fixes and reader.holds_both(before):
            after[key] = moved = reader.moved(before, start, path)
            hits += moved[0].hits + moved[1].hits
            continue
        made: list[object] | None = None
        now: list[Remembered | None] = []
        for group, remembered in zip(groups, before, strict=True):
            if remembered is None or (fixes and remembered.hits) or not reader.holds(remembered):
                made = list(parts()) if made is None else made
                fresh, fresh_offers, reads, wrong = _run(made, group, given)
                failed |= wrong
                remembered = None if wrong else reader.remembered(start, fresh, reads, path)
                if memory is None or wrong or fixes:
                    hits += fresh
                    offers += fresh_offers
                    now.append(remembered)
                    continue
                assert remembered is not None
            if remembered.hits:
                remembered = remembered.moved(start, path)
                hits += remembered.hits
            now.append(remembered)
        after[key] = reader.both(now, before)
    hits = placed(sorted(hits, key=in_order), model)
    return Checked(hits, offers, after if memory is not None else {}, frozenset(failed))


def _run(parts: Sequence[object], group: Rules, given: Given) -> tuple[list[Hit], list[Offered], Reads, set[str]]:
    """Look at every part with the rules for its type. A rule that raises is logged, and the rest go on."""
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
        for configured in group.of(type(part)):
            rule = configured.rule
            if rule.id not in arguments:
                arguments[rule.id] = rule.arguments(recording)
            try:
                for said in rule.function(part, *arguments[rule.id], **configured.options):
                    if isinstance(said, Offer):
                        offers.append(Offered(rule, said))
                    else:
                        hits.append(Hit(rule, said, configured.severity or said.severity or rule.severity))
            except Exception as error:
                log_failure(rule, error)
                failed.add(rule.id)
    return hits, offers, Reads(tuple(asked.values()), tuple(files.answers.items())), failed


def log_failure(rule: Rule, error: Exception) -> None:
    """One line, without the message of the error: it may hold what the rule was looking at."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("rule %s failed: %s at %s:%s", rule.id, type(error).__name__, last.filename, last.lineno)
