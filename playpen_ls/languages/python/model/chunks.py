"""Chunks of a file with their view of its module scope; unchanged ones are reused by the next version of the file."""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from playpen_ls.api.file_view import FileView
from playpen_ls.api.finding import Place
from playpen_ls.languages.model import Chunk
from playpen_ls.languages.python.model.parts import Part, Site, StringLiteral
from playpen_ls.languages.python.model.scope import Names, Scope
from playpen_ls.languages.python.model.visitor import walk
from playpen_ls.languages.python.model.web import Told
from playpen_ls.languages.python.syntax.statement import Parsed
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.secrets import SHAPE

if TYPE_CHECKING:
    from playpen_ls.languages.python.model.module import PythonModel

ModelRef: TypeAlias = "weakref.ref[PythonModel]"


@dataclass(frozen=True, slots=True)
class View:
    """The names of the module scope that a chunk mentions, as (name, origin) pairs, and the file's flags.

    `idle`: the chunk cannot have findings or facts; `silent`: it cannot have facts.
    """

    names: tuple[tuple[str, str | None], ...]
    flags: frozenset[str]
    left_alone: bool
    idle: bool = True
    silent: bool = True


class Key:
    """A cache key that computes its hash once, since all chunks of a file are looked up at each keystroke."""

    __slots__ = ("_hash", "_values")

    def __init__(self, *values: Hashable) -> None:
        self._values = values
        self._hash = hash(values)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Key) and self._values == other._values)


class PythonChunk(Chunk):
    """A top-level statement, or a member of a long class, with the comments and blank lines after it."""

    __slots__ = ("_facts", "_model", "_parts", "key", "parsed", "start", "view")

    def __init__(
        self, start: int, parsed: Parsed, view: View, key: Key, facts: tuple[Told, ...] | None, model: ModelRef
    ) -> None:
        self.start = start
        self.parsed = parsed
        self.view = view
        self.key: Hashable = key
        self._facts = facts
        self._model = model
        self._parts: list[Part] | None = None

    @property
    def broken(self) -> bool:  # type: ignore[override]
        return self.parsed.broken

    @property
    def seems_broken(self) -> bool:
        return self.parsed.known_broken

    @property
    def begins(self) -> int:
        return self.start

    @property
    def span(self) -> Span:  # type: ignore[override]
        return Span(self.start, self.start + len(self.parsed.text))

    def seen(self, start: int, view: View, model: ModelRef) -> PythonChunk:
        """The same statement at its offset and with its view in another version of the file."""
        if view is self.view:
            return PythonChunk(start, self.parsed, view, self.key, self._facts, model)  # type: ignore[arg-type]
        return fresh(start, self.parsed, view, model)

    def parts(self, file: FileView | None = None) -> Iterable[object]:
        parts, self._parts = self._parts, None
        if parts is None:
            parts = self._walked()
        self.parsed.let_go()
        model = self._model()
        if model is not None and model.left_alone:
            return [part for part in parts if isinstance(part, StringLiteral) and SHAPE.search(part.value)]
        return parts

    def told(self) -> tuple[Told, ...]:
        """The facts of the chunk, with ranges in the file and an empty path."""
        if self.view.silent:
            return ()
        if self._facts is None:
            self._parts = self._walked()
        facts = self._facts
        if not facts:
            return ()
        return tuple(replace(fact, place=Place("", fact.place.span.shifted(self.start))) for fact in facts)

    def _walked(self) -> list[Part]:
        model = self._model()
        if model is None or self.view.idle or self.parsed.broken:
            self._facts = ()
            return []
        parts, facts = walk(Site(model, self.parsed, self.start, Names(dict(self.view.names)), self.view.flags))
        self._facts = tuple(facts)
        return parts


def fresh(start: int, parsed: Parsed, view: View, model: ModelRef) -> PythonChunk:
    key = Key(parsed.text, parsed.header, view.names, view.flags, view.left_alone)
    return PythonChunk(start, parsed, view, key, None, model)


class Viewer:
    """Computes the views of chunks. A chunk of the previous version keeps its view if its names are unchanged."""

    def __init__(self, scope: Scope, left_alone: bool, before: Scope | None) -> None:
        self._flags = scope.flags
        self._left_alone = left_alone
        self._names = sorted(scope.names.items())
        self._telling = scope.telling
        self._idle = View((), self._flags, self._left_alone)
        self._changed: list[str] | None = None
        if before is scope:
            self._changed = []
        elif before is not None and before.flags == scope.flags:
            nothing = object()
            both = before.names.keys() | scope.names.keys()
            self._changed = [name for name in both if before.names.get(name, nothing) != scope.names.get(name, nothing)]

    def of(self, parsed: Parsed) -> View:
        text, look = parsed.text, parsed.look
        told = any(_mentions(text, name) for name in self._telling)
        if look.idle and not told:
            return self._idle
        names = tuple(pair for pair in self._names if _mentions(text, pair[0]))
        return View(names, self._flags, self._left_alone, False, look.silent and not told)

    def again(self, chunk: PythonChunk) -> View:
        """The view of a chunk of the previous version."""
        changed, view = self._changed, chunk.view
        if changed is None or view.left_alone != self._left_alone:
            return self.of(chunk.parsed)
        if not changed or not any(_mentions(chunk.parsed.text, name) for name in changed):
            return view
        return self.of(chunk.parsed)


def _mentions(text: str, name: str) -> bool:
    """Whether the text contains the name as a word: `host` contains `os`, but does not depend on the import of `os`."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if not (_in_word(text[at - 1 : at]) or _in_word(text[end : end + 1])):
            return True
        at = text.find(name, at + 1)
    return False


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"
