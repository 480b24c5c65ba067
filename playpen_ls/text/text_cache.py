"""Remembers what was made of texts. Every version of an edited file is another text, so what counts is their length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, Generic, TypeVar, TypeVarTuple

Made = TypeVar("Made")
Given = TypeVarTuple("Given")

_ENTRY = 100  # characters that an entry counts for besides its texts


class TextCache(Generic[Made]):
    """Values by hashable keys, of which those that were used last are kept, with at most `most` characters.

    What is longer than all that is kept is kept alone. Threads can share it.
    """

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._recent: dict[Any, tuple[int, Made]] = {}
        self._older: dict[Any, tuple[int, Made]] = {}
        self._length = 0  # of the recent ones

    def get(self, key: Any) -> Made | None:
        found = self._recent.get(key)
        if found is None:
            found = self._older.get(key)
            if found is None:
                return None
            self.put(key, found[1], found[0])
        return found[1]

    def put(self, key: Any, made: Made, length: int) -> None:
        if self._length + length > self._half:
            self._older, self._recent, self._length = self._recent, {}, 0
        self._recent[key] = length, made
        self._length += length


def cached_by_text(most: int) -> Callable[[Callable[[*Given], Made]], Callable[[*Given], Made]]:
    """Like `lru_cache`, with a limit to the characters of the arguments: see TextCache."""

    def decorate(make: Callable[[*Given], Made]) -> Callable[[*Given], Made]:
        known = TextCache[tuple[Made]](most)

        @wraps(make)
        def cached(*given: *Given) -> Made:
            found = known.get(given)
            if found is None:
                found = (make(*given),)
                known.put(given, found, length_of(given))
            return found[0]

        return cached

    return decorate


def length_of(value: Any) -> int:
    """The characters of all texts in tuples and dataclasses, each of which counts a little itself."""
    if type(value) is str:
        return len(value)
    if isinstance(value, tuple):
        return _ENTRY + sum(map(length_of, value))
    if is_dataclass(value):
        return _ENTRY + sum(length_of(getattr(value, one.name)) for one in fields(value))
    return 0
