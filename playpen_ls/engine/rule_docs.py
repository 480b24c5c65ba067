"""A rule as a page of Markdown: what the hover shows, what `explain` prints, what the catalogue holds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from playpen_ls.api.example import Example
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import Rule

_FENCES = {"dockerfile": "dockerfile", "jenkinsfile": "groovy", "kubernetes": "yaml", "python": "python"}


def page(rule: Rule, platform: Platform = Platform()) -> str:
    """The whole page of a rule."""
    lines = [f"# {rule.id}", "", f"**{rule.title}**", "", _facts(rule, platform)]
    if rule.reason:
        lines += ["", rule.reason]
    if rule.bad:
        example = rule.bad[0]
        lines += ["", "Reported:", "", *_fenced(rule, _text(example))]
        if example.fixed is not None:
            lines += ["", "After the fix:", "", *_fenced(rule, re.sub("[«»]", "", example.fixed))]
        elif rule.good:
            lines += ["", "Good:", "", *_fenced(rule, _text(rule.good[0]))]
    for option in rule.options:
        lines += ["", f"Option `{option.name}`, by default `{option.default!r}`."]
    if rule.language:
        lines += [
            "",
            f"Silence it with `{'//' if rule.language == 'jenkinsfile' else '#'} playpen: ignore[{rule.name}]`.",
        ]
    return "\n".join(lines) + "\n"


def _facts(rule: Rule, platform: Platform) -> str:
    """One line: how grave it is, where it comes from, what else names it."""
    facts = [f"{rule.severity.label}{'' if rule.on else ', off by default'}"]
    link = platform.link(rule.practice)
    if link:
        facts.append(f"practice [{rule.practice}]({link})")
    if rule.like:
        facts.append("like " + ", ".join(f"{tool} {code}" for tool, codes in rule.like.items() for code in codes))
    return " · ".join(facts)


def _text(example: Example) -> str:
    return re.sub("[«»]", "", next(iter(example.files.values())))


def _fenced(rule: Rule, text: str) -> list[str]:
    return [f"```{_FENCES.get(rule.language, '')}", *text.rstrip("\n").split("\n"), "```"]


def catalogue(rules: Iterable[Rule]) -> str:
    """All rules as one page: the generated `rules/README.md`."""
    lines = [
        "# The rules",
        "",
        "Made by `playpen-ls rules --markdown`; do not edit. `playpen-ls explain RULE` shows a rule's page.",
        "A **safe** fix is right without being read: fix-all and fix-on-save apply it. The others you choose.",
    ]
    language = None
    for rule in rules:
        if rule.language != language:
            language = rule.language
            lines += ["", f"## {language or 'playpen'}/", "", "| rule | severity | practice | |", "|---|---|---|---|"]
        severity = rule.severity.label if rule.on else f"{rule.severity.label}, off"
        lines.append(f"| {rule.name} | {severity} | {rule.practice} | {rule.title} |")
    return "\n".join(lines) + "\n"
