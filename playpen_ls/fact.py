"""What a fact is, and how rules ask for those of other files.

A fact is small, immutable and comparable, and says where it stands. Rules ask for them by type:
a parameter `routes: Facts[Route]` is every Route that the other files of the project state.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import merge
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from playpen_ls.finding import Place


@dataclass(frozen=True, slots=True)
class Fact:
    place: Place

    def related(self, message: str) -> Place:
        """Where it stands, as a finding's related place; a fact of the finding's own file may have no place yet."""
        return Place(self.place.path, self.place.span, message, None if self.place.path else self)


F = TypeVar("F", bound=Fact)
Keys = Callable[[F], Iterable[Hashable]]


class Table(Generic[F]):
    """All facts of one type, in path order, and where they stand by keys of theirs.

    It is kept up to date file by file: what is told of one file costs what that file says, not what the project does.
    """

    def __init__(self, facts: Iterable[F] = ()) -> None:
        self.facts = sorted(facts, key=_path)
        self._by: dict[Keys[Any], dict[Hashable, list[F]]] = {}

    def put(self, path: str, said: Sequence[F]) -> None:
        """What a file says now."""
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
        """Made when first asked for; the same function asks for the same table."""
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
    """The facts of one type that the other files of the project state, in path order.

    `complete` is False while files are still being read. A rule sees that only if it is declared
    with `waits=False`; the others are put off when they ask (PendingFacts). `hidden` files count as if they said
    nothing, but what `more` has of them.
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

    @cached_property
    def items(self) -> tuple[F, ...]:
        """All of them. In a large project there are many: where a key is known, ask for those that have it."""
        return self._seen(self._table.facts, self._more.facts if self._more else ())

    def __iter__(self) -> Iterator[F]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def having(self, keys: Keys[F], key: Hashable) -> tuple[F, ...]:
        """Those that have a key. `keys` gives all that one has; a table is kept for it, so give one that has a name."""
        more = self._more.by(keys).get(key, ()) if self._more else ()
        return self._seen(self._table.by(keys).get(key, ()), more)

    def below(self, folder: str) -> tuple[F, ...]:
        """Those of the files in a folder and in those below it; "" is the whole project."""
        return self._between(folder + "/", folder + "0") if folder else self.items  # `0` comes after `/`

    def of(self, path: str) -> tuple[F, ...]:
        """Those of one file."""
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
    """A rule asked what other files say before all of them were read."""


class PendingFacts(Facts[Any]):
    """Facts that are not complete, for a rule that waits for that: whatever it asks raises NotKnownYet."""

    def __init__(self, kind: type[Fact]) -> None:
        self.kind = kind

    def __getattr__(self, name: str) -> NoReturn:
        raise NotKnownYet


def _path(fact: Fact) -> str:
    return fact.place.path


def _bounds(facts: Sequence[Fact], path: str) -> tuple[int, int]:
    """Where those of a file begin and end."""
    return bisect_left(facts, path, key=_path), bisect_right(facts, path, key=_path)


class Files(Protocol):
    """The files of the project as they are now, saved or not. Paths are relative to its root.

    A path that leaves the project is not looked at: it does not exist.
    """

    @property
    def known(self) -> bool:
        """False for a text that has no place on the disk: then nothing is known to be missing."""

    def exists(self, path: str) -> bool:
        """There is a file or a folder of that name."""

    def text(self, path: str) -> str | None:
        """The file's text without a byte-order mark, or None if it cannot be read as text."""

    def names(self, folder: str) -> tuple[str, ...]:
        """What the folder holds, sorted; folders end in `/`. Empty for what is no folder."""

    def is_large(self, folder: str) -> bool:
        """The files in the folder and below it have more than 20 MB. False where there are too many to count."""
