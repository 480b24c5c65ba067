"""The raw parts of a Dockerfile: heredocs, parser directives, and the text of each instruction."""

from __future__ import annotations

from sys import intern

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
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
KEYWORD = regex(r"[\t\v\f\r ]*(?P<keyword>[^\t\v\f\r ]*)")


@dataclass(frozen=True, slots=True)
class Heredoc:
    """`body` covers its lines with their line ends; `expands` is False if the delimiter is quoted."""

    name: str
    chomps: bool
    expands: bool
    body: Span


@dataclass(frozen=True, slots=True)
class Directive:
    """A parser directive: `# key=value` at the top of the file; `key` in lower case."""

    key: str
    value: str
    span: Span
    value_span: Span


class RawInstruction:
    """The raw text of one instruction. The `segments` of the parsed text, joined, are its logical text.

    `start` is the offset of its first character, `head_end` the end of the last line of the logical text,
    `end` that of the last heredoc's terminator; none of them includes a line end.
    """

    __slots__ = ("_segments", "end", "head_end", "heredocs", "keyword", "logical", "start")

    def __init__(self, text: str, segments: list[tuple[int, int]], end: int) -> None:
        # A file can have thousands of instructions, nearly all of them in one line.
        self._segments = segments if len(segments) > 1 or segments[0][1] != end else None
        self.start = segments[0][0]
        self.head_end = self.end = end
        if len(segments) == 1:
            self.logical = text[self.start : segments[0][1]]
        else:
            self.logical = "".join([text[start:end] for start, end in segments])
        keyword = self.logical.partition(" ")[0]
        if not keyword.isalpha():
            keyword = KEYWORD.match(self.logical)["keyword"]  # type: ignore[index]  # it also matches nothing
        self.keyword: str = intern(keyword)
        self.heredocs: tuple[Heredoc, ...] = ()

    @property
    def is_continued(self) -> bool:
        """Whether its logical text is not that from `start` to `head_end`."""
        return self._segments is not None

    @property
    def segments(self) -> list[tuple[int, int]]:
        return self._segments or [(self.start, self.head_end)]

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)
