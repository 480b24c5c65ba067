"""Cutting a text again around an edit gives what cutting all of it gives."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from playpen_ls.languages.cutting import Boundary, joined, recut
from playpen_ls.text.edit import Edit

STOP = re.compile(r"[\n\"{}]")
START = Boundary(0, 0, 0)


def following(text: str, at: Boundary) -> Boundary | None:
    """A toy language: chunks are lines, but not inside of strings; the state is how many braces are open.

    A string that is not closed ends with its line.
    """
    place, seen, depth = at.offset, at.seen, at.state
    assert isinstance(depth, int)
    while match := STOP.search(text, place):
        place = match.end()
        if match[0] == "{":
            depth += 1
        elif match[0] == "}":
            depth = max(depth - 1, 0)
        elif match[0] == '"':
            close = text.find('"', place)
            seen = max(seen, close + 1 if close >= 0 else len(text) + 1)
            place = close + 1 if close >= 0 else place
        else:
            return Boundary(place, depth, max(seen, place))
    return None


def cut(text: str, edit: Edit | None = None, old: Sequence[Boundary] = (START,)) -> list[Boundary]:
    edit = edit or Edit(0, 0, "")
    return joined(edit, old, *recut(text, edit, old, following))


def edited(text: str, edit: Edit) -> str:
    return text[: edit.start] + edit.text + text[edit.end :]


PIECES = st.lists(st.sampled_from(["a", "\n", "\n", '"', "{", "}", "b\n", '"c\nd"\n']), max_size=8).map("".join)


@given(PIECES, st.lists(st.tuples(st.integers(0), st.integers(0, 6), PIECES), min_size=1, max_size=6))
@settings(max_examples=1_000)
def test_after_any_edits_the_boundaries_are_those_of_a_text_cut_anew(text: str, edits: list[tuple[int, int, str]]):
    boundaries = cut(text)
    for place, length, inserted in edits:
        start = place % (len(text) + 1)
        edit = Edit(start, min(start + length, len(text)), inserted)
        text = edited(text, edit)
        boundaries = cut(text, edit, boundaries)
        fresh = cut(text)
        assert [one[:2] for one in boundaries] == [one[:2] for one in fresh]
        assert all(one.seen >= other.seen for one, other in zip(boundaries, fresh, strict=True))


def test_only_what_an_edit_can_have_changed_is_cut_again():
    text = "".join(f"line {number}\n" for number in range(100))
    old, asked = cut(text), list[int]()

    def counting(text: str, at: Boundary) -> Boundary | None:
        asked.append(at.offset)
        return following(text, at)

    at = text.index("50")
    keep, new, resume, _ = recut(edited(text, Edit(at, at, "x")), Edit(at, at, "x"), old, counting)
    assert asked == [text.index("line 50")]
    assert (keep, new, resume) == (51, [], 51)


def test_a_string_that_is_not_closed_is_cut_again_when_its_end_is_typed():
    text = 'a "b\nc\nd\n'
    edit = Edit(len(text), len(text), '"\n')
    assert [one.offset for one in cut(text)] == [0, 5, 7, 9]
    assert [one.offset for one in cut(edited(text, edit), edit, cut(text))] == [0, 11]
