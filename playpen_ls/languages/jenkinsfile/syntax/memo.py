"""Cache of results by text, kept across versions of a file: a keystroke changes few pieces of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")

_NEW = 500  # new entries after which those that were not used since are evicted


class Memory:
    """Cache shared by the versions of a file. A key must contain everything that its value depends on.

    Eviction is generational: entries of the old generation that are used again move to the new one.
    """

    def __init__(self) -> None:
        self._old: dict[Hashable, object] = {}
        self._known: dict[Hashable, object] = {}
        self._new = 0

    def next_version(self) -> None:
        if self._new > _NEW:
            self._old, self._known, self._new = self._known, {}, 0

    def of(self, key: Hashable, find: Callable[[], T]) -> T:
        """The cached value of a key, computed with `find` if missing."""
        if key in self._known:
            return self._known[key]  # type: ignore[return-value]
        if key in self._old:
            found: T = self._old[key]  # type: ignore[assignment]
        else:
            found = find()
            self._new += 1
        self._known[key] = found
        return found
