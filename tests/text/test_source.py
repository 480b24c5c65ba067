from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playpen_ls.text.diff import differences
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import LARGEST, Source, Unreadable, check_readable
from playpen_ls.text.span import Span

TEXTS = st.text(alphabet="ab \t\r\n\f\v\u2028\u0085é😀", max_size=40)


def test_lines_end_where_the_protocol_says_and_nowhere_else():
    source = Source("x", "a\fb\u2028c\r\nd\re\n")
    assert [source.line_text(line) for line in range(4)] == ["a\fb\u2028c", "d", "e", ""]
    assert source.position(source.text.index("e")) == (2, 0)


@given(TEXTS)
def test_positions_and_offsets_are_inverse(text: str):
    source = Source("x", text)
    for offset in range(len(source.text) + 1):
        line, column = source.position(offset)
        assert source.line_starts[line] + column == offset


@given(TEXTS, st.data())
def test_the_lines_after_an_edit_are_those_of_the_new_text(text: str, data: st.DataObject):
    source = Source("x", text)
    assert source.line_starts
    start = data.draw(st.integers(0, len(source.text)))
    end = data.draw(st.integers(start, len(source.text)))
    after = source.edited([Edit(start, end, data.draw(TEXTS))])
    assert after.line_starts == Source("x", after.text).line_starts


def test_a_byte_order_mark_is_no_part_of_the_text_and_is_written_back():
    source = Source.decoded("x", b"\xef\xbb\xbfFROM a\r\n")
    assert source.text == "FROM a\r\n"
    assert source.edited([Edit(5, 6, "b")]).encoded() == b"\xef\xbb\xbfFROM b\r\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a\nb\xff", "not UTF-8: byte 0xff in line 2"),
        (b"a\n\nb\0", "binary file: NUL byte in line 3"),
        (b"x" * (LARGEST + 1), "larger than 2,000,000 bytes"),
    ],
    ids=["encoding", "binary", "large"],
)
def test_what_is_no_text_says_why(content: bytes, reason: str):
    with pytest.raises(Unreadable, match=reason):
        Source.decoded("x", content)


def test_equal_edits_count_once_and_overlapping_ones_are_refused():
    source = Source("x", "abc")
    assert source.edited([Edit(1, 2, "B"), Edit(1, 2, "B")]).text == "aBc"
    with pytest.raises(ValueError, match="overlap"):
        source.edited([Edit(0, 2, ""), Edit(1, 3, "")])


@given(TEXTS, TEXTS)
def test_differences_lead_from_one_text_to_the_other(before: str, after: str):
    source = Source("x", before)
    edits = differences(source.text, after)
    assert source.edited(edits).text == after
    for edit in edits:  # an editor has no position between \r and \n
        assert source.text[edit.start - 1 : edit.start + 1] != "\r\n"
        assert source.text[edit.end - 1 : edit.end + 1] != "\r\n"


def test_lines_and_their_places():
    source = Source("x", "ab\r\n  \tc\rd")
    assert source.line_starts == [0, 4, 9]
    assert [source.line_span(line) for line in range(3)] == [Span(0, 2), Span(4, 8), Span(9, 10)]
    assert [source.line_of(offset) for offset in (0, 3, 4, 8, 9, 10)] == [0, 0, 1, 1, 2, 2]
    assert [source.line_start(offset) for offset in (2, 7, 10)] == [0, 4, 9]
    assert [source.next_line_start(offset) for offset in (0, 4, 9)] == [4, 9, 10]
    assert [source.indentation(offset) for offset in (0, 4, 8)] == ["", "  \t", "  \t"]
    assert source.of(Span(1, 3)) == "b\r"
    assert source.newline == "\r\n"
    assert Source("x", "a").newline == "\n"
    assert Source("x", "a\n\r\n").newline == "\n"
    assert repr(source) == "Source('x', 10 characters)"


def test_a_text_may_be_as_long_as_the_limit():
    assert len(Source.decoded("x", b"x" * LARGEST).text) == LARGEST
    check_readable("x" * LARGEST)
    with pytest.raises(Unreadable, match=r"larger than 2,000,000 characters \(2,000,001\)"):
        check_readable("x" * (LARGEST + 1))


def test_a_second_byte_order_mark_is_text():
    source = Source("x", "\ufeff\ufeffa")
    assert (source.text, source.byte_order_mark) == ("\ufeffa", True)
    assert Source("x", "\ufeffa", byte_order_mark=True).text == "\ufeffa"
    assert Source("x", "a").encoded() == b"a"


def test_edits_at_one_place_follow_each_other():
    assert Source("x", "abc").edited([Edit(1, 1, "-"), Edit(1, 2, "B")]).text == "a-Bc"
    assert Source("x", "abc").edited([]).text == "abc"
