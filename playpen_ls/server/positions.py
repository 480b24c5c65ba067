"""Converts between offsets and LSP positions: the only module that handles UTF-8, UTF-16 and UTF-32 code units."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from lsprotocol import types as lsp

from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

_CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_UNIT = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


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
        self._mark = len("\ufeff".encode(self._codec)) // self._unit if source.byte_order_mark else 0

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
        if position.line >= len(self.source.line_starts):
            return len(self.source.text)
        span = self.source.line_span(position.line)
        column = max(0, position.character - (self._mark if position.line == 0 else 0))
        if self._plain:
            return min(span.start + column, span.end)
        text = self.source.text[span.start : span.end]
        if text.isascii():
            return min(span.start + column, span.end)
        head = text.encode(self._codec)[: column * self._unit].decode(self._codec, "ignore")
        return span.start + len(head)

    def span(self, range: lsp.Range) -> Span:
        """The span of a range; start and end are swapped if the client sends them reversed."""
        start, end = self.offset(range.start), self.offset(range.end)
        return Span(min(start, end), max(start, end))

    def _units(self, text: str) -> int:
        return len(text) if text.isascii() else len(text.encode(self._codec)) // self._unit

    def text_edits(self, edits: Iterable[Edit]) -> list[lsp.TextEdit]:
        return [lsp.TextEdit(self.range(edit.span), edit.text) for edit in sorted(set(edits))]


def changed(
    source: Source, changes: Iterable[lsp.TextDocumentContentChangeEvent], encoding: str
) -> tuple[Source, list[Edit]]:
    """Apply a client's changes one after the other; returns the new text and the edits.

    The edits are empty if a change replaced the whole text.
    """
    edits: list[Edit] = []
    run: list[Edit] = []  # multiple cursors send many changes, from last to first: they are applied at once
    whole = False
    for change in changes:
        if isinstance(change, lsp.TextDocumentContentChangeWholeDocument):
            source, edits, run, whole = Source(source.path, change.text), [], [], True
            continue
        span = Positions(source, encoding).span(change.range)
        if run and span.end >= run[-1].start:
            source, run = source.edited(run), []
            span = Positions(source, encoding).span(change.range)
        run.append(Edit(span.start, span.end, change.text))
        edits.append(run[-1])
    return source.edited(run) if run else source, ([] if whole else edits)
