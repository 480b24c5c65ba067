"""Cuts a Python text into statements without parsing it.

A statement starts where code is in column 0, a member of a long class at its indentation. Half-typed text breaks only
its own statement: a triple-quoted string that is not terminated is assumed to end with its line if the rest of the text
is complete then, else where the next statement starts.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from playpen_ls.languages.cutting import Boundary
from playpen_ls.languages.python.syntax.heads import bindings_by_head
from playpen_ls.languages.python.syntax.newer import format_string
from playpen_ls.languages.python.syntax.parsing import CLASS_LINE, parse
from playpen_ls.text.pause import pause
from playpen_ls.text.regex import regex

# Code in column 0, except closing brackets and comments.
_CODE = regex(r"\n(?=[^ \t\f\r\n#)\]},])")
_CONTINUES = regex(r"(?:else|elif|except|finally)\b")
_DECORATED = regex(r"@|(?:def|class|async)\b")
# What is rarely in a string: a definition, an import of names, an assignment.
_SWALLOWED = regex(
    r"\n(?:(?:async\s+)?def\s+\w+\s*\(|class\s+\w+\s*[(:]|@\w|from\s+[\w.]+\s+import\b|\w[\w.]*[ \t]*=(?!=))"
)
_STATEMENT = regex(
    r"\n(?=(?:(?:async\s+)?def|class|import|from|if|for|while|with|try|return|raise|assert|del|global)\b|@\w"
    r"|\w[\w.]*\s*(?:=(?!=)|\())"
)
_BARRIER = regex(r"(?:async[ \t]+def|def|class|import|from|with|try|while|return|raise|assert)\b|@\w")
_TOKEN = regex(
    r"#[^\n]*|\"\"\"|'''"
    r"|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?",
    re.DOTALL,
)
_LITERAL_OR_BRACKET = regex(
    r"#[^\n]*"
    r"|\"\"\"(?:[^\\]|\\.)*?(?:\"\"\"|\Z)|'''(?:[^\\]|\\.)*?(?:'''|\Z)"
    r"|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?"
    r"|[()\[\]{}]",
    re.DOTALL,
)
# A placeholder that does not end on its line (PEP 701).
_OPEN_PLACEHOLDER = regex(r"\b(?:[fFtT][rR]?|[rR][fFtT])[\"'][^\"'\\\n]*\{[^{}\"'\n]*$", re.MULTILINE)
_FORMAT_PREFIX = regex(r"(?:[fFtT][rR]?|[rR][fFtT])\Z")
_DECORATORS = regex(r"(?:@[^\n]*\n)*")
_FIRST_MEMBER = regex(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*([ \t]+)\S")
_HEADS = ("def ", "async def ", "class ", "import ", "from ")
_JOINED = 1000  # pieces that an open bracket can join
LONG = 120  # lines; a longer class is cut at its members


class Class(NamedTuple):
    """The class of a member: its line, which the member needs before it to parse, and the indentation of its members.

    It is the state of a boundary; that of a statement at the top level is None.
    """

    line: str
    indentation: str


def statements(text: str) -> list[Boundary]:
    """Where the statements of a text begin, in order; the first one begins at 0. Linear time."""
    cutter, found = Cutter(text), [START]
    while (following := cutter.following(text, found[-1])) is not None:
        found.append(following)
        pause()
    return found


START = Boundary(0, None, 0)


class Cutter:
    """Cuts one text, of which all line ends have a line feed; see `languages.cutting`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._complete: dict[int, bool] = {}
        self._last = {quotes: text.rfind(quotes) for quotes in ('"""', "'''")}
        self._pieces: _Pieces | None = None

    def following(self, _: str, at: Boundary) -> Boundary | None:
        """Where the statement after that at a boundary begins. What a long class has above its members is one too."""
        text, start = self.text, at.offset
        if isinstance(at.state, Class):
            return self._next_member(at, at.state)
        lines = _Lines(self, start, _CODE)
        end = self._end(lines, start)
        if text[start : start + 1] in ("c", "@"):
            member = self._first_member(at, end, lines.seen)
            if member is not None:
                return member
        if end is None:
            return None
        seen = max(at.seen, self.line_end(end))
        end, looked = self._joined(start, end)
        seen = max(seen, looked, lines.seen)
        return None if end is None else Boundary(end, None, seen)

    def _end(self, lines: _Lines, start: int) -> int | None:
        """Where the code that begins at `start` ends, as far as column 0 shows; None at the end of the text."""
        text = self.text
        decorated, depth, counted = text[start : start + 1] == "@", 0, start
        for at, _ in lines:
            if decorated and _DECORATED.match(text, at):
                depth, counted = depth + _depth(text[counted:at]), at
            if decorated and counted == at and depth <= 0:
                decorated = text[at] == "@"
            elif not (text[at] in "ef" and _CONTINUES.match(text, at)):
                return at
        return None

    def piece(self, at: int) -> tuple[int | None, int, int, bool]:
        """(end of the code that begins there, end of what was read for it, depth, whether its last line goes on)."""
        lines = _Lines(self, at, _CODE)
        stop = self._end(lines, at)
        body = self.text[at:stop]
        return stop, lines.seen, _depth(body), leaves_line_open(body)

    def _joined(self, start: int, end: int) -> tuple[int | None, int]:
        """(end of the statement at `start`, end of what was read for it).

        If it ends in an open bracket or a continued line, and is complete together with the code after it, that belongs
        to it.
        """
        text = self.text
        piece = text[start:end]
        if not may_go_on(piece) and (piece.startswith(_HEADS) or bindings_by_head(piece) is not None):
            return end, 0
        depth = _depth(piece)
        if (depth <= 0 and not leaves_line_open(piece)) or parse(piece) is not None:
            return end, 0
        if self._pieces is None or start not in self._pieces:
            self._pieces = _Pieces(self, start)
        closed, stop, seen = self._pieces.end(start)
        if not closed:
            return end, seen
        if text[start] == "@" and stop is not None and _DECORATED.match(text, stop):
            stop, looked, *_ = self.piece(stop)
            seen = max(seen, looked)
        whole = parse(text[start:stop]) is not None
        return stop if whole else end, max(seen, self.line_end(stop))

    def _first_member(self, at: Boundary, end: int | None, seen: int) -> Boundary | None:
        """The first member of the class at a boundary, if that is long and its header is on one line."""
        text, start = self.text, at.offset
        stop = len(text) if end is None else end
        if text.count("\n", start, stop) <= LONG:
            return None
        header = CLASS_LINE.match(text, start, stop)
        first = _FIRST_MEMBER.match(text, header.end(), stop) if header is not None else None
        if header is None or first is None:
            return None
        found = Class(_DECORATORS.sub("", header[0], count=1), first[1])
        lines = _Lines(self, header.end() - 1, _code_or_member(found.indentation), _member(found.indentation))
        for offset, code in lines:
            if code == offset:
                return None
            is_long = start
            for _ in range(LONG + 1):
                is_long = text.index("\n", is_long) + 1
            return Boundary(offset, found, max(at.seen, seen, lines.seen, is_long, self.line_end(offset)))
        return None

    def _next_member(self, at: Boundary, holder: Class) -> Boundary | None:
        text = self.text
        decorated = text.startswith("@", at.offset + len(holder.indentation))
        lines = _Lines(self, at.offset, _code_or_member(holder.indentation), _member(holder.indentation))
        for offset, code in lines:
            if code == offset:
                if not (text[offset] in "ef" and _CONTINUES.match(text, offset)):
                    return Boundary(offset, None, max(at.seen, lines.seen, self.line_end(offset)))
            elif decorated:
                decorated = text[code] == "@"
            else:
                return Boundary(offset, holder, max(at.seen, lines.seen, self.line_end(offset)))
        return None

    def line_end(self, at: int | None) -> int:
        """The end of what was read of a line; that of the text counts as read with its last line."""
        end = self.text.find("\n", at) if at is not None else -1
        return len(self.text) + 1 if end < 0 else end + 1

    # Triple-quoted strings

    def string_end(self, opened: int, member: re.Pattern[str] | None) -> tuple[int, bool]:
        """(end of the string that is opened there, whether the rest of the text was read to know it).

        `member` matches what begins a member of the class that it is in.
        """
        text, end = self.text, self._closed(opened)
        if end < 0:
            patterns = (_STATEMENT, member) if member is not None else (_STATEMENT,)
            swallowed = [match.start() for one in patterns if (match := one.search(text, opened))]
            return (min(swallowed) + 1 if swallowed else len(text)), True
        if not self._is_suspicious(opened, end):
            return end, False
        line_end = min(self.line_end(opened), len(text))
        half_typed = not self._is_complete(opened) and self._is_complete(line_end)
        return (line_end if half_typed else end), True

    def _is_suspicious(self, opened: int, end: int) -> bool:
        """Whether a string can be half-typed, so that it ends where another one begins."""
        text = self.text
        if text.find("\n", opened, end) < 0:
            return False
        return text[end : end + 1].isalnum() or _SWALLOWED.search(text, opened, end) is not None

    def _is_complete(self, at: int) -> bool:
        """Whether all strings of the text from `at` on are terminated. Each string is read once, whoever asks."""
        text, known, read = self.text, self._complete, list[int]()
        double, single = self._find('"""', at), self._find("'''", at)
        complete = True
        while double >= 0 or single >= 0:
            found = min(place for place in (double, single) if place >= 0)
            after = self.opener(max(text.rfind("\n", 0, found) + 1, at), found)
            if after == found:
                if found in known:
                    complete = known[found]
                    break
                read.append(found)
                after = self._closed(found)
                if after < 0:
                    complete = False
                    break
            at = after
            if 0 <= double < at:
                double = self._find('"""', at)
            if 0 <= single < at:
                single = self._find("'''", at)
        known.update(dict.fromkeys(read, complete))
        return complete

    def _find(self, quotes: str, at: int) -> int:
        """As `text.find`, but without reading the rest of the text for what is not there."""
        return self.text.find(quotes, at) if at <= self._last[quotes] else -1

    def opener(self, line: int, found: int) -> int:
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

    def _closed(self, opened: int) -> int:
        """The offset after the closing quotes of the string that starts at `opened`, or -1."""
        text, quotes = self.text, self.text[opened : opened + 3]
        at = text.find(quotes, opened + 3)
        while at >= 0:
            slashes = at
            while slashes > opened + 3 and text[slashes - 1] == "\\":
                slashes -= 1
            if (at - slashes) % 2 == 0:
                return self._format_end(opened, at + 3)
            at = text.find(quotes, at + 1)
        return -1

    def _format_end(self, opened: int, end: int) -> int:
        """The end of an f-string whose placeholders have the same quotes (PEP 701); `end` for any other string."""
        text = self.text
        prefix = _FORMAT_PREFIX.search(text, max(opened - 2, 0), opened)
        if prefix is None or text.find("{", opened, end) < 0:
            return end
        found = format_string(text, opened)
        if found is None or found[0] <= end or parse(f"({text[prefix.start() : found[0]]})") is None:
            return end
        return found[0]


