"""The model of a Python file: chunks that are parsed separately, and the facts of all of them."""

from __future__ import annotations

import ast
import re
import weakref
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

from playpen_ls.languages.model import Comment, Model
from playpen_ls.languages.python.model.chunks import PythonChunk, Viewer, fresh
from playpen_ls.languages.python.model.cutting import Before, Pieces, all_pieces, changed_pieces
from playpen_ls.languages.python.model.file_kind import is_left_alone
from playpen_ls.languages.python.model.scope import Scope, fold
from playpen_ls.languages.python.model.web import Told, Web
from playpen_ls.languages.python.syntax.statement import Parsed
from playpen_ls.languages.python.syntax.statements import with_line_feeds
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


class PythonModel(Model):
    """A Python file. `scope` is its module scope; `left_alone` files (tests, migrations, generated) yield few parts.

    `contained`: an edit has opened a triple-quoted string, which is assumed to end with its statement.
    """

    language: ClassVar[str] = "python"

    def __init__(self, source: Source, before: PythonModel | None = None, *, anew: bool = False) -> None:
        text = with_line_feeds(source.text)
        known = before._known if before is not None else None
        made = (changed_pieces(text, known) if known and not anew else None) or all_pieces(text, known)
        old = known.chunks if known else ()
        gone = old[made.first : made.last]
        self.source = source
        self.left_alone = is_left_alone(source.path, text)
        found = [parsed for _, parsed in made.found]
        _keep_bindings([chunk.parsed for chunk in gone], found)
        if before is not None and _same_bindings([chunk.parsed for chunk in gone], found):
            self.scope: Scope = before.scope
        else:
            every = [chunk.parsed for chunk in old[: made.first]]
            every += (parsed for _, parsed in made.found)
            every += (chunk.parsed for chunk in old[made.last :])
            bindings = (one for parsed in every for one in parsed.bindings)
            self.scope = fold(bindings, any(parsed.guards_main for parsed in every))
        by = len(text) - len(known.text) if known else 0
        self.chunks: Sequence[PythonChunk] = self._chunks(made, old, gone, before, by)
        self._text = text
        self._starts = [chunk.start for chunk in self.chunks]
        self._reaches, self._closed, self.contained = made.reaches, made.closed, made.contained

    def settled(self) -> PythonModel:
        """The model after a full split if no string is unterminated; else the same model."""
        if not self.contained:
            return self
        made = PythonModel(self.source, self, anew=True)
        return made if made._closed else self

    @property
    def _known(self) -> Before:
        return Before(self._text, self.chunks, self._starts, self._reaches, self._closed, self.contained)

    def _chunks(
        self,
        made: Pieces,
        old: Sequence[PythonChunk],
        gone: Sequence[PythonChunk],
        before: PythonModel | None,
        by: int,
    ) -> list[PythonChunk]:
        """The reused and the new chunks, each with its view of the scope."""
        model = weakref.ref(self)
        viewer = Viewer(self.scope, self.left_alone, before.scope if before is not None else None)
        again = viewer.again
        known = {id(chunk.parsed): chunk for chunk in gone}
        chunks = [chunk.seen(chunk.start, again(chunk), model) for chunk in old[: made.first]]
        for start, parsed in made.found:
            same = known.get(id(parsed))
            chunks.append(
                same.seen(start, again(same), model) if same else fresh(start, parsed, viewer.of(parsed), model)
            )
        chunks += (chunk.seen(chunk.start + by, again(chunk), model) for chunk in old[made.last :])
        return chunks

    def chunk_at(self, offset: int) -> PythonChunk:
        return self.chunks[max(bisect_right(self._starts, offset) - 1, 0)]

    @cached_property
    def top_level(self) -> tuple[tuple[ast.stmt, Span], ...]:
        """Outlines of the top-level statements with their ranges, without members of long classes. See `whole`."""
        return tuple(
            (statement, chunk.parsed.span(statement).shifted(chunk.start))
            for chunk in self.chunks
            for statement in chunk.parsed.outline
        )

    def whole(self, span: Span) -> ast.stmt:
        """The complete top-level statement with this range."""
        chunk = self.chunk_at(span.start)
        return next(one for one in chunk.parsed.body() if chunk.parsed.span(one).shifted(chunk.start) == span)

    @cached_property
    def told(self) -> tuple[Told, ...]:
        return tuple(fact for chunk in self.chunks for fact in chunk.told())

    @cached_property
    def web(self) -> tuple[Web, ...]:
        """The web facts, with paths that are constants of the file resolved."""
        found = [fact for fact in self.told if isinstance(fact, Web)]
        if not any(fact.constant for fact in found):
            return tuple(found)
        constants = self._constants({fact.constant for fact in found if fact.constant})
        return tuple(
            replace(fact, path=constants.get(fact.constant)) if fact.path is None and fact.constant else fact
            for fact in found
        )

    def _constants(self, names: set[str]) -> dict[str, str]:
        """The values of string constants that are assigned once."""
        parsed = (chunk.parsed for chunk in self.chunks if not chunk.parsed.header)
        count = Counter(one.name for each in parsed for one in each.bindings if one.name in names)
        return {name: text for name, text in self.texts if count[name] == 1}

    @property
    def texts(self) -> Iterator[tuple[str, str]]:
        """(name, value) of the module's string constants, in order."""
        return (pair for chunk in self.chunks for pair in chunk.parsed.texts)

    def comments(self) -> Sequence[Comment]:
        return self._comments_of(self.chunks)

    def comments_with(self, marks: Sequence[str]) -> Sequence[Comment]:
        return self._comments_of(chunk for chunk in self.chunks if chunk.parsed.mentions(marks))

    def _comments_of(self, chunks: Iterable[PythonChunk]) -> tuple[Comment, ...]:
        found = []
        for chunk in chunks:
            for span, alone in chunk.parsed.comments():
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
            lines = _LINE.finditer(chunk.parsed.text)
            return [Span(start + match.start(1), start + match.end(1)) for match in lines]
        return [span.shifted(start) for span in chunk.parsed.statements()]

    def _with_its_line(self, statements: list[Span], index: int) -> Span:
        """The range of a statement and of those after it on its line."""
        first = statements[index]
        end, line = first.end, self.source.line_of(first.start)
        for following in statements[index + 1 :]:
            if self.source.line_of(following.start) != line:
                break
            end = max(end, following.end)
        return Span(first.start, end)


_LINE = re.compile(r"^[ \t]*([^\s#][^\n\r]*)", re.MULTILINE)


def parse(source: Source, previous: Model | None = None) -> PythonModel:
    """Never raises. Unchanged chunks of `previous` are reused."""
    return PythonModel(source, previous if isinstance(previous, PythonModel) else None)


def _keep_bindings(before: Sequence[Parsed], after: Sequence[Parsed]) -> None:
    """Let a half-typed statement keep its previous bindings, so that its names stay resolved in other statements."""
    if not before:
        return
    broken = next(iter([one for one in after if one.broken]), None)  # all of them must be evaluated, not only the first
    if broken is not None and not broken.bindings:
        bound = {one.name for parsed in after for one in parsed.bindings}
        broken.bindings = tuple(one for parsed in before for one in parsed.bindings if one.name not in bound)


def _same_bindings(before: Sequence[Parsed], after: Sequence[Parsed]) -> bool:
    """Whether they have the same bindings in the same order, so that the module scope is unchanged."""
    if any(one.guards_main for one in before) != any(one.guards_main for one in after):
        return False
    return [one for parsed in before for one in parsed.bindings] == [one for parsed in after for one in parsed.bindings]
