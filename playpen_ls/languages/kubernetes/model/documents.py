"""Splits a file at its `---` lines and at the items of a List. A piece is parsed once and reused by later versions."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property

from playpen_ls.api.fact_types import ServiceSelector
from playpen_ls.api.facts import Fact
from playpen_ls.languages.kubernetes.facts.documents import Statement, statements
from playpen_ls.languages.kubernetes.model.exemptions import exemptions
from playpen_ls.languages.kubernetes.model.list_items import Part
from playpen_ls.languages.kubernetes.model.parts import parts
from playpen_ls.languages.kubernetes.model.references import references
from playpen_ls.languages.kubernetes.model.resources import Document, Workload, resources
from playpen_ls.languages.kubernetes.model.same_file import SHARED, Neighbours
from playpen_ls.languages.kubernetes.syntax import constructs as layout
from playpen_ls.languages.kubernetes.syntax.recovery import Reading, read
from playpen_ls.languages.model import Chunk, Comment, Exemption
from playpen_ls.text.span import Span

Home = tuple[str, str]
"""(path of the file, its line end)."""

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
    def runs_pods(self) -> bool:
        return any(isinstance(resource, Workload) for resource in resources(Document(self)))

    @cached_property
    def looks_around(self) -> bool:
        """Whether its findings can depend on the other documents of the file."""
        return self.runs_pods or any(isinstance(fact, ServiceSelector) for fact in self.said)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(statements(self))

    @cached_property
    def needs(self) -> frozenset[tuple[str, str]]:
        """(kind, name) of the objects that its pods refer to."""
        workloads = (one for one in resources(Document(self)) if isinstance(one, Workload))
        return frozenset((one.kind, one.name.value) for workload in workloads for one in references(workload))

    @cached_property
    def said(self) -> tuple[Fact, ...]:
        """The facts that other documents of the file can read, without a position."""
        return tuple(one.placeless for one in self.statements if one.kind in SHARED)

    def says_again(self, said: tuple[Fact, ...]) -> None:
        """Replace `said` by the equal objects of an earlier version, which other documents already reference."""
        self.said = said
        self.__dict__.pop("stated", None)
        self.__dict__.pop("spans", None)

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
    """A document in a file. Its findings depend only on `key`, the cache key.

    It does not reference its model, so that the next model can reuse it, or shift it. Shifting is cheap, because
    every edit shifts all documents after it.
    """

    def __init__(self, piece: Piece, start: int, home: Home, neighbours: Neighbours, key: Hashable) -> None:
        self.piece = piece
        self.start = start
        self.key = key
        self.broken = piece.reading.broken
        self._home = home
        self._neighbours = neighbours

    def moved(self, by: int) -> DocumentChunk:
        """The same document, shifted, for another version of the file."""
        return DocumentChunk(self.piece, self.start + by, self._home, self._neighbours, self.key)

    @property
    def begins(self) -> int:
        return self.start

    @property
    def end(self) -> int:
        return self.start + len(self.piece.text)

    @cached_property
    def span(self) -> Span:  # type: ignore[override]
        return Span(self.start, self.end)

    @cached_property
    def document(self) -> Document:
        return Document(self.piece, self.start, *self._home, self._neighbours)

    def parts(self) -> Iterable[object]:
        return parts(self.document)

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(one.fact(self._home[0], self.start) for one in self.piece.statements)


def cut(text: str) -> list[int]:
    """The starts of the pieces; the first is 0. A `---` followed by whitespace cannot be inside a scalar."""
    markers = [match.start() for match in _MARKER.finditer(text) if match.start() and text[match.start() - 1] in "\r\n"]
    if markers and _DIRECTIVE.match(text, 0, markers[0]):
        del markers[0]  # `%YAML` belongs to the document after the marker
    return [0, *markers]


def has_directive(text: str) -> bool:
    return _DIRECTIVE.match(text) is not None
