"""A Python file: chunks that stand for themselves, and what they say together."""

from __future__ import annotations

import ast
import re
import weakref
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from playpen_ls.facts import ComputedRoute, EnvironmentRead, Fact, JsonLogs, MountedApplication, Route
from playpen_ls.finding import Place
from playpen_ls.languages.base import Chunk, Comment, Model
from playpen_ls.languages.python.kinds import is_left_alone
from playpen_ls.languages.python.parsed import Parsed, bound, quiet
from playpen_ls.languages.python.parts import Part, Site, StringLiteral
from playpen_ls.languages.python.scope import Names, Scope, fold
from playpen_ls.languages.python.split import Piece, joined, pieces, with_line_feeds
from playpen_ls.languages.python.walk import walk
from playpen_ls.languages.python.web import Told, Web
from playpen_ls.source import Source, Span
from playpen_ls.vocabulary.secrets import SHAPE

_WORD = re.compile(r"[^\W\d]\w*")

Found = Mapping[tuple[str, str], Parsed]


@dataclass(frozen=True, slots=True)
class View:
    """What a chunk mentions of the module's names, as pairs, and the file's flags."""

    names: tuple[tuple[str, str | None], ...]
    flags: frozenset[str]
    left_alone: bool


class PythonChunk(Chunk):
    """A top-level statement, or a member of a long class, with the comments and blanks behind it."""

    def __init__(self, span: Span, parsed: Parsed, view: View) -> None:
        self.span = span
        self.parsed = parsed
        self.view = view
        self.broken = parsed.broken
        self.key: Hashable = (parsed.text, parsed.header, view)
        self._model: weakref.ref[PythonModel] | None = None
        self._parts: list[Part] | None = None

    def of(self, model: PythonModel) -> PythonChunk:
        self._model = weakref.ref(model)
        return self

    def parts(self) -> Iterable[object]:
        parts, self._parts = self._parts, None
        if parts is None:
            parts = self._walked()
        self.parsed.let_go()
        model = self._model() if self._model is not None else None
        if model is not None and model.left_alone:
            return [part for part in parts if isinstance(part, StringLiteral) and SHAPE.search(part.value)]
        return parts

    def told(self) -> tuple[Told, ...]:
        """The chunk's facts, with places in the file and without its path."""
        if self.broken:
            return ()
        if self.view not in self.parsed.facts:
            self._parts = self._walked()
        facts: tuple[Told, ...] = self.parsed.facts.get(self.view, ())  # type: ignore[assignment]
        if not facts:
            return ()
        return tuple(replace(fact, place=Place("", fact.place.span.shifted(self.span.start))) for fact in facts)

    def _walked(self) -> list[Part]:
        model = self._model() if self._model is not None else None
        if model is None or self.broken:
            return []
        parts, facts = walk(Site(model, self.parsed, self.span.start, Names(dict(self.view.names)), self.view.flags))
        self.parsed.facts = {self.view: tuple(facts)}
        return parts


