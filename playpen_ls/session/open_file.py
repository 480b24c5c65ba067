"""An open file, and what there is to say of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from playpen_ls.api.rule import Rule
from playpen_ls.engine.cache import NOTHING, Memory
from playpen_ls.engine.diagnostic import Hit
from playpen_ls.engine.diagnostics import Hits
from playpen_ls.languages.model import Model
from playpen_ls.session.stability import moved
from playpen_ls.text.edit import Edit, runs
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


@dataclass
class Document:
    """An open file: its text, and what the last check left behind."""

    source: Source
    language: str
    on_disk: bool = True
    told: bool | None = None
    """Other files hear of what it says: it has a place in the project that is not left out. None: nobody has asked."""
    model: Model | None = None
    memory: Memory = NOTHING
    depends: object = None
    """The rules and the platform that `memory` was made with."""
    displayed: Hits = field(default_factory=Hits)
    _hits: Hits = field(default_factory=Hits)
    _typed: list[tuple[Source, list[Edit]]] = field(default_factory=list)
    """Runs of edits since `_hits` were found, each with the text that it was made in."""

    @property
    def hits(self) -> Hits:
        """All findings of the last check, those that are held back too, where edits since then have moved them."""
        if self._typed:
            self.hits = Hits.of(self.since(self._hits), self.source.path)
        return self._hits

    @hits.setter
    def hits(self, hits: Hits) -> None:
        self._hits = hits
        self._typed.clear()

    def hits_of(self, rule: Rule) -> Iterable[Hit]:
        """Those of `hits` that are of one rule; the others are not moved for it."""
        return self.since(hit for hit in self._hits if hit.rule is rule)

    def hits_in(self, spans: Iterable[Span]) -> Iterator[Hit]:
        """Those of `hits` that start in some ranges of the text as it is now; the others are not moved for it."""
        farthest = sum(len(edit.text) + edit.end - edit.start for _, run in self._typed for edit in run)
        for span in spans:
            near = self.since(self._hits.touching(Span(span.start - farthest, span.end + farthest)))
            yield from (hit for hit in near if span.start <= hit.start <= span.end)

    def since(self, hits: Iterable[Hit]) -> Iterable[Hit]:
        """Findings of the last check where edits since then have moved them, if their lines were not touched."""
        for before, run in self._typed:
            hits = moved(hits, before, run)
        return hits

    def edited(self, source: Source, edits: Iterable[Edit]) -> None:
        """A new text. `edits` lead to it one after the other; none means that all is new."""
        edits = list(edits)
        if not edits:
            self.hits = Hits()
        before, cuts = self.source, list(runs(edits))
        for number, run in enumerate(cuts, 1):
            self._typed.append((before, run))
            before = before.edited(run) if number < len(cuts) else source
        self.source = source


@dataclass(frozen=True)
class Report:
    """What there is to say of a file. `found` also has what comments silence, and rules that only know of secrets."""

    source: Source
    hits: Hits
    found: Hits

    @cached_property
    def secrets(self) -> tuple[Span, ...]:
        """Ranges that must never be printed."""
        return tuple(hit.span for hit in self.found if hit.rule.secret and not hit.made.printable)
