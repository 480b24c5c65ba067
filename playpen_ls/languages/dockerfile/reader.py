"""A Dockerfile's text cut into instructions, where BuildKit's parser cuts it.

Lines end at `\\n` only: a `\\r` before it is dropped, a lone one is a character. Two texts that
BuildKit reads otherwise are cut as their author meant them, with a problem: a heredoc without its
terminator ends before the next instruction, and so does a line continuation that runs into one.
Both are how a file looks while it is typed.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from playpen_ls.languages.base import Comment, Problem
from playpen_ls.languages.dockerfile.heredocs import HeredocWord, heredocs_of
from playpen_ls.source import Span

# Go's unicode.IsSpace; Python's str.isspace has U+001C to U+001F besides.
SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005"
    "\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
KEYWORDS = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER"
    " VOLUME WORKDIR".split()
)
_OPENS_HEREDOCS = re.compile(r"[\t\v\f\r ]*(?:ONBUILD[\t\v\f\r ]+)?(?:ADD|COPY|RUN)[\t\v\f\r ]", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*(?P<key>[a-zA-Z][a-zA-Z0-9]*)\s*=\s*(?P<value>.+?)\s*$")
_DIRECTIVES = frozenset(("syntax", "escape", "check"))
KEYWORD = re.compile(r"[\t\v\f\r ]*(?P<keyword>[^\t\v\f\r ]*)")
_STARTS_INSTRUCTION = re.compile(rf"(?P<keyword>{'|'.join(sorted(KEYWORDS))})[ \t]+[^\s=]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heredoc:
    """`body` holds its lines with their ends; `expands` is False where the delimiter is quoted."""

    name: str
    chomps: bool
    expands: bool
    body: Span


@dataclass(frozen=True, slots=True)
class Directive:
    """`# key=value` above everything else; `key` in lower case."""

    key: str
    value: str
    span: Span
    value_span: Span


class Piece:
    """The text of one instruction. The `segments` of the file, joined, are its logical text.

    `start` is its first character, `head_end` the end of the last line of the logical text, `end`
    that of the last heredoc's terminator; none of them counts a line end.
    """

    __slots__ = ("end", "head_end", "heredocs", "keyword", "logical", "segments", "start")

    def __init__(self, text: str, segments: list[tuple[int, int]], end: int) -> None:
        self.segments = segments
        self.start = segments[0][0]
        self.head_end = self.end = end
        if len(segments) == 1:
            self.logical = text[self.start : segments[0][1]]
        else:
            self.logical = "".join([text[start:end] for start, end in segments])
        keyword = self.logical.partition(" ")[0]
        if not keyword.isalpha():
            keyword = KEYWORD.match(self.logical)["keyword"]  # type: ignore[index]  # it also matches nothing
        self.keyword: str = keyword
        self.heredocs: tuple[Heredoc, ...] = ()


@dataclass(slots=True)
class Reading:
    """What a text holds."""

    escape: str = "\\"
    pieces: list[Piece] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read(text: str, previous: tuple[str, Reading] | None = None) -> Reading:
    """`previous` is another version and what it holds: instructions above the first difference are taken over."""
    if previous is not None:
        resumed = _resumed(text, *previous)
        if resumed is not None:
            return resumed.read()
    return _Reader(text, 0, Reading()).read()


def _resumed(text: str, old: str, before: Reading) -> _Reader | None:
    """A reader that begins behind the instructions above the first difference; None where that does not pay.

    Problems are of texts that BuildKit reads otherwise: there, what follows says where an instruction ends.
    """
    if before.problems:
        return None
    same = _common(old, text)
    count = bisect_right(before.pieces, same, key=lambda piece: piece.start) - 2
    if count < 1:
        return None
    start = text.find("\n", before.pieces[count - 1].end) + 1
    kept = Reading(before.escape, before.pieces[:count], directives=before.directives)
    kept.comments = before.comments[: bisect_left(before.comments, start, key=lambda comment: comment.span.start)]
    return _Reader(text, start, kept)


def _common(one: str, other: str) -> int:
    """How many characters both begin with. Slices are compared: that is faster than a loop over characters."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class _Reader:
    def __init__(self, text: str, start: int, reading: Reading) -> None:
        self.text = text
        self.lines = text[start:].split("\n")
        self.reading = reading
        self.number = 0  # the next line, counted from `start`
        self.at = start  # its offset

    def read(self) -> Reading:
        lines, count, text = self.lines, len(self.lines), self.text
        reading, directives_over = self.reading, bool(self.reading.pieces)
        while self.number < count:
            at, line = self.at, lines[self.number]
            body = line.lstrip(SPACE)
            if body and body[0] != "#":
                directives_over = True
                start = at + len(line) - len(body)
                if reading.escape in line or "<<" in line or line[-1] == "\r":
                    self._instruction(start)
                    continue
                end = at + len(line)
                reading.pieces.append(Piece(text, [(start, end)], end))
                self.at = end + 1
                self.number += 1
                continue
            if body:
                span = Span(at + len(line) - len(body), at + len(line.rstrip("\r")))
                directives_over = directives_over or not self._directive(span)
                reading.comments.append(Comment(span, self.text[span.start : span.end], True))
            else:
                directives_over = True
            self._step()
        return reading

    def _step(self) -> None:
        self.at += len(self.lines[self.number]) + 1
        self.number += 1

    def _directive(self, span: Span) -> bool:
        match = _DIRECTIVE.match(self.text, span.start, span.end)
        key = match["key"].lower() if match else ""
        if match is None or key not in _DIRECTIVES:
            return False
        reading, value = self.reading, match["value"]
        value_span = Span(match.start("value"), match.end("value"))
        if any(directive.key == key for directive in reading.directives):
            reading.problems.append(Problem(span, f"the directive `{key}` is given twice"))
        elif key == "escape" and value not in ("\\", "`"):
            reading.problems.append(Problem(value_span, f"`{value}` is no escape character: it is `\\` or a backquote"))
        elif key == "escape":
            reading.escape = value
        reading.directives.append(Directive(key, value, span, value_span))
        return True

    def _instruction(self, start: int) -> None:
        """Read the instruction whose first character is at `start`, in the current line."""
        text, escape = self.text, self.reading.escape
        segments: list[tuple[int, int]] = []
        while True:
            line = self.lines[self.number]
            end = self.at + len(line)
            tail = line.rstrip("\t \r") if "\r" not in line else line.rstrip("\r").rstrip("\t ")
            continued = tail.endswith(escape) and (self.at + len(tail) - 1 == start or tail[-2:-1] != escape)
            segments.append((start, self.at + len(tail) - 1) if continued else (start, end))
            line_end = end - len(line) + len(line.rstrip("\r"))
            self._step()
            if not continued or not self._to_continuation(segments):
                break
            start = self.at
        start, end = segments[-1]
        segments[-1] = (start, min(end, line_end))
        piece = Piece(text, segments, line_end)
        self.reading.pieces.append(piece)
        if "<<" in piece.logical and _OPENS_HEREDOCS.match(piece.logical):
            self._heredocs(piece)

    def _to_continuation(self, segments: list[tuple[int, int]]) -> bool:
        """Go to the line that continues the instruction, over comments and blank lines; False if none does."""
        while self.number < len(self.lines):
            line = self.lines[self.number]
            body = line.lstrip(SPACE)
            if body and body[0] != "#":
                return not self._runs_into_instruction(body if body is line else "", segments)
            if body:
                span = Span(self.at + len(line) - len(body), self.at + len(line.rstrip("\r")))
                self.reading.comments.append(Comment(span, self.text[span.start : span.end], True))
            self._step()
        return False

    def _runs_into_instruction(self, line: str, segments: list[tuple[int, int]]) -> bool:
        match = _STARTS_INSTRUCTION.match(line)
        if match is None:
            return False
        keyword = KEYWORD.match(self.text, segments[0][0])["keyword"]  # type: ignore[index]
        before = "".join([self.text[start:end] for start, end in segments])
        # `keyword` may be the whole of a quoted SQL statement's line, or of the text that is being typed.
        if match["keyword"].isupper() != keyword.isupper() or not keyword.isalpha():
            return False
        if before.count('"') % 2 or before.count("'") % 2:
            return False
        at = segments[-1][1]
        self.reading.problems.append(Problem(Span(at, at + 1), f"this joins the line with `{match['keyword']}` below"))
        return True

    def _heredocs(self, piece: Piece) -> None:
        found: list[Heredoc] = []
        for word in heredocs_of(piece.logical):
            start, number = self.at, self._terminator(word)
            if number is None:
                self._unterminated(piece, word.name, found)
                return
            while self.number < number:
                self._step()
            found.append(Heredoc(word.name, word.chomps, word.expands, Span(start, self.at)))
            piece.end = self.at + len(self.lines[number].rstrip("\r"))
            self._step()
        piece.heredocs = tuple(found)

    def _terminator(self, word: HeredocWord) -> int | None:
        """The number of the line that ends the heredoc: each is found without a walk through the text."""
        found = [lines[at] for lines in self._lines_named(word) if (at := bisect_left(lines, self.number)) < len(lines)]
        return min(found, default=None)

    def _lines_named(self, word: HeredocWord) -> Iterator[list[int]]:
        yield self._lines_by_text.get(word.name, [])
        if word.chomps:
            yield self._lines_by_text.get("\t" + word.name, [])

    @cached_property
    def _lines_by_text(self) -> dict[str, list[int]]:
        """The numbers of the lines by their text; of several tabs before it only one is left."""
        found: dict[str, list[int]] = {}
        for number, line in enumerate(self.lines):
            text = line.rstrip("\r")
            if text[:1] == "\t":
                text = "\t" + text.lstrip("\t")
            found.setdefault(text, []).append(number)
        return found

    def _unterminated(self, piece: Piece, name: str, found: list[Heredoc]) -> None:
        span = Span(piece.start, piece.head_end)
        self.reading.problems.append(Problem(span, f"the heredoc has no line `{name}` that ends it"))
        start = self.at
        while self.number < len(self.lines):
            line = self.lines[self.number]
            match = _STARTS_INSTRUCTION.match(line)
            if match and match["keyword"].isupper() == piece.keyword.isupper():
                break
            if line.strip(SPACE):
                piece.end = self.at + len(line.rstrip("\r"))
            self._step()
        found.append(Heredoc(name, False, True, Span(start, min(self.at, len(self.text)))))
        piece.heredocs = tuple(found)
