"""Incremental cutting of a text into chunks: only what an edit can have changed is cut again.

A language gives one function, `following`. It starts again at the last boundary whose decision did not read the edited
text, and stops where a boundary and its state are those of the version before.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from playpen_ls.text.edit import Edit
from playpen_ls.text.pause import pause


class Boundary(NamedTuple):
    """Where a chunk begins.

    `state` is all that decides how the text goes on besides the text itself, such as open brackets. `seen` is the end
    of what was read to decide on this and all earlier boundaries; `len(text) + 1` if the end of the text was.
    """

    offset: int
    state: Hashable
    seen: int


Following = Callable[[str, Boundary], Boundary | None]
"""The next boundary of a text; None if there is none. Pure, linear in what it reads, and never raises."""


def recut(text: str, edit: Edit, old: Sequence[Boundary], following: Following) -> tuple[int, list[Boundary], int, int]:
    """The boundaries of `text`, which `edit` made of a text with the boundaries `old`: (keep, new, resume, seen).

    They are `old[:keep]`, `new`, and `old[resume:]` moved by what the text has grown, whose `seen` is at least the
    last number. `old[0]` is at offset 0 and has `seen` 0.
    """
    grown = len(edit.text) - (edit.end - edit.start)
    keep = bisect_right(old, edit.start, key=lambda one: one.seen)
    resume = max(keep, bisect_left(old, edit.end, key=lambda one: one.offset))
    new: list[Boundary] = []
    at = following(text, old[keep - 1])
    while at is not None:
        while resume < len(old) and old[resume].offset + grown < at.offset:
            resume += 1
        if resume < len(old) and (old[resume].offset + grown, old[resume].state) == at[:2]:
            return keep, new, resume, at.seen
        new.append(at)
        pause()
        at = following(text, at)
    return keep, new, len(old), 0


def joined(
    edit: Edit, old: Sequence[Boundary], keep: int, new: Sequence[Boundary], resume: int, seen: int
) -> list[Boundary]:
    """All boundaries of the text after the edit, given what `recut` returned."""
    grown = len(edit.text) - (edit.end - edit.start)
    tail = (Boundary(at + grown, state, max(end + grown, seen)) for at, state, end in old[resume:])
    return [*old[:keep], *new, *tail]
