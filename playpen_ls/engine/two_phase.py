"""Checks a file in two phases: most rules on first read, rules that query facts once the index is complete.

This way each file is parsed once: most cross-file rules see from the file itself that they have nothing to report,
and never query facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from playpen_ls.api.facts import Fact, Facts
from playpen_ls.api.finding import Finding, Offer
from playpen_ls.api.rule import Configured, Given
from playpen_ls.engine.check import Checked, log_failure, placed
from playpen_ls.engine.diagnostic import Hit
from playpen_ls.engine.diagnostics import Hits
from playpen_ls.engine.rule_set import ByType, RuleSet
from playpen_ls.languages.model import Model
from playpen_ls.project.filesystem import once


class NotKnownYet(Exception):
    """A rule queried facts before the index was complete."""


class Unknown(Facts[Any]):
    """Facts of an incomplete index: every query raises NotKnownYet."""

    def __init__(self, kind: type[Fact]) -> None:
        self.kind = kind

    def __getattr__(self, name: str) -> NoReturn:
        raise NotKnownYet


@dataclass
class Begun:
    """Result of the first phase: facts and findings so far; `waiting` has what is left for the second phase."""

    model: Model
    facts: tuple[Fact, ...]
    found: list[list[Hit]] = field(default_factory=list)
    waiting: list[tuple[list[Hit], Configured, object]] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to report, whatever other files contain. False if it may have an ignore comment."""
        return not (any(self.found) or self.waiting or self.failed or "playpen" in self.model.source.text)


def begin(model: Model, rules: RuleSet, given: Given) -> Begun:
    """First phase: check all parts; rules that query facts are deferred to `finish`. Fixes cannot be computed."""
    begun = Begun(model, tuple(model.facts()))
    by_type = ByType(rules.rules)
    arguments = _Arguments(replace(given, files=once(given.files), facts=Unknown))
    for part in _parts(model):
        for configured in by_type.of(type(part)):
            found: list[Hit] = []
            begun.found.append(found)
            try:
                _look(configured, part, arguments, found)
            except NotKnownYet:
                found.clear()
                begun.waiting.append((found, configured, part))
            except Exception as error:
                _note(begun, configured, error)
    return begun


def finish(begun: Begun, given: Given) -> Checked:
    """Second phase. Returns the same findings as `check`."""
    arguments = _Arguments(replace(given, files=once(given.files)))
    for found, configured, part in begun.waiting:
        try:
            _look(configured, part, arguments, found)
        except Exception as error:
            _note(begun, configured, error)
    hits = Hits.of((hit for hits in begun.found for hit in hits), begun.model.source.path)
    return Checked(placed(hits, begun.model), failed=frozenset(begun.failed))


def _parts(model: Model) -> Iterator[object]:
    for chunk in model.chunks:
        yield from chunk.parts()
    yield model


class _Arguments:
    """The arguments of rules after the part, computed once per file."""

    def __init__(self, given: Given) -> None:
        self._given = replace(given, facts=_once(given.facts))
        self._known: dict[str, tuple[object, ...]] = {}

    def of(self, configured: Configured) -> tuple[object, ...]:
        rule = configured.rule
        if rule.id not in self._known:
            self._known[rule.id] = rule.arguments(self._given)
        return self._known[rule.id]


def _once(facts: Callable[[type[Fact]], Facts[Any]]) -> Callable[[type[Fact]], Facts[Any]]:
    known: dict[type[Fact], Facts[Any]] = {}

    def of(kind: type[Fact]) -> Facts[Any]:
        if kind not in known:
            known[kind] = facts(kind)
        return known[kind]

    return of


def _look(configured: Configured, part: object, arguments: _Arguments, found: list[Hit]) -> None:
    rule = configured.rule
    said: Finding | Offer
    for said in rule.function(part, *arguments.of(configured), **configured.options):
        if isinstance(said, Finding):
            found.append(Hit(rule, said, configured.severity or said.severity or rule.severity))


def _note(begun: Begun, configured: Configured, error: Exception) -> None:
    log_failure(configured.rule, error)
    begun.failed.add(configured.rule.id)
