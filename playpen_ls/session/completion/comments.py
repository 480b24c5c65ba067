"""The rules that a suppression comment can name."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.engine.registry import embedded_rules, rules_of
from playpen_ls.languages.model import Model
from playpen_ls.session.completion.item import Item, Proposals, Sort
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_BEGUN = regex(r"(?:#|//|\*).*\bplaypen:\s*ignore(?:-file)?\[(?P<before>[^\]]*,)?\s*(?P<word>[\w/-]*)$")


def proposals(model: Model, workspace: Workspace, offset: int) -> Proposals | None:
    """The ids of rules, if the offset is in the brackets of a comment; those that report something nearby first."""
    source = model.source
    start = source.line_start(offset)
    begun = _BEGUN.search(source.text[start:offset]) if "playpen:" in source.text[start:offset] else None
    if begun is None:
        return None
    written = {name.strip() for name in (begun["before"] or "").split(",")}
    return Proposals.of(Span(start + begun.start("word"), offset), _rules(model, workspace, offset, written))


def _rules(model: Model, workspace: Workspace, offset: int, written: set[str]) -> Iterator[Item]:
    shown = workspace.documents[model.source.path].displayed
    line = model.source.line_of(offset)
    near = {one.rule.id for one in shown if line <= model.source.line_of(one.span.start) <= line + 1}
    here = {one.rule.id for one in shown}
    for rule in (*rules_of(model.language), *embedded_rules(model.language)):
        if rule.id not in written:
            rank = 0 if rule.id in near else 1 if rule.id in here else 2
            yield Item(rule.id, Sort.RULE, rule.title.replace("`", ""), rank)
