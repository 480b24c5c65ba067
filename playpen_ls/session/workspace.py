"""The current state of a project: open files with their caches, and the index of all files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from playpen_ls.api.facts import Fact, Files
from playpen_ls.api.finding import Change, Fix
from playpen_ls.api.rule import Given, Rule
from playpen_ls.config.model import Settings
from playpen_ls.config.resolver import Configs
from playpen_ls.engine.cache import NOTHING
from playpen_ls.engine.check import Checked, check, placed
from playpen_ls.engine.diagnostic import Hit
from playpen_ls.engine.diagnostics import Hits
from playpen_ls.engine.fixer import Accept, Fixed, Look, Looker, fix_all, safe_only, verified
from playpen_ls.engine.own_rules import UNUSED_IGNORE
from playpen_ls.engine.rule_set import RuleSet
from playpen_ls.engine.suppression import suppress
from playpen_ls.languages.detection import language_of
from playpen_ls.languages.model import Model
from playpen_ls.languages.registry import parse
from playpen_ls.project.filesystem import OnceFiles, ProjectFiles
from playpen_ls.project.index import Index
from playpen_ls.project.indexer import ClosedFiles
from playpen_ls.project.scan import Excluded
from playpen_ls.session.open_file import Document, Report
from playpen_ls.session.stability import carried, steady, unseen
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


class Workspace:
    """One project. Paths are relative to its root, with forward slashes; absolute outside of it."""

    def __init__(self, root: Path, settings: Settings | None = None, *, indexed: bool = True) -> None:
        self.root = root
        self.configs = Configs(root, settings or Settings())
        self.documents: dict[str, Document] = {}
        self.index = Index()
        self.indexed = indexed
        self.closed = ClosedFiles(root, self._excluded, self.index, self.documents)
        self._files = ProjectFiles(root, self._open_text)
        self._once: Files | None = None

    def _excluded(self) -> Excluded:
        """What the configuration of the project's root leaves out."""
        config = self.configs.of("x")
        return Excluded(config.exclude, config.folder)

    # Texts

    def open(self, source: Source, language: str, on_disk: bool = True) -> None:
        """Open a file, for an editor or for a check."""
        self.documents[source.path] = Document(source, language, on_disk)

    def edit(self, path: str, source: Source, edits: Iterable[Edit] = ()) -> None:
        """Change the text of an open file. `edits` lead to it one after the other; none means the whole text is new."""
        self.documents[path].edited(source, edits)

    def close(self, path: str) -> None:
        document = self.documents.pop(path, None)
        if document is not None:
            self.closed.read(path)

    def _open_text(self, path: str) -> str | None:
        document = self.documents.get(path)
        return document.source.text if document else None

    def text(self, path: str) -> str | None:
        """The current text of any file of the project; None if it cannot be read."""
        return self._files.text(path)

    def hold_still(self) -> None:
        """Cache all file-system answers from now on (batch mode)."""
        self._once = OnceFiles(self._files)

    # Checking

    def check(self, path: str, settled: bool = True, *, fixes: bool = False) -> Report:
        """Check an open file. Findings have fixes only with `fixes`.

        While not `settled`, no new "X is missing" diagnostic appears; existing ones can disappear.
        """
        document = self.documents[path]
        rules = self._rules(document)
        depends = (rules, self.configs.of(path).platform)
        if depends != document.depends:
            document.depends, document.memory = depends, NOTHING
            # Previous diagnostics of rules that are now disabled must not be carried over.
            document.hits = document.hits.kept([hit for hit in document.hits if hit.rule.id in rules.told])
        model = parse(document.language, document.source, document.model)
        model = model.settled() if settled else model
        if document.model is not None and document.model is not model:
            document.model.release()
        document.model = model
        if document.told is None:
            document.told = document.on_disk and self.closed.counts(path)
        self.index.later(path, model.facts if document.told else tuple)
        checked = check(model, rules, self._given(document), document.memory, fixes=fixes)
        document.memory = checked.memory
        return self._report(document, model, checked, rules, settled)

    def check_once(self, path: str, model: Model) -> Report:
        """What `check` says of an open file of which the index knows all facts, and that is not edited."""
        document = self.documents[path]
        document.model, rules = model, self._rules(document)
        return self._report(document, model, check(model, rules, self._given(document), NOTHING), rules, True)

    def _report(
        self,
        document: Document,
        model: Model,
        checked: Checked,
        rules: RuleSet,
        settled: bool,
    ) -> Report:
        path = document.source.path
        hits = self._told(document, model, checked, rules, stays=True)
        broken = [chunk.span for chunk in model.chunks if chunk.seems_broken]
        if broken:
            last = lambda spans: placed(Hits.of(document.hits_in(spans), path), model)  # noqa: E731
            hits = carried(hits, last, broken)
        shown = hits
        if broken or not settled:
            unsure = lambda hit: not settled or unseen(hit, model, broken)  # noqa: E731
            shown = steady(hits, document.displayed, unsure, document.since)
        document.hits, document.displayed = hits, shown
        return Report(document.source, shown, checked.hits)

    def _rules(self, document: Document) -> RuleSet:
        return self.configs.rules(document.source.path, document.language)

    def _told(
        self,
        document: Document,
        model: Model,
        checked: Checked,
        rules: RuleSet,
        *,
        stays: bool = False,
    ) -> Hits:
        """The reported diagnostics, after suppression comments.

        While a file does not parse, a comment may seem unused because findings are missing: then none is reported as
        unused except, with `stays`, those that were before.
        """
        wanted = checked.hits
        if rules.hidden:
            wanted = wanted.kept([hit for hit in wanted if hit.rule.id not in rules.hidden])
        suppressed = suppress(model, wanted, rules.told - checked.failed)
        hits = suppressed.kept
        unused = suppressed.unused if self._all_rules_ran(document) else []
        if unused and any(chunk.broken for chunk in model.chunks):
            before = {hit.span for hit in document.hits_of(UNUSED_IGNORE)} if stays else set()
            unused = [hit for hit in unused if hit.span in before]
        for one in self.configs.chosen((UNUSED_IGNORE,), document.source.path) if unused else ():
            hits = hits.also([hit.at(one.severity or hit.severity) for hit in unused])
        return hits

    def _all_rules_ran(self, document: Document) -> bool:
        everything = self.configs.settings.select is None and self.configs.of(document.source.path).select is None
        return everything and (self.index.complete or not self.indexed)

    def _given(self, document: Document, others: Mapping[str, str] | None = None) -> Given:
        path, facts = document.source.path, self.index.facts
        on_disk = self._files if document.on_disk else ProjectFiles(self.root, self._open_text, known=False)
        files = self._once if self._once is not None and document.on_disk else on_disk
        if others:
            files = on_disk.overlaid(others)
            facts = self.index.overlaid({other: _facts(other, text) for other, text in others.items()}).facts
        return Given(self.configs.of(path).platform, files, lambda kind: facts(kind, path))

    # Fixes

    def look(self, path: str, within: Span | None = None) -> Checked:
        """The current findings and offers of a file, with fixes."""
        document = self.documents[path]
        if within and any(hit.rule is UNUSED_IGNORE and hit.span.touches(within) for hit in document.hits):
            within = None  # unused comments are known only after checking the whole file
        model = parse(document.language, document.source, document.model)
        document.model = model
        rules = self._rules(document)
        checked = check(model, rules, self._given(document), within=within)
        hits = self._told(document, model, checked, rules)
        if within:
            hits = hits.kept([hit for hit in hits if hit.rule is not UNUSED_IGNORE])
        return replace(checked, hits=hits)

    def looker(self, path: str, *, fixes: bool, only: Rule | None = None) -> Looker:
        """A function that checks possible texts of this file incrementally, each relative to the previous one.

        Without `fixes`, each is checked relative to the document's text instead. With `only`, changed chunks are
        checked with one rule; the diagnostics of the others are those of the document's text.
        """
        document = self.documents[path]
        rules = self._rules(document)
        stale = (rules, self.configs.of(path).platform) != document.depends
        memory, last = NOTHING if stale else document.memory, document.model
        if only is not None:
            rules = rules.only(only)

        def look(source: Source, others: Mapping[str, str]) -> Look:
            nonlocal memory, last
            model = parse(document.language, source, last)
            checked = check(model, rules, self._given(document, others), memory, fixes=fixes)
            if fixes:
                memory, last = checked.memory, model
            hits = self._told(document, model, checked, rules)
            return Look(model, hits)

        return look

    def trier(self, path: str) -> Callable[[Hit, Fix], Change]:
        """A function that verifies a fix on the current text and returns its change, or raises Refused."""
        before: Look | None = None

        def tried(hit: Hit, fix: Fix) -> Change:
            nonlocal before
            before = before or self.looker(path, fixes=False)(self.documents[path].source, {})
            hits: Sequence[Hit] = before.hits
            if not any(one.rule is hit.rule and one.span == hit.span for one in hits):
                hits = [*hits, hit]  # an offer has no finding: verify it as if it had one
            # Unused ignore comments are known only when all rules have run.
            again = self.looker(path, fixes=False, only=None if hit.rule is UNUSED_IGNORE else hit.rule)
            return verified(Look(before.model, hits), hit, fix, again, self.text)

        return tried

    def fixed(self, path: str, accept: Accept = safe_only) -> Fixed:
        """The file after applying all fixes that `accept` accepts."""
        document = self.documents[path]
        return fix_all(document.source, self.looker(path, fixes=True), accept, self.text)


def _facts(path: str, text: str) -> tuple[Fact, ...]:
    language = language_of(path, lambda: text)
    return tuple(parse(language, Source(path, text)).facts()) if language else ()
