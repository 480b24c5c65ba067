"""Blocks and statements: what Groovy's braces, line ends and semicolons make of the tokens.

It is tolerant: a missing or needless bracket is a problem at its place, and the statements around
it are found all the same. It uses no recursion, so no nesting is too deep.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from playpen_ls.languages.base import Problem
from playpen_ls.languages.jenkinsfile.lexer import Lexed, Token, lex
from playpen_ls.source import Source, Span

if TYPE_CHECKING:
    from playpen_ls.languages.jenkinsfile.calls import Call

_OPENER = {")": "(", "]": "[", "}": "{"}
_NAMES = {"(": "parenthesis", "[": "bracket", "{": "brace"}
# A line that ends so, or begins so, goes on.
_GOES_ON_AFTER = frozenset(
    ", . ?. *. .& + - * / % = += -= *= /= %= == != === !== < > <= >= <=> && || & | ^ ! ? : ?: =~ ==~ "
    "<< >> >>> .. ..< ** <<=".split()
)
_GOES_ON_BEFORE = frozenset(". ?. *. .& ? : ?: && ||".split())
_GOES_ON_NAMES = frozenset(("else", "catch", "finally"))
_SECTIONS = frozenset("stage stages steps post environment when script agent options triggers tools".split())


class Statement:
    """Tokens `first` to `last` (not included), blocks in it as a whole."""

    __slots__ = ("block", "calls", "first", "last", "tree")

    def __init__(self, tree: Tree, first: int, block: Block) -> None:
        self.tree = tree
        self.first = first
        self.last = first
        self.block = block
        self.calls: list[Call] = []
        """The calls in it in text order, but those in its blocks."""

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

    @property
    def word(self) -> str:
        """The name that it begins with, or ""."""
        token = self.tree.tokens[self.first]
        return token[3] if token[0] == "name" else ""

    @property
    def call(self) -> Call | None:
        """The bare-name call that is the whole statement: `sh 'x'`, `stage('x') {…}`; not `a.b()`."""
        return next((one for one in self.calls[:1] if one.index == self.first and one.last == self.last), None)

    def blocks(self) -> Iterator[Block]:
        """The blocks that stand directly in it, in text order."""
        tree, at = self.tree, self.first
        while at < self.last:
            block = tree.blocks.get(at)
            if block is not None:
                yield block
                at = block.close
            at += 1


class Block:
    """`{…}`: a closure or a compound statement. The file itself is one, with `open` -1.

    `close` is the index of the closing brace's token, or behind the last token where it is missing.
    """

    __slots__ = ("call", "close", "open", "parameters", "statement", "statements", "tree")

    def __init__(self, tree: Tree, open: int, statement: Statement | None) -> None:
        self.tree = tree
        self.open = open
        self.close = open
        self.statement = statement
        self.statements: list[Statement] = []
        self.call: Call | None = None
        """The call whose closure it is."""
        self.parameters = False
        """It declares parameters: `{ name -> …}`."""

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


class Tree:
    """`partner[i]` is the index of the bracket that belongs to the one at `i`, else -1.

    `blocks` are found by their opening brace, `calls` by their name: the keys are indices of tokens.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        lexed: Lexed = lex(source.text)
        self.tokens: list[Token] = lexed.tokens
        self.holes = lexed.holes
        self.comments = lexed.comments
        self.problems: list[Problem] = lexed.problems
        self._begin()
        if not _Builder(self, by_indentation=False).run():
            self._begin()
            _Builder(self, by_indentation=True).run()
        self.problems.sort(key=lambda problem: problem.span)

    def _begin(self) -> None:
        self.partner = [-1] * len(self.tokens)
        self.blocks: dict[int, Block] = {}
        self.root = Block(self, -1, None)
        self.root.close = len(self.tokens)
        self.statements: list[Statement] = []
        self.calls: dict[int, Call] = {}


