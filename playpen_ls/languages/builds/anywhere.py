"""The facts that a text of any language can state by what is written in it."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.fact_types import ConnectionLimit
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Place
from playpen_ls.languages.builds.migrations import migrations_run
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

# `-c max_connections=200`, `max_connections = 200`, `max_connections: "200"`
_LIMIT = regex(r"\bmax_connections[\"']?[ \t]*[=:][ \t]*[\"']?(\d{1,5})\b")


def stated_anywhere(path: str, text: str) -> Iterator[Fact]:
    """What a file of any kind states: that it runs migrations, and how many connections a database allows."""
    yield from migrations_run(path, text)
    if "max_connections" in text and "postgres" in text.lower() and not path.endswith(".py"):
        for found in _LIMIT.finditer(text):
            yield ConnectionLimit(Place(path, Span(found.start(), found.end())), int(found[1]))
