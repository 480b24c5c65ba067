"""The facts that the files of a project state, open or closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from playpen_ls.api.facts import Fact, Facts, Table

Kind = type[Fact]


class Index:
    """Facts by file and by type. `complete` once every file of the project has been read."""

    def __init__(self) -> None:
        self._complete = False
        self._by_kind: dict[Kind, dict[str, tuple[Fact, ...]]] = {}
        self._kinds_of: dict[str, tuple[Kind, ...]] = {}
        self._tables: dict[Kind, Table[Any]] = {}
        self._given: dict[tuple[Kind, str], Facts[Any]] = {}
        # Who once stated a kind: for such a file the others' facts stay as they are while its own come and go.
        self._ever: dict[Kind, set[str]] = {}
        self._later: dict[str, Callable[[], Iterable[Fact]]] = {}
        self._news = False

    @property
    def complete(self) -> bool:
        return self._complete

    @complete.setter
    def complete(self, complete: bool) -> None:
        if complete != self._complete:
            self._complete = complete
            self._given.clear()

    def later(self, path: str, facts: Callable[[], Iterable[Fact]]) -> None:
        """What an open file says now. It is worked out when the others are asked for: where they ask nothing, never."""
        self._later[path] = facts

    def has_news(self) -> bool:
        """Whether open files say other things than when this was asked last."""
        self._catch_up()
        news, self._news = self._news, False
        return news

    def _catch_up(self, but: str = "") -> None:
        for path in [path for path in self._later if path != but]:
            self._news |= bool(self.put(path, self._later[path]()))

    def put(self, path: str, facts: Iterable[Fact]) -> set[Kind]:
        """What a file says now; gives the types of facts that changed."""
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
            self._given = {key: given for key, given in self._given.items() if key[0] not in changed or key[1] == path}
        return changed

    def facts(self, kind: Kind, but: str) -> Facts[Any]:
        """The facts of one type that files other than `but` state; the same object while nothing changed."""
        if self._later:
            self._catch_up(but)
        key = (kind, but if but in self._ever.get(kind, ()) else "")
        given = self._given.get(key)
        if given is None:
            hidden = frozenset((but,)) if key[1] else frozenset()
            given = self._given[key] = Facts(kind, self.table(kind), self._complete, hidden)
        return given

    def said(self, path: str, kind: Kind) -> tuple[Fact, ...]:
        """What a file states of one type."""
        return self._by_kind.get(kind, {}).get(path, ())

    def table(self, kind: Kind) -> Table[Any]:
        """The facts of one type that all files state. It changes with what they say."""
        table = self._tables.get(kind)
        if table is None:
            every = self._by_kind.get(kind, {}).values()
            table = self._tables[kind] = Table(fact for said in every for fact in said)
        return table

    def forget(self, path: str) -> None:
        """Nobody asks for what the others of this file state soon again."""
        for kind in self._ever:
            self._given.pop((kind, path), None)

    def paths(self) -> list[str]:
        self._catch_up()
        return sorted(path for path, kinds in self._kinds_of.items() if kinds)

    def overlaid(self, facts: Mapping[str, Iterable[Fact]]) -> Overlaid:
        """This index as it would be if some files said other things."""
        self._catch_up()
        return Overlaid(self, {path: tuple(said) for path, said in facts.items()})


class Overlaid:
    """An index in which some files say other things. It holds while that does not change."""

    def __init__(self, index: Index, said: Mapping[str, tuple[Fact, ...]]) -> None:
        self._index = index
        self._said = said
        self._given: dict[tuple[Kind, str], Facts[Any]] = {}

    def facts(self, kind: Kind, but: str) -> Facts[Any]:
        """The facts of one type that files other than `but` state; the same object each time."""
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
