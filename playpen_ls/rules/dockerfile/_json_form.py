"""Arguments that are meant to be in JSON form, but are not valid JSON."""

from __future__ import annotations

import re

from playpen_ls.languages.dockerfile.parts import Instruction, ShellForm, Transfer, Volume
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_QUOTE = "[\"'“”‘]"
_QUOTED = regex(rf"\[{_QUOTE}")
# After a space, a shell test can begin: `[ "$X" = y ]`, but no operand is followed by a comma, a quote or the end.
_SPACED = regex(r"\[\s+(?:\"[^\"]*\"|'[^']*')\s*(?:[,\"']|\]?\s*$)")
_BARE = regex(r"\[[\w./-]+(?:\s*,.*\]?|\])\s*", re.DOTALL)
_LIST = regex(r"\[[\w./-]+\s*,[^\[\]]*\]\s*")  # neither a shell test nor a pattern of files and a destination


def malformed_json(instruction: Instruction) -> Span | None:
    """The range of arguments that are meant to be JSON and are not valid; None for other arguments."""
    if isinstance(instruction, ShellForm):
        text, is_json = instruction.shell_text, instruction.vector is not None
        start = len(instruction.logical.rstrip()) - len(text.rstrip())
    elif isinstance(instruction, (Transfer, Volume)):
        text, is_json, start = instruction.arguments, instruction.json is not None, instruction.arguments_at
    else:
        return None
    if is_json or not text.startswith("["):
        return None
    is_meant = bool(_QUOTED.match(text) or _SPACED.match(text))
    bare = _BARE if isinstance(instruction, ShellForm) and instruction.name != "RUN" else _LIST
    is_meant = is_meant or bool(bare.fullmatch(text))
    if isinstance(instruction, Volume):
        is_meant = text.rstrip().endswith("]")
    return instruction.place(start, start + len(text.rstrip())) if is_meant else None
