"""The facts that the files of a project state, open or closed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from playpen_ls.facts import Fact, Facts


class Index:
    """Facts by file and by type. `complete` once every file of the project has been read."""

    def __init__(self) -> None:
        self._complete = False
        self._by_kind: dict[type[Fact], dict[str, tuple[Fact, ...]]] = {}
        self._kinds_of: dict[str, tuple[type[Fact], ...]] = {}
        self._given: dict[tuple[type[Fact], str], Facts[Any]] = {}
        self._every: dict[type[Fact], tuple[Fact, ...]] = {}
        # Who once stated a kind: for such a file the others' facts stay as they are while its own come and go.
        self._ever: dict[type[Fact], set[str]] = {}
        self._own: set[type[Fact]] = set()

    @property
    def complete(self) -> bool:
        return self._complete

    @complete.setter
    def complete(self, complete: bool) -> None:
        if complete != self._complete:
            self._complete = complete
            self._given.clear()

    def put(self, path: str, facts: Iterable[Fact]) -> set[type[Fact]]:
        """What a file says now; gives the types of facts that changed."""
        new: defaultdict[type[Fact], list[Fact]] = defaultdict(list)
        for fact in facts:
            new[type(fact)].append(fact)
        changed = set()
        for kind in {*self._kinds_of.get(path, ()), *new}:
            said = tuple(new.get(kind, ()))
            stated = self._by_kind.get(kind, {})
            if stated.get(path, ()) != said:
                changed.add(kind)
                if kind not in self._own:  # an overlaid index may share the table
                    stated = self._by_kind[kind] = dict(stated)
                    self._own.add(kind)
                if said:
                    stated[path] = said
                    self._ever.setdefault(kind, set()).add(path)
                else:
                    del stated[path]
        self._kinds_of[path] = tuple(new)
        for kind in changed:
            self._every.pop(kind, None)
        if changed:
            self._given = {key: given for key, given in self._given.items() if key[0] not in changed or key[1] == path}
        return changed

    def facts(self, kind: type[Fact], but: str) -> Facts[Any]:
        """The facts of one type that files other than `but` state; the same object while nothing changed."""
        key = (kind, but if but in self._ever.get(kind, ()) else "")
        given = self._given.get(key)
        if given is None:
            items = self._all(kind)
            if key[1]:
                start, end = (bisect(items, but, key=_path) for bisect in (bisect_left, bisect_right))
                items = items[:start] + items[end:]
            given = self._given[key] = Facts(kind, items, self._complete)
        return given

    def forget(self, path: str) -> None:
        """Nobody asks for what the others of this file state soon again."""
        for kind in self._ever:
            self._given.pop((kind, path), None)

    def _all(self, kind: type[Fact]) -> tuple[Fact, ...]:
        """Those of all files, in path order."""
        items = self._every.get(kind)
        if items is None:
            stated = self._by_kind.get(kind, {})
            items = self._every[kind] = tuple(fact for path in sorted(stated) for fact in stated[path])
        return items

    def paths(self) -> list[str]:
        return sorted(path for path, kinds in self._kinds_of.items() if kinds)

    def overlaid(self, facts: dict[str, Iterable[Fact]]) -> Index:
        """This index as it would be if some files said other things."""
        other = Index()
        other._complete = self._complete
        self._own.clear()
        other._by_kind = dict(self._by_kind)
        other._kinds_of = dict(self._kinds_of)
        other._given = dict(self._given)
        other._every = dict(self._every)
        other._ever = dict(self._ever)
        for path, said in facts.items():
            other.put(path, said)
        return other


def _path(fact: Fact) -> str:
    return fact.place.path
