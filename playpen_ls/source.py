"""A text, the places in it, changes to it, and a text inside a text.

Offsets count code points from 0. A leading byte-order mark is not part of the text: it is
remembered, and written back by `Source.encoded`. Lines end where the language server protocol
says: at `\\r\\n`, `\\n` or `\\r`, and nowhere else.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

# LSP's three line ends; str.splitlines also breaks on \f, U+0085 and U+2028.
LINE_END = re.compile(r"\r\n|\n|\r")
BYTE_ORDER_MARK = "\ufeff"
LARGEST = 2_000_000  # bytes; larger files are machine-made and nobody reads findings in them


class Unreadable(Exception):
    """A file cannot be read as text; the message says why, without the path."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of offsets."""

    start: int
    end: int

    def shifted(self, by: int) -> Span:
        return Span(self.start + by, self.end + by)

    def contains(self, offset: int) -> bool:
        return self.start <= offset < self.end

    def touches(self, other: Span) -> bool:
        """They share a character or a boundary."""
        return self.start <= other.end and other.start <= self.end


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace `start:end` by `text`; an insertion where both are equal."""

    start: int
    end: int
    text: str

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    def shifted(self, by: int) -> Edit:
        return Edit(self.start + by, self.end + by, self.text)


class Source:
    """One version of a file's text. `path` is relative to the project's root, with forward slashes."""

    def __init__(self, path: str, text: str, *, byte_order_mark: bool = False) -> None:
        if text.startswith(BYTE_ORDER_MARK):
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
    def line_starts(self) -> list[int]:
        return [0, *(match.end() for match in LINE_END.finditer(self.text))]

    @cached_property
    def newline(self) -> str:
        """The line end that the text uses first, or `\\n`."""
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
        """Where the line after that of `offset` starts, or the end of the text."""
        line = self.line_of(offset) + 1
        return self.line_starts[line] if line < len(self.line_starts) else len(self.text)

    def indentation(self, offset: int) -> str:
        """The blanks that begin the line of `offset`."""
        text = self.line_text(self.line_of(offset))
        return text[: len(text) - len(text.lstrip(" \t"))]

    def of(self, span: Span) -> str:
        return self.text[span.start : span.end]

    def edited(self, edits: Iterable[Edit]) -> Source:
        """The text after edits that do not overlap; equal ones count once."""
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
        """The line starts of the text after one edit: only the lines around it are looked through again.

        One line more on either side, since an edit can join or part a `\r` and a `\n`.
        """
        starts, by = self.line_starts, len(edit.text) - (edit.end - edit.start)
        first = max(self.line_of(edit.start) - 1, 0)
        beyond = self.line_of(edit.end) + 2
        end = starts[beyond] + by if beyond < len(starts) else len(text)
        fresh = [match.end() for match in LINE_END.finditer(text, starts[first], end)]
        return starts[: first + 1] + fresh + [start + by for start in starts[beyond + 1 :]]


def runs(edits: Iterable[Edit]) -> Iterator[list[Edit]]:
    """Edits made one after the other, cut where one does not lie before the last: a run can be made at once."""
    run: list[Edit] = []
    for edit in edits:
        if run and edit.end >= run[-1].start:
            yield run
            run = []
        run.append(edit)
    if run:
        yield run


def check_readable(text: str) -> None:
    """Raises Unreadable for a text that nobody wrote by hand."""
    if len(text) > LARGEST:
        raise Unreadable(f"larger than {LARGEST:,} characters ({len(text):,})")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise Unreadable(f"binary: a NUL byte in line {line}")


def narrowed(start: int, old: str, new: str) -> Edit:
    """The edit that makes `new` of the `old` text at `start`, cut to what differs."""
    head = equal_start(old, new)
    tail = equal_end(old, new, min(len(old), len(new)) - head)
    # Never between \r and \n: no editor has a position there.
    if old[head - 1 : head] == "\r" or new[head - 1 : head] == "\r":
        head -= 1
        tail = min(tail, len(old) - head, len(new) - head)
    end = len(old) - tail
    if (tail and old[end - 1 : end + 1] == "\r\n") or new[len(new) - tail - 1 : len(new) - tail + 1] == "\r\n":
        tail -= 1
    return Edit(start + head, start + len(old) - tail, new[head : len(new) - tail])


Cut = str | Sequence[object]


def equal_start(one: Cut, other: Cut) -> int:
    """How many characters or items two begin with alike, at the speed of memory: for long ones that differ little.

    Both are of one type.
    """
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def equal_end(one: Cut, other: Cut, most: int) -> int:
    """How many characters or items, at most `most`, two end in alike."""
    low, high, size, length = 0, most, len(one), len(other)
    while low < high:
        middle = (low + high + 1) // 2
        if one[size - middle : size - low] == other[length - middle : length - low]:
            low = middle
        else:
            high = middle - 1
    return low


def verbatim(text: str) -> str:
    return text


@dataclass(frozen=True)
class Fragment:
    """A text that stands inside another one, such as the shell text of a `RUN` or of `sh '…'`.

    `starts[i]` and `ends[i]` are the host's offsets around `text[i]`: they differ by more than one
    where the host escapes, and leave gaps where it continues a line. `holes` are ranges of `text`
    whose value is not known (a GString's `${…}`). `encode` writes shell text as the host needs it.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    holes: tuple[Span, ...] = ()
    encode: Callable[[str], str] = verbatim

    @classmethod
    def verbatim(cls, host: str, span: Span) -> Fragment:
        return cls(host[span.start : span.end], range(span.start, span.end), range(span.start + 1, span.end + 1))

    def span(self, start: int, end: int) -> Span:
        """The host's range for `text[start:end]`."""
        if start < end:
            return Span(self.starts[start], self.ends[end - 1])
        at = self.starts[start] if start < len(self.starts) else (self.ends[-1] if self.ends else 0)
        return Span(at, at)

    def holds_hole(self, start: int, end: int) -> bool:
        return any(hole.start < end and start < hole.end for hole in self.holes)
