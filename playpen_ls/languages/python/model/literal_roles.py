"""The role of a literal, determined by its ancestors."""

from __future__ import annotations

import ast
from bisect import bisect_left

from playpen_ls.languages.python.model.scope import Link
from playpen_ls.languages.python.syntax.nodes import targets
from playpen_ls.text.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """The role of a literal.

    `kind`: assigned, field (annotated, in a class), keyword, argument, entry (of a dictionary), key,
    default (of a parameter), element, returned, compared, operand, subscript, text, other.
    `name`: the target, keyword, key or parameter; "" if there is none. `owner` is the call, the
    dictionary or the statement. `fallback`: it is an operand of `and`/`or`, or a branch of a conditional expression.
    """

    kind: str
    name: str = ""
    owner: ast.AST | None = None
    fallback: bool = False


def role_of(node: ast.AST, link: Link | None) -> Role:
    fallback = False
    while link is not None:
        parent, above = link
        if isinstance(parent, ast.BoolOp) or (isinstance(parent, ast.IfExp) and node is not parent.test):
            fallback = True
        elif isinstance(parent, ast.keyword) and above is not None:
            return Role("keyword", parent.arg or "", above[0], fallback)
        elif isinstance(parent, (ast.Tuple, ast.List)) and above is not None and isinstance(above[0], ast.Assign):
            return _unpacked(parent, node, above[0], fallback)
        elif isinstance(parent, ast.NamedExpr):
            return Role("assigned", _name(parent.target), parent, fallback)
        else:
            return _plain_role(node, parent, link, fallback)
        node, link = parent, above
    return Role("other")


def _plain_role(node: ast.AST, parent: ast.AST, link: Link, fallback: bool) -> Role:
    if isinstance(parent, ast.Call):
        return Role("argument" if node is not parent.func else "other", "", parent, fallback)
    if isinstance(parent, ast.Assign):
        return Role("assigned", _name(parent.targets[0]), parent, fallback)
    if isinstance(parent, ast.AnnAssign):
        in_class = link[1] is not None and isinstance(link[1][0], ast.ClassDef)
        return Role("field" if in_class else "assigned", _name(parent.target), parent, fallback)
    if isinstance(parent, ast.Dict):
        at = bisect_left(parent.values, _position(node), key=_position)
        if at < len(parent.values) and parent.values[at] is node:
            key = parent.keys[at]
            return Role("entry", _name(key) if isinstance(key, ast.Constant) else "", parent, fallback)
        return Role("key", "", parent)
    if isinstance(parent, ast.arguments):
        return Role("default", _parameter(node, parent), parent, fallback)
    kinds = {
        ast.Compare: "compared", ast.BinOp: "operand", ast.Subscript: "subscript", ast.Return: "returned",
        ast.List: "element", ast.Tuple: "element", ast.Set: "element", ast.Expr: "text",
    }  # fmt: skip
    return Role(kinds.get(type(parent), "other"), "", parent, fallback)


def _position(node: ast.AST) -> tuple[int, int]:
    return node.lineno, node.col_offset  # type: ignore[attr-defined]


def _unpacked(parent: ast.Tuple | ast.List, node: ast.AST, statement: ast.Assign, fallback: bool) -> Role:
    """`host, port = "db", 5432`."""
    target = statement.targets[0]
    if isinstance(target, (ast.Tuple, ast.List)) and len(target.elts) == len(parent.elts):
        index = next((index for index, element in enumerate(parent.elts) if element is node), None)
        if index is not None:
            return Role("assigned", _name(target.elts[index]), statement, fallback)
    return Role("element", "", parent, fallback)


def _name(target: ast.expr) -> str:
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return target.attr
    if isinstance(target, ast.Subscript):
        return _name(target.slice)
    if isinstance(target, ast.Constant) and isinstance(target.value, str):
        return target.value
    single = list(targets(target))
    return _name(single[0]) if len(single) == 1 and single[0] is not target else ""


def _parameter(node: ast.AST, arguments: ast.arguments) -> str:
    positional = [*arguments.posonlyargs, *arguments.args]
    for parameter, default in zip(
        positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True
    ):
        if default is node:
            return parameter.arg
    for parameter, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if keyword_default is node:
            return parameter.arg
    return ""
