"""Splits a Python text into statements without parsing it.

A piece starts where code is in column 0. Half-typed text breaks only its own piece, so an unterminated
string is assumed to end where the next definition starts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

# Code in column 0, except closing brackets and comments.
_CODE = re.compile(r"\n(?=[^ \t\f\r\n#)\]},])")
_CONTINUES = re.compile(r"(?:else|elif|except|finally)\b")
_DECORATED = re.compile(r"@|(?:def|class|async)\b")
_DEFINITION = re.compile(r"\n(?:(?:async\s+)?def\s+\w+\s*\(|class\s+\w+\s*[(:]|@\w|from\s+[\w.]+\s+import\b)")
_STATEMENT = re.compile(
    r"\n(?=(?:(?:async\s+)?def|class|import|from|if|for|while|with|try|return|raise|assert|del|global)\b|@\w"
    r"|\w[\w.]*\s*(?:=(?!=)|\())"
)
_BARRIER = re.compile(r"(?:async\s+def|def|class|import|from|with|try|while|return|raise|assert)\b|@\w")
_TOKEN = re.compile(
    r"#[^\n]*|\"\"\"|'''"
    r"|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?",
    re.DOTALL,
)
_LITERAL_OR_BRACKET = re.compile(
    r"#[^\n]*"
    r"|\"\"\"(?:[^\\]|\\.)*?(?:\"\"\"|\Z)|'''(?:[^\\]|\\.)*?(?:'''|\Z)"
    r"|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?"
    r"|[()\[\]{}]",
    re.DOTALL,
)
CLASS_LINE = re.compile(r"(?:@[^\n]*\n)*class\s+\w+\s*(?:\([^\n]*\))?\s*:[ \t]*(?:#[^\n]*)?\r?\n")
_JOINED = 1000  # pieces that an open bracket can join
LONG = 120  # lines; a longer class is split at its members


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of the text. `header` is the class line that a member needs before it to parse, else ""."""

    start: int
    end: int
    header: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """`closed`: no triple-quoted string is unterminated. `decorated`: the text ends before a decorated definition."""

    pieces: list[Piece]
    closed: bool
    decorated: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """`count` pieces form one statement (0 if they do not); `looked` is how many after the first were examined.

    `runs_out`: the pieces ended before the result was final.
    """

    count: int = 0
    looked: int = 0
    runs_out: bool = False


def with_line_feeds(text: str) -> str:
    """The text with lone carriage returns replaced by line feeds; offsets are unchanged."""
    return re.sub(r"\r(?!\n)", "\n", text) if "\r" in text else text


def pieces(text: str) -> list[Piece]:
    """The statements of a text (see `with_line_feeds`), in order and without gaps. Linear time."""
    return cut(text).pieces


def cut(text: str) -> Cut:
    """The pieces of a text, and whether it is complete."""
    strings = _Strings(text)
    starts: list[int] = []
    decorated = False
    first = [0] if text[:1].strip(" \t\f\r\n#)]},") else []
    for start in first + [match.end() for match in _CODE.finditer(text)]:
        if strings.hold(start):
            continue
        if decorated and _DECORATED.match(text, start) and _depth(text[starts[-1] : start]) <= 0:
            decorated = text[start] == "@"
            continue
        if text[start] in "ef" and starts and _CONTINUES.match(text, start):
            continue
        decorated = text[start] == "@"
        starts.append(start)
    if not starts or starts[0] > 0:
        starts.insert(0, 0)
    starts.append(len(text))
    found: list[Piece] = []
    for start, end in pairwise(starts):
        if text[start : start + 1] in ("c", "@"):
            found += _members(text, start, end, strings)
        else:
            found.append(Piece(start, end))
    return Cut(found, strings.closed, decorated)


def continues(text: str, start: int) -> bool:
    """Whether an `else`, `elif`, `except` or `finally` is at `start`, which continues a statement."""
    return bool(_CONTINUES.match(text, start))


def leaves_line_open(text: str) -> bool:
    return text.rstrip("\r\n").endswith("\\")


def may_go_on(text: str) -> bool:
    """Cheap pre-check: whether a bracket can be unclosed or the last line continued."""
    return any(text.count(one) != text.count(other) for one, other in ("()", "[]", "{}")) or leaves_line_open(text)


