"""One traversal of a chunk that collects its parts and facts."""

from __future__ import annotations

import ast
import sys
from collections.abc import Set

from playpen_ls.languages.python.model.calls import ATTRIBUTES, NAMES, called
from playpen_ls.languages.python.model.database_settings import django_databases, pool_settings
from playpen_ls.languages.python.model.django_migrations import OPERATIONS as DJANGO_OPERATIONS
from playpen_ls.languages.python.model.django_migrations import django_operation
from playpen_ls.languages.python.model.environment import environment_read
from playpen_ls.languages.python.model.library_calls import EnvironmentValue, ExceptHandler, is_environment_read
from playpen_ls.languages.python.model.log_formats import extra_logged
from playpen_ls.languages.python.model.migrations import OPERATIONS, migration_call
from playpen_ls.languages.python.model.needs import ASKING, needs
from playpen_ls.languages.python.model.parts import Part, SchemaCreation, Site, StringLiteral
from playpen_ls.languages.python.model.scope import Link
from playpen_ls.languages.python.model.web import (
    LocalFact,
    called_per_request,
    decorated_route,
    facts_of_call,
    is_route,
    urlpatterns,
)
from playpen_ls.languages.python.syntax.known_names import DECORATORS, SCHEMA
from playpen_ls.text.pause import pause

_SKIPPED = {
    # Annotations are not values; positions inside f-strings are unreliable before Python 3.12.
    ast.FunctionDef: {"returns"}, ast.AsyncFunctionDef: {"returns"}, ast.AnnAssign: {"annotation"},
    ast.arg: {"annotation"}, ast.match_case: {"pattern"}, ast.JoinedStr: {"values"},
}  # fmt: skip
if sys.version_info >= (3, 14):
    _SKIPPED[ast.TemplateStr] = {"values"}
_PLAIN = {
    "ctx",
    "op",
    "ops",
    "type_comment",
    "id",
    "attr",
    "name",
    "names",
    "level",
    "module",
    "arg",
    "is_async",
    "kind",
    "simple",
    "conversion",
}
_LEAVES = frozenset(
    (
        ast.Name,
        ast.Pass,
        ast.Break,
        ast.Continue,
        ast.Import,
        ast.ImportFrom,
        ast.Global,
        ast.Nonlocal,
        ast.arg,
        ast.alias,
    )
)


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    skipped = _SKIPPED.get(kind, set())
    return tuple(field for field in kind._fields if field not in _PLAIN and field not in skipped)


_FIELDS: dict[type, tuple[str, ...]] = {}
_SHORTEST = 2  # length of a string literal that a rule can report


def walk(site: Site, aliases: Set[str], with_facts: bool) -> tuple[list[Part], tuple[LocalFact, ...]]:
    """(parts in text order, facts).

    `aliases` are the names of the module whose mention can be a part, see `local_facts`.
    """
    parts: list[Part] = []
    facts: list[LocalFact] | None = [] if with_facts else None
    statement = site.statement
    tree = statement.tree()
    outer: Link | None = (tree.body[0], None) if statement.header and tree.body else None
    stack: list[tuple[ast.AST, Link | None]] = [(one, outer) for one in statement.body(tree)]
    names = NAMES | aliases
    fields_of, leaves = _FIELDS, _LEAVES
    while stack:
        node, link = stack.pop()
        kind = node.__class__
        if kind is ast.Constant:
            literal = _literal(site, node, link)  # type: ignore[arg-type]
            if literal is not None:
                parts.append(literal)
            continue
        if kind is ast.JoinedStr:
            parts.append(StringLiteral(site, node, link, _pattern(node)))  # type: ignore[arg-type]
            continue
        if kind is ast.Expr and isinstance(node.value, ast.Constant):  # type: ignore[attr-defined]
            continue  # a docstring
        if kind in _TELLING:
            pause()
            _look_at(site, node, link, names, parts, facts)
        here = (node, link)
        fields = fields_of.get(kind)
        if fields is None:
            fields = fields_of[kind] = _fields(kind)
        for field in fields:
            child = getattr(node, field, None)
            if child.__class__ is list:
                for one in child:
                    if one is not None and one.__class__ not in leaves:
                        stack.append((one, here))
            elif child is not None and child.__class__ not in leaves:
                stack.append((child, here))
    parts.sort(key=_order)
    return parts, tuple(facts or ())


def _look_at(
    site: Site, node: ast.AST, link: Link | None, names: Set[str], parts: list[Part], facts: list[LocalFact] | None
) -> None:
    """Add the parts and facts of one node."""
    if facts is not None and isinstance(node, ASKING):
        facts += needs(site, node, link)
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute):
            found = function.attr in ATTRIBUTES
            if function.attr in OPERATIONS:
                operation = migration_call(site, node, link)
                if operation is not None:
                    parts.append(operation)
            elif function.attr in DJANGO_OPERATIONS:
                changed = django_operation(site, node, link)
                if changed is not None:
                    parts.append(changed)
        else:
            found = isinstance(function, ast.Name) and (
                function.id in names or (facts is not None and site.names.module(function.id) is not None)
            )
        if found:
            if is_environment_read(site, node, link):
                parts.append(EnvironmentValue(site, node, link))
            part = called(site, node, link)
            if part is not None:
                parts.append(part)
            if facts is not None:
                facts += environment_read(site, node, link)
                facts += facts_of_call(site, node, link)
                facts += extra_logged(site, node, link)
    elif isinstance(node, ast.Attribute):
        if node.attr in SCHEMA:
            parts.append(SchemaCreation(site, node, link))
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        parts += pool_settings(site, node, link)
        parts += django_databases(site, node, link)
        if facts is not None and link is None and isinstance(node, ast.Assign):
            facts += urlpatterns(site, node)
    elif isinstance(node, ast.ExceptHandler):
        parts.append(ExceptHandler(site, node, link))
    elif isinstance(node, ast.Subscript):
        if is_environment_read(site, node, link):
            parts.append(EnvironmentValue(site, node, link))
        if facts is not None:
            facts += environment_read(site, node, link)
    elif facts is not None and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and _last_name(decorator.func) in DECORATORS:
                facts += decorated_route(site, decorator, link)
        if any(map(is_route, node.decorator_list)):
            facts += called_per_request(site, node, link)


_TELLING = frozenset(
    (
        ast.Call,
        ast.Attribute,
        ast.Subscript,
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.Assign,
        ast.AnnAssign,
        ast.ExceptHandler,
        *ASKING,
    )
)


def _order(part: Part) -> tuple[int, int, int]:
    node = part.node
    return node.lineno, node.col_offset, -(node.end_col_offset or 0)  # type: ignore[attr-defined]


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _literal(site: Site, node: ast.Constant, link: Link | None) -> StringLiteral | None:
    value = node.value
    if value.__class__ is bytes and len(value) >= _SHORTEST:
        return StringLiteral(site, node, link, value.decode("latin-1"))
    if value.__class__ is str and len(value) >= _SHORTEST:
        return StringLiteral(site, node, link, value)
    return None


def _pattern(node: ast.JoinedStr) -> str:
    return "".join(str(one.value) if isinstance(one, ast.Constant) else "\0" for one in node.values)
