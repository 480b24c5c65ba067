"""Incremental cutting gives the boundaries that cutting anew gives, whatever is edited."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playpen_ls.languages.cutting import Boundary, Following, joined, recut
from playpen_ls.languages.dockerfile.syntax.stage_text import START, Cutter
from playpen_ls.text.edit import Edit

LINE = re.compile(r"[^\n]*\n?")


def following(text: str, at: Boundary) -> Boundary | None:
    """A toy: a chunk begins at a line with `[`, but not inside quotes; a line with `!` sets the state.

    Quotes that nothing closes end at the next line with `[`.
    """
    offset, state, seen = at
    while offset < len(text):
        line = LINE.match(text, offset)[0]
        end = offset + len(line)
        seen = max(seen, end if line.endswith("\n") else end + 1)
        if line.startswith("[") and offset > at.offset:
            return Boundary(offset, state, seen)
        if line.startswith("!"):
            state = line.strip()
        if line.startswith('"'):
            close = text.find('"', offset + 1)
            if close < 0:
                seen = len(text) + 1
            else:
                end = text.find("\n", close) + 1 or len(text)
                seen = max(seen, end if text[end - 1] == "\n" else end + 1)
        offset = end
    return None


def dockerfile(text: str, at: Boundary) -> Boundary | None:
    return Cutter(text).following(text, at)


TOY = ["[a]\n", "[", '"', '"\n', "!x\n", "!y\n", "word\n", "\n", "x"]
DOCKERFILE = ["FROM a\n", "from a\n", "FROM ", "RUN a \\\n", "RUN <<EOF\n", "EOF\n", "<<E ", "E\n", "\\", "`\n", "# escape=`\n",
              "# syntax=x\n", "# c\n", "  FROM b\n", "FR\\\nOM a\n", "'", "\r\n", "\n", "  ", "COPY a b\n", "ONBUILD RUN <<E\n"]  # fmt: skip
LANGUAGES = {"toy": (TOY, following, Boundary(0, "", 0)), "dockerfile": (DOCKERFILE, dockerfile, START)}


def cut(text: str, following: Following, start: Boundary) -> list[Boundary]:
    found, at = [start], following(text, start)
    while at is not None:
        found.append(at)
        at = following(text, at)
    return found


def told(boundaries: list[Boundary]) -> list[tuple[object, ...]]:
    """Without how far was looked: an incremental cut may only be more careful."""
    return [one[:2] for one in boundaries]


@pytest.mark.parametrize("language", LANGUAGES)
@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_it_is_what_cutting_anew_gives(language: str, data: st.DataObject):
    pieces, following, start = LANGUAGES[language]
    words = st.lists(st.sampled_from(pieces), max_size=12).map("".join)
    text = data.draw(words)
    boundaries = cut(text, following, start)
    for _ in range(data.draw(st.integers(1, 6))):
        first = data.draw(st.integers(0, len(text)))
        edit = Edit(first, data.draw(st.integers(first, min(len(text), first + 12))), data.draw(words))
        text = text[: edit.start] + edit.text + text[edit.end :]
        boundaries = joined(edit, boundaries, *recut(text, edit, boundaries, following))
        assert told(boundaries) == told(cut(text, following, start)), (text, edit)


def test_only_the_chunks_around_an_edit_are_cut_again():
    text = "[a]\nword\n" * 100
    boundaries = cut(text, following, Boundary(0, "", 0))
    at = text.index("word", 450)
    edit = Edit(at, at, "x")
    asked = []

    def counting(text: str, at: Boundary) -> Boundary | None:
        asked.append(at.offset)
        return following(text, at)

    edited = text[:at] + "x" + text[at:]
    keep, new, resume, _ = recut(edited, edit, boundaries, counting)
    assert new == []
    assert keep == resume == 51
    assert asked == [450]
