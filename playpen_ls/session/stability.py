"""Keeps diagnostics stable while the user types: none disappears or flickers because the text is incomplete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from playpen_ls.api.finding import Place
from playpen_ls.engine.diagnostic import Diagnostic, text_order
from playpen_ls.engine.diagnostics import FileDiagnostics
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span, Spans


def shift_diagnostics(diagnostics: Iterable[Diagnostic], source: Source, run: Iterable[Edit]) -> Iterator[Diagnostic]:
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

    for diagnostic in diagnostics:
        by = way(diagnostic.start, diagnostic.end)
        if by is not None:
            diagnostic, places = (
                diagnostic.shifted(by, source.path) if by else diagnostic,
                diagnostic.related if diagnostic.made.related else (),
            )
            yield diagnostic.with_related(tuple(followed(places))) if places else diagnostic


def shift_through_edits(diagnostics: Iterable[Diagnostic], run: Sequence[Edit], path: str) -> Iterator[Diagnostic]:
    """Diagnostics where they are after edits, also on edited lines; those whose ends are replaced are dropped."""

    def at(offset: int) -> int:
        return offset + sum(len(edit.text) - (edit.end - edit.start) for edit in run if edit.end <= offset)

    for diagnostic in diagnostics:
        start, end = diagnostic.start, diagnostic.end
        if not any(edit.start < start < edit.end or edit.start < end < edit.end for edit in run):
            finding = diagnostic.shifted(at(start) - start, path).finding
            finding = replace(finding, span=Span(at(start), at(end)))
            yield Diagnostic(diagnostic.rule, finding, diagnostic.severity, has_safe_fix=diagnostic.has_safe_fix)


def _touched(source: Source, edit: Edit) -> Span:
    """The range of the edited lines. Inserting or deleting whole lines does not touch the line that follows."""
    first, last = source.line_of(edit.start), source.line_of(edit.end)
    start, behind = source.line_starts[first], source.line_starts[last]
    if edit.end == behind and (edit.text.endswith(("\n", "\r")) or (not edit.text and edit.start == start)):
        return Span(start, behind - 1)
    return Span(start, source.line_span(last).end)


def with_stale_diagnostics(
    diagnostics: FileDiagnostics, last: Callable[[Sequence[Span]], Iterable[Diagnostic]], broken: Sequence[Span]
) -> FileDiagnostics:
    """Keep the previous diagnostics in ranges that no longer parse, except syntax errors.

    `last` returns the previous diagnostics that start in the given ranges.
    """
    have = {text_order(diagnostic) for diagnostic in diagnostics.touching(Spans(broken))}
    more = []
    for diagnostic in last(broken):
        place = text_order(diagnostic)
        if not diagnostic.made.unparsed and place not in have:
            have.add(place)
            more.append(diagnostic)
    return diagnostics.extended(more)


def is_unseen(diagnostic: Diagnostic, broken: Spans) -> bool:
    """Whether what it reports as missing could be in text that does not parse: its chunk, or any if file-wide."""
    if diagnostic.made.unparsed:
        return False
    # Rules for the whole file say in which chunk a finding is.
    whole_file = diagnostic.made.chunk is not None
    return bool(broken) and (whole_file or broken.touch(diagnostic.start, diagnostic.end))


def hold_back_new_absences(
    diagnostics: FileDiagnostics,
    displayed: FileDiagnostics,
    unsure: Callable[[Diagnostic], bool],
    since: Callable[[Iterable[Diagnostic]], Iterable[Diagnostic]],
) -> FileDiagnostics:
    """Hold back new "X is missing" diagnostics: of those that are `unsure`, no more are shown than were displayed.

    A new diagnostic can replace an equal one that is gone, so that displayed ones stay. `since` shifts the displayed
    diagnostics to their current offsets.
    """
    fresh = _changed(diagnostics, displayed)
    found, gone = _of(diagnostics, fresh), _of(displayed, _changed(displayed, diagnostics))
    missing = [diagnostic for diagnostic in found if diagnostic.rule.reports_absence]
    left = Counter(_identity(diagnostic) for diagnostic in gone if diagnostic.rule.reports_absence)
    if all(count <= left[mark] for mark, count in Counter(map(_identity, missing)).items()):
        return diagnostics
    places = {(_identity(diagnostic), diagnostic.start) for diagnostic in since(gone)}

    def turn(diagnostic: Diagnostic) -> int:
        """Priority: displayed diagnostics first, then certain ones, then new unsure ones."""
        if not unsure(diagnostic):
            return 1
        return 0 if (_identity(diagnostic), diagnostic.start) in places else 2

    shown = [diagnostic for diagnostic in found if not diagnostic.rule.reports_absence]
    for diagnostic in sorted(missing, key=turn):
        if left[_identity(diagnostic)] > 0 or not unsure(diagnostic):
            left[_identity(diagnostic)] -= 1
            shown.append(diagnostic)
    return diagnostics.filtered(shown, fresh)


def _of(diagnostics: FileDiagnostics, numbers: Iterable[int]) -> list[Diagnostic]:
    """The diagnostics of some groups in text order."""
    return sorted(chain.from_iterable(map(diagnostics.made, numbers)), key=text_order)


def _changed(diagnostics: FileDiagnostics, others: FileDiagnostics) -> list[int]:
    """The numbers of groups with "X is missing" diagnostics that occur a different number of times in `others`."""
    have, theirs = Counter(diagnostics.groups), Counter(others.groups)
    return [
        number
        for number, found in enumerate(diagnostics.groups)
        if found.reports_absence and have[found] != theirs.get(found, 0)
    ]


def _identity(diagnostic: Diagnostic) -> str:
    """What makes two findings the same; not the message, which can contain a name that is being typed."""
    return diagnostic.rule.id
