"""Incremental split of a Dockerfile into cuts: the text before the first FROM, and each stage."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from playpen_ls.languages.dockerfile.syntax.parser import Reader
from playpen_ls.languages.dockerfile.syntax.raw import Cut, Directive
from playpen_ls.text.edit import equal_end, equal_start


@dataclass(frozen=True, slots=True)
class Cuts:
    """`cuts[0]` is the text before the first FROM. `starts` are the offsets of the cuts in this text."""

    text: str
    escape: str
    directives: Sequence[Directive]
    cuts: Sequence[Cut]
    starts: Sequence[int]


def cuts_of(text: str, previous: Cuts | None = None) -> Cuts:
    """Reuses the cuts of `previous`, another version of the text, before and after the changed range."""
    if previous is None:
        reader = Reader(text)
        cuts = list(reader.cuts())
        return Cuts(text, reader.escape, reader.directives, cuts, [one.start for one in cuts])
    head = equal_start(previous.text, text)
    first = _first_changed(previous, head)
    reader = Reader(text, previous.starts[first] if first else -1, previous.escape if first else "\\")
    cuts, starts = [*previous.cuts[:first]], [*previous.starts[:first]]
    by = len(text) - len(previous.text)
    same = len(text) - equal_end(previous.text, text, min(len(previous.text), len(text)) - head)
    for one in reader.cuts():
        cuts.append(one)
        starts.append(one.start)
        end = one.start + len(one.text)
        if same <= end < len(text) and reader.escape == previous.escape:
            below = bisect_left(previous.starts, end - by, 1)
            if below < len(previous.starts) and previous.starts[below] == end - by:
                cuts += previous.cuts[below:]
                starts += [start + by for start in previous.starts[below:]]
                break
    if first:
        return Cuts(text, previous.escape, previous.directives, cuts, starts)
    return Cuts(text, reader.escape, reader.directives, cuts, starts)


def _first_changed(before: Cuts, head: int) -> int:
    """The index of the first cut that must be parsed again if the texts differ from offset `head` on."""
    number = bisect_right(before.starts, head) - 1
    if number > 0:
        cut = before.cuts[number]
        if head <= before.starts[number] + cut.pieces[0].end - cut.start:
            number -= 1  # the changed line can have stopped being a FROM
    return next((above for above in range(number) if before.cuts[above].looks_below), number)
