"""A file of Kubernetes manifests: one chunk for each YAML document."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from operator import attrgetter
from typing import ClassVar

from playpen_ls.api.facts import Fact
from playpen_ls.api.file_view import FileView
from playpen_ls.languages.kubernetes.model.documents import DocumentChunk, Piece, cut, has_directive
from playpen_ls.languages.kubernetes.model.list_items import Part, divided
from playpen_ls.languages.kubernetes.syntax import constructs as layout
from playpen_ls.languages.model import Comment, Exemption, Model, Problem
from playpen_ls.text.edit import equal_end, equal_start
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


class Manifests(Model):
    """The model of a file. Documents that are not Kubernetes objects have no parts."""

    language: ClassVar[str] = "kubernetes"
    asks: ClassVar[bool] = True

    def __init__(self, source: Source, previous: Manifests | None = None) -> None:
        self.source = source
        if previous is not None and previous.source.path != source.path:
            previous = None
        head, middle, tail, by = _recut(source.text, previous)
        self._fresh = [piece for _, piece in middle]
        self._mentioned: dict[Sequence[str], bool] = {}
        self._mentioned_before = previous._mentioned if previous is not None else {}
        behind = [one.moved(by) for one in tail] if by else tail
        made = (DocumentChunk(piece, start, source.path) for start, piece in middle)
        self.chunks: Sequence[DocumentChunk] = (*head, *made, *behind)

    def parts(self, file: FileView) -> Iterable[object]:
        """No rule looks at the file as a whole."""
        return ()

    @cached_property
    def problems(self) -> Sequence[Problem]:
        found = [(chunk.span.start, chunk.piece.reading.problem) for chunk in self.chunks]
        return tuple(Problem(problem[1].shifted(start), problem[0]) for start, problem in found if problem)

    def span_of(self, fact: Fact) -> Span | None:
        found = self._speakers.get(id(fact))  # of a document that stays as it is, it is the same object
        if found is None:
            equal = ((one, span) for one in self.chunks for said, span in one.piece.stated if said == fact)
            found = next(equal, None)
        return found[1].shifted(found[0].start) if found is not None else None

    @cached_property
    def _speakers(self) -> dict[int, tuple[DocumentChunk, Span]]:
        """What the documents say to each other, by its identity, with the first document that says it and the place."""
        return {id(said): (one, span) for one in reversed(self.chunks) for said, span in one.piece.stated}

    def may_mention(self, marks: Sequence[str]) -> bool:
        if marks not in self._mentioned:
            # If none did before, only the new pieces can.
            none_did = self._mentioned_before.get(marks) is False
            pieces = self._fresh if none_did else [chunk.piece for chunk in self.chunks]
            self._mentioned[marks] = any(piece.mentions(marks) for piece in pieces)
        return self._mentioned[marks]

    def comments(self) -> Sequence[Comment]:
        return _comments_of(self.chunks)

    def comments_with(self, marks: Sequence[str]) -> Sequence[Comment]:
        if not self.may_mention(marks):
            return ()
        return _comments_of(chunk for chunk in self.chunks if chunk.piece.mentions(marks))

    def exemptions(self) -> Sequence[Exemption]:
        return tuple(
            Exemption(one.span.shifted(chunk.span.start), one.tool, one.codes)
            for chunk in self.chunks
            for one in chunk.piece.exemptions
        )

    def construct_after(self, offset: int) -> Span | None:
        for number, chunk in enumerate(self.chunks):
            if chunk.span.end > offset:
                found = layout.after(chunk.piece.constructs, offset - chunk.span.start)
                if found is not None:
                    return Span(found.start + chunk.start, self._end(number, found))
        return None

    def _end(self, number: int, construct: Span) -> int:
        """The end of a construct of a chunk; the items of a List are separate chunks."""
        chunk = self.chunks[number]
        if chunk.piece.part is Part.HEAD and chunk.piece.text.startswith("items", construct.start):
            items = (one for one in self.chunks[number + 1 :] if one.piece.part is not Part.ITEM)
            behind = next(items, None)
            return behind.start if behind is not None else self.chunks[-1].end
        return construct.end + chunk.start

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
    """Parse incrementally: documents with unchanged text are reused from `previous`."""
    return Manifests(source, previous if isinstance(previous, Manifests) else None)


_Cut = tuple[Sequence[DocumentChunk], Sequence[tuple[int, Piece]], Sequence[DocumentChunk], int]


def _recut(text: str, previous: Manifests | None) -> _Cut:
    """(unchanged chunks, new pieces with their starts, chunks to shift, by how much).

    Only the text around an edit is split and looked up again.
    """
    if previous is None or has_directive(text) or has_directive(previous.source.text):
        return (), list(_cut(text, 0, {}, None)), (), 0
    before, chunks = previous.source.text, previous.chunks
    edited = equal_start(before, text)
    tail = equal_end(before, text, min(len(before), len(text)) - edited)
    by, stays = len(text) - len(before), len(before) - tail
    # The marker after a piece, the blank after it, and the newline before it must be unchanged.
    head = min(bisect_right(chunks, edited - len("---\n"), key=_end), len(chunks) - 1)
    last = max(bisect_right(chunks, stays, key=_begin), head + 1)
    while chunks[head].piece.part.follows:
        head -= 1
    while last < len(chunks) and chunks[last].piece.part.follows:
        last += 1
    middle = chunks[head:last]
    start, end = middle[0].start, middle[-1].end + by
    known = {one.piece.alike: one.piece for one in middle}
    made = list(_cut(text[start:end], start, known, edited))
    if len(made) > 1:  # most items of a List are unchanged, too
        old, new = [one.piece for one in middle], [piece for _, piece in made]
        kept = equal_start(old, new)
        behind = equal_end(old, new, min(len(old), len(new)) - kept)
        head, last, made = head + kept, last - behind, made[kept : len(made) - behind]
    return chunks[:head], made, chunks[last:], by


_end, _begin = attrgetter("end"), attrgetter("start")


def _cut(text: str, offset: int, known: dict[Hashable, Piece], edited: int | None) -> Iterator[tuple[int, Piece]]:
    for start, end, part in _parts(text):
        written = text[start:end]
        piece = known.get(written if part is Part.WHOLE else (part, written))
        if piece is None:
            at = edited - offset - start if edited is not None else -1
            piece = Piece(written, at if 0 <= at <= end - start else None, part)
            known[piece.alike] = piece
        yield offset + start, piece


def _parts(text: str) -> Iterator[tuple[int, int, Part]]:
    documents = cut(text)
    for document, behind in zip(documents, [*documents[1:], len(text)], strict=True):
        parts = divided(text[document:behind])
        ends = [*(document + start for start, _ in parts[1:]), behind]
        yield from ((document + start, end, part) for (start, part), end in zip(parts, ends, strict=True))
