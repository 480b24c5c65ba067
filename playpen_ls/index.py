"""The facts that the files of a project state, open or closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from playpen_ls.facts import Fact, Facts


class Index:
    """Facts by file and by type. `complete` once every file of the project has been read."""

    def __init__(self) -> None:
        self._complete = False
        self._by_path: dict[str, dict[type[Fact], tuple[Fact, ...]]] = {}
        self._given: dict[tuple[type[Fact], str], Facts[Any]] = {}

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
        sorted_facts: defaultdict[type[Fact], list[Fact]] = defaultdict(list)
        for fact in facts:
            sorted_facts[type(fact)].append(fact)
        new = {kind: tuple(found) for kind, found in sorted_facts.items()}
        old = self._by_path.get(path, {})
        changed = {kind for kind in (*old, *new) if old.get(kind) != new.get(kind)}
        if new:
            self._by_path[path] = new
        else:
            self._by_path.pop(path, None)
        self._given = {
            (kind, but): given for (kind, but), given in self._given.items() if kind not in changed or but == path
        }
        return changed

    def drop(self, path: str) -> set[type[Fact]]:
        return self.put(path, ())

    def facts(self, kind: type[Fact], but: str) -> Facts[Any]:
        """The facts of one type that files other than `but` state; the same object while nothing changed."""
        given = self._given.get((kind, but))
        if given is None:
            items = (
                fact for path, facts in sorted(self._by_path.items()) if path != but for fact in facts.get(kind, ())
            )
            given = self._given[kind, but] = Facts(kind, tuple(items), self._complete)
        return given

    def paths(self) -> list[str]:
        return sorted(self._by_path)

    def overlaid(self, facts: dict[str, Iterable[Fact]]) -> Index:
        """This index as it would be if some files said other things."""
        other = Index()
        other._complete = self._complete
        other._by_path = dict(self._by_path)
        other._given = dict(self._given)
        for path, said in facts.items():
            other.put(path, said)
        return other
