"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import re
from typing import Any, cast

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split")


def regex(text: str, flags: int = 0) -> re.Pattern[str]:
    """`re.compile(text, flags)`, later: a file needs one in six of the patterns of its language's rules.

    Raises re.error on first use if it is not a regular expression.
    """
    return cast("re.Pattern[str]", _Regex(text, flags))


class _Regex:
    def __init__(self, text: str, flags: int) -> None:
        self.pattern = text
        self.flags = flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self.pattern, self.flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))  # found without __getattr__ from now on
        return getattr(compiled, name)

    def __repr__(self) -> str:
        return f"regex({self.pattern!r})"
