"""The diagnostics of a file in groups, so that an edit shifts groups instead of hundreds of diagnostics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import overload

from playpen_ls.api.finding import Place, Severity
from playpen_ls.engine.diagnostic import Diagnostic, text_order
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.span import Spans

Places = tuple[Place, ...]


class ChunkDiagnostics:
    """The diagnostics of one chunk, at the offset where it was checked. Never empty; compared by identity.

    `has_related`: some have related places; `needs_lookup`: the current offsets of some of those must be looked up in
    the whole file; `reports_absence`: some report that something is missing.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics, key=text_order))
        self.start = self.diagnostics[0].start
        self.end = max([diagnostic.end for diagnostic in self.diagnostics])
        self.has_related = any(diagnostic.made.related for diagnostic in self.diagnostics)
        self.needs_lookup = self.has_related and any(
            one.stated or one.chunk is not None for diagnostic in self.diagnostics for one in diagnostic.made.related
        )
        self.reports_absence = any(diagnostic.rule.reports_absence for diagnostic in self.diagnostics)
        self._at: dict[tuple[Severity | None, ...], ChunkDiagnostics | None] = {}

    def at(self, severities: tuple[Severity | None, ...]) -> ChunkDiagnostics | None:
        """The same with these severities; None removes a diagnostic. Cached: returns the same object."""
        if severities not in self._at:
            pairs = zip(self.diagnostics, severities, strict=True)
            left = [
                diagnostic if diagnostic.severity is one else diagnostic.at(one)
                for diagnostic, one in pairs
                if one is not None
            ]
            self._at[severities] = ChunkDiagnostics(left) if left else None
        return self._at[severities]


class FileDiagnostics(Sequence[Diagnostic]):
    """All diagnostics of the file `path` in text order, as (group, shift) columns.

    `moved` has the shift of each group in `founds`. `pointed` has the current related places for some groups (by
    number); the others shift with their group.
    """

    def __init__(
        self,
        path: str = "",
        groups: Sequence[ChunkDiagnostics] = (),
        moved: Sequence[int] | None = None,
        current_places: Mapping[int, Sequence[Places]] | None = None,
    ) -> None:
        self.path = path
        self.groups = groups
        self.moved = [0] * len(groups) if moved is None else moved
        self.current_places: Mapping[int, Sequence[Places]] = current_places or {}
        self._made: dict[int, tuple[Diagnostic, ...]] = {}

    @classmethod
    def of(cls, diagnostics: Iterable[Diagnostic], path: str) -> FileDiagnostics:
        """These diagnostics as one group."""
        diagnostics = list(diagnostics)
        return cls(path, [ChunkDiagnostics(diagnostics)] if diagnostics else [])

    @cached_property
    def _all(self) -> list[Diagnostic]:
        return sorted(chain.from_iterable(map(self.made, range(len(self.groups)))), key=text_order)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._all)

    def __len__(self) -> int:
        return sum([len(found.diagnostics) for found in self.groups])

    def __bool__(self) -> bool:
        return bool(self.groups)

    @overload
    def __getitem__(self, index: int) -> Diagnostic: ...
    @overload
    def __getitem__(self, index: slice) -> list[Diagnostic]: ...
    def __getitem__(self, index: int | slice) -> Diagnostic | list[Diagnostic]:
        return self._all[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list | FileDiagnostics) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def made(self, number: int) -> tuple[Diagnostic, ...]:
        """The shifted diagnostics of a group."""
        made = self._made.get(number)
        if made is None:
            by, made = self.moved[number], self.groups[number].diagnostics
            if by:
                made = tuple([diagnostic.shifted(by, self.path) for diagnostic in made])
            if number in self.current_places:
                pairs = zip(made, self.current_places[number], strict=True)
                made = tuple(
                    [
                        diagnostic.with_related(places) if diagnostic.made.related else diagnostic
                        for diagnostic, places in pairs
                    ]
                )
            self._made[number] = made
        return made

    def places(self, number: int) -> Sequence[Places]:
        """The related places of each diagnostic of a group."""
        return self.current_places.get(number) or [diagnostic.related for diagnostic in self.made(number)]

    def with_related(self, current_places: Mapping[int, Sequence[Places]]) -> FileDiagnostics:
        """The same with these related places."""
        return FileDiagnostics(self.path, self.groups, self.moved, current_places) if current_places else self

    def extended(self, diagnostics: Iterable[Diagnostic]) -> FileDiagnostics:
        """These diagnostics and others."""
        diagnostics = list(diagnostics)
        return (
            FileDiagnostics(
                self.path, [*self.groups, ChunkDiagnostics(diagnostics)], [*self.moved, 0], self.current_places
            )
            if diagnostics
            else self
        )

    def filtered(self, keep: Iterable[Diagnostic], among: Iterable[int] | None = None) -> FileDiagnostics:
        """Only the diagnostics in `left`, with their severities. `among` limits the change to some groups."""
        by_place = {(id(diagnostic.made), diagnostic.start): diagnostic.severity for diagnostic in keep}
        groups: list[ChunkDiagnostics | None] = [*self.groups]
        current_places = dict(self.current_places)
        for number in range(len(groups)) if among is None else among:
            found, by = self.groups[number], self.moved[number]
            now = tuple(
                [by_place.get((id(diagnostic.made), diagnostic.start + by)) for diagnostic in found.diagnostics]
            )
            if now != tuple([diagnostic.severity for diagnostic in found.diagnostics]):
                groups[number] = found.at(now)
                if number in current_places:
                    pairs = zip(current_places[number], now, strict=True)
                    current_places[number] = [places for places, severity in pairs if severity is not None]
        numbers = [number for number, one in enumerate(groups) if one]
        return FileDiagnostics(
            self.path,
            [one for one in groups if one],
            [self.moved[number] for number in numbers],
            {new: current_places[old] for new, old in enumerate(numbers) if old in current_places},
        )

    def touching(self, spans: Spans) -> Iterator[Diagnostic]:
        """The diagnostics that touch one of these ranges, in text order."""
        near = [
            number
            for number, (found, by) in enumerate(zip(self.groups, self.moved, strict=True))
            if spans.touch(found.start + by, found.end + by)
        ]
        for diagnostic in sorted(chain.from_iterable(map(self.made, near)), key=text_order):
            if spans.touch(diagnostic.start, diagnostic.end):
                yield diagnostic
