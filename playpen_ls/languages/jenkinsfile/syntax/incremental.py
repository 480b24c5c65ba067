"""Incremental lexing: only the lines that an edit touches are lexed again, the other tokens are reused."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

from playpen_ls.languages.jenkinsfile.syntax.lexer import Lexed, Token, budget, relexed
from playpen_ls.languages.model import Problem
from playpen_ls.text.span import Span


class Middle(NamedTuple):
    """The tokens that were lexed again, from token `first` on: `old` ones were replaced with `new` ones."""

    first: int
    old: list[Token]
    new: list[Token]


def changed_range(old: str, new: str) -> tuple[int, int]:
    """(length of the common prefix, length of the common suffix of the rest), in characters."""
    shorter = min(len(old), len(new))
    head = _most(shorter, lambda count: old.startswith(new[:count]))
    tail = _most(shorter - head, lambda count: count == 0 or old.endswith(new[-count:]))
    return head, tail


def _most(limit: int, holds: Callable[[int], bool]) -> int:
    """The largest number up to `limit` for which `holds` is true, by bisection; it is true for all smaller ones."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low


def taken_over(before: Lexed, old: str, new: str) -> tuple[Lexed, Middle] | None:
    """Lex the new text incrementally. None if a full lex is needed.

    Lexing starts at the first affected line and stops at the first line end where the tokens resynchronize.
    """
    head, tail = changed_range(old, new)
    tokens, by = before.tokens, len(new) - len(old)
    first = _first(before, head)
    start = tokens[first - 1][2] if first else 0
    ends = _Ends(tokens, len(old) - tail + 1, by)
    middle, end = relexed(new, start, ends)
    last = ends.index(end) if end >= 0 else len(tokens)
    beyond = end - by if end >= 0 else len(old) + 1
    doubts = _joined(before.doubts, start, middle.doubts, beyond, by)
    if sum(one.end - one.start for one in doubts) > budget(new):
        return None  # a full lex would exceed the budget and give other tokens
    after = Lexed(
        [*tokens[:first], *middle.tokens, *_shifted(tokens[last:], by)],
        {
            **{at: holes for at, holes in before.holes.items() if at < start},
            **middle.holes,
            **{at + by: _moved(holes, by) for at, holes in before.holes.items() if at >= beyond},
        },
        _joined(before.comments, start, middle.comments, beyond, by),
        [
            *(one for one in before.problems if one.span.start < start),
            *middle.problems,
            *(Problem(one.span.shifted(by), one.message) for one in before.problems if one.span.start >= beyond),
        ],
        doubts,
    )
    return after, Middle(first, tokens[first:last], middle.tokens)


def _first(before: Lexed, head: int) -> int:
    """The first token that an edit at `head` can change; it starts a line or the text."""
    tokens = before.tokens
    first = _line(tokens, bisect_left(tokens, head, key=lambda token: token[2]))  # ends at or after the edit
    for doubt in reversed(before.doubts):
        if doubt.end >= head and first > 0 and doubt.start < tokens[first - 1][2]:
            first = _line(tokens, bisect_left(tokens, doubt.start, key=lambda token: token[1]))
    return first


def _line(tokens: Sequence[Token], index: int) -> int:
    """The first token of the line of token `index`."""
    while index > 0 and tokens[index - 1][0] != "\n":
        index -= 1
    return index


class _Ends:
    """The line ends among the old tokens from an offset on, as offsets in the new text."""

    def __init__(self, tokens: Sequence[Token], offset: int, by: int) -> None:
        self._tokens = tokens
        self._by = by
        self._from = bisect_left(tokens, offset, key=lambda token: token[1])

    def index(self, start: int) -> int:
        return bisect_left(self._tokens, start - self._by, lo=self._from, key=lambda token: token[1])

    def __contains__(self, start: object) -> bool:
        assert isinstance(start, int)
        index = self.index(start)
        return index < len(self._tokens) and self._tokens[index][:2] == ("\n", start - self._by)


def _joined(old: Sequence[Span], start: int, middle: Sequence[Span], beyond: int, by: int) -> list[Span]:
    return [
        *(one for one in old if one.start < start),
        *middle,
        *(one.shifted(by) for one in old if one.start >= beyond),
    ]


def _shifted(tokens: list[Token], by: int) -> list[Token]:
    return [(kind, start + by, end + by, text) for kind, start, end, text in tokens] if by else tokens


def _moved(holes: Sequence[Span], by: int) -> tuple[Span, ...]:
    return tuple(hole.shifted(by) for hole in holes)
