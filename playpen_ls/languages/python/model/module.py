"""The model of a Python file: chunks that are parsed separately, and what navigation and fixes ask of all of them."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, TypeVar

from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.languages.cutting import joined, recut
from playpen_ls.languages.model import Comment, Model
from playpen_ls.languages.python.model.chunks import PythonChunk
from playpen_ls.languages.python.model.parts import PythonModule
from playpen_ls.languages.python.model.queries import scope
from playpen_ls.languages.python.model.scope import Names, Scope
from playpen_ls.languages.python.syntax.parsing import with_line_feeds
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.languages.python.syntax.statements import Class, Cutter, statements
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import narrowed
from playpen_ls.text.pause import pause
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

Made = TypeVar("Made")


@dataclass(frozen=True)
class Top:
    """A top-level statement of a module."""

    node: ast.stmt
    span: Span


class PythonModel(Model):
    """A Python file. Only what an edit can have changed is cut again."""

    language: ClassVar[str] = "python"

    def __init__(self, source: Source, before: PythonModel | None = None) -> None:
        self.source = source
        self._text = with_line_feeds(source.text)
        if before is None:
            self._boundaries = statements(self._text)
            self.chunks: list[PythonChunk] = self._read(0, len(self._boundaries), ())
        else:
            self._reuse(before)
        self._starts = [chunk.start for chunk in self.chunks]
        known: Outline | None = before.outline if before is not None else None
        self.outline: Outline = Outline(source.path, self.chunks, known)
        """What the statements say by themselves, for facts and fixes: these see the whole file."""

    def _reuse(self, before: PythonModel) -> None:
        """Cut what an edit can have changed; the statements before and after are those of the version before."""
        edit, old = narrowed(0, before.source.text, self.source.text), before._boundaries
        keep, new, resume, seen = recut(self._text, edit, old, Cutter(self._text).following)
        self._boundaries = joined(edit, old, keep, new, resume, seen)
        first, stop = keep - 1, keep + len(new)
        grown = len(self._text) - len(before._text)
        fresh = self._read(first, stop, [chunk.content for chunk in before.chunks[first:resume]])
        tail = [PythonChunk(chunk.start + grown, chunk.content) for chunk in before.chunks[resume:]]
        self.chunks = [*before.chunks[:first], *fresh, *tail]

    def _read(self, first: int, stop: int, gone: Sequence[Statement]) -> list[PythonChunk]:
        """The chunks from a boundary to another. `gone` are the statements in whose place they are."""
        text, some = self.source.text, self._boundaries[first : stop + 1]
        ends = [one.offset for one in some[1:]] + ([len(text)] if len(some) == stop - first else [])
        known = {(one.text, one.header): one for one in gone}
        found: list[Statement] = []
        for one, end in zip(some, ends, strict=False):
            key = (text[one.offset : end], one.state.line if isinstance(one.state, Class) else "")
            if key not in known:
                pause()
                known[key] = Statement(*key)
            found.append(known[key])
        _keep_bindings(gone, found)
        return [PythonChunk(one.offset, statement) for one, statement in zip(some, found, strict=False)]

    def parts(self, file: FileView) -> Iterable[object]:
        return (PythonModule(file),)

    @property
    def scope(self) -> Scope:
        return self.outline.ask(scope)

    @cached_property
    def names(self) -> Names:
        """Resolves expressions for fixes, which see the whole file."""
        return Names(self.scope.names.get)

    def once(self, compute: Callable[[PythonModel], Made]) -> Made:
        """What a function of the whole file returns, computed on first use: every fix of a file asks the same."""
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        made: Made = self._computed[compute]
        return made

    @cached_property
    def _computed(self) -> dict[object, Any]:
        return {}

    def chunk_at(self, offset: int) -> PythonChunk:
        return self.chunks[max(bisect_right(self._starts, offset) - 1, 0)]

    @cached_property
    def top_level(self) -> tuple[Top, ...]:
        """Outlines of the top-level statements with their ranges, without members of long classes. See `whole`."""
        return tuple(self.statements_with(""))

    def statements_with(self, text: str) -> Iterator[Top]:
        """Those of `top_level` that can contain a text; the chunks of the others are not parsed for them."""
        for chunk in self.chunks:
            if text in chunk.content.text:
                for statement in chunk.content.outline:
                    yield Top(statement, chunk.content.span(statement).shifted(chunk.start))

    def whole(self, span: Span) -> ast.stmt:
        """The complete top-level statement with this range."""
        chunk = self.chunk_at(span.start)
        return next(one for one in chunk.content.body() if chunk.content.span(one).shifted(chunk.start) == span)

    def comments(self) -> Sequence[Comment]:
        return self._comments_of(self.chunks)

    def comments_with(self, marks: Sequence[str]) -> Sequence[Comment]:
        return self._comments_of(chunk for chunk in self.chunks if chunk.content.has_comment_with(marks))

    def _comments_of(self, chunks: Iterable[PythonChunk]) -> tuple[Comment, ...]:
        found = []
        for chunk in chunks:
            for span, alone in chunk.content.comments():
                span = span.shifted(chunk.start)
                found.append(Comment(span, self.source.of(span), alone))
        return tuple(found)

    def construct_after(self, offset: int) -> Span | None:
        for chunk in self.chunks[max(bisect_right(self._starts, offset) - 1, 0) :]:
            statements = self._statements(chunk)
            for index in range(bisect_left(statements, Span(offset, 0)), len(statements)):
                return self._with_its_line(statements, index)
        return None

    def construct_at(self, offset: int) -> Span | None:
        innermost = None
        for span in self._statements(self.chunk_at(offset)):
            if span.start > offset:
                break
            if offset < span.end or offset == span.end == len(self.source.text):
                innermost = span
        if innermost is None or self._begins_line(innermost):
            return innermost
        # After a `;` or a colon: the statement that starts the line.
        line = self.source.line_of(innermost.start)
        statements = (one for one in self._statements(self.chunk_at(offset)) if self._begins_line(one))
        return next((one for one in statements if self.source.line_of(one.start) == line), None)

    def _begins_line(self, span: Span) -> bool:
        return not self.source.text[self.source.line_start(span.start) : span.start].strip(" \t\f")

    def _statements(self, chunk: PythonChunk) -> list[Span]:
        start = chunk.start
        if chunk.broken:
            lines = _LINE.finditer(chunk.content.text)
            return [Span(start + match.start(1), start + match.end(1)) for match in lines]
        return [span.shifted(start) for span in chunk.content.statements()]

    def _with_its_line(self, statements: list[Span], index: int) -> Span:
        """The range of a statement and of those after it on its line."""
        first = statements[index]
        end, line = first.end, self.source.line_of(first.start)
        for following in statements[index + 1 :]:
            if self.source.line_of(following.start) != line:
                break
            end = max(end, following.end)
        return Span(first.start, end)


_LINE = regex(r"^[ \t]*([^\s#][^\n\r]*)", re.MULTILINE)


def parse(source: Source, previous: Model | None = None) -> PythonModel:
    """Never raises. Unchanged chunks of `previous` are reused."""
    return PythonModel(source, previous if isinstance(previous, PythonModel) else None)


def _keep_bindings(before: Sequence[Statement], after: list[Statement]) -> None:
    """Let a half-typed statement keep its previous bindings, so that its names stay resolved in other statements."""
    stay, were = set(after), set(before)
    gone = [one for one in before if one not in stay]
    broken = [one for one in after if one not in were and one.broken] if gone else []
    if broken and not broken[0].bindings:
        half_typed = broken[0]
        bound = {one.name for statement in after for one in statement.bindings}
        kept = tuple(one for statement in gone for one in statement.bindings if one.name not in bound)
        after[after.index(half_typed)] = Statement(half_typed.text, half_typed.header, kept)
