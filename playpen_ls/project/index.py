"""Index of the facts of all files of a project, open or closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from playpen_ls.api.facts import Fact, Facts, Table

Kind = type[Fact]


class Index:
    """Facts by file and type. `complete` once every file of the project has been read."""

    def __init__(self) -> None:
        self._complete = False
        self._by_kind: dict[Kind, dict[str, tuple[Fact, ...]]] = {}
        self._kinds_of: dict[str, tuple[Kind, ...]] = {}
        self._tables: dict[Kind, Table[Any]] = {}
        self._given: dict[tuple[Kind, str], Facts[Any]] = {}
        # Files that ever stated a kind: the `Facts` object for such a file stays cached while its own facts change.
        self._ever: dict[Kind, set[str]] = {}
        self._later: dict[str, Callable[[], Iterable[Fact]]] = {}
        self._news = False
        self._changes = 0

    @property
    def complete(self) -> bool:
        return self._complete

    @complete.setter
    def complete(self, complete: bool) -> None:
        if complete != self._complete:
            self._complete = complete
            self._given.clear()

    def later(self, path: str, facts: Callable[[], Iterable[Fact]]) -> None:
        """Register the facts of an open file; they are computed only when facts for another file are queried."""
        self._later[path] = facts

    def changed_since_last_call(self) -> bool:
        """Whether the facts of open files have changed since the last call."""
        self._catch_up()
        news, self._news = self._news, False
        return news

    @property
    def changes(self) -> int:
        """How often the facts of any file have changed."""
        self._catch_up()
        return self._changes

    def _catch_up(self, but: str = "") -> None:
        for path in [path for path in self._later if path != but]:
            self._news |= bool(self.put(path, self._later[path]()))

    def put(self, path: str, facts: Iterable[Fact]) -> set[Kind]:
        """Update the facts of a file, and return the types of facts that changed."""
        self._later.pop(path, None)
        new: defaultdict[Kind, list[Fact]] = defaultdict(list)
        for fact in facts:
            new[type(fact)].append(fact)
        changed = set()
        for kind in {*self._kinds_of.get(path, ()), *new}:
            said = tuple(new.get(kind, ()))
            stated = self._by_kind.setdefault(kind, {})
            if stated.get(path, ()) == said:
                continue
            changed.add(kind)
            if said:
                stated[path] = said
                self._ever.setdefault(kind, set()).add(path)
            else:
                del stated[path]
            if kind in self._tables:
                self._tables[kind].put(path, said)
        self._kinds_of[path] = tuple(new)
        if changed:
            self._changes += 1
            self._given = {key: given for key, given in self._given.items() if key[0] not in changed or key[1] == path}
        return changed

    def facts(self, kind: Kind, but: str) -> Facts[Any]:
        """The facts of one type, without those of the file `but`; the same object until one of them changes."""
        if self._later:
            self._catch_up(but)
        key = (kind, but if but in self._ever.get(kind, ()) else "")
        given = self._given.get(key)
        if given is None:
            hidden = frozenset((but,)) if key[1] else frozenset()
            given = self._given[key] = Facts(kind, self.table(kind), self._complete, hidden)
        return given

    def said(self, path: str, kind: Kind) -> tuple[Fact, ...]:
        """The facts of one type that a file states."""
        return self._by_kind.get(kind, {}).get(path, ())

    def by_path(self, kind: Kind) -> Mapping[str, tuple[Fact, ...]]:
        """The facts of one type, by the files that state some."""
        return self._by_kind.get(kind, {})

    def table(self, kind: Kind) -> Table[Any]:
        """The facts of one type of all files. Updated in place."""
        table = self._tables.get(kind)
        if table is None:
            every = self._by_kind.get(kind, {}).values()
            table = self._tables[kind] = Table(fact for said in every for fact in said)
        return table

    def forget(self, path: str) -> None:
        """Drop the cached `Facts` objects for a file that will not be checked again soon."""
        for kind in self._ever:
            self._given.pop((kind, path), None)

    def paths(self) -> list[str]:
        self._catch_up()
        return sorted(path for path, kinds in self._kinds_of.items() if kinds)

    def read_paths(self) -> list[str]:
        """The sorted paths of all files that were read, also of those that state nothing."""
        return sorted({*self._kinds_of, *self._later})

    def with_overrides(self, facts: Mapping[str, Iterable[Fact]], but: str) -> Overlaid:
        """This index with the facts of some files replaced, to be asked for the file `but`."""
        self._catch_up(but)
        return Overlaid(self, {path: tuple(said) for path, said in facts.items()})


class Overlaid:
    """An index with the facts of some files replaced. Valid until that index changes."""

    def __init__(self, index: Index, said: Mapping[str, tuple[Fact, ...]]) -> None:
        self._index = index
        self._said = said
        self._given: dict[tuple[Kind, str], Facts[Any]] = {}

    def facts(self, kind: Kind, but: str) -> Facts[Any]:
        """The facts of one type, without those of the file `but`; the same object each time."""
        key = (kind, but)
        if key not in self._given:
            self._given[key] = self._facts(kind, but)
        return self._given[key]

    def _facts(self, kind: Kind, but: str) -> Facts[Any]:
        told = {path: tuple(fact for fact in said if type(fact) is kind) for path, said in self._said.items()}
        changed = {path for path, said in told.items() if path != but and said != self._index.said(path, kind)}
        if not changed:
            return self._index.facts(kind, but)
        more = Table(fact for path in changed for fact in told[path])
        return Facts(kind, self._index.table(kind), self._index.complete, frozenset((*changed, but)), more)
