"""Commands that run database migrations, in a text of any language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.api.fact_types import MigrationsRun
from playpen_ls.api.finding import Place
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

# Words of a command, also as items of a list: `["alembic", "upgrade", "head"]`.
_BETWEEN = r"[\"',\s]+"
_RUN = regex(
    rf"\balembic\b[^\n;&|]{{0,200}}?\bupgrade\b(?P<to>[^\n;&|]{{0,40}})"
    rf"|\b(?:flask|manage(?:\.py)?)\b[^\n;&|]{{0,80}}?\bdb{_BETWEEN}upgrade\b(?P<flask>[^\n;&|]{{0,40}})"
    r"|\bcommand\.upgrade\((?P<call>[^)]{0,80})|\balembic\.config\.main\((?P<main>[^)]{0,80})"
    # A command that is computed can be any.
    r"|\balembic(?:[ ]+-[cnx][ =]?\S+|[ ]+--\w[\w-]*(?:=\S+)?)*[ ]+[\"']?\$[@*{(\w]"
    r"|\bfrom alembic\.config import [^\n]*\b(?:main|CommandLine)\b|\balembic\.config\.CommandLine\b"
)
_CALLED = regex(r"(?<!def )\b\w*upgrade\w*\((?P<call>[^)]{0,80})")
_LIBRARIES = regex(r"^[ \t]*(?:from|import)[ ]+(?:alembic|flask_migrate)\b", re.MULTILINE)
_REVISION = regex(r"^down_revision\b", re.MULTILINE)
_TEST = regex(r"(?:^|/)(?:tests?|testing)/|(?:^|/)(?:test_[^/]*|conftest)\.py$")
_HEADS = regex(r"\bheads\b")


def migrations_run(path: str, text: str) -> Iterator[MigrationsRun]:
    """At most one fact: whether the text runs migrations of Alembic, and of every head."""
    if _TEST.search(path):
        return
    if "alembic" not in text and "upgrade" not in text and "MigrationContext" not in text:
        return
    found = [match["to"] or match["flask"] or match["call"] or match["main"] or "" for match in _RUN.finditer(text)]
    if "upgrade" in text and _LIBRARIES.search(text) and not _REVISION.search(text):
        found += [match["call"] for match in _CALLED.finditer(text)]
    if "MigrationContext" in text and "run_migrations" in text:
        found.append("")
    if found:
        yield MigrationsRun(Place(path, Span(0, 0)), any(_HEADS.search(one) for one in found))
