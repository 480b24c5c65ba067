"""The state of an open file, and the report of its last check."""

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
    """An open file: its text, and the results of the last check."""

    source: Source
    language: str
    on_disk: bool = True
    told: bool | None = None
    """Whether its facts count for other files: it is in the project and not excluded. None until determined."""
    model: Model | None = None
    memory: Memory = NOTHING
    depends: object = None
    """The rules and the platform for which the cache `memory` is valid."""
    displayed: Hits = field(default_factory=Hits)
    _hits: Hits = field(default_factory=Hits)
    _typed: list[tuple[Source, list[Edit]]] = field(default_factory=list)
    """Runs of edits since the last check, each with the text that it applies to."""

    @property
    def hits(self) -> Hits:
        """All diagnostics of the last check, including those not displayed, shifted by the edits since."""
        if self._typed:
            self.hits = Hits.of(self.since(self._hits), self.source.path)
        return self._hits

    @hits.setter
    def hits(self, hits: Hits) -> None:
        self._hits = hits
        self._typed.clear()

    def hits_of(self, rule: Rule) -> Iterable[Hit]:
        """Those of `hits` that belong to one rule. Does not shift the others."""
        return self.since(hit for hit in self._hits if hit.rule is rule)

    def hits_in(self, spans: Iterable[Span]) -> Iterator[Hit]:
        """Those of `hits` that start in ranges of the current text. Does not shift the others."""
        farthest = sum(len(edit.text) + edit.end - edit.start for _, run in self._typed for edit in run)
        for span in spans:
            near = self.since(self._hits.touching(Span(span.start - farthest, span.end + farthest)))
            yield from (hit for hit in near if span.start <= hit.start <= span.end)

    def since(self, hits: Iterable[Hit]) -> Iterable[Hit]:
        """Diagnostics of the last check shifted by the edits since; those on edited lines are dropped."""
        for before, run in self._typed:
            hits = moved(hits, before, run)
        return hits

    def edited(self, source: Source, edits: Iterable[Edit]) -> None:
        """Set a new text. `edits` lead to it one after the other; none means that the whole text was replaced."""
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
    """The diagnostics to show for a file. `found` also has suppressed ones, and those that only mask secrets."""

    source: Source
    hits: Hits
    found: Hits

    @cached_property
    def secrets(self) -> tuple[Span, ...]:
        """Ranges that must be masked in all output."""
        return tuple(hit.span for hit in self.found if hit.rule.secret and not hit.made.printable)
