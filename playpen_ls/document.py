"""An open file, and what there is to say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from playpen_ls.half_typed import moved, within
from playpen_ls.hit import Hit
from playpen_ls.languages.base import Model
from playpen_ls.remembering import Memory
from playpen_ls.source import Edit, Source, Span, runs


@dataclass
class Document:
    """An open file: its text, and what the last check left behind."""

    source: Source
    language: str
    on_disk: bool = True
    told: bool | None = None
    """Other files hear of what it says: it has a place in the project that is not left out. None: nobody has asked."""
    model: Model | None = None
    memory: Memory = field(default_factory=dict)
    depends: object = None
    """The rules and the platform that `memory` was made with."""
    displayed: list[Hit] = field(default_factory=list)
    shown: Counter[tuple[str, str]] = field(default_factory=Counter)
    _hits: list[Hit] = field(default_factory=list)
    _typed: list[tuple[Source, list[Edit]]] = field(default_factory=list)
    """Runs of edits since `_hits` were found, each with the text that it was made in."""

    @property
    def hits(self) -> list[Hit]:
        """All findings of the last check, those that are held back too, where edits since then have moved them."""
        for before, run in self._typed:
            self._hits = list(moved(self._hits, before, run))
        self._typed.clear()
        return self._hits

    @hits.setter
    def hits(self, hits: list[Hit]) -> None:
        self._hits = hits
        self._typed.clear()

    def hits_in(self, spans: Iterable[Span]) -> Iterator[Hit]:
        """Those of `hits` that start in some ranges of the text as it is now; the others are not moved for it."""
        farthest = sum(len(edit.text) + edit.end - edit.start for _, run in self._typed for edit in run)
        for span in spans:
            near: Sequence[Hit] = within(self._hits, Span(span.start - farthest, span.end + farthest))
            for before, run in self._typed:
                near = list(moved(near, before, run))
            yield from within(near, span)

    def edited(self, source: Source, edits: Iterable[Edit]) -> None:
        """A new text. `edits` lead to it one after the other; none means that all is new."""
        edits = list(edits)
        if not edits:
            self.hits = []
        before, cuts = self.source, list(runs(edits))
        for number, run in enumerate(cuts, 1):
            self._typed.append((before, run))
            before = before.edited(run) if number < len(cuts) else source
        self.source = source


@dataclass(frozen=True)
class Report:
    """What there is to say of a file. `secrets` are ranges that must never be printed."""

    source: Source
    hits: list[Hit]
    secrets: tuple[Span, ...]
    settled: bool = True
    """False while findings are held back that say "X is missing": ask again after a quiet spell."""