class _Pieces:
    """The code between two lines in column 0 and the next, from an offset on: what open brackets may join.

    Each piece is read once, whichever of the open brackets above it ask where they are closed.
    """

    def __init__(self, cutter: Cutter, start: int) -> None:
        self._cutter = cutter
        self._next: int | None = start
        self._numbers: dict[int, int] = {}
        self._read: list[tuple[int | None, int, int]] = []
        """(end, end of what was read so far, depth behind it) of each."""
        self._open: list[tuple[int, int]] = []
        """(depth before it, its number) of those that are not closed; sorted."""
        self._ends: dict[int, tuple[bool, int | None, int]] = {}
        self._read_next()

    def __contains__(self, start: int) -> bool:
        while self._next is not None and self._next <= start:
            self._read_next()
        return start in self._numbers

    def end(self, start: int) -> tuple[bool, int | None, int]:
        """(whether the piece that begins there is closed by a later one, the end of that, end of what was read)."""
        number = self._numbers[start]
        while number not in self._ends and len(self._read) <= number + _JOINED:
            if self._next is None:
                return False, None, len(self._cutter.text) + 1
            self._read_next()
        if number in self._ends:
            return self._ends[number]
        stop, seen, _ = self._read[number + _JOINED]
        return False, None, max(seen, self._cutter.line_end(stop))

    def _read_next(self) -> None:
        cutter, start, number = self._cutter, self._next, len(self._read)
        assert start is not None
        _, seen, depth = self._read[-1] if self._read else (None, 0, 0)
        if _BARRIER.match(cutter.text, start):
            stays = bisect_left(self._open, (depth,))
            for _, one in self._open[:stays]:
                self._ends[one] = (False, None, max(seen, cutter.line_end(start)))
            del self._open[:stays]
        stop, looked, more, goes_on = cutter.piece(start)
        seen = max(seen, looked)
        while self._open and not goes_on and self._open[-1][0] >= depth + more:
            self._ends[self._open.pop()[1]] = (True, stop, seen)
        if more > 0 or goes_on:
            insort(self._open, (depth, number))
        self._numbers[start] = number
        self._read.append((stop, seen, depth + more))
        self._next = stop


