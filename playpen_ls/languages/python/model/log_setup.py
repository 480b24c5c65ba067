"""Whether a text configures logging, so that messages below WARNING are shown."""

from __future__ import annotations

import re

from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.text.regex import regex
from playpen_ls.text.words import Words

_WORDS = frozenset(("basicConfig", "dictConfig", "fileConfig", "addHandler", "loguru", "structlog", "Celery"))
_DJANGO = regex(r"^LOGGING[ \t]*=", re.MULTILINE)


def possible_in(words: Words) -> bool:
    return words.has_any(_WORDS) or ("LOGGING" in words.all and _DJANGO.search(words.text) is not None)


def configures_logging(statement: Statement) -> bool:
    return any(word in statement.text for word in _WORDS) or _DJANGO.search(statement.text) is not None
