"""Checks a file while it is read, before it is known what the other files say; what asks for that is put off.

A file of a tree is parsed once so: most rules that look at other files find out from the file itself that they have
nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.check import Checked, log_failure, placed
from playpen_ls.facts import Fact, Facts
from playpen_ls.finding import Finding, Offer
from playpen_ls.hit import Hit
from playpen_ls.hits import Hits
from playpen_ls.languages.base import Model
from playpen_ls.remembering import once
from playpen_ls.rule import Configured, Given
from playpen_ls.ruleset import ByType, RuleSet


class NotKnownYet(Exception):
    """A rule asked what other files say."""


class Unknown(Facts[Any]):
    """Facts that are not there yet."""

    def __init__(self, kind: type[Fact]) -> None:
        self.kind = kind

    def __getattr__(self, name: str) -> NoReturn:
        raise NotKnownYet


@dataclass
class Begun:
    """What a file says and what was found in it so far; `waiting` has the parts that are to be looked at again."""

    model: Model
    facts: tuple[Fact, ...]
    found: list[list[Hit]] = field(default_factory=list)
    waiting: list[tuple[list[Hit], Configured, object]] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)

    @property
    def is_silent(self) -> bool:
        """Nothing will be said of it, whatever the other files say; not where a comment may be one that ignores."""
        return not (any(self.found) or self.waiting or self.failed or "playpen" in self.model.source.text)


def begin(model: Model, rules: RuleSet, given: Given) -> Begun:
    """Look at every part; findings of rules that asked for facts are left for `finish`. Their fixes cannot be made."""
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
    """All that `check` finds."""
    arguments = _Arguments(replace(given, files=once(given.files)))
    for found, configured, part in begun.waiting:
        try:
            _look(configured, part, arguments, found)
        except Exception as error:
            _note(begun, configured, error)
    hits = Hits.of((hit for hits in begun.found for hit in hits), begun.model.source.path)
    return Checked(placed(hits, begun.model), failed=frozenset(begun.failed))


def _parts(model: Model) -> Iterator[object]:
    outline = Outline(model.source.path, model.chunks)
    for number, chunk in enumerate(model.chunks):
        yield from chunk.parts(FileView(outline, number))
    yield from model.parts(FileView(outline))


class _Arguments:
    """What rules take behind their part; made once for a file."""

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
