"""Whether a text configures logging, so that messages below WARNING are shown."""

from __future__ import annotations

import re

from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.text.regex import regex
from playpen_ls.text.words import Words

_WORDS = frozenset(("basicConfig", "dictConfig", "fileConfig", "addHandler", "Celery"))
_DJANGO = regex(r"^LOGGING[ \t]*=", re.MULTILINE)
# A logger with another name than that of the module: its handlers show what itself logs, not what other modules do.
_NAMED = regex(r"\bgetLogger\((?!\s*\)|__name__|__package__)")
_ROOT = regex(
    r"\bgetLogger\(\s*\)|\broot(?:_?logger)?\.addHandler|\blogging\.root\b|\bgetLogger\((?:__name__|__package__)"
)


def possible_in(words: Words) -> bool:
    return words.has_any(_WORDS) or ("LOGGING" in words.all and _DJANGO.search(words.text) is not None)


def configures_logging(statement: Statement) -> bool:
    text = statement.text
    if any(word in text for word in _WORDS - {"addHandler"}) or _DJANGO.search(text) is not None:
        return True
    return "addHandler" in text and (_NAMED.search(text) is None or _ROOT.search(text) is not None)
