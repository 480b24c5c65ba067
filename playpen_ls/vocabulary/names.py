"""How names are spelled in other places: `dbPassword`, `DB_PASSWORD`, `db-password`."""

from __future__ import annotations

import re

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER = re.compile(r"[^A-Za-z0-9]+")


def words(name: str) -> list[str]:
    """The lower-case words of an identifier in any spelling."""
    return [word.lower() for part in _OTHER.split(name) for word in _HUMP.split(part) if word]


def snake(name: str) -> str:
    return "_".join(words(name))


def kebab(name: str) -> str:
    return "-".join(words(name))


def variable(name: str) -> str:
    """An environment variable's name: upper snake case, never a digit first."""
    made = snake(name).upper()
    return f"SVC_{made}" if made[:1].isdigit() else made


def nearest(name: str, candidates: list[str]) -> str | None:
    """The one candidate that is spelled almost the same, or None."""
    from difflib import get_close_matches

    close = get_close_matches(name, candidates, n=2, cutoff=0.75)
    return close[0] if close else None
