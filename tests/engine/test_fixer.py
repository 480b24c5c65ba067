"""Fixes: which are chosen together, that each is verified, and when fixing ends."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import pytest

from playpen_ls.api.finding import Change, Finding, Fix, Refused
from playpen_ls.engine import fixer
from playpen_ls.engine.diagnostic import Diagnostic, text_order
from playpen_ls.engine.fixer import (
    REWRITE,
    CheckedText,
    Fixed,
    change_of,
    fix_all,
    safe_only,
    verified,
    verified_together,
)
from playpen_ls.engine.registry import rules_of
from playpen_ls.languages.registry import parse
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


class Words:
    """A look for tests: every word of a table is a finding, with what to put in its place."""

    def __init__(self, table: dict[str, list[Edit] | str]) -> None:
        self.table = table

    def __call__(self, source: Source, others: dict[str, str]) -> CheckedText:
        diagnostics = []
        for rule, (word, new) in zip(rules_of("python"), self.table.items(), strict=False):
            at = source.text.find(word)
            while at >= 0:
                edits = [Edit(at, at + len(word), new)] if isinstance(new, str) else new
                fix = Fix("x", lambda edits=edits: edits, safe=True)
                diagnostics.append(Diagnostic(rule, Finding(Span(at, at + len(word)), word, (fix,)), rule.severity))
                at = source.text.find(word, at + 1)
        return CheckedText(parse("python", source), sorted(diagnostics, key=text_order))


def fixed(text: str, table: dict[str, list[Edit] | str]):
    return fix_all(Source("x.py", text), Words(table), lambda diagnostic, fix: True, lambda path: None)


def test_fixes_that_overlap_wait_a_round():
    result = fixed("ab = 1\n", {"ab": "c", "b ": "d "})
    assert (result.source.text, result.applied.total(), result.stopped) == ("c = 1\n", 1, "")


def test_equal_edits_count_once():
    shared = [Edit(0, 0, "import os\n")]
    result = fixed("bad = bad2\n", {"bad ": [*shared, Edit(0, 4, "good")], "bad2": [*shared, Edit(6, 10, "fine")]})
    assert result.source.text == "import os\ngood= fine\n"


def test_fixes_that_undo_each_other_stop_with_a_message():
    result = fixed("a = 1\n", {"a = 1": "b = 1", "b = 1": "a = 1"})
    assert result.source.text == "b = 1\n"
    assert result.stopped == f"the fixes of {rules_of('python')[1].id} undo each other"


def test_a_fix_whose_result_does_not_parse_is_left_out_and_the_others_are_made():
    result = fixed("x = 1\ny = 2\n", {"x = 1": "x = (", "y = 2": "y = 3"})
    assert result.source.text == "x = 1\ny = 3\n"


def test_a_fix_that_does_not_mend_its_finding_is_left_out_and_the_others_are_made():
    result = fixed("ab = 1\ny = 2\n", {"ab": "abab", "y = 2": "y = 3"})
    assert (result.source.text, result.applied.total()) == ("ab = 1\ny = 3\n", 1)


def test_a_text_whose_only_fix_does_not_mend_its_finding_is_left_as_it_is():
    result = fixed("ab = 1\n", {"ab": "abab"})
    assert (result.source.text, result.applied.total(), result.stopped) == ("ab = 1\n", 0, "")


def test_one_bad_fix_among_many_does_not_hold_the_others_up():
    result = fixed("y = 2\n" * 70 + "x = 1\n", {"x = 1": "x = (", "y = 2": "y = 3"})
    assert (result.source.text, result.stopped) == ("y = 3\n" * 70 + "x = 1\n", "")


def test_a_fix_whose_own_edits_overlap_is_left_out():
    result = fixed("abc = 1\ny = 2\n", {"abc": [Edit(0, 2, "x"), Edit(1, 3, "z")], "y = 2": "y = 3"})
    assert result.source.text == "abc = 1\ny = 3\n"


def test_of_many_chosen_edits_those_near_another_are_found():
    rng = random.Random(5)
    for _ in range(2000):
        places = sorted(rng.choices(range(12), k=rng.randrange(9) * 2))
        taken = sorted({Edit(start, end, "") for start, end in zip(places[::2], places[1::2], strict=True)})
        start = rng.randrange(12)
        edit = Edit(start, start + rng.randrange(4), "")
        near = [other for other in taken if other.start <= edit.end and edit.start <= other.end]
        assert sorted(fixer._near(edit, taken)) == near


def test_a_fix_that_raises_is_refused_and_logged_without_its_words(caplog: pytest.LogCaptureFixture):
    def failing() -> list[Edit]:
        raise KeyError("hunter2-the-secret")

    with pytest.raises(Refused, match="computing the fix failed"):
        change_of(Fix("x", failing), "x.py")
    (record,) = caplog.records
    assert record.getMessage().startswith("a fix failed: KeyError at ")
    assert "hunter2" not in caplog.text


# What is chosen together


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Edit(0, 2, "x"), Edit(2, 4, "y"), True),
        (Edit(0, 2, "x"), Edit(1, 4, "y"), False),
        (Edit(0, 2, "x"), Edit(0, 2, "y"), False),
        (Edit(2, 2, "x"), Edit(2, 2, "y"), False),
        (Edit(2, 2, "x"), Edit(0, 2, "y"), False),
        (Edit(2, 2, "x"), Edit(2, 4, "y"), False),
        (Edit(2, 2, "x"), Edit(3, 4, "y"), True),
        (Edit(3, 3, "x"), Edit(0, 2, "y"), True),
        (Edit(2, 2, "x"), Edit(2, 2, "x"), True),
    ],
)
def test_edits_that_touch_where_one_inserts_wait_a_round(one: Edit, other: Edit, both: bool):
    def look(source: Source, others: Mapping[str, str]) -> CheckedText:
        rules = rules_of("python")
        diagnostics = [] if source.text != "abcd = 1\n" else [
            Diagnostic(rule, Finding(Span(at, at + 1), "x", (Fix("x", lambda edit=edit: [edit]),)), rule.severity)
            for at, (rule, edit) in enumerate(zip(rules, (one, other), strict=False))
        ]  # fmt: skip
        return CheckedText(parse("python", source), diagnostics)

    result = fix_all(Source("x.py", "abcd = 1\n"), look, lambda diagnostic, fix: True, lambda path: None)
    assert result.applied.total() == (2 if both else 1)
    assert result.source.text == Source("x.py", "abcd = 1\n").edited([one, other] if both else [one]).text


# Other files


def across(changes: Mapping[str, Change], texts: Mapping[str, str] | None = None) -> Fixed:
    """Fixes of `x.py`, in which each word of a table is a finding that another file is changed for."""

    def look(source: Source, others: Mapping[str, str]) -> CheckedText:
        diagnostics = [
            Diagnostic(
                rule, Finding(Span(at, at + len(word)), word, (Fix("x", lambda change=change: change),)), rule.severity
            )
            for rule, (word, change) in zip(rules_of("python"), changes.items(), strict=False)
            if (at := source.text.find(word)) >= 0
        ]
        return CheckedText(parse("python", source), sorted(diagnostics, key=text_order))

    text_of = dict(texts or {}).get
    return fix_all(Source("x.py", "".join(f"{word} = 1\n" for word in changes)), look, lambda *_: True, text_of)


def without(text: str, word: str) -> tuple[Edit, ...]:
    at = text.index(word)
    return (Edit(at, at + len(word), "done"),)


def test_a_file_that_two_fixes_change_is_changed_by_one_after_the_other():
    text = "abc = 1\nxyz = 1\n"
    changes = {
        "abc": Change({"x.py": without(text, "abc"), "y.txt": (Edit(0, 0, "1"),)}),
        "xyz": Change({"x.py": (Edit(9, 12, "done"),), "y.txt": (Edit(1, 1, "2"),)}),
    }
    result = across(changes, {"y.txt": "-"})
    assert result.source.text == "done = 1\ndone = 1\n"
    assert result.others == {"y.txt": "12-"}


def test_a_fix_that_makes_a_file_that_exists_is_left_out_and_the_others_are_made():
    text = "abc = 1\nxyz = 1\n"
    changes = {
        "abc": Change({"x.py": without(text, "abc")}, {"y.txt": "new"}),
        "xyz": Change({"x.py": without(text, "xyz")}, {"z.txt": "new"}),
    }
    result = across(changes, {"y.txt": "old"})
    assert result.source.text == "abc = 1\ndone = 1\n"
    assert result.others == {"z.txt": "new"}
    assert result.applied.total() == 1


def test_a_fix_of_a_file_that_cannot_be_read_is_left_out():
    result = across({"abc": Change({"x.py": without("abc", "abc"), "y.txt": (Edit(0, 0, "1"),)})})
    assert (result.source.text, result.others) == ("abc = 1\n", {})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (Change({}, {"y.txt": "new"}), "`y.txt` already exists"),
        (Change({"z.txt": (Edit(0, 0, "1"),)}), "`z.txt` cannot be read"),
    ],
)
def test_why_another_file_is_not_changed(change: Change, reason: str):
    look = Words({"abc": []})
    before = look(Source("x.py", "abc = 1\n"), {})
    with pytest.raises(Refused) as refused:
        verified(before, before.diagnostics[0], Fix("x", lambda: change), look, {"y.txt": "old"}.get)
    assert str(refused.value) == reason


# When fixing ends


def test_fixes_that_never_end_are_stopped():
    def look(source: Source, others: Mapping[str, str]) -> CheckedText:
        rule = rules_of("python")[0]
        count = max(0, 100 - len(source.text))
        fix = Fix("x", lambda: [Edit(0, 0, "#")])
        found = [Diagnostic(rule, Finding(Span(0, 0), str(number), (fix,)), rule.severity) for number in range(count)]
        return CheckedText(parse("python", source), found)

    result = fix_all(Source("x.py", "x = 1\n"), look, lambda *_: True, lambda path: None)
    assert result.stopped == "stopped after 50 rounds of fixes"
    assert result.source.text == "#" * 50 + "x = 1\n"


def test_fix_all_takes_safe_quick_fixes():
    rule = rules_of("python")[0]
    diagnostic = Diagnostic(rule, Finding(Span(0, 1), "x"), rule.severity)
    assert safe_only(diagnostic, Fix("x", list, safe=True))
    assert not safe_only(diagnostic, Fix("x", list))
    assert not safe_only(diagnostic, Fix("x", list, safe=True, kind=REWRITE))


# One fix


def one_fix(text: str, new: str, edits: Callable[[], list[Edit]] | None = None) -> str:
    """The text after a fix of the first word, which is found as long as it is there; or why it is refused."""
    word = text.split()[0]
    look = Words({word: new})
    before = look(Source("x.py", text), {})
    diagnostic = before.diagnostics[0]
    fix = Fix("x", edits) if edits is not None else diagnostic.finding.fixes[0]
    try:
        change = verified(before, diagnostic, fix, look, lambda path: None)
    except Refused as error:
        return f"refused: {error}"
    return Source("x.py", text).edited(change.edits["x.py"]).text


def test_a_fix_is_verified():
    assert one_fix("ab = 1\n", "c") == "c = 1\n"
    assert one_fix("ab = 1\n", "(") == "refused: the result would not parse"
    assert one_fix("ab = 1\n", "ab.x") == "refused: it would not fix the finding"
    assert one_fix("ab = 1\n", "", list) == "refused: it would not change anything"
    overlapping = [Edit(0, 2, "x"), Edit(1, 3, "y")]
    assert one_fix("ab = 1\n", "", lambda: overlapping) == "refused: its edits overlap"


def tried_together(text: str, table: dict[str, list[Edit] | str]) -> tuple[list[object], int]:
    """The outcome of each fix, which must be the same as that of the fix alone, and the number of checks."""
    words, checks = Words(table), 0

    def look(source: Source, others: Mapping[str, str]) -> CheckedText:
        nonlocal checks
        checks += 1
        return words(source, {})

    before = words(Source("x.py", text), {})
    pairs = [(diagnostic, fix) for diagnostic in before.diagnostics for fix in diagnostic.finding.fixes]
    together = verified_together(before, pairs, lambda rules: look, lambda path: None)
    made, number = [one if isinstance(one, Change) else str(one) for one in together], checks
    alone: list[object] = []
    for diagnostic, fix in pairs:
        try:
            alone.append(verified(before, diagnostic, fix, look, lambda path: None))
        except Refused as refused:
            alone.append(str(refused))
    assert made == alone
    return made, number


def test_fixes_that_do_not_touch_are_verified_by_one_check():
    made, checks = tried_together("a = b = c = d\n" * 9, {"a": "x", "b": "y", "c": "z"})
    assert (len(made), checks) == (27, 1)
    assert all(isinstance(one, Change) for one in made)


def test_fixes_that_stand_side_by_side_are_verified_by_one_check():
    made, checks = tried_together("a = b = c\n", {"b": "x", "c": [Edit(5, 6, "  "), Edit(8, 9, "y")]})
    assert (len(made), checks) == (2, 1)


@pytest.mark.parametrize(
    "table",
    [
        {"a": "x", "b": "b", "c": "z"},
        {"a": "x", "b": "(", "c": "z"},
        {"a": "x", "b": "b", "c": "("},
        {"a": [Edit(0, 3, "x"), Edit(1, 4, "y")], "b": "y"},
        {"a = b": "x", "b = c": "y", "c": "z"},
        {"a": [Edit(0, 0, "import os\n"), Edit(0, 1, "x")], "b": [Edit(0, 0, "import os\n"), Edit(4, 5, "y")]},
        {"a": [Edit(0, 0, "import os\n"), Edit(0, 1, "x")], "b": [Edit(0, 0, "import re\n"), Edit(4, 5, "y")]},
        {"a": [Edit(0, 0, "if 1:\n    1\n"), Edit(0, 1, "x")], "b": [Edit(0, 0, "if 1:\n    2\n"), Edit(4, 5, "y")]},
        {"a": [], "b": "y"},
    ],
)
def test_fixes_that_fail_or_overlap_are_refused_as_each_alone(table: dict[str, list[Edit] | str]):
    made, _ = tried_together("a = b = c\n", table)
    assert any(isinstance(one, Change) for one in made)


def test_one_bad_fix_among_many_costs_few_checks():
    _, checks = tried_together("a = b = c = d\n" * 9, {"a": "x", "b": "b", "c": "z"})
    assert checks <= 2 + 2 * 9


def test_a_fix_that_changes_another_file_is_tried_alone():
    checked: list[tuple[str, dict[str, str]]] = []

    def look(source: Source, others: Mapping[str, str]) -> CheckedText:
        checked.append((source.text, dict(others)))
        return CheckedText(parse("python", source), [])

    elsewhere = Fix("x", lambda: Change({"x.py": (Edit(4, 5, "2"),)}, {"new.py": "pass"}), safe=True)
    here = [Fix("y", lambda at=at: [Edit(at, at + 1, "b")], safe=True) for at in (0, 6)]
    rule, source = rules_of("python")[0], Source("x.py", "a = 1\na\n")
    found = [
        Diagnostic(rule, Finding(Span(at, at + 1), "a", (fix,)), rule.severity)
        for at, fix in ((0, here[0]), (4, elsewhere), (6, here[1]))
    ]
    before = CheckedText(parse("python", source), found)
    pairs = [(one, one.finding.fixes[0]) for one in found]
    made = verified_together(before, pairs, lambda rules: look, lambda path: None)
    assert all(isinstance(one, Change) for one in made)
    assert checked == [("b = 1\nb\n", {}), ("a = 2\na\n", {"new.py": "pass"})]


@pytest.mark.parametrize(
    ("names", "trials"),
    [
        (("a", "b"), [{"a": "1", "b": "1"}]),
        (("a", "a"), [{"a": "1"}, {"a": "1"}]),
        (("a", "there"), [{"a": "1"}]),
    ],
)
def test_fixes_that_only_create_files_are_tried_together(names: tuple[str, ...], trials: list[dict[str, str]]):
    checked: list[dict[str, str]] = []

    def look(source: Source, others: Mapping[str, str]) -> CheckedText:
        checked.append(dict(others))
        return CheckedText(parse("python", source), [])

    rule, source = rules_of("python")[0], Source("x.py", "a = 1\n")
    fixes = [Fix("x", lambda name=name: Change({}, {name: "1"})) for name in names]
    found = [Diagnostic(rule, Finding(Span(0, 1), "a", (fix,)), rule.severity) for fix in fixes]
    pairs = [(one, one.finding.fixes[0]) for one in found]
    before = CheckedText(parse("python", source), found)
    made = verified_together(before, pairs, lambda rules: look, lambda path: "" if path == "there" else None)
    assert [isinstance(one, Change) for one in made] == [name != "there" for name in names]
    assert checked == trials


@pytest.mark.parametrize(("second", "checks"), [("if 1:\n    2\n", 2), ("if 2:\n    2\n", 1)])
def test_insertions_of_one_key_at_one_place_are_tried_apart(second: str, checks: int):
    table: dict[str, list[Edit] | str] = {
        "a": [Edit(0, 0, "if 1:\n    1\n"), Edit(2, 3, "x")],
        "b": [Edit(0, 0, second), Edit(6, 7, "y")],
    }
    made, number = tried_together("0\na = b = c\n", table)
    assert all(isinstance(one, Change) for one in made)
    assert number == checks


def test_a_change_that_only_makes_a_file_is_one():
    assert change_of(Fix("x", lambda: Change({}, {"y": ""})), "x.py") == Change({}, {"y": ""})
    with pytest.raises(Refused, match="would not change anything"):
        change_of(Fix("x", lambda: Change({"x.py": ()})), "x.py")
