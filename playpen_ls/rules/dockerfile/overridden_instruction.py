from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.edits.lines import block
from playpen_ls.languages.dockerfile.model.queries import is_template
from playpen_ls.languages.dockerfile.parts import Cmd, Entrypoint, Healthcheck, Instruction, Stage
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.source import LINE_END

_MEANING = regex(r"playpen|hadolint|check=|syntax=|escape=|tally", re.IGNORECASE)
"""Comments that other programs read."""


@rule(
    severity=Severity.WARNING,
    practice="+",
    tag="unnecessary",
    like={"docker": ["MultipleInstructionsDisallowed"], "hadolint": ["DL3012", "DL4003", "DL4004"]},
    bad=[
        example(
            'FROM debian:12\n«CMD» ["a"]\nCMD ["b"]\n',
            fixed='FROM debian:12\nCMD ["b"]\n',
        ),
        example(
            "FROM debian:12\nCOPY a /a\n# The default.\n«ENTRYPOINT» /a \\\n  -x\n\nENTRYPOINT /b\n",
            fixed="FROM debian:12\nCOPY a /a\n\nENTRYPOINT /b\n",
        ),
        example(
            "FROM debian:12\n«HEALTHCHECK» CMD a\n«HEALTHCHECK» NONE\nHEALTHCHECK CMD b\n",
            fixed="FROM debian:12\nHEALTHCHECK CMD b\n",
        ),
        # A comment that another program reads is left alone.
        "FROM debian:12\n# hadolint ignore=DL3025\n«CMD» a\nCMD b\n",
    ],
    good=[
        "FROM debian:12 AS one\nCMD a\nFROM debian:12\nCMD b\n",
        "FROM debian:12 AS one\nCMD a\nFROM one\nCMD b\n",
        "FROM debian:12\nCMD a\nENTRYPOINT b\n",
        "FROM debian:12\nONBUILD CMD a\nCMD b\n",
        "FROM debian:12\n{{ if .Debug }}\nCMD a\n{{ else }}\nCMD b\n{{ end }}\n",
    ],
)
def overridden_instruction(stage: Stage) -> Iterator[Finding]:
    """`CMD`, `ENTRYPOINT` or `HEALTHCHECK` is overridden by a later one of its stage.

    Only the last one of a stage counts. The fix removes the earlier one with the comments directly above it.
    """
    if stage.file.ask(is_template):
        return
    for kind in (Cmd, Entrypoint, Healthcheck):
        every: Sequence[Instruction] = [one for one in stage.instructions if isinstance(one, kind)]
        for one, following in pairwise(every):
            fixes: tuple[Fix, ...] = ()
            if not _MEANING.search(_lines(one)):
                fixes = (Fix(f"Remove the overridden `{one.keyword}`", partial(_removal, one), safe=True),)
            related = (Place(stage.file.path, following.keyword_span, f"this `{following.keyword}` counts"),)
            message = f"`{one.keyword}` has no effect: a later `{following.keyword}` of the stage overrides it"
            yield Finding(one.keyword_span, message, fixes, None, related)


def _lines(instruction: Instruction) -> str:
    span = block(instruction)
    return instruction.source.text[span.start : span.end]


def _removal(instruction: Instruction) -> list[Edit]:
    """Removes the lines; of blank lines on both sides, those below remain."""
    span, text = block(instruction), instruction.source.text
    line_end = LINE_END.match(text, span.end)
    return [Edit(span.start, line_end.end() if line_end else span.end, "")]
