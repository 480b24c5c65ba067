"""Blocks and statements: grouping tokens by Groovy's brackets, line ends and semicolons.

The parser recovers from errors: an unclosed or unmatched bracket is reported as a problem, and the
statements around it are still found. It is iterative, so that nesting cannot overflow the stack.

It reads a whole file, or one region of it: then it knows the blocks around the region (its frames), and says where
the next region begins.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from playpen_ls.languages.jenkinsfile.syntax.lexer import Token
from playpen_ls.languages.model import Problem
from playpen_ls.text.regex import regex
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
_BLANKS = regex(r"[ \t]*")
# Calls whose closures are around most of a file: `pipeline {`, `stages {`, `node {`.
_FRAMES = frozenset(
    """pipeline stages node podTemplate timestamps ansiColor timeout retry withEnv withCredentials lock catchError wrap
    ws dir throttle container docker withDockerRegistry try catch finally""".split()
)
_INSIDE = {"pipeline": ("stages",), "stages": ()}
"""The frames that a declarative pipeline has: anything else is checked as one statement."""
_WORD = regex(r"\w*")
_DEPTH = 12  # nested frames; real pipelines have five


class Frame(NamedTuple):
    """A block around a region: the text of its statement up to the brace, and the indentation of the brace's line."""

    head: str
    indentation: int


class State(NamedTuple):
    """What decides how a region is read besides its text.

    `frames` are the blocks around it, outermost first. With `by_indentation`, missing braces are located by the
    indentation of lines. `column` is -1 if the region starts a line, else the indentation of the line it starts in.
    """

    frames: tuple[Frame, ...] = ()
    by_indentation: bool = False
    column: int = -1


class Structure:
    """The brackets, statements and blocks of a text, all by number; statements are in text order.

    Block 0 is what is around all of the text: the file, or the innermost frame of a region.

    It stores numbers instead of objects that refer to each other: such cycles are freed only by the garbage
    collector, whose pauses while typing would be longer than the parsing itself.
    """

    def __init__(self) -> None:
        self.partner: list[int] = []
        """By token: the matching bracket, else -1."""
        self.first: list[int] = []
        """By statement: its first token."""
        self.last: list[int] = []
        """By statement: the token after it."""
        self.home: list[int] = []
        """By statement: the block that contains it."""
        self.open = [-1]
        """By block: the token of its opening brace."""
        self.close = [0]
        """By block: the token of the closing brace; if that is missing, the token after the block."""
        self.owner = [-1]
        """By block: the statement that it is part of, else -1."""
        self.children: list[list[int]] = [[]]
        """By block: the statements directly in it."""
        self.parameters: set[int] = set()
        """The blocks that declare parameters: `{ name -> …}`."""
        self.block_at: dict[int, int] = {}
        """The block by the token of its opening brace."""
        self.frame_ends: list[int] = []
        """The tokens that close frames, innermost frame first; -1 for one that ends without its brace."""
        self.frame_at = -1
        """The token of the brace that opens a frame of the regions that follow, else -1."""
        self.unfinished = False
        """Blocks or frames are open at the end."""
        self.problems: list[Problem] = []


def structure(source: Source, tokens: list[Token], state: State) -> Structure:
    """The structure of a region; offsets of the tokens count from its start, and `source` is its text."""
    builder = Builder(source, tokens, state)
    builder.read()
    return builder.end()


def whole_structure(source: Source, tokens: list[Token]) -> Structure:
    """The structure of a whole file."""
    for by_indentation in (False, True):
        builder = Builder(source, tokens, State((), by_indentation), whole=True)
        builder.read()
        found = builder.end()
        if not found.unfinished:
            break
    return found