class PythonModel(Model):
    """`scope` is what the top level says; `left_alone` files (tests, migrations, generated) have next to no parts."""

    language: ClassVar[str] = "python"

    def __init__(
        self, source: Source, scope: Scope, chunks: Sequence[PythonChunk], parsed: Found, left_alone: bool
    ) -> None:
        self.source = source
        self.scope = scope
        self.parsed = parsed
        self.left_alone = left_alone
        self.chunks: Sequence[PythonChunk] = [chunk.of(self) for chunk in chunks]
        self._starts = [chunk.span.start for chunk in chunks]

    def chunk_at(self, offset: int) -> PythonChunk:
        return self.chunks[max(bisect_right(self._starts, offset) - 1, 0)]

    @cached_property
    def top_level(self) -> tuple[tuple[ast.stmt, Span], ...]:
        """The statements of the module, but for the members of long classes. Parses the whole file: only for fixes."""
        return tuple(
            (statement, chunk.parsed.span(statement).shifted(chunk.span.start))
            for chunk in self.chunks
            if not chunk.broken and not chunk.parsed.header
            for statement in chunk.parsed.body()
        )

    @cached_property
    def told(self) -> tuple[Told, ...]:
        return tuple(fact for chunk in self.chunks for fact in chunk.told())

    @cached_property
    def web(self) -> tuple[Web, ...]:
        """What is said of web applications, with paths that constants of the file hold."""
        found = [fact for fact in self.told if isinstance(fact, Web)]
        if not any(fact.constant for fact in found):
            return tuple(found)
        constants = self._constants({fact.constant for fact in found if fact.constant})
        return tuple(
            replace(fact, path=constants.get(fact.constant)) if fact.path is None and fact.constant else fact
            for fact in found
        )

    def _constants(self, names: set[str]) -> dict[str, str]:
        """The texts of constants that are assigned once."""
        values: dict[str, str] = {}
        seen: set[str] = set()
        for statement, _ in self.top_level:
            for name, _ in bound(statement):
                value = getattr(statement, "value", None)
                if name in names:
                    if name not in seen and isinstance(value, ast.Constant) and isinstance(value.value, str):
                        values[name] = value.value
                    else:
                        values.pop(name, None)
                    seen.add(name)
        return values

    def facts(self) -> Iterator[Fact]:
        if self.left_alone:
            return
        path = self.source.path
        prefixes = {fact.owner: fact.path or "" for fact in self.web if fact.kind == "router" and fact.owner}
        for fact in self.told:
            if isinstance(fact, EnvironmentRead):
                yield replace(fact, place=Place(path, fact.place.span))
        for web in self.web:
            place = Place(path, web.place.span)
            if web.kind == "route" and web.path is not None:
                yield Route(place, prefixes.get(web.owner, "") + web.path, web.methods)
            elif web.kind == "route" or (web.kind == "include" and web.target == "?"):
                yield ComputedRoute(place)
            elif web.kind == "mount" and web.framework:
                yield MountedApplication(place, web.framework.rpartition(".")[2])
        if "json" in self.scope.flags:
            yield JsonLogs(Place(path, Span(0, 0)))

    def comments(self) -> Sequence[Comment]:
        return self._comments

    @cached_property
    def _comments(self) -> tuple[Comment, ...]:
        found = []
        for chunk in self.chunks:
            for span, alone in chunk.parsed.comments():
                span = span.shifted(chunk.span.start)
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
        # Behind a `;` or a colon: what begins the line.
        line = self.source.line_of(innermost.start)
        statements = (one for one in self._statements(self.chunk_at(offset)) if self._begins_line(one))
        return next((one for one in statements if self.source.line_of(one.start) == line), None)

    def _begins_line(self, span: Span) -> bool:
        return not self.source.text[self.source.line_start(span.start) : span.start].strip(" \t\f")

    def _statements(self, chunk: PythonChunk) -> list[Span]:
        start = chunk.span.start
        if chunk.broken:
            lines = _LINE.finditer(chunk.parsed.text)
            return [Span(start + match.start(1), start + match.end(1)) for match in lines]
        return [span.shifted(start) for span in chunk.parsed.statements()]

    def _with_its_line(self, statements: list[Span], index: int) -> Span:
        """A statement, and those behind it on its line."""
        first = statements[index]
        end, line = first.end, self.source.line_of(first.start)
        for following in statements[index + 1 :]:
            if self.source.line_of(following.start) != line:
                break
            end = max(end, following.end)
        return Span(first.start, end)


_LINE = re.compile(r"^[ \t]*([^\s#][^\n\r]*)", re.MULTILINE)


def parse(source: Source, previous: Model | None = None) -> PythonModel:
    """Never raises. Statements that `previous` has parsed are not parsed again."""
    text = with_line_feeds(source.text)
    known: Found = previous.parsed if isinstance(previous, PythonModel) else {}
    now: dict[tuple[str, str], Parsed] = {}

    def of(piece: Piece, end: int) -> Parsed:
        key = (text[piece.start : end], piece.header)
        found = now.get(key) or known.get(key) or Parsed(*key)
        now[key] = found
        return found

    found: list[tuple[Span, Parsed]] = []
    with quiet():
        cut = pieces(text)
        index = 0
        while index < len(cut):
            piece, count = cut[index], 1
            parsed = of(piece, piece.end)
            if parsed.broken and (more := joined(text, cut, index)):
                whole = of(piece, cut[index + more - 1].end)
                if not whole.broken:
                    parsed, count = whole, more
            found.append((Span(piece.start, cut[index + count - 1].end), parsed))
            index += count
    scope = fold(
        (one for _, parsed in found for one in parsed.bindings), any(parsed.guards_main for _, parsed in found)
    )
    left_alone = is_left_alone(source.path, text)
    return PythonModel(source, scope, _chunks(found, scope, left_alone, previous), now, left_alone)


def _chunks(
    found: list[tuple[Span, Parsed]], scope: Scope, left_alone: bool, previous: Model | None
) -> list[PythonChunk]:
    """Chunks see of the module's names those that their text mentions."""
    views: dict[int, View] = {}
    if isinstance(previous, PythonModel) and previous.scope == scope and previous.left_alone == left_alone:
        views = {id(chunk.parsed): chunk.view for chunk in previous.chunks}
    names = sorted(scope.names.items())
    chunks = []
    for span, parsed in found:
        view = views.get(id(parsed))
        if view is None:
            text = parsed.text
            view = View(tuple(pair for pair in names if pair[0] in text), scope.flags, left_alone)
        chunks.append(PythonChunk(span, parsed, view))
    return chunks
