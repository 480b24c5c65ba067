"""Connection settings of databases in the dictionaries of Flask-SQLAlchemy and Django."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from playpen_ls.api.finding import Refused
from playpen_ls.languages.python.model.parts import PoolSettings, Site
from playpen_ls.languages.python.model.scope import Link, Names
from playpen_ls.languages.python.syntax.known_names import DJANGO_DATABASES, FLASK_DATABASE, FLASK_OPTIONS
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span

if TYPE_CHECKING:
    from playpen_ls.languages.python.model.module import PythonModel

_REST = re.compile(r"(?P<comma>[ \t]*,)?(?:\s|#[^\r\n]*)*")


def pool_settings(site: Site, node: ast.Assign, link: Link | None) -> Iterator[PoolSettings]:
    target, value = node.targets[0], node.value
    name = target.slice if isinstance(target, ast.Subscript) else target
    if not isinstance(value, ast.Dict):
        return
    if _called(name) == FLASK_OPTIONS:
        yield PoolSettings(site, value, (node, link), name)


def _called(name: ast.expr) -> object:
    if isinstance(name, ast.Constant):
        return name.value
    return name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")


def django_databases(model: PythonModel) -> Iterator[PoolSettings]:
    """The databases of each top-level `DATABASES` assignment, in blocks too."""
    for node, span in model.top_level:
        if not isinstance(node, (ast.Assign, ast.AnnAssign, ast.If, ast.Try, ast.With)):
            continue
        chunk = model.chunk_at(span.start)
        if DJANGO_DATABASES not in chunk.parsed.text:
            continue
        site = Site(model, chunk.parsed, chunk.start, Names({}), frozenset())
        for inner in ast.walk(model.whole(span)):
            if isinstance(inner, (ast.Assign, ast.AnnAssign)) and isinstance(inner.value, ast.Dict):
                target = inner.targets[0] if isinstance(inner, ast.Assign) else inner.target
                if _called(target) == DJANGO_DATABASES:
                    for key, value in zip(inner.value.keys, inner.value.values, strict=True):
                        if key is not None and isinstance(value, ast.Dict):
                            yield PoolSettings(site, value, None, key)


def flask_databases(model: PythonModel) -> Iterator[tuple[ast.Call, Span]]:
    """Each top-level `db = SQLAlchemy(app)`, and the range of its callee."""
    names = Names(model.scope.names)
    for node, span in model.top_level:
        value = getattr(node, "value", None)
        if isinstance(value, ast.Call) and names.origin(value.func, None) == FLASK_DATABASE:
            chunk = model.chunk_at(span.start)
            yield value, chunk.parsed.span(value.func).shifted(chunk.start)


def entries_added(part: PoolSettings, entries: Sequence[str]) -> list[Edit]:
    """The edits that append entries, on their own lines if the last entry has one. Raises Refused."""
    source, span, values = part.model.source, part.span, part.node.values
    if not values:
        if source.text[span.start + 1 : span.end - 1].strip():
            raise Refused("there is a comment inside the dictionary")
        return [Edit(span.start + 1, span.end - 1, ", ".join(entries))]
    key = part.span_of(part.node.keys[-1] or values[-1])
    last = part.span_of(values[-1]).end
    rest = _REST.fullmatch(source.text, last, span.end - 1)
    if rest is None:
        raise Refused("the form of the last entry is not supported")
    if source.line_of(key.start) == source.line_of(span.start):
        if "#" in rest[0]:
            raise Refused("there is a comment inside the dictionary")
        return [Edit(last, last, f", {', '.join(entries)}")]
    indentation = source.newline + source.indentation(key.start)
    end = min(source.line_span(source.line_of(last)).end, span.end - 1)
    lines = f",{indentation}".join(("", *entries)).removeprefix(",")
    if rest["comma"]:
        return [Edit(end, end, lines + ",")]
    return [Edit(last, last, ","), Edit(end, end, lines)] if end > last else [Edit(last, last, f",{lines}")]
