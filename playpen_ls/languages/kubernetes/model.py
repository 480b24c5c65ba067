"""A file of Kubernetes manifests: one chunk for each YAML document."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import ClassVar

from playpen_ls.facts import Fact
from playpen_ls.languages.base import Comment, Exemption, Model, Problem
from playpen_ls.languages.kubernetes import layout
from playpen_ls.languages.kubernetes.chunks import DocumentChunk, Piece, cut, edited_at, equal_end, has_directive
from playpen_ls.languages.kubernetes.neighbours import NOBODY, Neighbourhood, Neighbours
from playpen_ls.languages.kubernetes.resources import Document
from playpen_ls.source import Source, Span


class Manifests(Model):
    """Documents that are no Kubernetes objects have no parts."""

    language: ClassVar[str] = "kubernetes"

    def __init__(self, source: Source, previous: Manifests | None = None) -> None:
        self.source = source
        pieces = _pieces(source.text, previous)
        said = tuple(piece.said for _, piece in pieces if piece.said)
        self.neighbourhood = Neighbourhood(said)
        known: dict[int, DocumentChunk] = {}
        # What unchanged documents say are the same objects, so this compares in no time.
        if previous is not None and previous.neighbourhood.said == said:
            self.neighbourhood = previous.neighbourhood
            known = {id(chunk.piece): chunk for chunk in previous.chunks}
        path, newline = source.path, source.newline
        as_before = previous is not None and (previous.source.path, previous.source.newline) == (path, newline)
        chunks = []
        for start, piece in pieces:
            chunk = known.get(id(piece))
            if chunk is None or not as_before or chunk.span.start != start:
                view, key = (chunk.document.neighbours, chunk.key) if chunk is not None else self._view(piece)
                document = Document(piece, start, path, newline, view)
                chunk = DocumentChunk(Span(start, start + len(piece.text)), key, document)
            chunks.append(chunk)
        self.chunks: Sequence[DocumentChunk] = tuple(chunks)

    def _view(self, piece: Piece) -> tuple[Neighbours, Hashable]:
        view = self.neighbourhood.around(piece.said, piece.runs_pods, lambda: piece.needs)
        return view, piece.text if view is NOBODY else (piece.text, view)

    @cached_property
    def problems(self) -> Sequence[Problem]:
        found = [(chunk.span.start, chunk.piece.reading.problem) for chunk in self.chunks]
        return tuple(Problem(problem[1].shifted(start), problem[0]) for start, problem in found if problem)

    def facts(self) -> Iterator[Fact]:
        for chunk in self.chunks:
            yield from chunk.facts

    def may_mention(self, marks: Sequence[str]) -> bool:
        return any(chunk.piece.mentions(marks) for chunk in self.chunks)

    def comments(self) -> Sequence[Comment]:
        return _comments_of(self.chunks)

    def comments_with(self, marks: Sequence[str]) -> Sequence[Comment]:
        return _comments_of(chunk for chunk in self.chunks if chunk.piece.mentions(marks))

    def exemptions(self) -> Sequence[Exemption]:
        return tuple(
            Exemption(one.span.shifted(chunk.span.start), one.tool, one.codes)
            for chunk in self.chunks
            for one in chunk.piece.exemptions
        )

    def construct_after(self, offset: int) -> Span | None:
        for chunk in self.chunks:
            if chunk.span.end > offset:
                found = layout.after(chunk.piece.constructs, offset - chunk.span.start)
                if found is not None:
                    return found.shifted(chunk.span.start)
        return None

    def construct_at(self, offset: int) -> Span | None:
        for chunk in self.chunks:
            if chunk.span.contains(offset) or (chunk is self.chunks[-1] and offset == chunk.span.end):
                return None if chunk.piece.json else self._innermost(chunk, offset)
        return None

    def _innermost(self, chunk: DocumentChunk, offset: int) -> Span | None:
        at, piece = offset - chunk.span.start, chunk.piece
        holding = [
            span
            for span in piece.constructs
            if span.start <= at <= span.end and layout.first_on_its_line(piece.text, span.start)
        ]
        return max(holding, key=lambda span: (span.start, -span.end)).shifted(chunk.span.start) if holding else None


def _comments_of(chunks: Iterable[DocumentChunk]) -> tuple[Comment, ...]:
    return tuple(
        Comment(comment.span.shifted(chunk.span.start), comment.text, comment.alone)
        for chunk in chunks
        for comment in chunk.piece.comments
    )


def parse(source: Source, previous: Model | None = None) -> Manifests:
    """Documents whose text is unchanged are taken over from `previous`."""
    return Manifests(source, previous if isinstance(previous, Manifests) else None)


def _pieces(text: str, previous: Manifests | None) -> list[tuple[int, Piece]]:
    """Every piece with its start. Only the text around an edit is cut and looked up again."""
    if previous is None or has_directive(text) or has_directive(previous.source.text):
        return list(_cut(text, 0, {}, None))
    before, chunks = previous.source.text, previous.chunks
    edited = edited_at(before, text)
    tail = equal_end(before, text, min(len(before), len(text)) - edited)
    by, stays = len(text) - len(before), len(before) - tail
    # The marker behind a piece, with the blank behind that, must be unchanged, and the line end before a marker.
    head, last = 0, len(chunks)
    while head < len(chunks) - 1 and chunks[head].span.end + len("---\n") <= edited:
        head += 1
    while last > head + 1 and chunks[last - 1].span.start > stays:
        last -= 1
    middle = chunks[head:last]
    start, end = middle[0].span.start, middle[-1].span.end + by
    known = {chunk.piece.text: chunk.piece for chunk in middle}
    return [
        *((chunk.span.start, chunk.piece) for chunk in chunks[:head]),
        *_cut(text[start:end], start, known, edited),
        *((chunk.span.start + by, chunk.piece) for chunk in chunks[last:]),
    ]


def _cut(text: str, offset: int, known: dict[str, Piece], edited: int | None) -> Iterator[tuple[int, Piece]]:
    starts = cut(text)
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        written = text[start:end]
        piece = known.get(written)
        if piece is None:
            at = edited - offset - start if edited is not None else -1
            piece = known[written] = Piece(written, at if 0 <= at <= end - start else None)
        yield offset + start, piece
