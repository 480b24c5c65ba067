"""Queries on `ast` nodes."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def dotted(node: ast.AST) -> str | None:
    """`logging.getLogger(__name__).info` as "logging.getLogger().info"; None for other expressions."""
    tail: list[str] = []
    while True:
        if isinstance(node, ast.Name):
            return "".join([node.id, *reversed(tail)])
        if isinstance(node, ast.Attribute):
            tail.append("." + node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            tail.append(_called(node))
            node = node.func
        elif isinstance(node, ast.Await):
            node = node.value
        else:
            return None


def _called(call: ast.Call) -> str:
    """`()`, or `(root)` for `getLogger()` and `getLogger("root")`."""
    function = call.func
    if (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")) != "getLogger":
        return "()"
    names = [*call.args, *(keyword.value for keyword in call.keywords)]
    root = not names or (isinstance(names[0], ast.Constant) and names[0].value in (None, "", "root"))
    return "(root)" if root else "()"


def is_main_guard(statement: ast.AST) -> bool:
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Compare)
        and any(
            isinstance(side, ast.Name) and side.id == "__name__"
            for side in (statement.test.left, *statement.test.comparators)
        )
    )


def imported(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """(name, "=origin") of each name that an import binds."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            name = alias.asname or alias.name.partition(".")[0]
            yield name, "=" + (alias.name if alias.asname else name)
    else:
        origin = "." * statement.level + (statement.module or "")
        for alias in statement.names:
            dot = "" if origin.endswith(".") or not origin else "."
            yield alias.asname or alias.name, f"={origin}{dot}{alias.name}"


def targets(node: ast.AST) -> Iterator[ast.expr]:
    """The single targets of an assignment, with tuples and lists flattened."""
    stack: list[ast.AST] = [node]
    while stack:
        target = stack.pop()
        if isinstance(target, (ast.Tuple, ast.List)):
            stack += target.elts
        elif isinstance(target, ast.Starred):
            stack.append(target.value)
        elif isinstance(target, ast.expr):
            yield target


def statements_in(statement: ast.stmt) -> Iterator[ast.stmt]:
    for name in ("body", "orelse", "finalbody"):
        yield from getattr(statement, name, ())
    for handler in getattr(statement, "handlers", ()):
        yield from handler.body
    for case in getattr(statement, "cases", ()):
        yield from case.body
