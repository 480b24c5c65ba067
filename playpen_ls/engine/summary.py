"""How many findings there are, in the words of the command line and of editors."""

from __future__ import annotations

from collections import Counter

from playpen_ls.api.finding import Severity


def counted(number: int, word: str) -> str:
    """The number and the word, in the plural where it needs one: `2 files`."""
    return f"{number} {word}" if number == 1 or word == "information" else f"{number} {word}s"


def findings_in(counts: Counter[Severity], files: int, checked: str) -> str:
    """`3 findings (1 error, 2 hints) in 2 of 9 files`; `checked` says how many files were."""
    if not counts.total():
        return f"no findings in {checked}"
    by_severity = ", ".join(counted(counts[severity], severity.label) for severity in sorted(counts, reverse=True))
    return f"{counted(counts.total(), 'finding')} ({by_severity}) in {files} of {checked}"
