"""What is known of a text, wherever it stands: with a keystroke nearly all pieces of a file stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")

_NEW = 500  # things learnt before what nobody asked for since then is forgotten


class Memory:
    """The versions of a file share one. A key must hold all that was read to know its value."""

    def __init__(self) -> None:
        self._old: dict[Hashable, object] = {}
        self._known: dict[Hashable, object] = {}
        self._new = 0

    def next_version(self) -> None:
        if self._new > _NEW:
            self._old, self._known, self._new = self._known, {}, 0

    def of(self, key: Hashable, find: Callable[[], T]) -> T:
        """What is known by this key, or is found now."""
        if key in self._known:
            return self._known[key]  # type: ignore[return-value]
        if key in self._old:
            found: T = self._old[key]  # type: ignore[assignment]
        else:
            found = find()
            self._new += 1
        self._known[key] = found
        return found
