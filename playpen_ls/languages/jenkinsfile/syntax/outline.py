"""Blocks and statements: what Groovy's braces, line ends and semicolons make of the tokens.

It is tolerant: a missing or needless bracket is a problem at its place, and the statements around
it are found all the same. It uses no recursion, so no nesting is too deep.
"""

from __future__ import annotations

import re
from collections import Counter

from playpen_ls.languages.jenkinsfile.syntax.lexer import Token
from playpen_ls.languages.model import Problem
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

_OPENER = {")": "(", "]": "[", "}": "{"}
_NAMES = {"(": "parenthesis", "[": "bracket", "{": "brace"}
# The tokens that say more than that a statement goes on.
_STRUCTURE = frozenset(("{", "}", "(", ")", "[", "]", ";", "->", ":"))
# A line that ends so, or begins so, goes on.
_GOES_ON_AFTER = frozenset(
    ", . ?. *. .& + - * / % = += -= *= /= %= == != === !== < > <= >= <=> && || & | ^ ! ? : ?: =~ ==~ "
    "<< >> >>> .. ..< ** <<=".split()
)
_GOES_ON_BEFORE = frozenset(". ?. *. .& ? : ?: && ||".split())
# A closure on the next line is still theirs: `stage('x')`, then `{`.
_TAKES_CLOSURE = frozenset(("name", ")"))
_GOES_ON_NAMES = frozenset(("else", "catch", "finally"))
_SECTIONS = frozenset("stage stages steps post environment when script agent options triggers tools".split())
_BLANKS = re.compile(r"[ \t]*")


_STRUCTURAL = _SECTIONS | _GOES_ON_NAMES | {"import", "package", "case", "default"}


def same_outline(old: list[Token], new: list[Token]) -> bool:
    """Tokens that may stand for each other without changing any statement or block."""
    return len(old) == len(new) and all(
        one[0] == other[0]
        and (one[3] == other[3] or (one[0] == "name" and one[3] not in _STRUCTURAL and other[3] not in _STRUCTURAL))
        for one, other in zip(old, new, strict=True)
    )


class Outline:
    """The brackets, statements and blocks of a file, all by number; block 0 is the file, statements are in text order.

    It holds numbers instead of objects that point at each other: those would wait for the garbage
    collector, which then stops the typing for longer than all of the parsing takes.
    """

    def __init__(self, tokens: int) -> None:
        self.partner = [-1] * tokens
        """By token: the bracket that belongs to it, else -1."""
        self.first: list[int] = []
        """By statement: its first token."""
        self.last: list[int] = []
        """By statement: the token behind it."""
        self.home: list[int] = []
        """By statement: the block in which it stands."""
        self.open = [-1]
        """By block: the token of its brace."""
        self.close = [tokens]
        """By block: the token of the closing brace, or where it is missing the one behind the block."""
        self.owner = [-1]
        """By block: the statement that it is a piece of, -1 if it is none's."""
        self.children: list[list[int]] = [[]]
        """By block: the statements that stand directly in it."""
        self.parameters: set[int] = set()
        """The blocks that declare parameters: `{ name -> …}`."""
        self.block_at: dict[int, int] = {}
        """By the token of the opening brace: the block."""
        self.problems: list[Problem] = []


def outline(source: Source, tokens: list[Token]) -> Outline:
    builder = _Builder(source, tokens, by_indentation=False)
    if not builder.run():
        builder = _Builder(source, tokens, by_indentation=True)
        builder.run()
    return builder.out


