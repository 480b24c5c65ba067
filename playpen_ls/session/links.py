"""Links that a file has: from the id of a rule to its page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import Rule
from playpen_ls.config.rule_names import rules_named
from playpen_ls.languages.model import Model
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

_OURS = regex(r"playpen:\s*ignore(?:-file)?\[(?P<ids>[^\]\n]*)\]")
_ID = regex(r"[a-z]+/[a-z][a-z0-9-]*|[a-z][a-z0-9-]*")
_QUOTED = regex(r"([\"'])(?P<id>[a-z]+/[a-z][a-z0-9-]*)\1")


@dataclass(frozen=True)
class Link:
    """An address that the text at `span` stands for; `title` says what it is."""

    span: Span
    address: str
    title: str


def in_comments(model: Model, platform: Platform) -> Iterator[Link]:
    """The rules that suppression comments name."""
    for comment in model.comments_with(("playpen:",)):
        for listed in _OURS.finditer(comment.text):
            start = comment.span.start + listed.start("ids")
            yield from _links(_ID.finditer(listed["ids"]), start, platform, model.language)


def in_configuration(source: Source, platform: Platform) -> Iterator[Link]:
    """The rules that a playpen.toml names by their full ids."""
    for found in _QUOTED.finditer(source.text):
        yield from _links(_ID.finditer(found["id"]), found.start("id"), platform, "")


def _links(ids: Iterable[re.Match[str]], start: int, platform: Platform, language: str) -> Iterator[Link]:
    for one in ids:
        rule = _rule(one[0], language)
        address = platform.rule_link(rule.id, rule.practice) if rule is not None else None
        if rule is not None and address is not None:
            yield Link(Span(*one.span()).shifted(start), address, rule.title.replace("`", ""))


def _rule(name: str, language: str) -> Rule | None:
    full = name if "/" in name or not language else f"{language}/{name}"
    return next((rule for rule in rules_named(full) if rule.id == full), None)
