"""Outlines of statements: their heads without their bodies."""

from __future__ import annotations

import ast

from playpen_ls.languages.python.syntax.nodes import dotted

_BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.AsyncWith, ast.AsyncFor)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NONE = ast.Constant(None)


def outlined(statement: ast.stmt) -> ast.stmt:
    """A copy of the statement without nested code. Imports and bound names are complete, in blocks too."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return statement
    # Not `type(statement)()`: a node without its required fields is deprecated, and an error from Python 3.15 on.
    made = type(statement).__new__(type(statement))
    made.lineno, made.col_offset = statement.lineno, statement.col_offset
    made.end_lineno, made.end_col_offset = statement.end_lineno, statement.end_col_offset
    if isinstance(statement, _DEFINITIONS):
        made.name, made.decorator_list = statement.name, statement.decorator_list[:1]  # type: ignore[attr-defined]
        made.body, made.bases = [], getattr(statement, "bases", [])  # type: ignore[attr-defined]
    elif isinstance(statement, _BLOCKS):
        for name in ("body", "orelse", "finalbody"):
            setattr(made, name, [outlined(inner) for inner in getattr(statement, name, ())])
        caught = [inner for handler in getattr(statement, "handlers", ()) for inner in handler.body]
        made.handlers = [ast.ExceptHandler(None, None, [outlined(inner) for inner in caught])]  # type: ignore[attr-defined]
        for name in ("target", "items"):
            if hasattr(statement, name):
                setattr(made, name, getattr(statement, name))
    else:
        for name in ("targets", "target"):
            if hasattr(statement, name):
                setattr(made, name, getattr(statement, name))
        value = getattr(statement, "value", None)
        made.value = value if isinstance(value, ast.Constant) or (value and dotted(value)) else _NONE  # type: ignore[attr-defined]
    return made
