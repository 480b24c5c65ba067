"""Converts between offsets and LSP positions: the only module that handles UTF-8, UTF-16 and UTF-32 code units.

Editors keep UTF-16 code units, so an edit can leave half of a surrogate pair behind. Such a lone surrogate is one code
point here; in UTF-8 it counts three bytes. Two halves that an edit brings together are one character.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from lsprotocol import types as lsp

from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.source import BYTE_ORDER_MARK, Source
from playpen_ls.text.span import Span

_CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_UNIT = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
_HIGH, _LOW = regex("[\ud800-\udbff]"), regex("[\udc00-\udfff]")
_PAIR = regex(_HIGH.pattern + _LOW.pattern)


class Positions:
    """Positions in one text, in the negotiated encoding.

    A byte-order mark is part of the client's text but not of `source`, so the client's columns on
    the first line are larger by its length.
    """

    def __init__(self, source: Source, encoding: str) -> None:
        self.source = source
        self._starts = source.line_starts
        self._codec = _CODECS[encoding]
        self._unit = _UNIT[encoding]
        self._plain = source.text.isascii() or encoding == "utf-32"
        self._mark = self._units(BYTE_ORDER_MARK) if source.byte_order_mark else 0

    def place(self, offset: int) -> tuple[int, int]:
        """(line, character) of an LSP position."""
        starts = self._starts
        line = bisect_right(starts, offset) - 1
        column = offset - starts[line]
        if not self._plain:
            column = self._units(self.source.text[starts[line] : offset])
        return line, column + (self._mark if line == 0 else 0)

    def position(self, offset: int) -> lsp.Position:
        return lsp.Position(*self.place(offset))

    def range(self, span: Span) -> lsp.Range:
        return lsp.Range(self.position(span.start), self.position(span.end))

    def offset(self, position: lsp.Position) -> int:
        """The offset of a position, clamped to the line; inside a code point, the offset before it."""
        return max(self.split(position)[0], 0)

    def split(self, position: lsp.Position) -> tuple[int, bool]:
        """(offset, whether the position is between the two halves of the character there); -1 before the mark."""
        if position.line >= len(self.source.line_starts):
            return len(self.source.text), False
        span = self.source.line_span(position.line)
        column = position.character - (self._mark if position.line == 0 else 0)
        if column < 0:
            return -1, False
        # A code point has at least one unit, so no more of the line is needed.
        text = self.source.text[span.start : min(span.start + column, span.end)]
        if self._plain or text.isascii():
            return span.start + len(text), False
        encoded = text.encode(self._codec, "surrogatepass")
        cut = min(column * self._unit, len(encoded))
        halves = (
            self._codec == "utf-16-le"
            and 0 < cut < len(encoded)
            and 0xD8 <= encoded[cut - 1] <= 0xDB
            and 0xDC <= encoded[cut + 1] <= 0xDF
        )
        if halves:
            cut -= self._unit
        while self._codec == "utf-8" and cut < len(encoded) and 0x80 <= encoded[cut] <= 0xBF:
            cut -= 1
        return span.start + len(encoded[:cut].decode(self._codec, "surrogatepass")), halves

    def span(self, range: lsp.Range) -> Span:
        """The span of a range; start and end are swapped if the client sends them reversed."""
        start, end = self.offset(range.start), self.offset(range.end)
        return Span(min(start, end), max(start, end))

    def _units(self, text: str) -> int:
        return len(text) if text.isascii() else len(text.encode(self._codec, "surrogatepass")) // self._unit

    def text_edits(self, edits: Iterable[Edit]) -> list[lsp.TextEdit]:
        return [lsp.TextEdit(self.range(edit.span), edit.text) for edit in sorted(set(edits))]


def joined(text: str) -> str:
    """The text with surrogate pairs as the characters that they encode."""
    if text.isascii() or not _PAIR.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def changed(
    source: Source, changes: Iterable[lsp.TextDocumentContentChangeEvent], encoding: str
) -> tuple[Source, list[Edit]]:
    """Apply a client's changes one after the other; returns the new text and the edits.

    The edits are empty if a change replaced the whole text, or added or removed the byte-order mark.
    """
    edits: list[Edit] = []
    run: list[Edit] = []  # multiple cursors send many changes, from last to first: they are applied at once
    whole = False

    def applied() -> Source:
        nonlocal run, whole
        after = source.edited(run) if run else source
        run, whole = [], whole or after.byte_order_mark is not source.byte_order_mark
        return after

    for change in changes:
        if isinstance(change, lsp.TextDocumentContentChangeWholeDocument):
            source, run, whole = Source(source.path, joined(change.text)), [], True
            continue
        edit = _edit(source, change, encoding)
        if run and edit.end >= run[-1].start:
            source = applied()
            edit = _edit(source, change, encoding)
        if edit.start < 0:
            source = applied()
            kept = source.text[edit.end :] if edit.end >= 0 else BYTE_ORDER_MARK + source.text
            source, whole = Source(source.path, joined(edit.text + kept)), True
            continue
        run.append(edit)
        edits.append(edit)
    source = applied()
    return source, ([] if whole else edits)


def _edit(source: Source, change: lsp.TextDocumentContentChangePartial, encoding: str) -> Edit:
    """The edit of a change, in whole characters: it includes the halves of a character that it splits or joins.

    Offset -1 is the position before a byte-order mark.
    """
    positions, old = Positions(source, encoding), source.text
    (start, splits_first), (end, splits_last) = sorted(
        (positions.split(change.range.start), positions.split(change.range.end))
    )
    text = change.text
    if splits_first:
        text = _halves(old[start])[0] + text
    if splits_last:
        text += _halves(old[end])[1]
        end += 1
    if start > 0 and _HIGH.match(old[start - 1]) and _LOW.match(text or old[end : end + 1]):
        start -= 1
        text = old[start] + text
    if 0 <= end < len(old) and _LOW.match(old[end]) and _HIGH.match(text[-1:]):
        text += old[end]
        end += 1
    return Edit(start, end, joined(text))


def _halves(char: str) -> tuple[str, str]:
    units = char.encode("utf-16-le")
    return units[:2].decode("utf-16-le", "surrogatepass"), units[2:].decode("utf-16-le", "surrogatepass")
