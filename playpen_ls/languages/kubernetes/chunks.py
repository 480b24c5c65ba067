"""A file cut at its `---` lines, and at the items of a List. A piece is read once; the next version takes it over."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property

from playpen_ls.api.file_view import FileView
from playpen_ls.facts import Fact
from playpen_ls.languages.base import Chunk, Comment, Exemption
from playpen_ls.languages.kubernetes import layout
from playpen_ls.languages.kubernetes.exemptions import exemptions
from playpen_ls.languages.kubernetes.half_typed import Reading, read
from playpen_ls.languages.kubernetes.lists import Part
from playpen_ls.languages.kubernetes.neighbours import SHARED
from playpen_ls.languages.kubernetes.parts import parts
from playpen_ls.languages.kubernetes.resources import Document
from playpen_ls.languages.kubernetes.statements import Statement, statements
from playpen_ls.source import Span

_MARKER = re.compile(r"---(?=[ \t\r\n]|\Z)")
_DIRECTIVE = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?[\r\n])*%")


class Piece:
    """The text of one document (rarely several, behind `...`) or of a part, and what was read of it.

    Offsets are its own. Pieces that are `alike` are the same.
    """

    def __init__(self, text: str, edited: int | None = None, part: Part = Part.WHOLE) -> None:
        self.text = text
        self.part = part
        self.alike: Hashable = text if part is Part.WHOLE else (part, text)
        self.reading: Reading = read(text, edited)
        self._mentions: dict[Sequence[str], bool] = {}

    def mentions(self, marks: Sequence[str]) -> bool:
        """The text holds one of these lower-case words, in any case."""
        found = self._mentions.get(marks)
        if found is None:
            text = self.text.lower()
            found = self._mentions[marks] = any(mark in text for mark in marks)
        return found

    @cached_property
    def patches(self) -> bool:
        """It says how it is to be merged into an object that is elsewhere."""
        return "$patch" in self.text

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(statements(self))

    @cached_property
    def said(self) -> tuple[Fact, ...]:
        """What the other documents of the file may look at, without a place."""
        return tuple(one.placeless for one in self.statements if one.kind in SHARED)

    @cached_property
    def stated(self) -> tuple[tuple[Fact, Span], ...]:
        """What is `said`, and where."""
        shared = (one for one in self.statements if one.kind in SHARED)
        return tuple(zip(self.said, (one.span for one in shared), strict=True))

    @cached_property
    def spans(self) -> dict[int, Span]:
        """Where each of what is `said` stands, by identity: while a document stays as it is, it is the same object."""
        return {id(fact): span for fact, span in self.stated}

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        return layout.comments(self.text, self.reading.roots)

    @cached_property
    def exemptions(self) -> tuple[Exemption, ...]:
        return tuple(exemptions(Document(self)))

    @cached_property
    def constructs(self) -> tuple[Span, ...]:
        return layout.constructs(self.text, self.reading.roots)

    @cached_property
    def json(self) -> bool:
        """Written as JSON: a flow collection as the whole, with quoted keys."""
        return bool(re.match(r"\s*(?:\{\s*[\"}]|\[)", self.text))


class DocumentChunk(Chunk):
    """A document in a file."""

    def __init__(self, piece: Piece, start: int, path: str) -> None:
        self.piece = piece
        self.start = start
        self.key = piece.alike
        self.broken = piece.reading.broken
        self._path = path

    def moved(self, by: int) -> DocumentChunk:
        """The same document further on in another version of the file."""
        return DocumentChunk(self.piece, self.start + by, self._path)

    @property
    def content(self) -> Piece:
        return self.piece

    @property
    def begins(self) -> int:
        return self.start

    @property
    def end(self) -> int:
        return self.start + len(self.piece.text)

    @cached_property
    def span(self) -> Span:  # type: ignore[override]
        return Span(self.start, self.end)

    def parts(self, file: FileView) -> Iterable[object]:
        return parts(Document(self.piece, file))

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(one.fact(self._path, self.start) for one in self.piece.statements)


def cut(text: str) -> list[int]:
    """Where the pieces start; the first is 0. A `---` with a blank behind it cannot stand inside a scalar."""
    markers = [match.start() for match in _MARKER.finditer(text) if match.start() and text[match.start() - 1] in "\r\n"]
    if markers and _DIRECTIVE.match(text, 0, markers[0]):
        del markers[0]  # `%YAML` belongs to the document behind the marker
    return [0, *markers]


def has_directive(text: str) -> bool:
    return _DIRECTIVE.match(text) is not None
