"""Blocks and statements: grouping tokens by Groovy's brackets, line ends and semicolons.

The parser recovers from errors: an unclosed or unmatched bracket is reported as a problem, and the
statements around it are still found. It is iterative, so that nesting cannot overflow the stack.
"""

from __future__ import annotations

import re
from collections import Counter

from playpen_ls.languages.jenkinsfile.syntax.lexer import Token
from playpen_ls.languages.model import Problem
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

_OPENER = {")": "(", "]": "[", "}": "{"}
# Tokens that do more than continue a statement.
_STRUCTURE = frozenset(("{", "}", "(", ")", "[", "]", ";", "->", ":"))
# A statement continues after a line that ends with one of these, or on a line that starts with one.
_GOES_ON_AFTER = frozenset(
    ", . ?. *. .& + - * / % = += -= *= /= %= == != === !== < > <= >= <=> && || & | ^ ! ? : ?: =~ ==~ "
    "<< >> >>> .. ..< ** <<=".split()
)
_GOES_ON_BEFORE = frozenset(". ?. *. .& ? : ?: && ||".split())
# A closure on the next line still belongs to the call: `stage('x')`, then `{`.
_TAKES_CLOSURE = frozenset(("name", ")"))
_GOES_ON_NAMES = frozenset(("else", "catch", "finally"))
_SECTIONS = frozenset("stage stages steps post environment when script agent options triggers tools".split())
_BLANKS = re.compile(r"[ \t]*")


_STRUCTURAL = _SECTIONS | _GOES_ON_NAMES | {"import", "package", "case", "default"}


def same_outline(old: list[Token], new: list[Token]) -> bool:
    """Whether replacing `old` tokens with `new` ones leaves all statements and blocks the same."""
    return len(old) == len(new) and all(
        one[0] == other[0]
        and (one[3] == other[3] or (one[0] == "name" and one[3] not in _STRUCTURAL and other[3] not in _STRUCTURAL))
        for one, other in zip(old, new, strict=True)
    )


class Outline:
    """The brackets, statements and blocks of a file, all by number; block 0 is the file, statements are in text order.

    It stores numbers instead of objects that refer to each other: such cycles are freed only by the garbage
    collector, whose pauses while typing would be longer than the parsing itself.
    """

    def __init__(self, tokens: int) -> None:
        self.partner = [-1] * tokens
        """By token: the matching bracket, else -1."""
        self.first: list[int] = []
        """By statement: its first token."""
        self.last: list[int] = []
        """By statement: the token after it."""
        self.home: list[int] = []
        """By statement: the block that contains it."""
        self.open = [-1]
        """By block: the token of its opening brace."""
        self.close = [tokens]
        """By block: the token of the closing brace; if that is missing, the token after the block."""
        self.owner = [-1]
        """By block: the statement that it is part of, else -1."""
        self.children: list[list[int]] = [[]]
        """By block: the statements directly in it."""
        self.parameters: set[int] = set()
        """The blocks that declare parameters: `{ name -> …}`."""
        self.block_at: dict[int, int] = {}
        """The block by the token of its opening brace."""
        self.problems: list[Problem] = []


def outline(source: Source, tokens: list[Token]) -> Outline:
    builder = _Builder(source, tokens, by_indentation=False)
    if not builder.run():
        builder = _Builder(source, tokens, by_indentation=True)
        builder.run()
    return builder.out


class _Builder:
    """One pass over the tokens.

    `stack` contains the open brackets; `outer` the block and statement around every open brace, and
    `depths` the indentation of its line. `last` is the previous token that is not a line end. With
    `by_indentation`, missing braces are located by the indentation of lines.
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
        """Returns False if a brace is missing, so that a second pass has to use the indentation."""
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
        """A section at the start of a line: first close the open brackets that cannot contain one."""
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
            self.out.problems.append(Problem(span, f"unmatched `{kind}`"))
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
        """A brace that starts its line closes the block whose line has the same indentation."""
        depth, start = self._indentation(index), self.tokens[index][1]
        if self.source.line_start(start) + depth == start and self.open_at[depth]:
            while self.depths[-1] > depth:
                self._leave(index)

    def _leave_groups(self) -> None:
        """Close the open parentheses and brackets of the current block."""
        while self._in_group():
            self._unclosed(self.stack.pop())

    def _leave(self, index: int) -> None:
        """Close the innermost block, whose brace is missing, and the groups that are open in the block around it."""
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
        self.out.problems.append(Problem(Span(start, end), f"unclosed `{kind}`"))

    def _parameters(self) -> None:
        """The parameters before `->` are not a statement: remove it again."""
        out = self.out
        if self.current == len(out.first) - 1:
            out.parameters.add(self.block)
            inner = len(out.owner) - 1
            while out.owner[inner] == self.current:  # the default of a parameter is a closure
                out.owner[inner] = out.owner[self.block]
                inner -= 1
            for numbers in (out.children[self.block], out.first, out.last, out.home):
                numbers.pop()
            self.current = -1

    def _label(self, index: int) -> None:
        """End the statement after `case x:`, `default:` and `name:`."""
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
