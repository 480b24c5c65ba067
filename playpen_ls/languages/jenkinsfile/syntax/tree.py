"""The statements and blocks of a Jenkinsfile: views of its outline, created on demand and compared by position."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from playpen_ls.languages.jenkinsfile.syntax.incremental import Middle, taken_over
from playpen_ls.languages.jenkinsfile.syntax.lexer import Lexed, lex
from playpen_ls.languages.jenkinsfile.syntax.memo import Memory
from playpen_ls.languages.jenkinsfile.syntax.outline import Outline, outline, same_outline
from playpen_ls.languages.jenkinsfile.syntax.regions import Stretch, same_frame, stretches
from playpen_ls.languages.jenkinsfile.syntax.splicing import spliced
from playpen_ls.languages.model import Problem
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

if TYPE_CHECKING:
    from playpen_ls.languages.jenkinsfile.syntax.call_sites import Record
    from playpen_ls.languages.jenkinsfile.syntax.calls import Call, Site


Find = Callable[["Tree", Stretch], "Record"]


class Tree:
    """The parsed file: tokens, their outline, and the positions of calls.

    It does not refer to its views, so that reference counting frees it. Calls are found per stretch on
    demand; those of a stretch whose text did not change come from the cache.
    """

    def __init__(self, source: Source, find: Find, memory: Memory, previous: Tree | None = None) -> None:
        self.source = source
        self._find = find
        self._memory = memory
        taken = taken_over(previous.lexed, previous.source.text, source.text) if previous is not None else None
        self.lexed: Lexed = taken[0] if taken is not None else lex(source.text)
        self.tokens = self.lexed.tokens
        self.holes = self.lexed.holes
        self.comments = self.lexed.comments
        self.outline, self.stretches = self._cut(previous, taken[1] if taken is not None else None)
        self.partner = self.outline.partner
        problems = [*self.lexed.problems, *self.outline.problems]
        self.problems: list[Problem] = sorted(problems, key=lambda problem: problem.span)
        self._begins = [stretch.tokens[0] for stretch in self.stretches]
        self._records: dict[int, Record] = {}

    def _cut(self, previous: Tree | None, middle: Middle | None) -> tuple[Outline, list[Stretch]]:
        """The outline and its stretches, reused from the previous text as far as possible."""
        made: Outline | None = None
        if previous is not None and middle is not None and not previous.outline.problems:
            if not same_outline(middle.old, middle.new):
                made = spliced(previous.outline, self.source, self.tokens, middle)
            elif same_frame(middle.old, middle.new):
                return previous.outline, previous.stretches
            else:
                made = previous.outline
        made = made or outline(self.source, self.tokens)
        return made, stretches(self.tokens, made)

    def span_of(self, stretch: Stretch) -> Span:
        first, last = stretch.tokens
        return Span(self.tokens[first][1], self.tokens[last - 1][2])

    def whole(self, span: Span) -> bool:
        """Whether the range has no problems, so that its parse does not depend on its surroundings."""
        if not self.problems:
            return True
        place = bisect_left(self.problems, span.start, key=lambda problem: problem.span.start)
        return place == len(self.problems) or self.problems[place].span.start > span.end

    def record(self, number: int) -> Record:
        """The calls of a stretch, cached by its text."""
        if number not in self._records:
            stretch = self.stretches[number]
            text = self.source.of(span := self.span_of(stretch))
            find = partial(self._find, self, stretch)
            self._records[number] = self._memory.of(("calls", text), find) if self.whole(span) else find()
        return self._records[number]

    def _stretch_at(self, index: int) -> int:
        """The stretch of a token, else -1."""
        number = bisect_right(self._begins, index) - 1
        return number if number >= 0 and index < self.stretches[number].tokens[1] else -1

    @property
    def root(self) -> Block:
        return Block(self, 0)

    @property
    def statements(self) -> Iterator[Statement]:
        """Every statement in text order, each before those in its blocks."""
        return (Statement(self, number) for number in range(len(self.outline.first)))

    @property
    def blocks(self) -> Iterator[Block]:
        """Every block in text order except block 0, the file."""
        return (Block(self, number) for number in range(1, len(self.outline.open)))

    def block_at(self, index: int) -> Block | None:
        """The block that the brace at a token opens; None for other tokens."""
        number = self.outline.block_at.get(index)
        return None if number is None else Block(self, number)

    def _call(self, stretch: Stretch, site: Site) -> Call:
        return site[1](self, stretch, site)

    def call_at(self, index: int) -> Call | None:
        """The call whose name is the token at `index`, else None."""
        number = self._stretch_at(index)
        if number < 0:
            return None
        record, stretch = self.record(number), self.stretches[number]
        place = record.at.get(index - stretch.tokens[0])
        return None if place is None else self._call(stretch, record.sites[place])

    def call_of(self, block: int) -> Call | None:
        """The call whose closure is this block, else None."""
        number = self._stretch_at(self.outline.open[block])
        if number < 0:
            return None
        record, stretch = self.record(number), self.stretches[number]
        place = record.of_block.get(block - stretch.blocks[0])
        return None if place is None else self._call(stretch, record.sites[place])

    def calls(self, first: int, last: int) -> list[Call]:
        """The calls of the statements `first` to `last` (exclusive)."""
        found: list[Call] = []
        number = max(0, bisect_right(self.stretches, first, key=lambda stretch: stretch.statements[0]) - 1)
        while number < len(self.stretches) and (stretch := self.stretches[number]).statements[0] < last:
            record, (begin, end) = self.record(number), stretch.statements
            if first < end:
                sites = record.sites[record.before[max(first - begin, 0)] : record.before[min(last, end) - begin]]
                found += [site[1](self, stretch, site) for site in sites]
            number += 1
        return found

    def named(self, number: int, names: Iterable[str]) -> list[Call]:
        """The calls of a stretch that have one of these names, in text order."""
        record, stretch = self.record(number), self.stretches[number]
        places = [place for name in names for place in record.by_name.get(name, ())]
        return [self._call(stretch, record.sites[place]) for place in sorted(places)]


class _View:
    """A statement or block of a tree, identified by its number."""

    __slots__ = ("number", "tree")

    def __init__(self, tree: Tree, number: int) -> None:
        self.tree = tree
        self.number = number

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.number == self.number and other.tree is self.tree

    def __hash__(self) -> int:
        return hash(self.number)


class Tokens:
    """The text range of the tokens `first` to `last` (exclusive) of a tree; at least one."""

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
    """A statement: tokens `first` to `last` (exclusive), including its blocks."""

    __slots__ = ("first", "last")

    def __init__(self, tree: Tree, number: int) -> None:
        self.tree = tree
        self.number = number
        self.first = tree.outline.first[number]
        self.last = tree.outline.last[number]

    @property
    def word(self) -> str:
        """The name that the statement starts with, or ""."""
        kind, _, _, text = self.tree.tokens[self.first]
        return text if kind == "name" else ""

    @property
    def block(self) -> Block:
        """The block that contains the statement."""
        return Block(self.tree, self.tree.outline.home[self.number])

    @property
    def calls(self) -> list[Call]:
        """The calls of the statement in text order, except those in its blocks."""
        return self.tree.calls(self.number, self.number + 1)

    @property
    def call(self) -> Call | None:
        """The call without receiver that is the whole statement: `sh 'x'`, `stage('x') {…}`; not `a.b()`."""
        found = self.tree.call_at(self.first)
        return found if found is not None and found.last == self.last else None

    def blocks(self) -> Iterator[Block]:
        """The blocks directly in the statement, in text order."""
        at = self.first
        while at < self.last:
            block = self.tree.block_at(at)
            if block is not None:
                yield block
                at = block.close
            at += 1


class Block(_View):
    """`{…}`: a closure or the body of a compound statement. The file itself is a block with `open` -1.

    `close` is the token of the closing brace; if that is missing, the token after the block.
    """

    __slots__ = ("close", "open")

    def __init__(self, tree: Tree, number: int) -> None:
        self.tree = tree
        self.number = number
        self.open = tree.outline.open[number]
        self.close = tree.outline.close[number]

    @property
    def statement(self) -> Statement | None:
        """The statement that the block is part of; None for the file."""
        number = self.tree.outline.owner[self.number]
        return Statement(self.tree, number) if number >= 0 else None

    @property
    def statements(self) -> list[Statement]:
        tree = self.tree
        return [Statement(tree, number) for number in tree.outline.children[self.number]]

    @property
    def call(self) -> Call | None:
        """The call whose closure is this block, else None."""
        return self.tree.call_of(self.number) if self.open >= 0 else None

    @property
    def calls(self) -> list[Call]:
        """Every call in the block, including nested blocks."""
        tree, span, first = self.tree, self.inside, self.tree.outline.first
        begin, end = (
            bisect_left(first, offset, key=lambda token: tree.tokens[token][1]) for offset in (span.start, span.end)
        )
        return tree.calls(begin, end)

    @property
    def parameters(self) -> bool:
        """Whether the closure declares parameters: `{ name -> …}`."""
        return self.number in self.tree.outline.parameters

    @property
    def start(self) -> int:
        """The offset of the opening brace."""
        return self.tree.tokens[self.open][1] if self.open >= 0 else 0

    @property
    def end(self) -> int:
        """The offset after the closing brace."""
        tokens = self.tree.tokens
        return tokens[self.close][2] if self.close < len(tokens) else len(self.tree.source.text)

    @property
    def closed(self) -> bool:
        return self.open >= 0 and self.close < len(self.tree.tokens)

    @property
    def inside(self) -> Span:
        """The range between the braces."""
        if self.open < 0:
            return Span(0, len(self.tree.source.text))
        return Span(self.start + 1, self.end - 1 if self.closed else self.end)
