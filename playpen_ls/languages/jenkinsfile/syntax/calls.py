"""Calls: `sh 'x'`, `git(url: 'u', branch: 'b')`, `withEnv([…]) {…}`, `docker.build('x').push()`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from playpen_ls.languages.jenkinsfile.syntax.expressions import Argument, arguments
from playpen_ls.languages.jenkinsfile.syntax.regions import Stretch
from playpen_ls.languages.jenkinsfile.syntax.tree import Block, Statement, Tree
from playpen_ls.text.span import Span

Site = tuple[str, type["Call"], int, int, int, int, int, int]
"""The position of a call in a stretch of a file; all numbers are relative to the start of the stretch.

(name, type, statement, token of the name, token after the call or brace of its closure, block or -1,
first token of the arguments, token after them)
"""

DOTS = frozenset((".", "?.", "*."))
_CHAIN = 200  # tokens; the longest receiver that is reconstructed


class Call:
    """A call. `index` is the token of its name, `last` the token after the call and its closure.

    `arguments` are those in parentheses or after the name; a closure that follows them is `block`.
    """

    __slots__ = ("__dict__", "_arguments", "_block", "_statement", "index", "last", "name", "tree")

    def __init__(self, tree: Tree, stretch: Stretch, site: Site) -> None:
        self.tree = tree
        self.name, _, statement, index, last, block, first, end = site
        begin = stretch.tokens[0]
        self.index = begin + index
        self.last = begin + last
        self._statement = stretch.statements[0] + statement
        self._arguments = (begin + first, begin + end)
        self._block = 0
        if block >= 0:  # a closure without its closing brace ends with the statement
            self._block = stretch.blocks[0] + block
            outline = tree.outline
            self.last = min(outline.close[self._block] + 1, outline.last[self._statement], len(tree.tokens))

    @property
    def statement(self) -> Statement:
        return Statement(self.tree, self._statement)

    @property
    def block(self) -> Block | None:
        """The closure that follows the arguments."""
        return Block(self.tree, self._block) if self._block else None

    @property
    def name_span(self) -> Span:
        _, start, end, _ = self.tree.tokens[self.index]
        return Span(start, end)

    @property
    def span(self) -> Span:
        """From the name to the end of the call; a receiver (`docker.`) is not included."""
        return Span(self.tree.tokens[self.index][1], self.tree.tokens[self.last - 1][2])

    @cached_property
    def receiver(self) -> str:
        """The text before the dot: `docker` of `docker.build('x')`; "" if there is none."""
        tokens, at = self.tree.tokens, self.index
        if at == 0 or tokens[at - 1][0] not in DOTS:
            return ""
        first, longest = self.statement.first, at - _CHAIN
        while at > max(first, longest) and tokens[at - 1][0] in DOTS:
            at -= 2
            while at > first and 0 <= self.tree.partner[at] < at:
                opened = self.tree.partner[at]
                if tokens[opened - 1][0] not in ("name", ")"):
                    at = opened
                    break
                at = opened - 1
        return self.tree.source.text[tokens[max(at, 0)][1] : tokens[self.index - 2][2]]

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        return tuple(arguments(self.tree, *self._arguments))

    def argument(self, name: str) -> Argument | None:
        return next((one for one in self.arguments if one.name == name), None)

    @property
    def positional(self) -> tuple[Argument, ...]:
        return tuple(one for one in self.arguments if one.name is None)

    def value(self, name: str) -> str | None:
        """The literal value of a named argument; None if it is absent or not a literal string."""
        found = self.argument(name)
        return found.value if found else None

    @property
    def statements(self) -> list[Statement]:
        """The statements of the closure."""
        return self.block.statements if self.block else []

    @property
    def enclosing(self) -> Iterator[Call]:
        """The calls whose closures contain this call, innermost first."""
        statement = self.statement
        while True:
            block = statement.block
            outer, call = block.statement, block.call
            if outer is None:
                return
            statement = outer
            if call is not None:
                yield call
            else:  # a closure among the arguments: `parallel(a: {…})`
                yield from (one for one in reversed(statement.calls) if one.index < block.open < one.last)
