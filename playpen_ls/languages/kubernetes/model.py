"""A file of Kubernetes manifests: one chunk for each YAML document."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import ClassVar

from playpen_ls.facts import Backup, ConfigMapKeys, Fact, LimitRange, Pods, SecretKeys, ServiceAccount, ServiceSelector
from playpen_ls.languages.base import Comment, Exemption, Model, Problem
from playpen_ls.languages.kubernetes import layout
from playpen_ls.languages.kubernetes.chunks import DocumentChunk, Piece, cut, edited_at
from playpen_ls.languages.kubernetes.neighbours import Neighbours
from playpen_ls.languages.kubernetes.parts import parts
from playpen_ls.languages.kubernetes.resources import Document
from playpen_ls.languages.kubernetes.statements import Statement
from playpen_ls.source import Source, Span

_SHARED = (Backup, ConfigMapKeys, LimitRange, SecretKeys, ServiceAccount, ServiceSelector)
_BACKENDS = (Pods,)  # only Services look at them, and typing in a workload changes them


class Manifests(Model):
    """Documents that are no Kubernetes objects have no parts."""

    language: ClassVar[str] = "kubernetes"

    def __init__(self, source: Source, previous: Manifests | None = None) -> None:
        self.source = source
        pieces = list(_pieces(source.text, previous))
        self._said = tuple(self._told(pieces, kinds) for kinds in (_SHARED, _BACKENDS))
        shared, backends = self._said
        self.neighbours: Neighbours = _neighbours(
            shared, *((previous._said[0], previous.neighbours) if previous else ())
        )
        self.backends: Neighbours = _neighbours(backends, *((previous._said[1], previous.backends) if previous else ()))
        self.chunks: Sequence[DocumentChunk] = tuple(
            DocumentChunk(
                Span(start, start + len(piece.text)),
                self._key(piece),
                piece,
                self._parts,
            )
            for start, piece in pieces
        )

    @staticmethod
    def _told(pieces: Sequence[tuple[int, Piece]], kinds: tuple[type[Fact], ...]) -> tuple[Statement, ...]:
        return tuple(one for _, piece in pieces for one in piece.statements if one.kind in kinds)

    def _key(self, piece: Piece) -> Hashable:
        if piece.runs_pods:
            return piece.text, self.neighbours
        return (piece.text, self.backends) if piece.selects else piece.text

    def _parts(self, chunk: DocumentChunk) -> Iterable[object]:
        return parts(self.document(chunk))

    def document(self, chunk: DocumentChunk) -> Document:
        neighbours = self.backends if chunk.piece.selects and not chunk.piece.runs_pods else self.neighbours
        return Document(chunk.piece, chunk.span.start, self.source.path, self.source.newline, neighbours)

    @cached_property
    def problems(self) -> Sequence[Problem]:
        found = [(chunk.span.start, chunk.piece.reading.problem) for chunk in self.chunks]
        return tuple(Problem(problem[1].shifted(start), problem[0]) for start, problem in found if problem)

    def facts(self) -> Iterator[Fact]:
        for chunk in self.chunks:
            for statement in chunk.piece.statements:
                yield statement.fact(self.source.path, chunk.span.start)

    def comments(self) -> Sequence[Comment]:
        return self._comments

    @cached_property
    def _comments(self) -> tuple[Comment, ...]:
        return tuple(
            Comment(comment.span.shifted(chunk.span.start), comment.text, comment.alone)
            for chunk in self.chunks
            for comment in chunk.piece.comments
        )

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


Said = tuple[Statement, ...]


def _neighbours(said: Said, before: Said = (), known: Neighbours | None = None) -> Neighbours:
    # Statements of unchanged documents are the same objects, so this compares in no time.
    if known is not None and [(s.kind, s.values) for s in said] == [(s.kind, s.values) for s in before]:
        return known
    return Neighbours(tuple(statement.placeless for statement in said))


def parse(source: Source, previous: Model | None = None) -> Manifests:
    """Documents whose text is unchanged are taken over from `previous`."""
    return Manifests(source, previous if isinstance(previous, Manifests) else None)


def _pieces(text: str, previous: Manifests | None) -> Iterator[tuple[int, Piece]]:
    known = {chunk.piece.text: chunk.piece for chunk in previous.chunks} if previous is not None else {}
    edited = edited_at(previous.source.text, text) if previous is not None else None
    starts = cut(text)
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        written = text[start:end]
        piece = known.get(written)
        if piece is None:
            here = edited - start if edited is not None and start <= edited <= end else None
            piece = known[written] = Piece(written, here)
        yield start, piece
