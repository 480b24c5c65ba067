"""A text inside a text, ranges, and the words of a text."""

from __future__ import annotations

import pytest

from playpen_ls.text.fragment import Fragment
from playpen_ls.text.span import DisjointSpans, Span, Spans
from playpen_ls.text.words import Words, mentions

# The host writes `it's` as 'it\'s'.
ESCAPED = Fragment("it's", (1, 2, 3, 5), (2, 3, 5, 6), holes=(Span(2, 3),))


def test_a_fragment_knows_where_its_text_stands():
    assert ESCAPED.span(0, 4) == Span(1, 6)
    assert ESCAPED.span(2, 3) == Span(3, 5)
    assert ESCAPED.span(2, 2) == Span(3, 3)
    assert ESCAPED.span(4, 4) == Span(6, 6)
    assert Fragment("", (), ()).span(0, 0) == Span(0, 0)


@pytest.mark.parametrize(
    ("start", "end", "holds"), [(0, 2, False), (0, 3, True), (2, 3, True), (1, 4, True), (3, 4, False), (0, 1, False)]
)
def test_a_fragment_knows_what_is_unknown_in_it(start: int, end: int, holds: bool):
    assert ESCAPED.holds_hole(start, end) is holds


def test_a_fragment_may_be_the_text_of_its_host():
    fragment = Fragment.verbatim("RUN make all", Span(4, 12))
    assert fragment.text == "make all"
    assert fragment.span(0, 4) == Span(4, 8)
    assert fragment.span(5, 8) == Span(9, 12)
    assert fragment.span(8, 8) == Span(12, 12)
    assert fragment.encode("a'b") == "a'b"
    assert not fragment.holds_hole(0, 8)


def test_a_range_is_half_open():
    span = Span(2, 4)
    assert [offset for offset in range(6) if span.contains(offset)] == [2, 3]
    assert span.shifted(3) == Span(5, 7)
    touching = [start for start in range(8) if span.touches(Span(start, start + 1))]
    assert touching == [1, 2, 3, 4]
    assert span.touches(Span(4, 4))
    assert not span.touches(Span(5, 5))


@pytest.mark.parametrize("spans", [[], [(2, 4)], [(6, 8), (2, 4)], [(2, 4), (4, 5)], [(0, 9), (2, 3)], [(3, 3)]])
def test_ranges_are_touched_as_each_of_them_is(spans: list[tuple[int, int]]):
    ranges = [Span(*one) for one in spans]
    merged = Spans(ranges)
    assert bool(merged) is bool(ranges)
    for start in range(11):
        for end in range(start, 11):
            assert merged.touch(start, end) is any(one.touches(Span(start, end)) for one in ranges)


def test_a_range_is_added_unless_it_shares_a_character_with_another():
    spans = DisjointSpans()
    assert spans.add(Span(2, 4))
    assert spans.add(Span(8, 9))
    assert not any(spans.add(Span(*one)) for one in ((2, 4), (0, 3), (3, 5), (0, 9), (7, 10), (8, 9)))
    assert all(spans.add(Span(*one)) for one in ((4, 8), (0, 2), (9, 10)))
    assert not any(spans.add(Span(start, start + 1)) for start in range(10))


def test_words_are_runs_of_letters_digits_and_underscores():
    words = Words("os.getenv('DB_HOST_1') # né\U0001f600t")
    assert words.all == {"os", "getenv", "DB_HOST_1", "né\U0001f600t"}
    assert Words("a\x00b\x7fc").all == {"a", "b", "c"}
    assert words.has("getenv('DB")
    assert not words.has("GETENV")
    assert words.has_any(frozenset(("x", "os")))
    assert not words.has_any(frozenset(("DB_HOST",)))
    assert Words("lone \ud83d").has("lone")


def test_a_condition_on_words_is_asked_once():
    asked = []

    def condition(words: Words) -> bool:
        asked.append(words)
        return words.has("x")

    words = Words("x")
    assert [words.allow(condition), words.allow(condition)] == [True, True]
    assert len(asked) == 1
    assert not Words("y").allow(condition)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("text", "name", "mentioned"),
    [
        ("os", "os", True),
        ("host", "os", False),
        ("host os", "os", True),
        ("osx", "os", False),
        ("_os", "os", False),
        ("os_", "os", False),
        ("host.os()", "os", True),
        ("ös", "s", False),
        ("-os-", "os", True),
        ("os1 1os", "os", False),
        ("", "os", False),
        ("aaa aa", "aa", True),
    ],
)
def test_a_name_is_mentioned_as_a_word(text: str, name: str, mentioned: bool):
    assert mentions(text, name) is mentioned
