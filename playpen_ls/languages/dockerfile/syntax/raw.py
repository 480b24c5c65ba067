"""The raw parts of a Dockerfile: the text of each instruction, and of each stage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from playpen_ls.languages.model import Comment, Problem
from playpen_ls.text.span import Span

# Go's unicode.IsSpace; Python's str.isspace has U+001C to U+001F besides.
SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005"
    "\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
KEYWORDS = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER"
    " VOLUME WORKDIR".split()
)
KEYWORD = re.compile(r"[\t\v\f\r ]*(?P<keyword>[^\t\v\f\r ]*)")


@dataclass(frozen=True, slots=True)
class Heredoc:
    """`body` covers its lines with their line ends; `expands` is False if the delimiter is quoted."""

    name: str
    chomps: bool
    expands: bool
    body: Span

    def shifted(self, by: int) -> Heredoc:
        return Heredoc(self.name, self.chomps, self.expands, self.body.shifted(by))


@dataclass(frozen=True, slots=True)
class Directive:
    """A parser directive: `# key=value` at the top of the file; `key` in lower case."""

    key: str
    value: str
    span: Span
    value_span: Span


class Piece:
    """The raw text of one instruction. The `segments` of the file, joined, are its logical text.

    `start` is the offset of its first character, `head_end` the end of the last line of the logical text,
    `end` that of the last heredoc's terminator; none of them includes a line end.
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

    def shifted(self, by: int) -> Piece:
        """The same instruction, shifted by an offset, for another version of the text."""
        if not by:
            return self
        made = Piece.__new__(Piece)
        made.segments = [(start + by, end + by) for start, end in self.segments]
        made.start, made.head_end, made.end = self.start + by, self.head_end + by, self.end + by
        made.logical, made.keyword = self.logical, self.keyword
        made.heredocs = tuple([one.shifted(by) for one in self.heredocs]) if self.heredocs else ()
        return made


class Cut:
    """The text of a stage from its FROM to the next one, or the text before the first FROM.

    Versions of a file share it: its offsets are those of the version that was parsed, where it started at `start`.
    `looks_below` means that its parse depends on the text after it. `made` is a cache of values derived from it alone.
    """

    __slots__ = ("comments", "looks_below", "made", "pieces", "problems", "start", "text")

    def __init__(self, start: int) -> None:
        self.start = start
        self.text = ""
        self.pieces: list[Piece] = []
        self.comments: list[Comment] = []
        self.problems: list[Problem] = []
        self.looks_below = False
        self.made: dict[str, Any] = {}

    def add(self, other: Cut) -> None:
        """Appends the instructions, comments and problems of `other`, which follows it."""
        self.pieces += other.pieces
        self.comments += other.comments
        self.problems += other.problems
        self.looks_below |= other.looks_below
