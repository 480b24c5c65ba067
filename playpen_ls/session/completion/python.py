"""Completion in Python files: only in strings that name an environment variable."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.fact_types import ConfigMapKeys, EnvironmentRead, Recipe, SecretKeys
from playpen_ls.languages.python.model.module import PythonModel
from playpen_ls.session.completion.item import Item, Proposals, Sort
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_BEGUN = regex(r"\b(?:os\.)?(?:getenv\(|environ\[|environ\.(?:get|pop|setdefault)\()\s*[\"'](?P<word>\w*)$")
_VARIABLE = regex(r"[A-Z][A-Z0-9_]+")


def proposals(model: PythonModel, workspace: Workspace, offset: int) -> Proposals | None:
    """The variables that a string at the offset can name."""
    start = model.source.line_start(offset)
    begun = _BEGUN.search(model.source.text[start:offset])
    if begun is None:
        return None
    return Proposals.of(Span(start + begun.start("word"), offset), _variables(workspace, model.source.path))


def _variables(workspace: Workspace, path: str) -> Iterator[Item]:
    """What images and objects set, then what other code reads."""
    context = workspace.context(path)
    for recipe in context.facts(Recipe):
        for name in recipe.variables:
            yield Item(name, Sort.VARIABLE, f"set in {recipe.place.path}", 1)
    for kind in (ConfigMapKeys, SecretKeys):
        for fact in context.facts(kind):
            for name in fact.keys or ():
                if _VARIABLE.fullmatch(name):
                    yield Item(name, Sort.VARIABLE, f"key of {fact.name}", 0)
    for read in context.facts(EnvironmentRead):
        yield Item(read.name, Sort.VARIABLE, f"read in {read.place.path}", 2)
