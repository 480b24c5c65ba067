"""Connection settings of databases in the dictionaries of Flask-SQLAlchemy and Django."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from playpen_ls.languages.python.model.parts import DjangoDatabase, PoolSettings, Site
from playpen_ls.languages.python.model.scope import Link
from playpen_ls.languages.python.syntax.known_names import DJANGO_DATABASES, FLASK_OPTIONS


def pool_settings(site: Site, node: ast.Assign | ast.AnnAssign, link: Link | None) -> Iterator[PoolSettings]:
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Dict):
        return
    target = node.targets[0]
    name = target.slice if isinstance(target, ast.Subscript) else target
    if _called(name) == FLASK_OPTIONS:
        yield PoolSettings(site, node.value, (node, link), name)


def django_databases(site: Site, node: ast.Assign | ast.AnnAssign, link: Link | None) -> Iterator[DjangoDatabase]:
    """The databases of a `DATABASES` assignment at the top level, in blocks too."""
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if not isinstance(node.value, ast.Dict) or _called(target) != DJANGO_DATABASES or site.statement.header:
        return
    if not isinstance(_outermost(node, link), (ast.Assign, ast.AnnAssign, ast.If, ast.Try, ast.With)):
        return
    for key, value in zip(node.value.keys, node.value.values, strict=True):
        if key is not None and isinstance(value, ast.Dict):
            yield DjangoDatabase(site, value, (node.value, (node, link)), key)


def _outermost(node: ast.AST, link: Link | None) -> ast.AST:
    while link is not None:
        node, link = link
    return node


def _called(name: ast.expr) -> object:
    if isinstance(name, ast.Constant):
        return name.value
    return name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
