"""References in strings of Python files: environment variables, paths of routes, revisions of Alembic.

Identifiers are left to the servers for Python.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.fact_types import EnvironmentRead, Route
from playpen_ls.languages.python.model.module import PythonModel
from playpen_ls.languages.registry import model_facts
from playpen_ls.session.references.reference import Access, Kind, Reference, Target, last_word, nothing
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_REVISION = regex(r"^(?P<down>down_)?revision\b[^=\n]*=[ \t]*(?P<ids>\(?[ \t]*[\"'][^\n#]*)", re.MULTILINE)
_ID = regex(r"([\"'])([\w-]+)\1")


def references(model: PythonModel, workspace: Workspace, offset: int | None, word: str) -> Iterator[Reference]:
    """The references of the file, if the word is in it. `offset` says where one is wanted; None is the whole file."""
    path, text = model.source.path, model.source.text
    if word not in text:
        return
    for fact in model_facts(model):
        if isinstance(fact, (EnvironmentRead, Route)) and (offset is None or _is_at(fact.place.span, offset)):
            name = fact.name if isinstance(fact, EnvironmentRead) else fact.bare
            span = _string(text, fact.place.span, name)
            if span is not None:
                place = Target(path, fact.place.span)
                if isinstance(fact, EnvironmentRead):
                    yield Reference(span, Kind.VARIABLE, name, nothing, place, Access.READ, name)
                else:
                    yield Reference(span, Kind.ROUTE, "", nothing, place, Access.WRITE, last_word(name))
    yield from _revisions(path, text, workspace)


def _is_at(span: Span, offset: int) -> bool:
    return span.start <= offset <= span.end


def _string(text: str, within: Span, value: str) -> Span | None:
    """Where the first string with this value stands, without its quotes."""
    found = re.compile(rf"([\"'])({re.escape(value)})\1").search(text, within.start, within.end) if value else None
    return Span(*found.span(2)) if found is not None else None


def _revisions(path: str, text: str, workspace: Workspace) -> Iterator[Reference]:
    if "down_revision" not in text:
        return
    for statement in _REVISION.finditer(text):
        for found in _ID.finditer(text, *statement.span("ids")):
            span = Span(*found.span(2))
            if statement["down"]:
                yield Reference(span, Kind.REVISION, found[2], partial(_made, path, found[2], workspace), word=found[2])
            else:
                yield Reference(span, Kind.REVISION, found[2], nothing, Target(path, span), Access.WRITE, found[2])


def _made(path: str, revision: str, workspace: Workspace) -> Iterator[Target]:
    """Where a revision of the same folder is made; its file usually begins with its id."""
    folder, files = posixpath.dirname(path), workspace.context(path).files
    names = [name for name in files.names(folder or ".") if name.endswith(".py")]
    for name in sorted(names, key=lambda name: not name.startswith(revision)):
        other = posixpath.join(folder, name)
        text = files.text(other) or ""
        for statement in _REVISION.finditer(text) if revision in text else ():
            found = _ID.search(text, *statement.span("ids"))
            if not statement["down"] and found is not None and found[2] == revision:
                yield Target(other, Span(*found.span(2)))
                return
