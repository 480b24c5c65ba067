"""The rules by language: each module or package of `rules/<language>/` declares one."""

from __future__ import annotations

import copyreg
import pkgutil
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib import import_module

from playpen_ls.api.example import Example
from playpen_ls.api.rule import Rule
from playpen_ls.engine.own_rules import OWN_RULES
from playpen_ls.languages.registry import LANGUAGES


@cache
def rules_of(language: str) -> tuple[Rule, ...]:
    """The rules of one language, sorted by id. Imports their modules on first use."""
    package = import_module(f"playpen_ls.rules.{language}")
    found = []
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        if module.startswith("_"):
            continue
        members = vars(import_module(f"{package.__name__}.{module}")).values()
        mine = [one for one in members if isinstance(one, Rule)]
        if len(mine) != 1:
            raise TypeError(f"{package.__name__}.{module} declares {len(mine)} rules; one module is one rule")
        found += [_completed(rule) for rule in mine]
    return tuple(found)


@cache
def embedded_rules(language: str) -> tuple[Rule, ...]:
    """The rules of other languages that look at texts inside files of a language."""
    embeds = LANGUAGES[language].embeds
    return tuple(rule for one in embeds for rule in rules_of(one) if rule.in_pipelines is not False)


def _completed(rule: Rule) -> Rule:
    """The rule with the language's usual path for examples that name no file."""
    path = LANGUAGES[rule.language].default_path

    def completed(examples: Iterable[Example]) -> tuple[Example, ...]:
        return tuple(replace(one, files={name or path: text for name, text in one.files.items()}) for one in examples)

    return replace(rule, bad=completed(rule.bad), good=completed(rule.good))


def all_rules() -> tuple[Rule, ...]:
    return tuple(one for language in LANGUAGES for one in rules_of(language))


def rule_of(id: str) -> Rule:
    """Raises KeyError for an unknown id."""
    found = OWN_RULES if id.startswith("playpen/") else rules_of(id.partition("/")[0])
    return {one.id: one for one in found}[id]


# Processes of one command name rules by their ids: a rule holds functions, which pickle does not take.
copyreg.pickle(Rule, lambda rule: (rule_of, (rule.id,)))
