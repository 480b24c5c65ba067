"""Baselines: which findings they accept, where these may be moved to, and how they are written."""

from __future__ import annotations

from collections import Counter

import pytest

from playpen_ls.engine.baseline import Baseline, Entry, InvalidBaseline, Matching, key_of, without_accepted, written
from playpen_ls.engine.masking import Mask
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

ONE, OTHER = Entry("python/a", "app.py", "0011"), Entry("python/b", "app.py", "0022")
TEXT = """\
{"version": 1, "entries": [
{"rule": "python/a", "path": "app.py", "text": "0011", "count": 2},
{"rule": "python/b", "path": "app.py", "text": "0022", "count": 1}
]}
"""


def test_a_baseline_is_written_sorted_one_entry_a_line():
    last = Entry("python/a", "b.py", "0011")
    assert written(Counter({last: 1, OTHER: 1, ONE: 2})) == TEXT.replace(
        "1}\n]}", '1},\n{"rule": "python/a", "path": "b.py", "text": "0011", "count": 1}\n]}'
    )
    assert written(Counter({OTHER: 1, ONE: 2, last: 0})) == TEXT
    assert written(Counter()) == '{"version": 1, "entries": [\n]}\n'
    two = written(Counter({ONE._replace(text="0012"): 1, ONE: 1}))
    assert two.index("0011") < two.index("0012")
    assert "ä.py" in written(Counter({ONE._replace(path="ä.py"): 1}))


def test_what_is_written_is_read_with_the_line_of_each_entry():
    baseline = Baseline.read(TEXT)
    assert baseline.entries == Counter({ONE: 2, OTHER: 1})
    assert baseline.lines == {ONE: 2, OTHER: 3}
    assert baseline.paths == {"app.py"}
    assert Baseline.read(written(Counter())).entries == Counter()


def test_a_baseline_that_was_formatted_otherwise_can_be_read():
    joined = Baseline.read(TEXT.replace("\n", " "))
    assert joined.entries == Counter({ONE: 2, OTHER: 1})
    assert joined.lines == {ONE: 1, OTHER: 1}
    assert Baseline.read(TEXT.replace(', "count": 1', "")).entries == Counter({ONE: 2, OTHER: 1})
    assert Baseline.read(TEXT.replace('{"rule"', '  {"rule"')).lines == {ONE: 2, OTHER: 3}
    twice = Baseline.read(TEXT.replace("python/b", "python/a").replace("0022", "0011"))
    assert twice.entries == Counter({ONE: 3})


SHAPE = '{"rule", "path", "text", "count"}'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON: "),
        ("[" * 100_000, "not JSON: "),
        ("[]", "not a baseline of version 1"),
        (TEXT.replace("1", "2", 1), "not a baseline of version 1"),
        ('{"version": 1}', "`entries` is not a list"),
        ('{"version": 1, "entries": [3]}', "entry 1 is not " + SHAPE),
        (TEXT.replace('"0022"', "22"), "entry 2 is not " + SHAPE),
        (TEXT.replace('"count": 2', '"count": "2"'), "entry 1 is not " + SHAPE),
        (TEXT.replace('"path": "app.py", "text": "0022"', '"text": "0022"'), "entry 2 is not " + SHAPE),
        ('{"version": 1, "entries": [{}]}', "entry 1 is not " + SHAPE),
    ],
)
def test_what_is_no_baseline_says_why(text: str, reason: str):
    with pytest.raises(InvalidBaseline) as raised:
        Baseline.read(text)
    said = str(raised.value)
    assert said.startswith(reason) if reason.endswith(": ") else said == reason


def test_each_entry_accepts_as_many_findings_as_it_counts():
    matching = Matching(Baseline.read(TEXT), lambda path: True)
    assert [matching.takes(ONE) for _ in range(3)] == [True, True, False]
    assert not matching.takes(ONE._replace(rule="python/c"))
    assert not matching.takes(ONE._replace(path="new.py"))
    assert matching.used == Counter({ONE: 2})
    assert list(matching.unused()) == [(OTHER, 1)]


def test_the_entries_of_a_file_that_is_gone_accept_the_same_in_any_file():
    asked = []

    def exists(path: str) -> bool:
        asked.append(path)
        return False

    matching, moved = Matching(Baseline.read(TEXT), exists), ONE._replace(path="new.py")
    assert asked == ["app.py"]  # once for each file
    assert [matching.takes(moved) for _ in range(3)] == [True, True, False]
    assert not matching.takes(moved._replace(text="0033"))
    assert not matching.takes(moved._replace(rule="python/b"))
    assert matching.used == Counter({moved: 2})
    assert list(matching.unused()) == [(OTHER, 1)]


def test_a_file_uses_its_own_entries_before_those_of_a_file_that_is_gone():
    own = ONE._replace(path="own.py")
    matching = Matching(Baseline(Counter({ONE: 1, own: 1})), lambda path: path == "own.py")
    assert matching.takes(own)
    assert list(matching.unused()) == [(ONE, 1)]
    assert matching.takes(own)
    assert not matching.takes(own)
    assert matching.used == Counter({own: 2})


def masked(text: str, *secrets: Span) -> Mask:
    return Mask(Source("app.py", text), secrets)


def test_a_finding_is_known_by_the_lines_that_it_is_on():
    plain = key_of(masked("x = 1\n  y = f(a,\n    b)\nz = 2\n"), Span(8, 18))
    assert len(plain) == 16
    assert int(plain, 16)
    assert plain == key_of(masked("\n\ny  =\tf(a,\n b)"), Span(2, 13))  # elsewhere, and indented otherwise
    assert plain != key_of(masked("x = 1\n  y = f(a,\n    b)\nz = 2\n"), Span(8, 9))
    assert plain != key_of(masked("x = 1\n  y = f(a,\n    c)\nz = 2\n"), Span(8, 18))


def test_the_value_of_a_secret_is_not_part_of_what_a_finding_is_known_by():
    text = "x = 'Zebra-9912'\n"
    assert key_of(masked(text, Span(5, 15)), Span(0, 3)) == key_of(masked("x = 'Y1'\n", Span(5, 7)), Span(0, 3))


def test_findings_that_a_baseline_does_not_accept_are_new():
    mask = masked("x = 1\nx = 1\nx = 1\ny = 1\n")
    key = key_of(mask, Span(0, 1))
    baseline = Baseline(Counter({Entry("python/a", "app.py", key): 2}))
    findings = [("python/a", Span(0, 1)), ("python/b", Span(6, 7)), ("python/a", Span(6, 7)),
                ("python/a", Span(12, 13)), ("python/a", Span(18, 19))]  # fmt: skip
    new = without_accepted(baseline, "app.py", lambda path: True, findings, mask)
    assert new == [False, True, False, True, True]
    assert without_accepted(baseline, "b.py", lambda path: True, findings, mask) == [True] * 5
