"""What is shown of a text that is being typed: nothing blinks out because a bracket is open, nothing flickers in."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter

from playpen_ls.hit import Hit, in_order
from playpen_ls.languages.base import Model
from playpen_ls.source import Edit, Source, Span


def moved(hits: Iterable[Hit], source: Source, run: Iterable[Edit]) -> Iterator[Hit]:
    """The findings on lines that edits of `source` do not touch, where they are after them."""
    moves = []
    for edit in run:
        first, last = source.line_of(edit.start), source.line_of(edit.end)
        touched = Span(source.line_starts[first], source.line_span(last).end)
        moves.append((touched, len(edit.text) - (edit.end - edit.start)))
    for hit in hits:
        if not any(hit.start <= touched.end and touched.start <= hit.end for touched, _ in moves):
            by = sum(by for touched, by in moves if touched.end < hit.start)
            yield hit.shifted(by, source.path) if by else hit


def carried(hits: list[Hit], last: Callable[[Sequence[Span]], Iterable[Hit]], broken: Sequence[Span]) -> list[Hit]:
    """Add the last good findings of ranges that do not parse now, but those of text that did not parse then.

    `hits` are in order; `last` gives the last findings that start in some ranges.
    """
    hits = list(hits)
    have = {in_order(hit) for span in broken for hit in within(hits, span)}
    for hit in last(broken):
        place = in_order(hit)
        if not hit.made.unparsed and place not in have:
            have.add(place)
            insort(hits, hit, key=in_order)
    return hits


def within(hits: Sequence[Hit], span: Span) -> Sequence[Hit]:
    """Of hits that are in order, those that start in a span or at its end."""
    return hits[bisect_left(hits, span.start, key=_start) : bisect_right(hits, span.end, key=_start)]


_start = attrgetter("start")


def unseen(hit: Hit, model: Model, broken: list[Span]) -> bool:
    """What it calls missing may stand where the text does not parse: in its chunk or, for a whole file, in any."""
    if hit.made.unparsed:
        return False
    whole_file = issubclass(type(model), hit.rule.subjects)
    return bool(broken) and (whole_file or any(span.touches(hit.span) for span in broken))


Marks = Counter[tuple[str, str]]
"""How many findings say which thing is missing: (rule, message)."""


def steady(hits: list[Hit], shown: Marks, unsure: list[Hit]) -> tuple[list[Hit], Marks]:
    """What may be shown, and what that calls missing: of what is `unsure`, no more than was `shown`."""
    marks = Counter((hit.rule.id, hit.made.message) for hit in hits if hit.rule.absent)
    if not unsure or marks <= shown:
        return hits, marks
    left, doubted = Counter(shown), set(map(id, unsure))
    kept = []
    for hit in hits:
        mark = (hit.rule.id, hit.made.message)
        if hit.rule.absent:
            if id(hit) in doubted and left[mark] <= 0:
                marks[mark] -= 1
                continue
            left[mark] -= 1
        kept.append(hit)
    return kept, marks
