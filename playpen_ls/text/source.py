"""One version of a text, its lines and positions.

Offsets count code points from 0. A leading byte-order mark is not part of the text: it is
stored separately and written back by `Source.encoded`. Lines end as in the Language Server
Protocol, only at `\\r\\n`, `\\n` or `\\r`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words

# LSP's three line ends; str.splitlines also breaks on \f, U+0085 and U+2028.
LINE_END = regex(r"\r\n|\n|\r")
BYTE_ORDER_MARK = "\ufeff"
LARGEST = 2_000_000  # bytes; larger files are generated, and nobody reads findings in them


class Unreadable(Exception):
    """A file cannot be read as text. The message is the reason, without the path."""


class Source:
    """One version of a file's text. `path` is relative to the project's root, with forward slashes."""

    def __init__(self, path: str, text: str, *, byte_order_mark: bool = False) -> None:
        if not byte_order_mark and text.startswith(BYTE_ORDER_MARK):
            text, byte_order_mark = text[1:], True
        self.path = path
        self.text = text
        self.byte_order_mark = byte_order_mark

    def __repr__(self) -> str:
        return f"Source({self.path!r}, {len(self.text)} characters)"

    @classmethod
    def decoded(cls, path: str, content: bytes) -> Source:
        """Raises Unreadable for text that is too large, binary or not UTF-8."""
        if len(content) > LARGEST:
            raise Unreadable(f"larger than {LARGEST:,} bytes ({len(content):,}); exclude it or split it")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise Unreadable(f"not UTF-8: byte 0x{content[error.start]:02x} in line {line}; save it as UTF-8") from None
        check_readable(text)
        return cls(path, text)

    def encoded(self) -> bytes:
        return ((BYTE_ORDER_MARK if self.byte_order_mark else "") + self.text).encode("utf-8")

    @cached_property
    def words(self) -> Words:
        return Words(self.text)

    @cached_property
    def line_starts(self) -> list[int]:
        text = self.text
        if text.count("\r") != text.count("\r\n"):
            return [0, *(match.end() for match in LINE_END.finditer(text))]
        ends = accumulate(len(line) + 1 for line in text.split("\n"))  # several times as fast
        return [0, *ends][:-1]

    @cached_property
    def newline(self) -> str:
        """The first line end in the text, or `\\n`."""
        match = LINE_END.search(self.text)
        return match[0] if match else "\n"

    def line_of(self, offset: int) -> int:
        return bisect_right(self.line_starts, offset) - 1

    def position(self, offset: int) -> tuple[int, int]:
        """(line, column), both from 0, the column in code points."""
        line = self.line_of(offset)
        return line, offset - self.line_starts[line]

    def line_span(self, line: int) -> Span:
        """The line without its line end."""
        start = self.line_starts[line]
        if line + 1 == len(self.line_starts):
            return Span(start, len(self.text))
        end = self.line_starts[line + 1] - 1
        return Span(start, end - 1 if end > start and self.text[end - 1 : end + 1] == "\r\n" else end)

    def line_text(self, line: int) -> str:
        span = self.line_span(line)
        return self.text[span.start : span.end]

    def line_start(self, offset: int) -> int:
        return self.line_starts[self.line_of(offset)]

    def next_line_start(self, offset: int) -> int:
        """The start of the line after that of `offset`, or the end of the text."""
        line = self.line_of(offset) + 1
        return self.line_starts[line] if line < len(self.line_starts) else len(self.text)

    def indentation(self, offset: int) -> str:
        """The leading spaces and tabs of the line of `offset`."""
        text = self.line_text(self.line_of(offset))
        return text[: len(text) - len(text.lstrip(" \t"))]

    def of(self, span: Span) -> str:
        return self.text[span.start : span.end]

    def edited(self, edits: Iterable[Edit]) -> Source:
        """The text after non-overlapping edits; duplicates are applied once. Raises ValueError if edits overlap."""
        edits = sorted(set(edits))
        pieces, reached = [], 0
        for edit in edits:
            if edit.start < reached:
                raise ValueError(f"edits overlap at {edit.start}")
            pieces += [self.text[reached : edit.start], edit.text]
            reached = edit.end
        pieces.append(self.text[reached:])
        text = "".join(pieces)
        after = Source(self.path, text, byte_order_mark=self.byte_order_mark)
        if len(pieces) == 3 and "line_starts" in self.__dict__ and len(after.text) == len(text):
            after.__dict__["line_starts"] = self._line_starts_after(edits[0], text)
        return after

    def _line_starts_after(self, edit: Edit, text: str) -> list[int]:
        """The line starts after one edit, computed incrementally: only the lines around the edit are scanned.

        One more line on either side is scanned, since an edit can join or split a `\r` and a `\n`.
        """
        starts, by = self.line_starts, len(edit.text) - (edit.end - edit.start)
        first = max(self.line_of(edit.start) - 1, 0)
        beyond = self.line_of(edit.end) + 2
        end = starts[beyond] + by if beyond < len(starts) else len(text)
        fresh = [match.end() for match in LINE_END.finditer(text, starts[first], end)]
        return starts[: first + 1] + fresh + [start + by for start in starts[beyond + 1 :]]


def check_readable(text: str) -> None:
    """Raises Unreadable for texts that are too large or binary."""
    if len(text) > LARGEST:
        raise Unreadable(f"larger than {LARGEST:,} characters ({len(text):,})")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise Unreadable(f"binary file: NUL byte in line {line}")
