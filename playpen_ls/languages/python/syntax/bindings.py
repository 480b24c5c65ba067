"""Name bindings: the names that statements bind, and to what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from playpen_ls.languages.python.syntax.nodes import dotted, imported, statements_in, targets


@dataclass(frozen=True, slots=True)
class Binding:
    """A name that a module binds.

    `value` is the origin of an import ("=os.path"), the dotted expression that is assigned
    ("logging.getLogger()"), or None for anything else. `fallback` marks bindings in an `except` block.
    """

    name: str
    value: str | None
    fallback: bool = False


def bindings_of(body: list[ast.stmt]) -> Iterator[Binding]:
    stack: list[tuple[ast.stmt, bool]] = [(statement, False) for statement in reversed(body)]
    while stack:
        statement, fallback = stack.pop()
        for name, value in bound(statement):
            yield Binding(name, value, fallback)
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        handlers = [inner for handler in getattr(statement, "handlers", ()) for inner in handler.body]
        stack += [(inner, True) for inner in handlers]
        stack += [
            (inner, fallback) for name in ("body", "orelse", "finalbody") for inner in getattr(statement, name, ())
        ]


def member_bindings(tree: ast.Module) -> Iterator[Binding]:
    first = tree.body[0] if tree.body else None
    if isinstance(first, ast.ClassDef):
        yield from self_bindings(first.body)


def self_bindings(body: list[ast.stmt]) -> Iterator[Binding]:
    """Assignments to attributes of `self` and to class attributes, both with names such as `self.logger`."""
    stack: list[tuple[ast.stmt, bool]] = [(statement, True) for statement in body]
    while stack:
        statement, in_class = stack.pop()
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            value = statement.value
            for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
                if in_class and isinstance(target, ast.Name):
                    yield Binding(f"self.{target.id}", dotted(value))
                elif (
                    isinstance(target, ast.Attribute)
                    and isinstance(target.value, ast.Name)
                    and target.value.id == "self"
                ):
                    yield Binding(f"self.{target.attr}", dotted(value))
        inside = in_class and not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef))
        if not isinstance(statement, ast.ClassDef):
            stack += [(inner, inside) for inner in statements_in(statement)]


def bound(statement: ast.stmt) -> Iterator[tuple[str, str | None]]:
    """(name, value) of what a statement binds itself, without nested statements. See `Binding`."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        yield from imported(statement)
    elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield statement.name, None
    elif isinstance(statement, ast.ClassDef):
        base = dotted(statement.bases[0]) if statement.bases else None
        yield statement.name, f"{base}.<class>" if base else None
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            value = dotted(statement.value) if isinstance(target, ast.Name) else None
            for one in targets(target):
                if isinstance(one, ast.Name):
                    yield one.id, value
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        if isinstance(statement.target, ast.Name):
            value = dotted(statement.value) if isinstance(statement, ast.AnnAssign) and statement.value else None
            yield statement.target.id, value
    elif isinstance(statement, (ast.For, ast.AsyncFor)):
        yield from ((one.id, None) for one in targets(statement.target) if isinstance(one, ast.Name))
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        for item in statement.items:
            if item.optional_vars is not None:
                yield from ((one.id, None) for one in targets(item.optional_vars) if isinstance(one, ast.Name))


def texts_of(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement in body:
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or not isinstance(statement.value, ast.Constant):
            continue
        text = statement.value.value
        if isinstance(text, str):
            yield from ((name, text) for name, _ in bound(statement))
