"""The state of an open file, and the report of its last check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from playpen_ls.api.rule import Rule
from playpen_ls.engine.cache import EMPTY_CACHE, FindingsCache
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.diagnostics import FileDiagnostics
from playpen_ls.languages.model import Model
from playpen_ls.session.stability import shift_diagnostics, shift_through_edits
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit, runs
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span, Spans


@dataclass
class OpenFile:
    """An open file: its text, and the results of the last check."""

    source: Source
    language: str
    on_disk: bool = True
    in_project: bool | None = None
    """Whether its facts count for other files: it is in the project and not excluded. None until determined."""
    model: Model | None = None
    memory: FindingsCache = EMPTY_CACHE
    depends: object = None
    """The rules and the platform for which the cache `memory` is valid."""
    displayed: FileDiagnostics = field(default_factory=FileDiagnostics)
    found: FileDiagnostics = field(default_factory=FileDiagnostics)
    """All that the last check found, also what comments suppress, at the offsets of that time."""
    _hits: FileDiagnostics = field(default_factory=FileDiagnostics)
    _typed: list[tuple[Source, list[Edit]]] = field(default_factory=list)
    """Runs of edits since the last check, each with the text that it applies to."""

    @property
    def diagnostics(self) -> FileDiagnostics:
        """All diagnostics of the last check, including those not displayed, shifted by the edits since."""
        if self._typed:
            self.diagnostics = FileDiagnostics.of(self.since(self._hits), self.source.path)
        return self._hits

    @diagnostics.setter
    def diagnostics(self, diagnostics: FileDiagnostics) -> None:
        self._hits = diagnostics
        self._typed.clear()

    def hits_of(self, rule: Rule) -> Iterable[Diagnostic]:
        """Those of `hits` that belong to one rule. Does not shift the others."""
        return self.since(diagnostic for diagnostic in self._hits if diagnostic.rule is rule)

    def hits_in(self, spans: Iterable[Span]) -> Iterator[Diagnostic]:
        """Those of `hits` that start in ranges of the current text. Does not shift the others."""
        farthest = sum(len(edit.text) + edit.end - edit.start for _, run in self._typed for edit in run)
        spans = list(spans)
        near = self._hits.touching(Spans(Span(span.start - farthest, span.end + farthest) for span in spans))
        here = Spans(spans)
        yield from (diagnostic for diagnostic in self.since(near) if here.touch(diagnostic.start, diagnostic.start))

    def since(self, diagnostics: Iterable[Diagnostic]) -> Iterable[Diagnostic]:
        """Diagnostics of the last check shifted by the edits since; those on edited lines are dropped."""
        for before, run in self._typed:
            diagnostics = shift_diagnostics(diagnostics, before, run)
        return diagnostics

    def found_in(self, span: Span) -> Iterator[Diagnostic]:
        """What the last check found in a range of the current text, also on edited lines."""
        diagnostics: Iterable[Diagnostic] = self.found
        for _, run in self._typed:
            diagnostics = shift_through_edits(diagnostics, run, self.source.path)
        return (one for one in diagnostics if span.start <= one.start < span.end)

    def edited(self, source: Source, edits: Iterable[Edit]) -> None:
        """Set a new text. `edits` lead to it one after the other; none means that the whole text was replaced."""
        edits = list(edits)
        if not edits:
            self.diagnostics = self.found = FileDiagnostics()
        before, cuts = self.source, list(runs(edits))
        for number, run in enumerate(cuts, 1):
            self._typed.append((before, run))
            before = before.edited(run) if number < len(cuts) else source
        self.source = source


@dataclass(frozen=True)
class PublishedFile:
    """The diagnostics to show for a file. `found` also has suppressed ones, and those that only mask secrets.

    Diagnostics can be missing: those of the `failed` rules, by their ids, and those of `unparsed` ranges.
    """

    source: Source
    diagnostics: FileDiagnostics
    found: FileDiagnostics
    failed: frozenset[str] = frozenset()
    unparsed: tuple[Span, ...] = ()
    silenced: tuple[tuple[Diagnostic, str], ...] = ()
    """Those that comments suppress, with the reasons that these give."""

    @cached_property
    def secrets(self) -> tuple[Span, ...]:
        """Ranges that must be masked in all output."""
        return tuple(
            diagnostic.span for diagnostic in self.found if diagnostic.rule.masks_text and not diagnostic.made.printable
        )
