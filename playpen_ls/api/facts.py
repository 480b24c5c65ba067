"""Facts, which files state for rules of other files, and the queries for them.

A fact is small, immutable and comparable, and has its place. Rules query facts by type: a parameter
`routes: Facts[Route]` gives access to every Route that the other files of the project state.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from heapq import merge
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from playpen_ls.api.finding import Place
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Fact:
    place: Place

    def related(self, message: str) -> Place:
        """Its place as related information of a finding. Facts of the finding's own file may have no place yet."""
        return Place(self.place.path, self.place.span, message, None if self.place.path else self)


F = TypeVar("F", bound=Fact)
T = TypeVar("T")
_DERIVED = 50  # values that are kept for one set of facts
Keys = Callable[[F], Iterable[Hashable]]


class Table(Generic[F]):
    """All facts of one type, sorted by path, with an index for each key function.

    Updated incrementally: an update costs time for the facts of one file, not of the project.
    """

    def __init__(self, facts: Iterable[F] = ()) -> None:
        self.facts = sorted(facts, key=_path)
        self._by: dict[Keys[Any], dict[Hashable, list[F]]] = {}

    def put(self, path: str, said: Sequence[F]) -> None:
        """Replace the facts of a file."""
        start, end = _bounds(self.facts, path)
        before = self.facts[start:end]
        self.facts[start:end] = said
        for keys, table in self._by.items():
            for key in {key for fact in before for key in keys(fact)}:
                found = table[key]
                first, last = _bounds(found, path)
                del found[first:last]
            _enter(table, keys, said)

    def by(self, keys: Keys[F]) -> dict[Hashable, list[F]]:
        """The facts by key. The index is built on first use and cached per function object."""
        table = self._by.get(keys)
        if table is None:
            table = self._by[keys] = {}
            _enter(table, keys, self.facts)
        return table


def _enter(table: dict[Hashable, list[F]], keys: Keys[F], facts: Iterable[F]) -> None:
    for fact in facts:
        for key in dict.fromkeys(keys(fact)):
            found = table.setdefault(key, [])
            found.insert(bisect_right(found, _path(fact), key=_path), fact)


class Facts(Generic[F]):
    """The facts of one type that the other files of the project state, sorted by path.

    `complete` is False while the project is being indexed. Only a rule with `needs_index=False` sees that; others are
    put off when they ask (PendingFacts). The facts of `hidden` files are replaced by those in `more`.
    """

    def __init__(
        self,
        kind: type[F],
        table: Table[F],
        complete: bool = True,
        hidden: frozenset[str] = frozenset(),
        more: Table[F] | None = None,
    ) -> None:
        self.kind = kind
        self.complete = complete
        self._table = table
        self._hidden = hidden
        self._more = more
        self._derived: dict[Hashable, tuple[Any, tuple[Any, ...]]] = {}

    def derived(self, function: Callable[..., T], *more: Any) -> T:
        """`function(self, *more)`, computed once while all of them are the same; `function` is of a module.

        Of `more`, facts are compared by identity, other values by equality.
        """
        key = (function, *(id(one) if isinstance(one, Facts) else one for one in more))
        found = self._derived.get(key)
        if found is None:
            if len(self._derived) >= _DERIVED:
                self._derived.clear()
            found = self._derived[key] = (function(self, *more), more)  # `more` is kept, so that its identity is
        return found[0]

    @cached_property
    def items(self) -> tuple[F, ...]:
        """All facts. A large project has many: query by key with `having` if possible."""
        return self._seen(self._table.facts, self._more.facts if self._more else ())

    def __iter__(self) -> Iterator[F]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def having(self, keys: Keys[F], key: Hashable) -> tuple[F, ...]:
        """Facts for which `keys` yields `key`. Cached per function object: pass a module-level function."""
        more = self._more.by(keys).get(key, ()) if self._more else ()
        return self._seen(self._table.by(keys).get(key, ()), more)

    def below(self, folder: str) -> tuple[F, ...]:
        """The facts of the files in a folder and its subfolders; "" is the whole project."""
        return self._between(folder + "/", folder + "0") if folder else self.items  # `0` comes after `/`

    def of(self, path: str) -> tuple[F, ...]:
        """The facts of one file."""
        return self._between(path, path + "\0")

    def _between(self, first: str, last: str) -> tuple[F, ...]:
        def cut(facts: Sequence[F]) -> Sequence[F]:
            return facts[bisect_left(facts, first, key=_path) : bisect_left(facts, last, key=_path)]

        return self._seen(cut(self._table.facts), cut(self._more.facts) if self._more else ())

    def _seen(self, facts: Sequence[F], more: Sequence[F]) -> tuple[F, ...]:
        if self._hidden:
            facts = [fact for fact in facts if fact.place.path not in self._hidden]
        return tuple(merge(facts, more, key=_path) if more else facts)


class NotKnownYet(Exception):
    """Somebody asked what other files say before they were read. When they are, it is asked again."""


class PendingFacts(Facts[Any]):
    """Facts that are not complete, for a rule that waits for that: whatever it asks raises NotKnownYet."""

    def __init__(self, kind: type[Fact]) -> None:
        self.kind = kind

    def __getattr__(self, name: str) -> NoReturn:
        raise NotKnownYet


def _path(fact: Fact) -> str:
    return fact.place.path


def _bounds(facts: Sequence[Fact], path: str) -> tuple[int, int]:
    """The (start, end) indices of the facts of a file."""
    return bisect_left(facts, path, key=_path), bisect_right(facts, path, key=_path)


class Files(Protocol):
    """The files of the project, with the unsaved texts of open editors. Paths are relative to its root.

    Paths outside of the project are treated as nonexistent.
    """

    @property
    def known(self) -> bool:
        """False for a text without a location on disk: then no file can be reported as missing."""

    def exists(self, path: str) -> bool:
        """Whether a file or folder exists at the path."""

    def text(self, path: str) -> str | None:
        """The text of the file without a byte-order mark, or None if it cannot be read as text."""

    def names(self, folder: str) -> tuple[str, ...]:
        """The sorted entries of the folder; those of folders end in `/`. Empty if it is not a folder."""

    def archive(self, path: str) -> tuple[tuple[str, str | None], ...] | None:
        """The sorted (path, text) of the files in a `.tar.gz` archive, or None if it cannot be read."""

    def is_large(self, folder: str) -> bool:
        """Whether the files in the folder and its subfolders exceed 20 MB. False if there are too many to count."""

    def is_tracked(self, path: str) -> bool:
        """Whether git tracks the file: it is committed or added, even if a .gitignore matches it."""

    def settled(self, path: str) -> bool:
        """True. Raises NotKnownYet while the file at the path is typed in: rules with much work wait until then."""
