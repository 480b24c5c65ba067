"""Which rules run on what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import toy

from playpen_ls.api.fact_types import Route
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import Configured, Rule
from playpen_ls.engine import registry
from playpen_ls.engine.rule_set import NO_RULES, ByType, RuleSet
from playpen_ls.text.words import Words


def loud(section: toy.Section) -> Iterator[Finding]:
    yield from ()


def routed(section: toy.Section, routes: Facts[Route]) -> Iterator[Finding]:
    yield from ()


def whole(whole: toy.Whole) -> Iterator[Finding]:
    yield from ()


class Loud(toy.Section):
    @staticmethod
    def possible_in(words: Words) -> bool:
        return words.has("LOUD")


LOUD, ROUTED, WHOLE = (
    toy.toy_rule(loud, toy.Section),
    toy.toy_rule(routed, toy.Section),
    toy.toy_rule(whole, toy.Whole),
)


def rule_set(*rules: Rule, hidden: tuple[Rule, ...] = ()) -> RuleSet:
    return RuleSet(map(Configured, rules), map(Configured, hidden))


def ids(rules: Any) -> list[str]:
    return [one.rule.name for one in rules]


def test_hidden_rules_run_and_are_not_reported():
    rules = rule_set(LOUD, hidden=(ROUTED,))
    assert ids(rules.rules) == ["loud", "routed"]
    assert rules.reported == {"toy/loud"}
    assert rules.unreported == {"toy/routed"}
    assert not rules.needs_project
    assert rule_set(ROUTED).needs_project
    assert not rule_set(LOUD).needs_project


def test_rule_sets_are_equal_by_their_rules_and_what_is_hidden():
    assert rule_set(LOUD, ROUTED) == rule_set(LOUD, ROUTED)
    assert rule_set(LOUD, ROUTED) != rule_set(LOUD, hidden=(ROUTED,))
    assert rule_set(LOUD) != rule_set(WHOLE)
    assert rule_set(LOUD) != RuleSet([Configured(LOUD, Severity.HINT)])
    assert rule_set(LOUD) != "loud"
    same = rule_set(LOUD)
    assert same == same


def test_one_rule_is_reported_or_hidden_as_it_was():
    rules = rule_set(LOUD, WHOLE, hidden=(ROUTED,))
    assert ids(rules.only({WHOLE}).rules) == ["whole"]
    assert rules.only({WHOLE}).reported == {"toy/whole"}
    assert rules.only({ROUTED}).unreported == {"toy/routed"}
    assert rules.only({ROUTED}).reported == frozenset()


def test_one_rule_for_embedded_texts_is_known_once_they_were_needed():
    rules = RuleSet([Configured(LOUD)], embedded=lambda: rule_set(WHOLE))
    assert ids(rules.only({WHOLE}).rules) == []
    assert rules.reported == {"toy/loud"}
    assert ids(rules.embedded.rules) == ["whole"]
    assert ids(rules.only({WHOLE}).rules) == ["whole"]
    assert ids(rules.only({LOUD}).rules) == ["loud"]
    assert rules.reported == {"toy/loud", "toy/whole"}
    assert ids(RuleSet([Configured(LOUD)]).only({WHOLE}).rules) == []


def test_rules_that_read_more_than_their_file_are_kept_apart():
    files = replace(LOUD, id="toy/files", looks_at_files=True)
    local, cross_file = rule_set(LOUD, ROUTED, WHOLE, files).by_scope
    assert (ids(local.rules), ids(cross_file.rules)) == (["loud", "whole"], ["routed", "files"])


def test_rules_are_found_by_the_type_of_a_part():
    rules = ByType(rule_set(LOUD, WHOLE).rules)
    assert ids(rules.of(toy.Section)) == ["loud"]
    assert ids(rules.of(Loud)) == ["loud"]
    assert ids(rules.of(toy.Whole)) == ["whole"]
    assert rules.of(str) == ()
    assert rules.of(toy.Section) is rules.of(toy.Section)
    assert ids(rules.named({"toy/whole"}).rules) == ["whole"]


def test_words_say_which_rules_concern_a_text():
    part = replace(LOUD, id="toy/part", subjects=(Loud,))
    mention = replace(LOUD, id="toy/mention", mentions=("one", "two"))
    condition = replace(LOUD, id="toy/condition", mentions=lambda words: words.has("three"))
    rules = rule_set(LOUD, part, mention, condition)
    by_type = ByType(rules.rules)
    assert ids(by_type.concerning(Words("")).rules) == ["loud"]
    assert ids(by_type.concerning(Words("LOUD two")).rules) == ["loud", "part", "mention"]
    assert ids(by_type.concerning(Words("three")).rules) == ["loud", "condition"]
    assert rules.may_concern(Words(""))
    assert ByType(rule_set(part, mention).rules).concerning(Words("x")) is NO_RULES
    assert not rule_set(part, mention, condition).may_concern(Words("x"))
    assert rule_set(part, mention).may_concern(Words("one"))


def test_a_module_declares_one_rule(monkeypatch: pytest.MonkeyPatch):
    package, module = ModuleType("playpen_ls.rules.toys"), ModuleType("broken")
    package.__path__ = ["toys"]
    module.first, module.second = LOUD, WHOLE  # type: ignore[attr-defined]

    def imported(name: str) -> Any:
        assert name in ("playpen_ls.rules.toys", "playpen_ls.rules.toys.broken")
        return package if name == package.__name__ else module

    monkeypatch.setattr(registry, "import_module", imported)
    monkeypatch.setattr(registry.pkgutil, "iter_modules", lambda path: [SimpleNamespace(name="broken")])
    with pytest.raises(TypeError, match=r"^playpen_ls\.rules\.toys\.broken declares 2 rules; one module is one rule$"):
        registry.rules_of("toys")


def test_the_rules_for_pods_in_pipelines_are_those_that_say_so():
    names = [rule.id for rule in registry.embedded_rules("jenkinsfile")]
    assert "kubernetes/moving-tag" in names
    assert "kubernetes/no-memory-limit" in names
    assert "kubernetes/no-liveness-probe" not in names
    assert registry.embedded_rules("python") == ()


def test_rules_are_known_by_their_ids():
    assert registry.rule_of("kubernetes/moving-tag").id == "kubernetes/moving-tag"
    assert registry.rule_of("playpen/unused-ignore").language == ""
    with pytest.raises(KeyError):
        registry.rule_of("kubernetes/no-such-rule")
    assert [rule.id for rule in registry.all_rules()] == sorted(
        (rule.id for rule in registry.all_rules()), key=lambda id: ([*registry.LANGUAGES].index(id.split("/")[0]), id)
    )
