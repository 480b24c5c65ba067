"""Incremental outline: after an edit inside a block only the content of that block is outlined again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import count

from playpen_ls.languages.jenkinsfile.syntax.incremental import Middle
from playpen_ls.languages.jenkinsfile.syntax.lexer import Token
from playpen_ls.languages.jenkinsfile.syntax.outline import Outline, outline
from playpen_ls.text.source import Source


def spliced(before: Outline, source: Source, tokens: list[Token], middle: Middle) -> Outline | None:
    """The outline of `tokens`, updated from one `before` that has no problems. None if a full one is needed.

    The outline of the content of matching braces does not depend on the code around them.
    """
    by = len(middle.new) - len(middle.old)
    block = _block_around(before, middle.first, middle.first + len(middle.old))
    begin, end = before.open[block] + 1, before.close[block]
    if 2 * (end - begin) > len(before.partner):
        return None  # outlining the whole file costs about the same
    inner = outline(source, tokens[begin : end + by])
    return None if inner.problems else _joined(before, block, inner, by)


def _block_around(before: Outline, first: int, last: int) -> int:
    """The innermost block that contains these tokens between its braces; 0, the file, if there is none."""
    block = bisect_right(before.open, first - 1) - 1
    while block > 0 and before.close[block] < last:
        owner = before.owner[block]
        block = before.home[owner] if owner >= 0 else 0
    return block


def _joined(before: Outline, block: int, inner: Outline, by: int) -> Outline:
    """`before` with the content of `block` replaced by `inner`, and all later numbers shifted.

    Tokens shift by `by` from `end` on, statements by `s_by` from `s_end` on, blocks by `b_by` from `b_end` on.
    """
    begin, end = before.open[block] + 1, before.close[block]
    s, s_end = bisect_left(before.first, begin), bisect_left(before.first, end)
    b, b_end = bisect_left(before.open, begin), bisect_left(before.open, end)
    s_by, b_by = len(inner.first) - (s_end - s), len(inner.open) - 1 - (b_end - b)

    def blocks(numbers: list[int]) -> list[int]:
        """Block numbers of `inner` as numbers of the result; block 0 of `inner` is `block` itself."""
        return [b - 1 + number if number else block for number in numbers]

    made = Outline(0)
    made.partner = [
        *(one + by if one >= end else one for one in before.partner[:begin]),
        *(one + begin if one >= 0 else one for one in inner.partner),
        *(one + by if one >= end else one for one in before.partner[end:]),
    ]
    made.first = [*before.first[:s], *(one + begin for one in inner.first), *(one + by for one in before.first[s_end:])]
    made.last = [
        *(one + by if one > end else one for one in before.last[:s]),
        *(one + begin for one in inner.last),
        *(one + by for one in before.last[s_end:]),
    ]
    made.home = [
        *before.home[:s],
        *blocks(inner.home),
        *(one + b_by if one >= b_end else one for one in before.home[s_end:]),
    ]
    made.open = [*before.open[:b], *(one + begin for one in inner.open[1:]), *(one + by for one in before.open[b_end:])]
    made.close = [
        *(one + by if one >= end else one for one in before.close[:b]),
        *(one + begin for one in inner.close[1:]),
        *(one + by for one in before.close[b_end:]),
    ]
    made.owner = [
        *before.owner[:b],
        *(one + s if one >= 0 else before.owner[block] for one in inner.owner[1:]),
        *(one + s_by if one >= s_end else one for one in before.owner[b_end:]),
    ]
    children = [[one + s for one in numbers] for numbers in inner.children]
    made.children = [
        *(_moved(numbers, s_end, s_by) for numbers in before.children[:b]),
        *children[1:],
        *(_moved(numbers, s_end, s_by) for numbers in before.children[b_end:]),
    ]
    made.children[block] = children[0]
    made.parameters = {
        *(one if one < b else one + b_by for one in before.parameters if one != block and not b <= one < b_end),
        *blocks(list(inner.parameters)),
    }
    made.block_at = dict(zip(made.open[1:], count(1)))
    return made


def _moved(numbers: list[int], end: int, by: int) -> list[int]:
    """Ascending numbers, those from `end` on shifted by `by`."""
    if not by or not numbers or numbers[-1] < end:
        return numbers
    return [one + by if one >= end else one for one in numbers]
