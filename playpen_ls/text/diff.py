"""The differences between two texts as edits."""

from __future__ import annotations

import difflib
import re

from playpen_ls.text.edit import Edit, narrowed


def differences(before: str, after: str) -> list[Edit]:
    """Minimal edits from one text to the other: a line diff, with each hunk narrowed to the characters that differ."""
    if before == after:
        return []
    old, new = (re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text) for text in (before, after))
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    edits = []
    # Lines that repeat, such as blank ones, are matched only beside others: else it takes quadratic time.
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new).get_opcodes():
        if tag != "equal":
            edits.append(narrowed(starts[i1], "".join(old[i1:i2]), "".join(new[j1:j2])))
    return edits