class _Lines:
    """The lines from an offset on that `pattern` matches outside of triple-quoted strings, as (start, code in it)."""

    def __init__(
        self, cutter: Cutter, start: int, pattern: re.Pattern[str], member: re.Pattern[str] | None = None
    ) -> None:
        self._cutter = cutter
        self._pattern = pattern
        self._member = member
        self._at = start
        self._read = start
        self._string_end = start
        self.seen = 0
        """The end of what was read to tell strings; 0 if it was nothing behind the lines."""

    def __iter__(self) -> Iterator[tuple[int, int]]:
        text, search = self._cutter.text, self._pattern.search
        while (match := search(text, self._at)) is not None:
            start = self._at = match.start() + 1
            if not self._is_in_string(start):
                yield start, match.end()

    def _is_in_string(self, offset: int) -> bool:
        cutter, text = self._cutter, self._cutter.text
        while self._read < offset:
            places = (text.find('"""', self._read, offset), text.find("'''", self._read, offset))
            found = min((place for place in places if place >= 0), default=-1)
            if found < 0:
                self._read = offset
                break
            self._read = cutter.opener(max(text.rfind("\n", 0, found) + 1, self._read), found)
            if self._read == found:
                self._read, whole = cutter.string_end(found, self._member)
                self._string_end = self._read
                self.seen = len(text) + 1 if whole else self.seen
        return offset < self._string_end


@cache
def _member(indentation: str) -> re.Pattern[str]:
    """The first line of a member, or a decorator of it."""
    return re.compile(rf"\n{indentation}(?=@|def\b|class\b|async[ \t]+def\b)")


@cache
def _code_or_member(indentation: str) -> re.Pattern[str]:
    return re.compile(f"{_CODE.pattern}|{_member(indentation).pattern}")


def leaves_line_open(text: str) -> bool:
    return text.rstrip("\r\n").endswith("\\")


def may_go_on(text: str) -> bool:
    """Cheap pre-check: whether a bracket can be unclosed or the last line continued."""
    return any(text.count(one) != text.count(other) for one, other in ("()", "[]", "{}")) or leaves_line_open(text)


def _depth(text: str) -> int:
    """The number of brackets opened minus those closed."""
    open_placeholders = len(_OPEN_PLACEHOLDER.findall(text)) if "{" in text else 0
    return open_placeholders + sum(
        1 if match[0] in "([{" else -1 for match in _LITERAL_OR_BRACKET.finditer(text) if match[0] in "()[]{}"
    )
