"""The rules that no language has: the engine itself reports their findings."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Offer, Severity
from playpen_ls.api.rule import Rule


def _own_rule(id: str, severity: Severity, doc: str) -> Rule:
    """A rule that no language has: the engine itself reports it. `doc` is its page."""

    def nothing(_: object) -> Iterator[Finding | Offer]:
        yield from ()

    nothing.__doc__ = doc
    return Rule(
        id=id, language="", function=nothing, severity=severity, practice="+", like={}, bad=(), good=(), absent=False,
        waits=False, secret=False, on=True, subjects=(), reads=(), looks_at_files=False, options=(), _arguments=(),
    )  # fmt: skip


UNUSED_IGNORE = _own_rule(
    "playpen/unused-ignore",
    Severity.HINT,
    """An ignore comment silences nothing.

    What it was written for is mended or moved, or its rule is misspelt, or it names no rule: an
    ignore comment always says which rules it means, `ignore[moving-tag]`, so that it cannot hide
    anything else.
    """,
)


INVALID_CONFIG = _own_rule(
    "playpen/invalid-config",
    Severity.ERROR,
    """The configuration says something that playpen-ls does not understand.

    An unknown key, a value of the wrong type, or text that is no TOML. The rest of the file counts,
    and the default stands in for what is wrong.
    """,
)


OWN_RULES = (UNUSED_IGNORE, INVALID_CONFIG)