def _members(text: str, start: int, end: int, strings: _Strings) -> Iterator[Piece]:
    """The pieces of a class: split at its methods if it is long and its header is on one line."""
    header = CLASS_LINE.match(text, start, end) if text.count("\n", start, end) > LONG else None
    first = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*([ \t]+)\S").match(text, header.end(), end) if header else None
    if header is None or first is None:
        yield Piece(start, end)
        return
    line = re.sub(r"(?:@[^\n]*\n)*", "", header[0], count=1)
    member = re.compile(rf"\n{first[1]}(?=@|def\b|class\b|async\s+def\b)")
    starts: list[int] = []
    decorated = False
    for match in member.finditer(text, header.end() - 1, end):
        at = match.start() + 1
        if strings.hold(at):
            continue
        if not decorated:
            starts.append(at)
        decorated = text[match.end()] == "@"
    if not starts:
        yield Piece(start, end)
        return
    yield Piece(start, starts[0])
    for here, after in zip(starts, [*starts[1:], end], strict=True):
        yield Piece(here, after, line)


def joined(text: str, found: list[Piece], index: int) -> Joined:
    """The pieces from `index` on that form one statement, if the first ends in an open bracket or a continued line."""
    piece = found[index]
    if piece.header:
        return Joined()
    depth = _depth(text[piece.start : piece.end])
    if depth <= 0 and not leaves_line_open(text[piece.start : piece.end]):
        return Joined()
    for number in range(index + 1, min(index + _JOINED, len(found))):
        following, looked = found[number], number - index
        if following.header or (depth > 0 and _BARRIER.match(text, following.start)):
            return Joined(0, looked)
        body = text[following.start : following.end]
        depth += _depth(body)
        if depth <= 0 and not leaves_line_open(body):
            decorated = text[piece.start] == "@"
            last = number + 1 == len(found)
            more = decorated and not last and bool(_DECORATED.match(text, found[number + 1].start))
            return Joined(looked + 1 + more, looked + more, decorated and last)
    return Joined(0, min(_JOINED, len(found) - index) - 1, len(found) < index + _JOINED)


def _depth(text: str) -> int:
    """The number of brackets opened minus those closed."""
    return sum(1 if match[0] in "([{" else -1 for match in _LITERAL_OR_BRACKET.finditer(text) if match[0] in "()[]{}")


class _Strings:
    """The ranges of triple-quoted strings."""

    def __init__(self, text: str) -> None:
        self.text = text
        ranges, open_at = self._read(0, [], None)
        self.closed = open_at is None
        if open_at is not None:
            ranges = self._contained([*ranges, (open_at, len(text))])
        self._starts = [start for start, _ in ranges]
        self._ends = [end for _, end in ranges]

    def hold(self, offset: int) -> bool:
        index = bisect_right(self._starts, offset) - 1
        return index >= 0 and self._starts[index] < offset < self._ends[index]

    def _contained(self, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """The ranges if one string is unterminated: the first that contains a definition is the half-typed one."""
        for index, (start, end) in enumerate(ranges):
            last = index == len(ranges) - 1
            swallowed = (_STATEMENT if last else _DEFINITION).search(self.text, start, end)
            if swallowed:
                line_end = swallowed.start() + 1 if last else self._line_end(start)
                again, open_at = self._read(line_end, ranges[:index], None)
                return [*again, (open_at, len(self.text))] if open_at is not None else again
        return ranges

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end + 1

    def _read(
        self, at: int, ranges: list[tuple[int, int]], clean: int | None
    ) -> tuple[list[tuple[int, int]], int | None]:
        """(ranges of the strings from `at` on, start of the last one if it is unterminated)."""
        text = self.text
        ranges = list(ranges)
        clean = at if clean is None else clean
        double, single = text.find('"""', at), text.find("'''", at)
        while double >= 0 or single >= 0:
            found = min(place for place in (double, single) if place >= 0)
            line = max(text.rfind("\n", 0, found) + 1, clean)
            opener = self._opener(line, found)
            if opener != found:
                clean = at = opener
            else:
                end = self._close(found)
                if end < 0:
                    return ranges, found
                ranges.append((found, end))
                clean = at = end
            if 0 <= double < at:
                double = text.find('"""', at)
            if 0 <= single < at:
                single = text.find("'''", at)
        return ranges, None

    def _opener(self, line: int, found: int) -> int:
        """`found` if a string starts there; else the offset after the string or comment that contains it."""
        text = self.text
        before = text[line:found]
        if '"' not in before and "'" not in before and "#" not in before:
            return found
        for match in _TOKEN.finditer(text, line):
            if match.start() >= found:
                return found
            if match.end() > found:
                return max(match.end(), found + 1)
        return found

    def _close(self, opened: int) -> int:
        """The offset after the closing quotes of the string that starts at `opened`, or -1."""
        text, quotes = self.text, self.text[opened : opened + 3]
        at = text.find(quotes, opened + 3)
        while at >= 0:
            slashes = at
            while slashes > opened + 3 and text[slashes - 1] == "\\":
                slashes -= 1
            if (at - slashes) % 2 == 0:
                return at + 3
            at = text.find(quotes, at + 1)
        return -1
