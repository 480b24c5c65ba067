"""The rules that no language has: the engine itself reports their findings."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Offer, Severity
from playpen_ls.api.rule import Rule, Tag


def _own_rule(id: str, severity: Severity, doc: str, tag: Tag = "") -> Rule:
    """A rule that no language has: the engine itself reports it. `doc` is its page."""

    def nothing(_: object) -> Iterator[Finding | Offer]:
        yield from ()

    nothing.__doc__ = doc
    return Rule(
        id=id,
        language="",
        function=nothing,
        severity=severity,
        practice="+",
        like={},
        bad=(),
        good=(),
        reports_absence=False,
        needs_index=False,
        has_safe_fixes=True,
        masks_text=False,
        enabled=True,
        preset="",
        in_pipelines=False,
        tag=tag,
        subjects=(),
        reads=(),
        looks_at_files=False,
        options=(),
        mentions=None,
        _arguments=(),
    )


UNUSED_IGNORE = _own_rule(
    "playpen/unused-ignore",
    Severity.HINT,
    """Ignore comment does not suppress any finding.

    The finding was fixed or has moved, or the comment names an unknown rule or none. An ignore
    comment must name its rules, `ignore[moving-tag]`, so that it cannot hide findings of other
    rules.
    """,
    tag="unnecessary",
)


UNUSED_BASELINE = _own_rule(
    "playpen/unused-baseline",
    Severity.HINT,
    """Baseline entry does not match any finding.

    The finding was fixed, or its line was changed. `playpen-ls check --write-baseline` removes such
    entries, so that the finding cannot come back unnoticed.
    """,
)


INVALID_CONFIG = _own_rule(
    "playpen/invalid-config",
    Severity.ERROR,
    """Configuration file contains an unknown key, an invalid value or a syntax error.

    The default is used instead of an invalid value; the rest of the file applies. A file that is not
    valid TOML is ignored as a whole.
    """,
)


OWN_RULES = (UNUSED_IGNORE, UNUSED_BASELINE, INVALID_CONFIG)
