from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playpen_ls.text.diff import differences
from playpen_ls.text.edit import Edit
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.source import LARGEST, Source, Unreadable
from playpen_ls.text.span import Span, Spans

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


def test_a_fragment_knows_where_its_text_stands():
    # The host writes `it's` as 'it\'s'.
    fragment = Fragment("it's", (1, 2, 3, 5), (2, 3, 5, 6))
    assert fragment.span(0, 4) == Span(1, 6)
    assert fragment.span(2, 3) == Span(3, 5)
    assert fragment.span(4, 4) == Span(6, 6)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5))), st.integers(0, 30), st.integers(0, 5))
def test_merged_ranges_touch_what_one_of_them_touches(ranges: list[tuple[int, int]], start: int, length: int):
    spans = [Span(at, at + size) for at, size in ranges]
    touched = any(span.touches(Span(start, start + length)) for span in spans)
    assert Spans(spans).touch(start, start + length) == touched
