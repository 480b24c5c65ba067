"""The statements and blocks of a Jenkinsfile: views of its outline, made when asked, equal where the place is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from playpen_ls.languages.base import Problem
from playpen_ls.languages.jenkinsfile.lexer import Lexed, lex
from playpen_ls.languages.jenkinsfile.relexing import Middle, taken_over
from playpen_ls.languages.jenkinsfile.statements import Outline, outline, same_outline
from playpen_ls.source import Source, Span

if TYPE_CHECKING:
    from playpen_ls.languages.jenkinsfile.calls import Call, Site


class Tree:
    """Everything that was read of a file: tokens, their outline, and where calls are.

    It points at none of the views of it, so it goes with the last of them.
    """

    def __init__(self, source: Source, previous: Tree | None = None) -> None:
        self.source = source
        taken = taken_over(previous.lexed, previous.source.text, source.text) if previous is not None else None
        middle = taken[1] if taken is not None else None
        self.lexed: Lexed = taken[0] if taken is not None else lex(source.text)
        self.tokens = self.lexed.tokens
        self.holes = self.lexed.holes
        self.comments = self.lexed.comments
        self.sites: list[Site] = []
        """The calls: by statement, then in text order."""
        self.site_at: dict[int, int] = {}
        """The places in `sites` by the token of the call's name."""
        self.sites_before: list[int] = []
        """By statement: how many calls stand in the statements before it; one more number than statements."""
        self.call_of_block: dict[int, int] = {}
        """The places in `sites` of the calls whose closures blocks are."""
        if previous is not None and middle is not None and not previous.outline.problems and same_outline(*middle):
            self.outline: Outline = previous.outline
            self._take_calls(previous, middle)
        else:
            self.outline = outline(source, self.tokens)
        self.partner = self.outline.partner
        problems = [*self.lexed.problems, *self.outline.problems]
        self.problems: list[Problem] = sorted(problems, key=lambda problem: problem.span)

    def _take_calls(self, previous: Tree, middle: Middle) -> None:
        """Calls hang on names, and on the blank before a bracket."""
        old, new = middle
        if all(one[3] == other[3] and one[0] != "[" for one, other in zip(old, new, strict=True)):
            self.sites, self.site_at = previous.sites, previous.site_at
            self.sites_before, self.call_of_block = previous.sites_before, previous.call_of_block

    @property
    def root(self) -> Block:
        return Block(self, 0)

    @property
    def statements(self) -> Iterator[Statement]:
        """Every statement in text order, each before those in its blocks."""
        return (Statement(self, number) for number in range(len(self.outline.first)))

    @property
    def blocks(self) -> Iterator[Block]:
        """Every block in text order, but the file."""
        return (Block(self, number) for number in range(1, len(self.outline.open)))

    def block_at(self, index: int) -> Block | None:
        """The block that the brace at a token opens."""
        number = self.outline.block_at.get(index)
        return None if number is None else Block(self, number)

    def call_at(self, index: int) -> Call | None:
        """The call whose name is the token."""
        place = self.site_at.get(index)
        return None if place is None else self.call(place)

    def call(self, place: int) -> Call:
        site = self.sites[place]
        return site[0](self, site)

    def calls(self, first: int, last: int) -> list[Call]:
        """Those of the statements `first` to `last` (not included)."""
        before = self.sites_before
        return [site[0](self, site) for site in self.sites[before[first] : before[last]]]


class _View:
    """A piece of a tree by its number."""

    __slots__ = ("number", "tree")

    def __init__(self, tree: Tree, number: int) -> None:
        self.tree = tree
        self.number = number

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.number == self.number and other.tree is self.tree

    def __hash__(self) -> int:
        return hash(self.number)


class Tokens:
    """The tokens `first` to `last` (not included) of a tree, at least one, as a piece of text."""

    __slots__ = ()

    tree: Tree
    first: int
    last: int

    @property
    def start(self) -> int:
        return self.tree.tokens[self.first][1]

    @property
    def end(self) -> int:
        return self.tree.tokens[self.last - 1][2]

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    @property
    def text(self) -> str:
        return self.tree.source.text[self.start : self.end]


class Statement(_View, Tokens):
    """Tokens `first` to `last` (not included), blocks in it as a whole."""

    __slots__ = ("first", "last")

    def __init__(self, tree: Tree, number: int) -> None:
        self.tree = tree
        self.number = number
        self.first = tree.outline.first[number]
        self.last = tree.outline.last[number]

    @property
    def word(self) -> str:
        """The name that it begins with, or ""."""
        kind, _, _, text = self.tree.tokens[self.first]
        return text if kind == "name" else ""

    @property
    def block(self) -> Block:
        """The block in which it stands."""
        return Block(self.tree, self.tree.outline.home[self.number])

    @property
    def calls(self) -> list[Call]:
        """The calls in it in text order, but those in its blocks."""
        return self.tree.calls(self.number, self.number + 1)

    @property
    def call(self) -> Call | None:
        """The bare-name call that is the whole statement: `sh 'x'`, `stage('x') {…}`; not `a.b()`."""
        found = self.tree.call_at(self.first)
        return found if found is not None and found.last == self.last else None

    def blocks(self) -> Iterator[Block]:
        """The blocks that stand directly in it, in text order."""
        at = self.first
        while at < self.last:
            block = self.tree.block_at(at)
            if block is not None:
                yield block
                at = block.close
            at += 1


class Block(_View):
    """`{…}`: a closure or a compound statement. The file itself is one, with `open` -1.

    `close` is the token of the closing brace, or behind the last token where it is missing.
    """

    __slots__ = ("close", "open")

    def __init__(self, tree: Tree, number: int) -> None:
        self.tree = tree
        self.number = number
        self.open = tree.outline.open[number]
        self.close = tree.outline.close[number]

    @property
    def statement(self) -> Statement | None:
        """The statement that it is a piece of."""
        number = self.tree.outline.owner[self.number]
        return Statement(self.tree, number) if number >= 0 else None

    @property
    def statements(self) -> list[Statement]:
        tree = self.tree
        return [Statement(tree, number) for number in tree.outline.children[self.number]]

    @property
    def call(self) -> Call | None:
        """The call whose closure it is."""
        place = self.tree.call_of_block.get(self.number)
        return None if place is None else self.tree.call(place)

    @property
    def calls(self) -> list[Call]:
        """Every call in it, those in the blocks inside it too."""
        tree, span, first = self.tree, self.inside, self.tree.outline.first
        begin, end = (
            bisect_left(first, offset, key=lambda token: tree.tokens[token][1]) for offset in (span.start, span.end)
        )
        return tree.calls(begin, end)

    @property
    def parameters(self) -> bool:
        """It declares parameters: `{ name -> …}`."""
        return self.number in self.tree.outline.parameters

    @property
    def start(self) -> int:
        """The offset of the brace."""
        return self.tree.tokens[self.open][1] if self.open >= 0 else 0

    @property
    def end(self) -> int:
        """The offset behind the closing brace."""
        tokens = self.tree.tokens
        return tokens[self.close][2] if self.close < len(tokens) else len(self.tree.source.text)

    @property
    def closed(self) -> bool:
        return self.open >= 0 and self.close < len(self.tree.tokens)

    @property
    def inside(self) -> Span:
        """What stands between the braces."""
        if self.open < 0:
            return Span(0, len(self.tree.source.text))
        return Span(self.start + 1, self.end - 1 if self.closed else self.end)
