"""Keeps diagnostics stable while the user types: none disappears or flickers because the text is incomplete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from playpen_ls.api.finding import Place
from playpen_ls.engine.diagnostic import Hit, in_order
from playpen_ls.engine.diagnostics import Hits
from playpen_ls.languages.model import Model
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


def moved(hits: Iterable[Hit], source: Source, run: Iterable[Edit]) -> Iterator[Hit]:
    """Shift diagnostics and their related places by edits of `source`; those on edited lines are dropped."""
    moves = [(_touched(source, edit), len(edit.text) - (edit.end - edit.start)) for edit in run]

    def way(start: int, end: int) -> int | None:
        """The shift of a range; None if it is on an edited line."""
        if any(start <= touched.end and touched.start <= end for touched, _ in moves):
            return None
        return sum(by for touched, by in moves if touched.end < start)

    def followed(places: Iterable[Place]) -> Iterator[Place]:
        for place in places:
            here = place.path == source.path and not place.stated
            by = way(place.span.start, place.span.end) if here else 0
            if by is not None:
                yield place.moved(by, source.path)

    for hit in hits:
        by = way(hit.start, hit.end)
        if by is not None:
            hit, places = hit.shifted(by, source.path) if by else hit, hit.related if hit.made.related else ()
            yield hit.pointing(tuple(followed(places))) if places else hit


def _touched(source: Source, edit: Edit) -> Span:
    """The range of the edited lines. Inserting or deleting whole lines does not touch the line that follows."""
    first, last = source.line_of(edit.start), source.line_of(edit.end)
    start, behind = source.line_starts[first], source.line_starts[last]
    if edit.end == behind and (edit.text.endswith(("\n", "\r")) or (not edit.text and edit.start == start)):
        return Span(start, behind - 1)
    return Span(start, source.line_span(last).end)


def carried(hits: Hits, last: Callable[[Sequence[Span]], Iterable[Hit]], broken: Sequence[Span]) -> Hits:
    """Keep the previous diagnostics in ranges that no longer parse, except syntax errors.

    `last` returns the previous diagnostics that start in the given ranges.
    """
    have = {in_order(hit) for span in broken for hit in hits.touching(span)}
    more = []
    for hit in last(broken):
        place = in_order(hit)
        if not hit.made.unparsed and place not in have:
            have.add(place)
            more.append(hit)
    return hits.also(more)


def unseen(hit: Hit, model: Model, broken: list[Span]) -> bool:
    """Whether what it reports as missing could be in text that does not parse: its chunk, or any if file-wide."""
    if hit.made.unparsed:
        return False
    # Rules that look at the whole file say in which chunk a finding is.
    whole_file = hit.made.chunk is not None or issubclass(type(model), hit.rule.subjects)
    return bool(broken) and (whole_file or any(span.touches(hit.span) for span in broken))


def steady(
    hits: Hits,
    displayed: Hits,
    unsure: Callable[[Hit], bool],
    since: Callable[[Iterable[Hit]], Iterable[Hit]],
) -> Hits:
    """Hold back new "X is missing" diagnostics: of those that are `unsure`, no more are shown than were displayed.

    A new diagnostic can replace an equal one that is gone, so that displayed ones stay. `since` shifts the displayed
    diagnostics to their current offsets.
    """
    fresh = _changed(hits, displayed)
    found, gone = _of(hits, fresh), _of(displayed, _changed(displayed, hits))
    missing = [hit for hit in found if hit.rule.absent]
    left = Counter(_mark(hit) for hit in gone if hit.rule.absent)
    if all(count <= left[mark] for mark, count in Counter(map(_mark, missing)).items()):
        return hits
    places = {(_mark(hit), hit.start) for hit in since(gone)}

    def turn(hit: Hit) -> int:
        """Priority: displayed diagnostics first, then certain ones, then new unsure ones."""
        if not unsure(hit):
            return 1
        return 0 if (_mark(hit), hit.start) in places else 2

    shown = [hit for hit in found if not hit.rule.absent]
    for hit in sorted(missing, key=turn):
        if left[_mark(hit)] > 0 or not unsure(hit):
            left[_mark(hit)] -= 1
            shown.append(hit)
    return hits.kept(shown, fresh)


def _of(hits: Hits, numbers: Iterable[int]) -> list[Hit]:
    """The diagnostics of some groups in text order."""
    return sorted(chain.from_iterable(map(hits.made, numbers)), key=in_order)


def _changed(hits: Hits, others: Hits) -> list[int]:
    """The numbers of groups with "X is missing" diagnostics that occur a different number of times in `others`."""
    have, theirs = Counter(hits.founds), Counter(others.founds)
    return [number for number, found in enumerate(hits.founds) if found.lacks and have[found] != theirs.get(found, 0)]


def _mark(hit: Hit) -> str:
    """What makes two findings the same; not the message, which can contain a name that is being typed."""
    return hit.rule.id
