"""Literals that Groovy code gives a name: entries of maps, named arguments, parameters and their defaults."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from playpen_ls.languages.jenkinsfile.parts import StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import Tree, string_at
from playpen_ls.text.regex import regex

_WORD = regex(r"[\w.-]*(?:pass|pwd|token|secret|key|auth|pat)[\w.-]*", re.IGNORECASE)
_VALUES = ("value", "defaultValue")
_LONGEST = 80  # tokens between the brackets of `string(name: …, value: …)`


class Named(NamedTuple):
    """`how` is "entry" (`NAME: '…'`), "default" (`def f(NAME = '…')`), "argument" (`f('NAME', '…')`), or the argument
    beside `name: 'NAME'`: "value" or "defaultValue"."""

    name: str
    at: int
    how: str

    def literal(self, tree: Tree) -> StringLiteral:
        found = string_at(tree, self.at)
        assert found is not None
        return found


def named_literals(parsed: Parsed) -> tuple[Named, ...]:
    """What is named like a secret, in the order of the names."""
    tree, starts = Tree(parsed), [token[1] for token in parsed.tokens]
    found: list[Named] = []
    for match in _WORD.finditer(parsed.text):
        number = bisect_left(starts, match.start())
        if number < len(starts) and starts[number] == match.start() and tree.tokens[number][0] == "name":
            found += _behind_name(tree, number, tree.tokens[number][3])
        elif number and tree.tokens[number - 1][0] == "string":
            literal = string_at(tree, number - 1)
            if literal is not None and literal.value == match[0]:
                found += _behind_string(tree, number - 1, match[0])
    return tuple(found)


def _kind(tree: Tree, at: int) -> str:
    return tree.tokens[at][0] if 0 <= at < len(tree.tokens) else ""


def _next(tree: Tree, at: int) -> int:
    """The token after this one that is no line end."""
    at += 1
    while _kind(tree, at) == "\n":
        at += 1
    return at


def _before(tree: Tree, at: int) -> int:
    at -= 1
    while _kind(tree, at) == "\n":
        at -= 1
    return at


def _behind_name(tree: Tree, at: int, name: str) -> Iterator[Named]:
    sign = _next(tree, at)
    value = _next(tree, sign)
    if not _ends(tree, value):
        return
    kind, before = _kind(tree, sign), _kind(tree, _before(tree, at))
    if kind == ":" and before in ("[", "(", ",", "name"):
        yield Named(name, value, "entry")
    elif kind == "=" and (before in ("(", ",") or (before == "name" and _kind(tree, at - 2) in ("(", ","))):
        yield Named(name, value, "default")


def _behind_string(tree: Tree, at: int, name: str) -> Iterator[Named]:
    before, sign = _before(tree, at), _next(tree, at)
    value = _next(tree, sign)
    if _kind(tree, before) == ":" and tree.tokens[before - 1][3] in ("name", "key"):
        yield from _beside(tree, at, name)
    elif _kind(tree, sign) == ":" and _ends(tree, value):
        yield Named(name, value, "entry")
    elif _kind(tree, sign) == "," and _kind(tree, before) in ("(", ",") and _ends(tree, value):
        yield Named(name, value, "argument")


def _beside(tree: Tree, at: int, name: str) -> Iterator[Named]:
    """The value in the same brackets as `name: 'NAME'`."""
    for step in (1, -1):
        here, opening, closing = at + step, "([{", ")]}"
        for _ in range(_LONGEST):
            kind = _kind(tree, here)
            if kind in ("", *(closing if step > 0 else opening)):
                break
            if kind == "name" and tree.tokens[here][3] in _VALUES and _kind(tree, here + 1) == ":":
                value = _next(tree, here + 1)
                if _ends(tree, value):
                    yield Named(name, value, tree.tokens[here][3])
                return
            here = (tree.partner[here] if kind in (opening if step > 0 else closing) else here) + step


def _ends(tree: Tree, at: int) -> bool:
    """Whether the token is a string, and the whole value."""
    return _kind(tree, at) == "string" and _kind(tree, _next(tree, at)) in (",", ")", "]", "")
