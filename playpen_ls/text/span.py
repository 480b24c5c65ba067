"""A range of a text. Offsets count code points from 0."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from playpen_ls.text.dataclass import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of offsets."""

    start: int
    end: int

    def shifted(self, by: int) -> Span:
        return Span(self.start + by, self.end + by)

    def contains(self, offset: int) -> bool:
        return self.start <= offset < self.end

    def touches(self, other: Span) -> bool:
        """They share a character or a boundary."""
        return self.start <= other.end and other.start <= self.end


class Spans:
    """Ranges that are asked about often, merged where they touch."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for span in sorted(spans):
            if self._ends and span.start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], span.end)
            else:
                self._starts.append(span.start)
                self._ends.append(span.end)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def touch(self, start: int, end: int) -> bool:
        """Whether one of them shares a character or a boundary with this range."""
        number = bisect_right(self._starts, end) - 1
        return number >= 0 and self._ends[number] >= start


class DisjointSpans:
    """Ranges of which no two share a character."""

    def __init__(self) -> None:
        self._spans: list[Span] = []

    def add(self, span: Span) -> bool:
        """Add a range, unless it shares a character with one of them."""
        at = bisect_left(self._spans, span)
        if at and self._spans[at - 1].end > span.start:
            return False
        if at < len(self._spans) and self._spans[at].start < span.end:
            return False
        self._spans.insert(at, span)
        return True
