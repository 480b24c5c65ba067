"""Edits, and what two texts have in common."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playpen_ls.text.diff import differences
from playpen_ls.text.edit import Edit, equal_end, equal_start, narrowed, runs
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

FEW = st.text(alphabet="ab\r\n", max_size=12)


def test_an_edit_is_moved_with_its_text():
    assert Edit(1, 3, "x").shifted(4) == Edit(5, 7, "x")
    assert Edit(1, 3, "x").span == Span(1, 3)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([], []),
        ([(5, 6), (1, 2)], [[(5, 6), (1, 2)]]),
        ([(5, 6), (1, 5)], [[(5, 6)], [(1, 5)]]),
        ([(5, 6), (1, 4)], [[(5, 6), (1, 4)]]),
        ([(5, 6), (7, 8), (2, 3)], [[(5, 6)], [(7, 8), (2, 3)]]),
        ([(5, 5), (5, 5)], [[(5, 5)], [(5, 5)]]),
    ],
)
def test_a_run_goes_backward_through_the_text(edits: list[tuple[int, int]], expected: list[list[tuple[int, int]]]):
    assert [[(edit.start, edit.end) for edit in run] for run in runs(Edit(*one, "") for one in edits)] == expected


def common(one: str, other: str) -> int:
    """The length of the common start, character by character."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


@given(FEW, FEW)
@example("aaab", "aab")
@example("", "a")
def test_the_common_start_and_end_are_the_longest(one: str, other: str):
    start = common(one, other)
    assert equal_start(one, other) == start
    assert equal_start([*one], [*other]) == start
    end = common(one[::-1], other[::-1])
    for most in range(min(len(one), len(other)) + 1):
        assert equal_end(one, other, most) == min(end, most)
        assert equal_end([*one], [*other], most) == min(end, most)


@given(FEW, FEW)
@example("a\r\nb", "a\nb")
@example("a\rb", "a\r\nb")
@example("\r\n", "\r\r\n")
def test_an_edit_is_narrowed_to_what_differs_and_never_parts_a_line_end(old: str, new: str):
    edit = narrowed(7, old, new)
    assert old[: edit.start - 7] + edit.text + old[edit.end - 7 :] == new
    for text, at in ((old, edit.start - 7), (old, edit.end - 7), (new, edit.start - 7)):
        assert at == 0 or text[at - 1 : at + 1] != "\r\n"
    assert new[edit.start - 7 + len(edit.text) - 1 :][:2] != "\r\n" or not edit.text
    assert equal_start(old, new) - (edit.start - 7) in (0, 1)
    if "\r" not in old + new:
        assert edit.start - 7 == equal_start(old, new)
        assert len(old) - (edit.end - 7) == equal_end(old, new, min(len(old), len(new)) - equal_start(old, new))


def test_differences_are_hunks_of_what_differs():
    before = "a\nsame\nsame\nsame\nb\nsame\nlast"
    after = "A\nsame\nsame\nsame\nbb\nsame\nlast\n"
    assert differences(before, after) == [Edit(0, 1, "A"), Edit(18, 18, "b"), Edit(len(before), len(before), "\n")]
    assert differences(before, before) == []
    assert differences("", "x") == [Edit(0, 0, "x")]
    assert Source("x", before).edited(differences(before, after)).text == after
