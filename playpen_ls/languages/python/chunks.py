"""A piece of a file with what it sees of the rest; it is carried over from one version of the file to the next."""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from playpen_ls.api.file_view import FileView
from playpen_ls.finding import Place
from playpen_ls.languages.base import Chunk
from playpen_ls.languages.python.parsed import Parsed
from playpen_ls.languages.python.parts import Part, Site, StringLiteral
from playpen_ls.languages.python.scope import Names, Scope
from playpen_ls.languages.python.walk import walk
from playpen_ls.languages.python.web import Told
from playpen_ls.source import Span
from playpen_ls.vocabulary.secrets import SHAPE

if TYPE_CHECKING:
    from playpen_ls.languages.python.model import PythonModel

ModelRef: TypeAlias = "weakref.ref[PythonModel]"


@dataclass(frozen=True, slots=True)
class View:
    """What a chunk mentions of the module's names, as pairs, and the file's flags.

    `idle`: no rule looks at the chunk, `silent`: no fact comes from it.
    """

    names: tuple[tuple[str, str | None], ...]
    flags: frozenset[str]
    left_alone: bool
    idle: bool = True
    silent: bool = True


class Key:
    """A text and how it is seen; its hash is counted once, since a file's chunks are looked up at each keystroke."""

    __slots__ = ("_hash", "_values")

    def __init__(self, *values: Hashable) -> None:
        self._values = values
        self._hash = hash(values)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Key) and self._values == other._values)


class PythonChunk(Chunk):
    """A top-level statement, or a member of a long class, with the comments and blanks behind it."""

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
        """The same statement in another version of the file."""
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
        """The chunk's facts, with places in the file and without its path."""
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
    """Gives chunks their view of a scope; one that was seen before keeps its view where that is the same."""

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
        """The view of a chunk that the version before had."""
        changed, view = self._changed, chunk.view
        if changed is None or view.left_alone != self._left_alone:
            return self.of(chunk.parsed)
        if not changed or not any(_mentions(chunk.parsed.text, name) for name in changed):
            return view
        return self.of(chunk.parsed)


def _mentions(text: str, name: str) -> bool:
    """The name stands there as a word: each `host` holds an `os`, and is not looked at again when that is imported."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if not (_in_word(text[at - 1 : at]) or _in_word(text[end : end + 1])):
            return True
        at = text.find(name, at + 1)
    return False


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"
