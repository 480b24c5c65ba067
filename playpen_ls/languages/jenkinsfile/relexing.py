"""Tokens after an edit: those of the lines that it touches are read again, the others are taken over."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from playpen_ls.languages.base import Problem
from playpen_ls.languages.jenkinsfile.lexer import Lexed, Token, relexed
from playpen_ls.source import Span

Middle = tuple[list[Token], list[Token]]
"""The tokens that were read again: as they were, and as they are."""


def changed_range(old: str, new: str) -> tuple[int, int]:
    """How many characters the texts begin with in common, and how many of the rest they end with."""
    shorter = min(len(old), len(new))
    head = _most(shorter, lambda count: old.startswith(new[:count]))
    tail = _most(shorter - head, lambda count: count == 0 or old.endswith(new[-count:]))
    return head, tail


def _most(limit: int, holds: Callable[[int], bool]) -> int:
    """The largest number up to `limit` of which it holds; it holds of all smaller ones."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low


def taken_over(before: Lexed, old: str, new: str) -> tuple[Lexed, Middle] | None:
    """The tokens of the new text, where those of the old one help; else None."""
    if before.doubts:
        return None
    head, tail = changed_range(old, new)
    tokens, by = before.tokens, len(new) - len(old)
    first = bisect_left(tokens, head, key=lambda token: token[2])  # the first that ends at or behind the edit
    while first > 0 and tokens[first - 1][0] != "\n":
        first -= 1
    if first == 0:
        return None
    start = tokens[first - 1][2]
    at = bisect_left(tokens, len(old) - tail + 1, key=lambda token: token[1])
    ends = {token[1] + by: index for index, token in enumerate(tokens[at:], at) if token[0] == "\n"}
    made = relexed(new, start, ends)
    if made is None:
        return None
    middle, end = made
    last = ends[end] if end >= 0 else len(tokens)
    beyond = end - by if end >= 0 else len(old)
    after = Lexed(
        [*tokens[:first], *middle.tokens, *_shifted(tokens[last:], by)],
        {
            **{at: holes for at, holes in before.holes.items() if at < start},
            **middle.holes,
            **{at + by: _moved(holes, by) for at, holes in before.holes.items() if at >= beyond},
        },
        [
            *(one for one in before.comments if one.start < start),
            *middle.comments,
            *(one.shifted(by) for one in before.comments if one.start >= beyond),
        ],
        [
            *(one for one in before.problems if one.span.start < start),
            *middle.problems,
            *(Problem(one.span.shifted(by), one.message) for one in before.problems if one.span.start >= beyond),
        ],
    )
    return after, (tokens[first:last], middle.tokens)


def _shifted(tokens: list[Token], by: int) -> list[Token]:
    return [(kind, start + by, end + by, text) for kind, start, end, text in tokens] if by else tokens


def _moved(holes: Sequence[Span], by: int) -> tuple[Span, ...]:
    return tuple(hole.shifted(by) for hole in holes)