class Builder:
    """One pass over the tokens, which can be appended while it runs, a line at a time.

    `stack` contains the open brackets, frames as negative numbers; `outer` the block and statement around every open
    brace, and `depths` the indentation of its line. `last` is the previous token that is not a line end.
    """

    def __init__(self, source: Source, tokens: list[Token], state: State, *, whole: bool = False) -> None:
        self.source = source
        self.tokens = tokens
        self.state = state
        self.whole = whole
        self.by_indentation = state.by_indentation
        self.out = Structure()
        self.frames = len(state.frames)
        """How many frames are open."""
        self.stack = list(range(-self.frames, 0))
        self.outer = [(0, -1)] * self.frames
        self.depths = [frame.indentation for frame in state.frames]
        self.open_at = Counter(self.depths)
        self.block = 0
        self.current = -1
        self.last = -1
        self.line_ended = False
        self.complete = False
        """The region ends where the next statement begins."""

    def read(self, *, final: bool = True) -> int:
        """Read the tokens that were appended. Returns the token at which the next region begins, else -1.

        Unless these are the `final` ones, the last one of a line that goes on waits for the one that follows it.
        """
        partner, tokens = self.out.partner, self.tokens
        waits = not final and bool(tokens) and tokens[-1][0] != "\n"
        for index in range(len(partner), len(tokens) - waits):
            token = tokens[index]
            kind = token[0]
            partner.append(-1)
            if kind == "\n":
                self.line_ended = True
                continue
            if self.line_ended:
                self.line_ended = False
                self._line_begins(index, token)
            following = -1 if self.whole or (self.current >= 0 and kind != "{") else self._following(index, kind)
            if kind in _STRUCTURE:
                self._structure(index, kind)
            elif self.current < 0:
                self._begin(index)
            self.last = index
            if following >= 0:
                return following
        return -1

    def _following(self, index: int, kind: str) -> int:
        """The token at which the next region begins: a statement in another block, or one with a block of its own."""
        if self.block > 0 and not (self.block == 1 and self.out.frame_at >= 0):
            return -1
        if self.current < 0:
            if kind not in ("}", ")", "]", ";") and (self.complete or (kind == "{" and self.out.first)):
                return index
            self.complete |= kind == "{"
        elif kind == "{":
            if self.current > 0:
                return self.out.first[self.current]
            self.complete = True
        return -1

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

    def _kind(self, opened: int) -> str:
        return "{" if opened < 0 else self.tokens[opened][0]

    def _in_group(self) -> bool:
        return bool(self.stack) and self._kind(self.stack[-1]) != "{"

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
        """The indentation of the line of a token."""
        start = self.source.line_start(self.tokens[index][1])
        if start == 0 and self.state.column >= 0:
            return self.state.column
        return _BLANKS.match(self.source.text, start).end() - start  # type: ignore[union-attr]

    def _starts_line(self, index: int) -> bool:
        offset = self.tokens[index][1]
        start = self.source.line_start(offset)
        if start == 0 and self.state.column >= 0:
            return False
        return _BLANKS.match(self.source.text, start).end() == offset  # type: ignore[union-attr]

    def _open_block(self, index: int) -> None:
        out, number = self.out, len(self.out.open)
        if self.current == 0 and number == 1 and not self.whole and self._is_frame(index):
            out.frame_at = index
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
        while place >= 0 and self._kind(stack[place]) != opener:
            if kind != "}" and self._kind(stack[place]) == "{":
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
        if opened >= 0:
            self.out.partner[opened], self.out.partner[index] = index, opened

    def _skip_deeper(self, index: int) -> None:
        """A brace that starts its line closes the block whose line has the same indentation."""
        depth = self._indentation(index)
        if self._starts_line(index) and self.open_at[depth]:
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
        self._up(index, closed=False)
        if opened >= 0:
            self._unclosed(opened)
        self._leave_groups()

    def _up(self, close: int, *, closed: bool = True) -> None:
        """Leave the innermost block, which ends at the token `close`."""
        if len(self.outer) == self.frames:
            self.frames -= 1
            self.complete = True
            self.out.frame_ends.append(close if closed else -1)
        else:
            self.out.close[self.block] = close
            if self.out.open[self.block] == self.out.frame_at:
                self.out.frame_at = -1
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

    def _is_frame(self, brace: int) -> bool:
        """Whether a statement up to its brace is a call whose closure can be a frame, or begins a block of `try`.

        That is `a.b('x').c {`, but not a statement where arguments can follow the block.
        """
        tokens, at = self.tokens, self.out.first[self.current]
        word = tokens[at][3]
        frames = self.state.frames
        if word not in _FRAMES or len(frames) >= _DEPTH:
            return False
        if frames and word not in _INSIDE.get(_WORD.match(frames[-1].head)[0], (word,)):  # type: ignore[index]
            return False
        tried, before = word in ("try", "catch", "finally"), "."
        while at < brace:
            kind = tokens[at][0]
            if kind == "(" and self.out.partner[at] > at:
                at = self.out.partner[at]
                kind = ")"
            elif kind == "name":
                if before == "name" or (before != "." and not tried):
                    return False
            elif kind not in (".", "\n"):
                return False
            before = before if kind == "\n" else kind
            at += 1
        return tried or before in ("name", ")")

    @property
    def frame(self) -> Frame | None:
        """The frame that the region opens for the regions that follow."""
        brace = self.out.frame_at
        if brace < 0:
            return None
        start, end = self.tokens[self.out.first[0]][1], self.tokens[brace][2]
        return Frame(self.source.text[start:end], self._indentation(brace))

    def end(self) -> Structure:
        out = self.out
        out.unfinished = bool(self.outer)
        out.close[0] = len(self.tokens)
        frame_at = out.frame_at
        while len(self.stack) > self.frames:
            opened = self.stack.pop()
            if opened != frame_at:
                self._unclosed(opened)
            if self.tokens[opened][0] == "{":
                self._finish(self.last + 1)
                self._up(len(self.tokens))
        out.frame_at = frame_at
        self._finish(self.last + 1)
        return out
