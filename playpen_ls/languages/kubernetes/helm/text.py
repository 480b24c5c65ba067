"""Strings that know where their parts are written."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from playpen_ls.languages.kubernetes.syntax.nodes import UNKNOWN

HOLE = UNKNOWN
"""Stands for unknown text in one line."""
GAP = "\ue001"
"""Stands for unknown text of any number of lines."""


class Place(NamedTuple):
    """A range of a file of the project."""

    path: str
    start: int
    end: int


class Piece(NamedTuple):
    """A part of a text: its length, and where it comes from, None if that is unknown.

    `exact`: each of its characters is at the corresponding offset of the place.
    """

    length: int
    place: Place | None
    exact: bool = False


class Text(str):
    """A string with the places of its parts. Methods of `str` give strings without places."""

    __slots__ = ("pieces",)
    pieces: tuple[Piece, ...]


def text_at(value: str, pieces: Iterable[Piece]) -> Text:
    made = Text(value)
    made.pieces = tuple(pieces)
    return made


def of_file(path: str, value: str) -> Text:
    """The whole text of a file."""
    return text_at(value, [Piece(len(value), Place(path, 0, len(value)), True)])


def placed(value: str, place: Place | None, exact: bool = False) -> Text:
    """A string that comes from a place as a whole, unless it has places of its own."""
    if isinstance(value, Text):
        return value
    return text_at(value, [Piece(len(value), place, exact)])


def pieces_of(value: str) -> tuple[Piece, ...]:
    return value.pieces if isinstance(value, Text) else (Piece(len(value), None),)


def joined(parts: Sequence[str]) -> Text:
    """The strings one after the other."""
    pieces: list[Piece] = []
    for part in parts:
        if part:
            pieces += pieces_of(part)
    return text_at("".join(parts), pieces)


def _section(piece: Piece, start: int, end: int) -> Piece:
    if piece.exact and piece.place is not None:
        path, first, _ = piece.place
        return Piece(end - start, Place(path, first + start, first + end), True)
    return Piece(end - start, piece.place)


def cut(text: str, start: int, end: int) -> Text:
    """`text[start:end]`; both are within it."""
    if isinstance(text, Text) and len(text.pieces) == 1:
        made = Text(text[start:end])
        made.pieces = (_section(text.pieces[0], start, end),) if start < end else ()
        return made
    found: list[Piece] = []
    reached = 0
    for piece in pieces_of(text):
        first, last = max(start - reached, 0), min(end - reached, piece.length)
        if first < last:
            found.append(_section(piece, first, last))
        reached += piece.length
        if reached >= end:
            break
    return text_at(text[start:end], found)


def edited(text: str, edits: Iterable[tuple[int, int, str]]) -> Text:
    """The text with ranges replaced: (start, end, new text) in text order."""
    parts: list[str] = []
    pieces: list[Piece] = []
    source = iter(pieces_of(text))
    at, current, used = 0, next(source, None), 0

    def skip(until: int, keep: bool) -> None:
        nonlocal at, current, used
        while at < until and current is not None:
            step = min(until - at, current.length - used)
            if keep and step:
                pieces.append(_section(current, used, used + step))
            at, used = at + step, used + step
            if used == current.length:
                current, used = next(source, None), 0

    reached = 0
    for start, end, new in edits:
        skip(start, True)
        parts.append(text[reached:start])
        if new:
            parts.append(new)
            pieces += pieces_of(new)
        skip(end, False)
        reached = end
    skip(len(text), True)
    parts.append(text[reached:])
    return text_at("".join(parts), pieces)


def common(one: Text, two: Text) -> Text:
    """What two texts have in common, with HOLE or GAP between."""
    if one == two:
        return one
    shortest = min(len(one), len(two))
    start = next((at for at in range(shortest) if one[at] != two[at]), shortest)
    end = next((at for at in range(shortest - start) if one[-1 - at] != two[-1 - at]), shortest - start)
    middles = one[start : len(one) - end], two[start : len(two) - end]
    if not any("\n" in middle or GAP in middle for middle in middles):
        place = next((piece.place for piece in cut(one if middles[0] else two, start, start + 1).pieces), None)
        hole = placed(HOLE, place)
        return joined([cut(one, 0, start), hole, cut(one, len(one) - end, len(one))])
    start = one.rfind("\n", 0, start) + 1 if start else 0
    if start == 0 and (not one[:1].strip("\n") and not two[:1].strip("\n")):
        start = 1 if one[:1] == two[:1] == "\n" else 0
    follows = one.find("\n", len(one) - end)
    tail = len(one) - follows if follows >= 0 and end else 0
    longer = one if len(one) >= len(two) else two
    return joined([cut(one, 0, start), unknown_like(cut(longer, start, len(longer) - tail)),
                   cut(one, len(one) - tail, len(one))])  # fmt: skip


def unknown_like(text: Text) -> Text:
    """A GAP in the place of a text, with the line ends around it."""
    place = next((piece.place for piece in pieces_of(text) if piece.place is not None), None)
    before = "\n" if text.lstrip(" ")[:1] == "\n" else ""
    after = "\n" if text.rstrip(" ")[-1:] == "\n" else ""
    return joined([before, placed(GAP, place), after])


class Origins:
    """Finds where the ranges of a text are written."""

    def __init__(self, text: str) -> None:
        self._starts: list[int] = []
        self._pieces = pieces_of(text)
        reached = 0
        for piece in self._pieces:
            self._starts.append(reached)
            reached += piece.length

    def within(self, start: int, end: int) -> Iterator[tuple[int, Piece]]:
        """The pieces that a range touches, with their starts; for an empty range, the piece that begins there."""
        number = max(bisect_right(self._starts, start) - 1, 0)
        for at in range(number, len(self._pieces)):
            first, piece = self._starts[at], self._pieces[at]
            if first >= end and first > start:
                break
            if first + piece.length > start:
                yield first, piece

    def place(self, start: int, end: int) -> Place | None:
        """Where the range is written; None if no single place is known for it.

        A range of plain text is its own place; one that is a whole value is the place of that value; one that is put
        together of neighboring pieces of one file is the range from the first to the last.
        """
        found: list[Place] = []
        for first, piece in self.within(start, max(end, start + 1)):
            if piece.place is None:
                return None
            low, high = max(start - first, 0), min(end - first, piece.length)
            section = _section(piece, low, high).place if high > low else piece.place
            assert section is not None
            found.append(section)
        if not found:
            return None
        if len({one.path for one in found}) > 1 or any(one.end > two.start for one, two in pairwise(found)):
            return None
        return Place(found[0].path, found[0].start, found[-1].end)
