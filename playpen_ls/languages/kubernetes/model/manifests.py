"""A file of Kubernetes manifests: one chunk for each YAML document, and for each item of a List."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import ClassVar

from playpen_ls.api.facts import Fact
from playpen_ls.api.file_view import FileView
from playpen_ls.languages.kubernetes.model.exemptions import exemptions
from playpen_ls.languages.kubernetes.model.facts import shared_facts, unplaced_facts
from playpen_ls.languages.kubernetes.model.parts import parts
from playpen_ls.languages.kubernetes.model.resources import YamlDocument
from playpen_ls.languages.kubernetes.syntax import constructs
from playpen_ls.languages.kubernetes.syntax.documents import DocumentPart, ParsedDocument, document_starts, split
from playpen_ls.languages.model import Chunk, Comment, Exemption, Model, Problem
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.edit import equal_end, equal_start
from playpen_ls.text.pause import pause
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

_FIRST = (DocumentPart.WHOLE, DocumentPart.HEAD)
"""The parts that a document begins with."""


class DocumentChunk(Chunk):
    """A document at its place in a file."""

    def __init__(self, parsed: ParsedDocument, start: int, path: str) -> None:
        self.parsed = parsed
        self.start = start
        self.key = parsed.key
        self.broken = parsed.broken
        self._path = path

    @property
    def content(self) -> ParsedDocument:
        return self.parsed

    @property
    def begins(self) -> int:
        return self.start

    @property
    def end(self) -> int:
        return self.start + len(self.parsed.text)

    @cached_property
    def span(self) -> Span:  # type: ignore[override]
        return Span(self.start, self.end)

    def parts(self, file: FileView) -> Iterable[object]:
        return parts(YamlDocument(self.parsed, file))

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(one.placed(self._path, self.start) for one in self.parsed.derived(unplaced_facts))


class Manifests(Model):
    """The model of a file. Documents that are not Kubernetes objects have no parts."""

    language: ClassVar[str] = "kubernetes"

    def __init__(self, source: Source, previous: Manifests | None = None) -> None:
        self.source = source
        kept, self._new, shifted = _chunks(source, previous) if previous is not None else ([], _parsed(source), [])
        self.chunks: Sequence[DocumentChunk] = (*kept, *self._new, *shifted)
        self._mentioned: dict[Sequence[str], bool] = {}
        self._mentioned_before = previous._mentioned if previous is not None else {}

    def parts(self, file: FileView) -> Iterable[object]:
        """No rule looks at the file as a whole."""
        return ()

    @cached_property
    def problems(self) -> Sequence[Problem]:
        found = [(chunk.start, chunk.parsed.result.problem) for chunk in self.chunks]
        return tuple(Problem(problem[1].shifted(start), problem[0]) for start, problem in found if problem)

    def span_of(self, fact: Fact) -> Span | None:
        found = self._shared.get(id(fact))  # an unchanged document keeps the objects, so the fast way is usual
        if found is None:
            equal = ((one, span) for one in self.chunks for stated, span in _stated(one) if stated == fact)
            found = next(equal, None)
        return found[1].shifted(found[0].start) if found is not None else None

    @cached_property
    def _shared(self) -> dict[int, tuple[DocumentChunk, Span]]:
        """The first chunk that states a shared fact, and the span in it, by the identity of the fact."""
        return {id(fact): (one, span) for one in reversed(self.chunks) for fact, span in _stated(one)}

    def may_mention(self, marks: Sequence[str]) -> bool:
        if marks not in self._mentioned:
            chunks = self._new if self._mentioned_before.get(marks) is False else self.chunks
            self._mentioned[marks] = any(chunk.parsed.mentions(marks) for chunk in chunks)
        return self._mentioned[marks]

    def comments(self) -> Sequence[Comment]:
        return _comments_of(self.chunks)

    def comments_with(self, marks: Sequence[str]) -> Sequence[Comment]:
        if not self.may_mention(marks):
            return ()
        return _comments_of(chunk for chunk in self.chunks if chunk.parsed.mentions(marks))

    def exemptions(self) -> Sequence[Exemption]:
        return tuple(
            Exemption(one.span.shifted(chunk.start), one.tool, one.codes)
            for chunk in self.chunks
            for one in chunk.parsed.derived(exemptions)
        )

    def construct_after(self, offset: int) -> Span | None:
        for number, chunk in enumerate(self.chunks):
            if chunk.end > offset:
                found = constructs.after(chunk.parsed.constructs, offset - chunk.start)
                if found is not None:
                    return Span(found.start + chunk.start, self._end(number, found))
        return None

    def _end(self, number: int, construct: Span) -> int:
        """The end of a construct of a chunk; the items of a List are separate chunks."""
        chunk = self.chunks[number]
        if chunk.parsed.part is DocumentPart.HEAD and chunk.parsed.text.startswith("items", construct.start):
            items = (one for one in self.chunks[number + 1 :] if one.parsed.part is not DocumentPart.ITEM)
            behind = next(items, None)
            return behind.start if behind is not None else self.chunks[-1].end
        return construct.end + chunk.start

    def construct_at(self, offset: int) -> Span | None:
        for chunk in self.chunks:
            if chunk.span.contains(offset) or (chunk is self.chunks[-1] and offset == chunk.end):
                return None if chunk.parsed.json else self._innermost(chunk, offset)
        return None

    def _innermost(self, chunk: DocumentChunk, offset: int) -> Span | None:
        at, parsed = offset - chunk.start, chunk.parsed
        holding = [
            span
            for span in parsed.constructs
            if span.start <= at <= span.end and constructs.first_on_its_line(parsed.text, span.start)
        ]
        return max(holding, key=lambda span: (span.start, -span.end)).shifted(chunk.start) if holding else None


def _comments_of(chunks: Iterable[DocumentChunk]) -> tuple[Comment, ...]:
    return tuple(
        Comment(comment.span.shifted(chunk.start), comment.text, comment.alone)
        for chunk in chunks
        for comment in chunk.parsed.comments
    )


def parse(source: Source, previous: Model | None = None) -> Manifests:
    """Parse incrementally: documents with unchanged text are reused from `previous`."""
    return Manifests(source, previous if isinstance(previous, Manifests) else None)


_Chunks = Sequence[DocumentChunk]


def _chunks(source: Source, previous: Manifests) -> tuple[_Chunks, _Chunks, _Chunks]:
    """The chunks in three parts: those of the documents before the edit, of changed ones, and of those behind them.

    The markers are looked for in the whole text, and the chunks of unchanged documents are taken from `previous`.
    """
    text, before = source.text, previous.source.text
    head = equal_start(before, text)
    tail = equal_end(before, text, min(len(before), len(text)) - head)
    grown = len(text) - len(before)
    # Where documents begin in the text and began before, and the numbers of the chunks that began them.
    now = [*document_starts(text), len(text)]
    firsts = [number for number, one in enumerate(previous.chunks) if one.parsed.part in _FIRST]
    then = [*(previous.chunks[number].start for number in firsts), len(before)]
    firsts.append(len(previous.chunks))

    keep = min(bisect_right(now, head), equal_start(now, then)) - 1
    behind, most = 0, min(len(now), len(then)) - 1
    while behind < most - keep and now[-2 - behind] == then[-2 - behind] + grown >= len(text) - tail:
        behind += 1
    last, resume = len(now) - 1 - behind, len(then) - 1 - behind

    old = previous.chunks[firsts[keep] : firsts[resume]]
    new = _parsed(source, now[keep : last + 1], {one.parsed.text: one.parsed for one in old}, head)
    shifted = previous.chunks[firsts[resume] :]
    if grown:
        shifted = [DocumentChunk(one.parsed, one.start + grown, source.path) for one in shifted]
    return previous.chunks[: firsts[keep]], new, shifted


def _parsed(
    source: Source,
    starts: Sequence[int] | None = None,
    known: dict[str, ParsedDocument] | None = None,
    edited: int = -1,
) -> list[DocumentChunk]:
    """The chunks of documents; the last of `starts` is where they end. What is `known` is not parsed again."""
    text, known = source.text, known if known is not None else {}
    chunks = []
    for start, end, part in split(text, starts if starts is not None else [*document_starts(text), len(text)]):
        pause()
        written = text[start:end]
        parsed = known.get(written)
        if parsed is None or parsed.part is not part:
            at = edited - start if start <= edited <= end else None
            parsed = known[written] = ParsedDocument(written, part, at)
        chunks.append(DocumentChunk(parsed, start, source.path))
    return chunks


def _stated(chunk: DocumentChunk) -> tuple[tuple[Fact, Span], ...]:
    return chunk.parsed.derived(shared_facts)