class _Builder:
    """One pass over the tokens. `stack` holds the indices of the open brackets."""

    def __init__(self, tree: Tree, by_indentation: bool) -> None:
        self.tree = tree
        self.tokens = tree.tokens
        self.by_indentation = by_indentation
        self.stack: list[int] = []
        self.problems: list[Problem] = []
        self.block = tree.root
        self.current: Statement | None = None
        self.outer: list[tuple[Block, Statement | None]] = []
        self.ends_line = False
        self.last = -1

    def run(self) -> bool:
        """False where a brace is missing and indentation may tell which; nothing is reported then."""
        tokens = self.tokens
        for index, token in enumerate(tokens):
            kind = token[0]
            if kind == "\n":
                self.ends_line = True
                continue
            if self.ends_line:
                self.ends_line = False
                self._line_begins(index)
            if kind == ";" and not self._in_group():
                self._finish(self.last + 1)
                self.last = index
                continue
            if self.current is None and kind != "}":
                self.current = Statement(self.tree, index, self.block)
                self.tree.statements.append(self.current)
                self.block.statements.append(self.current)
            if kind == "{":
                self._open_block(index)
            elif kind == "(" or kind == "[":
                self.stack.append(index)
            elif kind == "}" or kind == ")" or kind == "]":
                self._close(index, kind)
            elif kind == "->" and len(self.block.statements) == 1 and not self._in_group():
                self._parameters()
            elif kind == ":" and not self._in_group():
                self._label(index)
            self.last = index
        return self._end()

    def _in_group(self) -> bool:
        return bool(self.stack) and self.tokens[self.stack[-1]][0] != "{"

    def _line_begins(self, index: int) -> None:
        token = self.tokens[index]
        if self.stack and token[0] == "name" and token[3] in _SECTIONS:
            self._recover(index)
        if self.current is None or self._in_group():
            return
        last = self.tokens[self.last]
        if token[0] in _GOES_ON_BEFORE or (
            last[0] in _GOES_ON_AFTER and self.current.word not in ("import", "package")
        ):
            return
        if token[0] == "name" and token[3] in _GOES_ON_NAMES and last[0] == "}":
            return
        self._finish(self.last + 1)

    def _recover(self, index: int) -> None:
        """A section begins a line: brackets that cannot hold one are closed before it."""
        following = self.tokens[index + 1][0] if index + 1 < len(self.tokens) else ""
        if following != "{" and not (following == "(" and self.tokens[index][3] == "stage"):
            return
        self._leave_groups()
        if self.by_indentation:
            depth = self._indentation(index)
            while len(self.stack) > 1 and depth <= self._indentation(self.stack[-1]):
                self._leave(self.stack.pop(), index)
                self._leave_groups()

    def _indentation(self, index: int) -> int:
        return len(self.tree.source.indentation(self.tokens[index][1]))

    def _open_block(self, index: int) -> None:
        block = Block(self.tree, index, self.current)
        self.tree.blocks[index] = block
        self.stack.append(index)
        self.outer.append((self.block, self.current))
        self.block, self.current = block, None

    def _close(self, index: int, kind: str) -> None:
        opener, stack, tokens = _OPENER[kind], self.stack, self.tokens
        place = len(stack) - 1
        while place >= 0 and tokens[stack[place]][0] != opener:
            if kind != "}" and tokens[stack[place]][0] == "{":
                place = -1
                break
            place -= 1
        if place < 0:
            span = Span(tokens[index][1], tokens[index][2])
            self.problems.append(Problem(span, f"this `{kind}` closes nothing"))
            return
        while len(stack) > place + 1:
            self._unclosed(stack.pop())
        if kind == "}":
            if self.by_indentation:
                self._skip_deeper(index)
            self._finish(self.last + 1)
            self._up(index)
        opened = stack.pop()
        self.tree.partner[opened], self.tree.partner[index] = index, opened

    def _skip_deeper(self, index: int) -> None:
        """A brace that begins its line closes the block whose line is indented like it."""
        token, source = self.tokens[index], self.tree.source
        if source.line_start(token[1]) + len(source.indentation(token[1])) != token[1]:
            return
        depth = self._indentation(index)
        braces = [one for one in self.stack if self.tokens[one][0] == "{"]
        if any(self._indentation(one) == depth for one in braces):
            while self._indentation(self.stack[-1]) > depth:
                self._leave(self.stack.pop(), index)
                self._leave_groups()

    def _leave_groups(self) -> None:
        """Close the parentheses and brackets that are open in the block."""
        while self._in_group():
            self._unclosed(self.stack.pop())

    def _leave(self, opened: int, index: int) -> None:
        """Close a block whose brace is missing."""
        self._finish(self.last + 1)
        self._up(index)
        self._unclosed(opened)

    def _up(self, close: int) -> None:
        self.block.close = close
        self.block, self.current = self.outer.pop()

    def _unclosed(self, opened: int) -> None:
        kind, start, end, _ = self.tokens[opened]
        self.problems.append(Problem(Span(start, end), f"this {_NAMES[kind]} is not closed"))

    def _finish(self, last: int) -> None:
        if self.current is not None:
            self.current.last = max(last, self.current.first + 1)
            self.current = None

    def _parameters(self) -> None:
        if self.tree.statements[-1] is self.current:
            self.block.parameters = True
            self.block.statements.pop()
            self.tree.statements.pop()
            self.current = None

    def _label(self, index: int) -> None:
        """`case x:`, `default:` and `name:` end a statement."""
        first = self.current.first if self.current else index
        token = self.tokens[first]
        if token[0] == "name" and (token[3] in ("case", "default") or first + 1 == index):
            self._finish(index + 1)

    def _end(self) -> bool:
        missing = [one for one in self.stack if self.tokens[one][0] == "{"]
        if missing and not self.by_indentation:
            return False
        while self.stack:
            opened = self.stack.pop()
            self._unclosed(opened)
            if self.tokens[opened][0] == "{":
                self._finish(self.last + 1)
                self._up(len(self.tokens))
        self._finish(self.last + 1)
        self.tree.problems += self.problems
        return True
