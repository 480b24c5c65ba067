"""Splits a file at its `---` lines and at the items of a List. A piece is parsed once and reused by later versions."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property

from playpen_ls.api.facts import Fact
from playpen_ls.api.file_view import FileView
from playpen_ls.languages.kubernetes.facts.documents import Statement, statements
from playpen_ls.languages.kubernetes.model.exemptions import exemptions
from playpen_ls.languages.kubernetes.model.list_items import Part
from playpen_ls.languages.kubernetes.model.parts import parts
from playpen_ls.languages.kubernetes.model.resources import Document
from playpen_ls.languages.kubernetes.model.same_file import SHARED
from playpen_ls.languages.kubernetes.syntax import constructs as layout
from playpen_ls.languages.kubernetes.syntax.recovery import Reading, read
from playpen_ls.languages.model import Chunk, Comment, Exemption
from playpen_ls.text.span import Span

_MARKER = re.compile(r"---(?=[ \t\r\n]|\Z)")
_DIRECTIVE = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?[\r\n])*%")


class Piece:
    """The text of one document (rarely several, after `...`) or of a part, and its parse results.

    Offsets are relative to its text. Pieces with equal `alike` are interchangeable.
    """

    def __init__(self, text: str, edited: int | None = None, part: Part = Part.WHOLE) -> None:
        self.text = text
        self.part = part
        self.alike: Hashable = text if part is Part.WHOLE else (part, text)
        self.reading: Reading = read(text, edited)
        self._mentions: dict[Sequence[str], bool] = {}

    def mentions(self, marks: Sequence[str]) -> bool:
        """Whether the text contains one of these lower-case words, in any case."""
        found = self._mentions.get(marks)
        if found is None:
            text = self.text.lower()
            found = self._mentions[marks] = any(mark in text for mark in marks)
        return found

    @cached_property
    def patches(self) -> bool:
        """Whether it is a patch with merge directives."""
        return "$patch" in self.text

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(statements(self))

    @cached_property
    def said(self) -> tuple[Fact, ...]:
        """The facts that other documents of the file can read, without a position."""
        return tuple(one.placeless for one in self.statements if one.kind in SHARED)

    @cached_property
    def stated(self) -> tuple[tuple[Fact, Span], ...]:
        """The facts of `said` with their spans."""
        shared = (one for one in self.statements if one.kind in SHARED)
        return tuple(zip(self.said, (one.span for one in shared), strict=True))

    @cached_property
    def spans(self) -> dict[int, Span]:
        """The spans of the facts of `said`, by id: the facts of an unchanged document are the same objects."""
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
        """Whether it is written as JSON: one flow collection with quoted keys."""
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
    """The starts of the pieces; the first is 0. A `---` followed by whitespace cannot be inside a scalar."""
    markers = [match.start() for match in _MARKER.finditer(text) if match.start() and text[match.start() - 1] in "\r\n"]
    if markers and _DIRECTIVE.match(text, 0, markers[0]):
        del markers[0]  # `%YAML` belongs to the document after the marker
    return [0, *markers]


def has_directive(text: str) -> bool:
    return _DIRECTIVE.match(text) is not None
