"""What the words of a Python text show without parsing it: whether a function can be called, a library be used."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from playpen_ls.text.words import Words

CALL = r"(?:[\s\\]|#[^\n]*\n)*\("
"""The bracket of a call, with what can stand before it."""


@cache
def call_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"{name}{CALL}")


def is_called(words: Words, name: str, never: str = "") -> bool:
    """Whether `name` is called somewhere without one of the characters `never` before it."""
    if name not in words.all:
        return False
    text = words.text
    for match in call_of(name).finditer(text):
        before = text[match.start() - 1 : match.start()]
        if not (before.isalnum() or before == "_") and (not before or before not in never):
            return True
    return False


def any_is_called(words: Words, names: frozenset[str]) -> bool:
    return any(is_called(words, name) for name in words.all & names)


class Origins:
    """Origins of functions and objects of libraries, see `scope`."""

    def __init__(self, *origins: str) -> None:
        # Members of `os` are recognized by their own names.
        self._origins = tuple(one.replace("()", "") for one in origins if not one.startswith("os."))
        self._words = tuple(frozenset(one.split(".")) for one in self._origins)
        self._roots = frozenset(one.partition(".")[0] for one in self._origins)

    def possible_in(self, words: Words) -> bool:
        """Whether the text has all the words of one of them."""
        return words.has_any(self._roots) and any(one <= words.all for one in self._words)

    def known_as(self, origin: str) -> bool:
        """Whether a name of this origin is one of them, leads to one, or is what one gives."""
        if origin.partition(".")[0].partition("(")[0] not in self._roots:
            return False
        return any(
            one == origin or one.startswith(f"{origin}.") or origin.startswith(f"{one}()") for one in self._origins
        )


def names_of(*groups: Iterable[str]) -> frozenset[str]:
    return frozenset(name for group in groups for name in group)
