"""Numbers of findings in words."""

from __future__ import annotations

from collections import Counter

import pytest

from playpen_ls.api.finding import Severity
from playpen_ls.engine.summary import counted, findings_in


@pytest.mark.parametrize(
    ("number", "word", "said"),
    [
        (0, "file", "0 files"),
        (1, "file", "1 file"),
        (2, "file", "2 files"),
        (1, "information", "1 information"),
        (3, "information", "3 information"),
    ],
)
def test_a_number_has_its_word(number: int, word: str, said: str):
    assert counted(number, word) == said


def test_the_severities_are_named_from_the_worst():
    counts = Counter({Severity.HINT: 2, Severity.ERROR: 1, Severity.WARNING: 1})
    assert findings_in(counts, 2, "9 files") == "4 findings (1 error, 1 warning, 2 hints) in 2 of 9 files"
    assert findings_in(Counter(), 0, "9 files") == "no findings in 9 files"
