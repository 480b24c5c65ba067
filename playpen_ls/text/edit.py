"""Edits of a text, and what two texts have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from playpen_ls.text.span import Span


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace `start:end` by `text`; an insertion where both are equal."""

    start: int
    end: int
    text: str

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


def runs(edits: Iterable[Edit]) -> Iterator[list[Edit]]:
    """Edits made one after the other, cut where one does not lie before the last: a run can be made at once."""
    run: list[Edit] = []
    for edit in edits:
        if run and edit.end >= run[-1].start:
            yield run
            run = []
        run.append(edit)
    if run:
        yield run


def narrowed(start: int, old: str, new: str) -> Edit:
    """The edit that makes `new` of the `old` text at `start`, cut to what differs."""
    head = equal_start(old, new)
    tail = equal_end(old, new, min(len(old), len(new)) - head)
    # Never between \r and \n: no editor has a position there.
    if old[head - 1 : head] == "\r" or new[head - 1 : head] == "\r":
        head -= 1
        tail = min(tail, len(old) - head, len(new) - head)
    end = len(old) - tail
    if (tail and old[end - 1 : end + 1] == "\r\n") or new[len(new) - tail - 1 : len(new) - tail + 1] == "\r\n":
        tail -= 1
    return Edit(start + head, start + len(old) - tail, new[head : len(new) - tail])


Cut = str | Sequence[object]


def equal_start(one: Cut, other: Cut) -> int:
    """How many characters or items two begin with alike, at the speed of memory: for long ones that differ little.

    Both are of one type.
    """
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def equal_end(one: Cut, other: Cut, most: int) -> int:
    """How many characters or items, at most `most`, two end in alike."""
    low, high, size, length = 0, most, len(one), len(other)
    while low < high:
        middle = (low + high + 1) // 2
        if one[size - middle : size - low] == other[length - middle : length - low]:
            low = middle
        else:
            high = middle - 1
    return low
