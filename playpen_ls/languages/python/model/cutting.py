"""Incremental splitting of a text into chunks: all of them, or only those that an edit can have changed.

After an edit the text is split again from the statement before it to the first statement after it that starts
where one started before. Unless a string is unterminated, the result is the same as that of a full split. A
triple-quoted string that an edit opens is assumed to end where that statement starts, until the next full split.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from playpen_ls.languages.python.model.chunks import PythonChunk
from playpen_ls.languages.python.syntax.statement import Parsed, quiet
from playpen_ls.languages.python.syntax.statements import Cut, continues, cut, joined, leaves_line_open, may_go_on
from playpen_ls.text.edit import equal_end, equal_start

_FURTHER = (1, 8, 64, 512)  # how many chunks after the edit are tried as its end, before a full split


@dataclass(frozen=True, slots=True)
class Reach:
    """Lookahead of a chunk with a syntax error: the range that was searched for the end of its statement."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """The result of a split: `found` (start offset, parsed) replaces the chunks `first:last` of the previous version.

    `closed`: no triple-quoted string is unterminated; `contained`: one is, but is assumed to end with its chunk.
    """

    first: int
    last: int
    found: tuple[tuple[int, Parsed], ...]
    reaches: tuple[Reach, ...]
    closed: bool
    contained: bool = False


@dataclass(frozen=True, slots=True)
class Before:
    """The state of the previous version."""

    text: str
    chunks: Sequence[PythonChunk]
    starts: Sequence[int]
    reaches: tuple[Reach, ...]
    closed: bool
    contained: bool


def all_pieces(text: str, before: Before | None) -> Pieces:
    """A full split, linear in the text. Statements of the previous version are not parsed again."""
    old = before.chunks if before else ()
    made = cut(text)
    found = _assembled(made, text, 0, old, whole=True)
    assert found is not None
    return Pieces(0, len(old), *found, made.closed)


def changed_pieces(text: str, before: Before) -> Pieces | None:
    """An incremental split; None if a full one is needed."""
    if not before.closed or not before.chunks:
        return None
    if text == before.text:
        return Pieces(0, 0, (), before.reaches, True, before.contained)
    head = equal_start(before.text, text)
    tail = equal_end(before.text, text, min(len(text), len(before.text)) - head)
    end, by = len(before.text) - tail, len(text) - len(before.text)
    first = _first(before, head)
    start = before.starts[first]
    at = bisect_right(before.starts, end)
    for more in _FURTHER:
        last = at + more - 1
        while last < len(before.chunks) and before.chunks[last].parsed.header:
            last += 1
        if last >= len(before.chunks):
            break
        stop = before.starts[last] + by
        if continues(text, stop):
            break
        local = text[start:stop]
        made, contained = cut(local), before.contained
        if not made.closed:
            member = _member(text, before, (head, end), by)
            if member is not None:
                return member
            made, contained = replace(made, closed=True), True
        if made.closed and not made.decorated and not leaves_line_open(local):
            found = _assembled(made, local, start, before.chunks[first:last], whole=False)
            if found is not None:
                kept = (one for one in before.reaches if one.start < start)
                moved = (Reach(one.start + by, one.end + by) for one in before.reaches if one.start + by >= stop)
                return Pieces(first, last, found[0], (*kept, *found[1], *moved), True, contained)
    return None


def _member(text: str, before: Before, edited: tuple[int, int], by: int) -> Pieces | None:
    """Isolate an unterminated string to the member of a long class that contains the edit; None if it is not in one."""
    start, end = edited
    index = bisect_left(before.starts, start) - 1
    following = index + 1
    if index < 0 or following >= len(before.starts) or before.starts[following] <= end:
        return None
    header = before.chunks[index].parsed.header
    if not header or not before.chunks[following].parsed.header:
        return None
    begins, stop = before.starts[index], before.starts[following] + by
    with quiet():
        found = ((begins, Parsed(text[begins:stop], header)),)
    kept = (one for one in before.reaches if one.start < begins)
    moved = (Reach(one.start + by, one.end + by) for one in before.reaches if one.start + by >= stop)
    return Pieces(index, following, found, (*kept, *moved), True, True)


def _first(before: Before, head: int) -> int:
    """The index of the first chunk to split again: a statement before the edit can absorb the changed one."""
    index = max(bisect_left(before.starts, head) - 2, 0)
    start = before.starts[index]
    for one in before.reaches:  # in text order
        if one.start < start and one.end >= head:
            index = bisect_left(before.starts, one.start)
            break
    while index and before.chunks[index].parsed.header:
        index -= 1
    return index


_Assembled = tuple[tuple[tuple[int, Parsed], ...], tuple[Reach, ...]]


def _assembled(made: Cut, text: str, offset: int, old: Sequence[PythonChunk], whole: bool) -> _Assembled | None:
    """The chunks of a text that starts at `offset`; None if it is not `whole` and the text after it can change them."""
    known = {(chunk.parsed.text, chunk.parsed.header): chunk.parsed for chunk in old}
    found: list[tuple[int, Parsed]] = []
    reaches: list[Reach] = []
    of = _parser(known)
    with quiet():
        pieces, index = made.pieces, 0
        while index < len(pieces):
            piece, count = pieces[index], 1
            parsed = of(text[piece.start : piece.end], piece.header)
            if (not parsed.lazy or may_go_on(parsed.text)) and parsed.broken:
                join = joined(text, pieces, index)
                if join.runs_out and not whole:
                    return None
                if join.count:
                    more = of(text[piece.start : pieces[index + join.count - 1].end], piece.header)
                    if not more.broken:
                        parsed, count = more, join.count
                if count == 1 and join.looked:
                    reaches.append(Reach(offset + piece.start, offset + pieces[index + join.looked].end))
            found.append((offset + piece.start, parsed))
            index += count
    return tuple(found), tuple(reaches)


def _parser(known: dict[tuple[str, str], Parsed]) -> Callable[[str, str], Parsed]:
    def of(text: str, header: str) -> Parsed:
        found = known.get((text, header))
        if found is None:
            found = known[text, header] = Parsed(text, header)
        return found

    return of