class _Builder:
    """One pass over the tokens.

    `stack` holds the open brackets; `outer` for every open brace the block and the statement around
    it, and `depths` how far its line is indented. `last` is the token before, line ends left out.
    """

    def __init__(self, source: Source, tokens: list[Token], by_indentation: bool) -> None:
        self.source = source
        self.tokens = tokens
        self.by_indentation = by_indentation
        self.out = Outline(len(tokens))
        self.stack: list[int] = []
        self.outer: list[tuple[int, int]] = []
        self.depths: list[int] = []
        self.open_at = Counter[int]()
        self.block = 0
        self.current = -1
        self.last = -1

    def run(self) -> bool:
        """False where a brace is missing and indentation may tell which."""
        last, line_ended = -1, False
        for index, token in enumerate(self.tokens):
            kind = token[0]
            if kind == "\n":
                line_ended = True
                continue
            if line_ended:
                line_ended = False
                self.last = last
                self._line_begins(index, token)
            if kind in _STRUCTURE:
                self.last = last
                self._structure(index, kind)
            elif self.current < 0:
                self._begin(index)
            last = index
        self.last = last
        return self._end()

    def _structure(self, index: int, kind: str) -> None:
        if kind == ";" and not self._in_group():
            self._finish(self.last + 1)
            return
        if self.current < 0 and kind != "}":
            self._begin(index)
        if kind == "{":
            self._open_block(index)
        elif kind == "(" or kind == "[":
            self.stack.append(index)
        elif kind == "}" or kind == ")" or kind == "]":
            self._close(index, kind)
        elif kind == "->" and len(self.out.children[self.block]) == 1 and not self._in_group():
            self._parameters()
        elif kind == ":" and not self._in_group():
            self._label(index)

    def _in_group(self) -> bool:
        return bool(self.stack) and self.tokens[self.stack[-1]][0] != "{"

    def _begin(self, index: int) -> None:
        out = self.out
        self.current = len(out.first)
        out.first.append(index)
        out.last.append(index)
        out.home.append(self.block)
        out.children[self.block].append(self.current)

    def _finish(self, last: int) -> None:
        if self.current >= 0:
            self.out.last[self.current] = max(last, self.out.first[self.current] + 1)
            self.current = -1

    def _line_begins(self, index: int, token: Token) -> None:
        kind, _, _, text = token
        if text in _SECTIONS and kind == "name" and self.stack:
            self._recover(index)
        if self.current < 0 or self._in_group() or kind in _GOES_ON_BEFORE:
            return
        last = self.tokens[self.last][0]
        if last in _GOES_ON_AFTER:
            first = self.tokens[self.out.first[self.current]]
            if first[0] != "name" or first[3] not in ("import", "package"):
                return
        if (kind == "name" and text in _GOES_ON_NAMES and last == "}") or (kind == "{" and last in _TAKES_CLOSURE):
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
            while len(self.stack) > 1 and depth <= self.depths[-1]:
                self._leave(index)

    def _indentation(self, index: int) -> int:
        start = self.source.line_start(self.tokens[index][1])
        return _BLANKS.match(self.source.text, start).end() - start  # type: ignore[union-attr]

    def _open_block(self, index: int) -> None:
        out, number = self.out, len(self.out.open)
        out.block_at[index] = number
        out.open.append(index)
        out.close.append(index)
        out.owner.append(self.current)
        out.children.append([])
        self.stack.append(index)
        self.outer.append((self.block, self.current))
        if self.by_indentation:
            depth = self._indentation(index)
            self.depths.append(depth)
            self.open_at[depth] += 1
        self.block, self.current = number, -1

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
            self.out.problems.append(Problem(span, f"this `{kind}` closes nothing"))
            return
        while len(stack) > place + 1:
            self._unclosed(stack.pop())
        if kind == "}":
            if self.by_indentation:
                self._skip_deeper(index)
            self._finish(self.last + 1)
            self._up(index)
        opened = stack.pop()
        self.out.partner[opened], self.out.partner[index] = index, opened

    def _skip_deeper(self, index: int) -> None:
        """A brace that begins its line closes the block whose line is indented like it."""
        depth, start = self._indentation(index), self.tokens[index][1]
        if self.source.line_start(start) + depth == start and self.open_at[depth]:
            while self.depths[-1] > depth:
                self._leave(index)

    def _leave_groups(self) -> None:
        """Close the parentheses and brackets that are open in the block."""
        while self._in_group():
            self._unclosed(self.stack.pop())

    def _leave(self, index: int) -> None:
        """Close the innermost block, whose brace is missing, and what is open around it in its own block."""
        opened = self.stack.pop()
        self._finish(self.last + 1)
        self._up(index)
        self._unclosed(opened)
        self._leave_groups()

    def _up(self, close: int) -> None:
        self.out.close[self.block] = close
        self.block, self.current = self.outer.pop()
        if self.by_indentation:
            self.open_at[self.depths.pop()] -= 1

    def _unclosed(self, opened: int) -> None:
        kind, start, end, _ = self.tokens[opened]
        self.out.problems.append(Problem(Span(start, end), f"this {_NAMES[kind]} is not closed"))

    def _parameters(self) -> None:
        """What stands before the arrow is no statement."""
        out = self.out
        if self.current == len(out.first) - 1:
            out.parameters.add(self.block)
            inner = len(out.owner) - 1
            while out.owner[inner] == self.current:  # a parameter's default is a closure
                out.owner[inner] = out.owner[self.block]
                inner -= 1
            for numbers in (out.children[self.block], out.first, out.last, out.home):
                numbers.pop()
            self.current = -1

    def _label(self, index: int) -> None:
        """`case x:`, `default:` and `name:` end a statement."""
        first = self.out.first[self.current]
        kind, _, _, text = self.tokens[first]
        if kind == "name" and (text in ("case", "default") or first + 1 == index):
            self._finish(index + 1)

    def _end(self) -> bool:
        if self.outer and not self.by_indentation:
            return False
        while self.stack:
            opened = self.stack.pop()
            self._unclosed(opened)
            if self.tokens[opened][0] == "{":
                self._finish(self.last + 1)
                self._up(len(self.tokens))
        self._finish(self.last + 1)
        return True
