"""Incremental cutting of a text into chunks, the same way for all languages: a language says where the next one begins.

Cutting starts at the last boundary whose decision did not look at the edited text, and stops where a boundary and its
state are those of the version before.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from playpen_ls.text.edit import Edit


class Boundary(NamedTuple):
    """Where a chunk begins.

    `state` is all that decides how the text goes on: open brackets, escape character, enclosing class. `seen` is the
    end of what was read to decide on this boundary and all earlier ones; len(text) + 1 if the end of the text was.
    """

    offset: int
    state: Hashable
    seen: int


Following = Callable[[str, Boundary], Boundary | None]
"""The boundary after another one, None behind the last. A pure function, linear in what it reads, that never raises."""


def recut(text: str, edit: Edit, old: Sequence[Boundary], following: Following) -> tuple[int, list[Boundary], int, int]:
    """The boundaries of `text`, which `edit` made of the text that has the `old` ones; old[0] is (0, start state, 0).

    Gives (keep, new, resume, seen): the boundaries are old[:keep], the new ones, and old[resume:] moved by what the
    text has grown, whose `seen` is at least the last number.
    """
    grown = len(edit.text) - (edit.end - edit.start)
    keep = bisect_right(old, edit.start, key=lambda one: one.seen)
    resume = max(keep, bisect_left(old, edit.end, key=lambda one: one.offset))
    new: list[Boundary] = []
    at: Boundary | None = old[keep - 1]
    while at is not None and (at := following(text, at)) is not None:
        while resume < len(old) and old[resume].offset + grown < at.offset:
            resume += 1
        if resume < len(old) and (old[resume].offset + grown, old[resume].state) == at[:2]:
            return keep, new, resume, at.seen
        new.append(at)
    return keep, new, len(old), 0


def joined(old: Sequence[Boundary], edit: Edit, cut: tuple[int, list[Boundary], int, int]) -> list[Boundary]:
    """All boundaries of the new text, from what `recut` gives."""
    keep, new, resume, seen = cut
    grown = len(edit.text) - (edit.end - edit.start)
    tail = [Boundary(one.offset + grown, one.state, max(one.seen + grown, seen)) for one in old[resume:]]
    return [*old[:keep], *new, *tail]
