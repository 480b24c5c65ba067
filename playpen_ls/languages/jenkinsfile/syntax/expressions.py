"""Expressions: the arguments of calls, the values of assignments, the elements of lists and maps."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.tree import Block, Tokens, Tree

if TYPE_CHECKING:
    from playpen_ls.languages.jenkinsfile.syntax.calls import Call


class Expression(Tokens):
    """The tokens `first` to `last` (exclusive); at least one."""

    __slots__ = ("__dict__", "first", "last", "tree")

    def __init__(self, tree: Tree, first: int, last: int) -> None:
        self.tree = tree
        self.first = first
        self.last = last

    @cached_property
    def string(self) -> StringLiteral | None:
        """The string literal that the whole expression consists of, else None."""
        return string_at(self.tree, self.first) if self.last == self.first + 1 else None

    @property
    def value(self) -> str | None:
        """The value of the string literal; None for other code and for interpolated strings."""
        return self.string.value if self.string else None

    @property
    def strings(self) -> Iterator[StringLiteral]:
        """Every string literal in the expression except those in blocks."""
        at = self.first
        while at < self.last:
            block = self.tree.block_at(at)
            if block is not None:
                at = block.close
            elif (found := string_at(self.tree, at)) is not None:
                yield found
            at += 1

    @property
    def block(self) -> Block | None:
        """The closure that the whole expression consists of, else None."""
        block = self.tree.block_at(self.first)
        return block if block and block.close + 1 == self.last else None

    @cached_property
    def items(self) -> tuple[Argument, ...] | None:
        """The elements of a list or map literal; None for other code."""
        tree = self.tree
        if tree.tokens[self.first][0] == "[" and tree.partner[self.first] == self.last - 1:
            return tuple(arguments(tree, self.first + 1, self.last - 1))
        return None

    @property
    def call(self) -> Call | None:
        """The call without receiver that the whole expression consists of, else None."""
        found = self.tree.call_at(self.first)
        return found if found and found.last == self.last else None


class Argument(Expression):
    """An argument: `name` is None for a positional one; for `name: value` the expression is the value."""

    __slots__ = ("name",)

    def __init__(self, tree: Tree, first: int, last: int, name: str | None) -> None:
        super().__init__(tree, first, last)
        self.name = name


def string_at(tree: Tree, index: int) -> StringLiteral | None:
    kind, start, end, _ = tree.tokens[index]
    return StringLiteral(tree.source, start, end, tree.holes.get(start, ())) if kind == "string" else None


def arguments(tree: Tree, first: int, last: int) -> Iterator[Argument]:
    """The arguments between two token indices, split at commas."""
    tokens, partner = tree.tokens, tree.partner
    begin = at = first
    while at <= last:
        kind = tokens[at][0] if at < last else ","
        if kind == ",":
            while begin < at and tokens[begin][0] == "\n":
                begin += 1
            end = at
            while end > begin and tokens[end - 1][0] == "\n":
                end -= 1
            if begin < end:
                yield _argument(tree, begin, end)
            begin = at + 1
        elif (block := tree.block_at(at)) is not None:
            at = max(at, block.close)
        elif kind in "([" and partner[at] > at:
            at = partner[at]
        at += 1


def _argument(tree: Tree, first: int, last: int) -> Argument:
    tokens = tree.tokens
    kind, start, end, name = tokens[first]
    if last - first > 2 and tokens[first + 1][0] == ":" and kind in ("name", "string"):
        at = first + 2
        while at < last - 1 and tokens[at][0] == "\n":
            at += 1
        if kind == "string":
            literal = string_at(tree, first)
            name = (literal.value if literal else None) or tree.source.text[start:end]
        return Argument(tree, at, last, name)
    return Argument(tree, first, last, None)
