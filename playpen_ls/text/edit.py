"""Edits of a text, and what two texts have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.span import Span


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace `start:end` with `text`; an insertion if both are equal."""

    start: int
    end: int
    text: str

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    def shifted(self, by: int) -> Edit:
        return Edit(self.start + by, self.end + by, self.text)


def runs(edits: Iterable[Edit]) -> Iterator[list[Edit]]:
    """Split consecutive edits into runs whose edits go backward in the text, so that a run can be applied at once."""
    run: list[Edit] = []
    for edit in edits:
        if run and edit.end >= run[-1].start:
            yield run
            run = []
        run.append(edit)
    if run:
        yield run


def narrowed(start: int, old: str, new: str) -> Edit:
    """The edit from `old` (at `start`) to `new`, narrowed to the characters that differ."""
    head = equal_start(old, new)
    tail = equal_end(old, new, min(len(old), len(new)) - head)
    # Never between \r and \n: no editor has a position there.
    if old[head - 1 : head] == "\r" or new[head - 1 : head] == "\r":
        head -= 1
    end = len(old) - tail
    if (tail and old[end - 1 : end + 1] == "\r\n") or new[len(new) - tail - 1 : len(new) - tail + 1] == "\r\n":
        tail -= 1
    return Edit(start + head, start + len(old) - tail, new[head : len(new) - tail])


Cut = str | Sequence[object]


def equal_start(one: Cut, other: Cut) -> int:
    """The length of the common prefix, by bisection with slice comparisons: fast for long sequences that differ little.

    Both must have the same type.
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
    """The length of the common suffix, at most `most`."""
    low, high, size, length = 0, most, len(one), len(other)
    while low < high:
        middle = (low + high + 1) // 2
        if one[size - middle : size - low] == other[length - middle : length - low]:
            low = middle
        else:
            high = middle - 1
    return low
