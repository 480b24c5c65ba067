"""The names by which a configuration selects rules, and suggestions for misspelled ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache

from playpen_ls.api.rule import Rule
from playpen_ls.engine.registry import rules_of
from playpen_ls.languages.registry import LANGUAGES


def _named(rule: Rule, names: Iterable[str]) -> bool:
    return any(name in (rule.id, rule.name, rule.language, "all") for name in names)


OWN = ("playpen/unused-ignore", "playpen/unused-baseline", "playpen/invalid-config")
"""The ids of the rules that the engine itself has."""


def is_rule_name(name: str) -> bool:
    """Whether the name is valid in `select` and `ignore`."""
    return name in ("all", *LANGUAGES, *OWN) or any(name in _names_in(one) for one in _languages(name))


@cache
def _names_in(language: str) -> frozenset[str]:
    return frozenset(name for rule in rules_of(language) for name in (rule.id, rule.name))


def _languages(name: str) -> Iterable[str]:
    language = name.partition("/")[0]
    return (language,) if language in LANGUAGES else LANGUAGES


def rules_named(name: str) -> Iterator[Rule]:
    """The candidate rules for a name. Imports only one language if the name starts with it."""
    for one in _languages(name):
        yield from rules_of(one)


def unknown_rule(name: str) -> str:
    """The error message for a name for which `is_rule_name` is False."""
    meant = similar_rule(name)
    return f"unknown rule `{name}`" + (f"; did you mean `{meant}`?" if meant else "")


def similar_rule(name: str) -> str:
    """The id of the rule that is probably meant by a misspelled name, or ""."""
    return next(iter(similar_rules(name, 1)), "")


def similar_rules(name: str, most: int = 3) -> list[str]:
    """The ids of rules that can be meant by a name: misspelled or, if `most` is more than 1, a part of theirs."""
    language, _, word = name.rpartition("/")
    is_known = not language or language in LANGUAGES
    ids = [rule.id for one in ((language,) if language in LANGUAGES else LANGUAGES) for rule in rules_of(one)]
    # What is behind the language is compared, except if the language itself is misspelled.
    keys = {id: id.partition("/")[2] if is_known else id for id in ids}
    close = get_close_matches(word if is_known else name, dict.fromkeys(keys.values()), n=most)
    found = [id for key in close for id in ids if keys[id] == key]
    if not found and most > 1:
        found = [id for id in ids if word in id.partition("/")[2].split("-")]
    return found[:most]
