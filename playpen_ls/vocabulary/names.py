"""Conversion and comparison of names in different spellings: `dbPassword`, `DB_PASSWORD`, `db-password`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from playpen_ls.text.regex import regex

_HUMP = regex(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER = regex(r"[^A-Za-z0-9]+")


def words(name: str) -> list[str]:
    """The lower-case words of an identifier in any spelling."""
    return [word.lower() for part in _OTHER.split(name) for word in _HUMP.split(part) if word]


def snake(name: str) -> str:
    return "_".join(words(name))


def kebab(name: str) -> str:
    return "-".join(words(name))


def variable(name: str) -> str:
    """The name as an environment variable: upper snake case, never starting with a digit."""
    made = snake(name).upper()
    return f"SVC_{made}" if made[:1].isdigit() else made


def nearest(name: str, candidates: list[str]) -> str | None:
    """The most similar candidate, or None if none is close."""
    from difflib import get_close_matches

    close = get_close_matches(name, candidates, n=2, cutoff=0.75)
    return close[0] if close else None


_SERIES = frozenset("abcdexyz")
_SHORTEST = 4  # letters; shorter names such as `api` and `app` differ on purpose
_LONG = 7  # letters; in longer words, two adjacent letters can be wrong


def near_miss(name: str, others: Iterable[str]) -> str | None:
    """The only other name from which this one differs by a typo, or None.

    Stricter than `nearest`, for names that can be right although they are unknown: one word differs by one letter, a
    long word by two, or by a plural. Members of a series (`shop-1`, `shop-b`) are not typos of each other.
    """
    close = [other for other in others if _is_slip(name, other)]
    return close[0] if len(close) == 1 else None


def _is_slip(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) >= _SHORTEST and long.startswith(short) and long[len(short) :] == "s":
        return True
    ours, theirs = re.split(r"[-_.]", one), re.split(r"[-_.]", other)
    if len(ours) != len(theirs):
        return len(short) >= _LONG and "".join(ours) == "".join(theirs)
    different = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
    if not different:
        return True  # `shop_config`, `shop-config`
    return len(different) == 1 and _is_misspelled(*different[0])


def _is_misspelled(one: str, other: str) -> bool:
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    if min(len(one), len(other)) < _SHORTEST or any(letter.isdigit() for letter in a + b):
        return False
    if len(a) == len(b) == 1 and start + 1 == len(one) and {a.lower(), b.lower()} <= _SERIES:
        return False  # only the last letter differs, as in a series
    most = 2 if min(len(one), len(other)) >= _LONG else 1
    return max(len(a), len(b)) <= most or (len(a) == 2 and a == b[::-1])
