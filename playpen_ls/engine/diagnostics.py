"""The diagnostics of a file in groups, so that an edit shifts groups instead of hundreds of diagnostics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import overload

from playpen_ls.api.finding import Place, Severity
from playpen_ls.engine.diagnostic import Hit, in_order
from playpen_ls.text.span import Span

Places = tuple[Place, ...]


class Found:
    """The diagnostics of one chunk, at the offset where it was checked. Never empty; compared by identity.

    `points`: some have related places; `asks`: some of those must be looked up in the whole file; `lacks`: some
    report that something is missing.
    """

    def __init__(self, hits: Iterable[Hit]) -> None:
        self.hits = tuple(sorted(hits, key=in_order))
        self.start = self.hits[0].start
        self.end = max([hit.end for hit in self.hits])
        self.points = any(hit.made.related for hit in self.hits)
        self.asks = self.points and any(
            one.stated or one.chunk is not None for hit in self.hits for one in hit.made.related
        )
        self.lacks = any(hit.rule.absent for hit in self.hits)
        self._at: dict[tuple[Severity | None, ...], Found | None] = {}

    def at(self, severities: tuple[Severity | None, ...]) -> Found | None:
        """The same with these severities; None removes a diagnostic. Cached: returns the same object."""
        if severities not in self._at:
            pairs = zip(self.hits, severities, strict=True)
            left = [hit if hit.severity is one else hit.at(one) for hit, one in pairs if one is not None]
            self._at[severities] = Found(left) if left else None
        return self._at[severities]


class Hits(Sequence[Hit]):
    """All diagnostics of the file `path` in text order, as (group, shift) columns.

    `moved` has the shift of each group in `founds`. `pointed` has the current related places for some groups (by
    number); the others shift with their group.
    """

    def __init__(
        self,
        path: str = "",
        founds: Sequence[Found] = (),
        moved: Sequence[int] | None = None,
        pointed: Mapping[int, Sequence[Places]] | None = None,
    ) -> None:
        self.path = path
        self.founds = founds
        self.moved = [0] * len(founds) if moved is None else moved
        self.pointed: Mapping[int, Sequence[Places]] = pointed or {}
        self._made: dict[int, tuple[Hit, ...]] = {}

    @classmethod
    def of(cls, hits: Iterable[Hit], path: str) -> Hits:
        """These diagnostics as one group."""
        hits = list(hits)
        return cls(path, [Found(hits)] if hits else [])

    @cached_property
    def _all(self) -> list[Hit]:
        return sorted(chain.from_iterable(map(self.made, range(len(self.founds)))), key=in_order)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self._all)

    def __len__(self) -> int:
        return sum([len(found.hits) for found in self.founds])

    def __bool__(self) -> bool:
        return bool(self.founds)

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> list[Hit]: ...
    def __getitem__(self, index: int | slice) -> Hit | list[Hit]:
        return self._all[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list | Hits) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def made(self, number: int) -> tuple[Hit, ...]:
        """The shifted diagnostics of a group."""
        made = self._made.get(number)
        if made is None:
            by, made = self.moved[number], self.founds[number].hits
            if by:
                made = tuple([hit.shifted(by, self.path) for hit in made])
            if number in self.pointed:
                pairs = zip(made, self.pointed[number], strict=True)
                made = tuple([hit.pointing(places) if hit.made.related else hit for hit, places in pairs])
            self._made[number] = made
        return made

    def places(self, number: int) -> Sequence[Places]:
        """The related places of each diagnostic of a group."""
        return self.pointed.get(number) or [hit.related for hit in self.made(number)]

    def pointing(self, pointed: Mapping[int, Sequence[Places]]) -> Hits:
        """The same with these related places."""
        return Hits(self.path, self.founds, self.moved, pointed) if pointed else self

    def also(self, hits: Iterable[Hit]) -> Hits:
        """These diagnostics and others."""
        hits = list(hits)
        return Hits(self.path, [*self.founds, Found(hits)], [*self.moved, 0], self.pointed) if hits else self

    def kept(self, left: Iterable[Hit], among: Iterable[int] | None = None) -> Hits:
        """Only the diagnostics in `left`, with their severities. `among` limits the change to some groups."""
        by_place = {(id(hit.made), hit.start): hit.severity for hit in left}
        founds: list[Found | None] = [*self.founds]
        pointed = dict(self.pointed)
        for number in range(len(founds)) if among is None else among:
            found, by = self.founds[number], self.moved[number]
            now = tuple([by_place.get((id(hit.made), hit.start + by)) for hit in found.hits])
            if now != tuple([hit.severity for hit in found.hits]):
                founds[number] = found.at(now)
                if number in pointed:
                    pairs = zip(pointed[number], now, strict=True)
                    pointed[number] = [places for places, severity in pairs if severity is not None]
        numbers = [number for number, one in enumerate(founds) if one]
        return Hits(
            self.path,
            [one for one in founds if one],
            [self.moved[number] for number in numbers],
            {new: pointed[old] for new, old in enumerate(numbers) if old in pointed},
        )

    def touching(self, span: Span) -> Iterator[Hit]:
        """The diagnostics that touch a range, in text order."""
        near = [
            number
            for number, (found, by) in enumerate(zip(self.founds, self.moved, strict=True))
            if found.start + by <= span.end and span.start <= found.end + by
        ]
        for hit in sorted(chain.from_iterable(map(self.made, near)), key=in_order):
            if hit.start <= span.end and span.start <= hit.end:
                yield hit
