"""The current state of a project: open files with their caches, and the index of all files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from pathlib import Path

from playpen_ls.api.facts import Fact, Files, NotKnownYet
from playpen_ls.api.finding import Change, Fix, Refused, Severity
from playpen_ls.api.rule import Rule, RuleContext
from playpen_ls.config.model import OFF, Settings
from playpen_ls.config.resolver import ConfigResolver
from playpen_ls.engine.baseline import without_accepted
from playpen_ls.engine.cache import EMPTY_CACHE, Asked, FileQuery
from playpen_ls.engine.check import Checked, check, with_current_places
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.diagnostics import FileDiagnostics
from playpen_ls.engine.fixer import Accept, CheckedText, Checker, Fixed, fix_all, safe_only, verified, verified_together
from playpen_ls.engine.masking import Mask
from playpen_ls.engine.own_rules import UNUSED_IGNORE
from playpen_ls.engine.rule_set import RuleSet
from playpen_ls.engine.suppression import Suppressed, suppress
from playpen_ls.languages.detection import language_of, possible_language
from playpen_ls.languages.language import BuildSummary
from playpen_ls.languages.model import Model
from playpen_ls.languages.registry import LANGUAGES, facts_in, makers, model_facts, parse
from playpen_ls.project.filesystem import CachedFiles, FilesWhileTyping, PatientFiles, ProjectFiles
from playpen_ls.project.index import Index
from playpen_ls.project.indexer import Indexer
from playpen_ls.project.patience import Ask, at_once
from playpen_ls.project.scan import Excluded
from playpen_ls.session.open_file import OpenFile, PublishedFile
from playpen_ls.session.stability import hold_back_new_absences, is_unseen, with_stale_diagnostics
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span, Spans

_MOST_MODELS = 20


class Workspace:
    """One project. Paths are relative to its root, with forward slashes; absolute outside of it."""

    def __init__(
        self,
        root: Path,
        settings: Settings | None = None,
        *,
        indexed: bool = True,
        ask: Ask = at_once,
    ) -> None:
        self.root = root
        self.ask = ask
        """Answers questions about files."""
        self.configs = ConfigResolver(root, settings or Settings(), ask)
        self.documents: dict[str, OpenFile] = {}
        self.index = Index()
        self.indexed = indexed
        self.closed = Indexer(root, self._excluded, self.index, self.documents, ask)
        self._files: ProjectFiles | PatientFiles = ProjectFiles(root, self._open_text)
        if ask is not at_once:
            self._files = PatientFiles(ProjectFiles(root, lambda path: None), self._open_text, ask)
        self._once: Files | None = None
        self._asked: Asked | None = None
        self._closed_models: dict[str, Model] = {}
        """Models of files that are not open, the last ones that were asked for."""

    def _excluded(self) -> Excluded:
        """What the configuration of the project's root leaves out."""
        config = self.configs.of("x")
        return Excluded(config.exclude, config.folder)

    # Texts

    def open(self, source: Source, language: str, on_disk: bool = True) -> None:
        """Open a file, for an editor or for a check."""
        self.documents[source.path] = OpenFile(source, language, on_disk)

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

    def model(self, path: str) -> Model:
        """The model of the current text of an open file."""
        document = self.documents[path]
        document.model = parse(document.language, document.source, document.model)
        return document.model

    def model_at(self, path: str) -> Model | None:
        """The model of the current text of any file of the project; None if it has none. Can raise NotKnownYet."""
        if path in self.documents:
            return self.model(path)
        text = self.text(path)
        language = language_of(path, lambda: text or "") if text is not None else None
        if text is None or language is None:
            return None
        found = self._closed_models.pop(path, None)
        if found is None or found.source.text != text:
            found = parse(language, Source(path, text))
        self._closed_models[path] = found
        if len(self._closed_models) > _MOST_MODELS:
            del self._closed_models[next(iter(self._closed_models))]
        return found

    def paths_of(self, language: str, word: str) -> Iterator[str]:
        """The files of a language whose text has the word, open ones too, by path. Can raise NotKnownYet."""
        for path in self.index.read_paths():
            opened = self.documents.get(path)
            its = opened.language if opened is not None else possible_language(path)
            if its == language and word in (self.text(path) or ""):
                yield path

    def text(self, path: str) -> str | None:
        """The current text of any file of the project; None if it cannot be read. Can raise NotKnownYet."""
        if self._asked is not None:
            self._asked.text(path)
        return self._files.text(path)

    def text_for_fix(self, path: str) -> str | None:
        """The same for a fix: raises Refused instead."""
        try:
            return self.text(path)
        except NotKnownYet:
            raise Refused(f"`{path}` has not been read yet") from None

    @property
    def awaits_files(self) -> bool:
        """Whether findings can be missing, since something has not been read yet."""
        return isinstance(self._files, PatientFiles) and self._files.is_late

    def refresh_files(self) -> None:
        """Let rules see what has changed on disk; without `ask` they see that at once."""
        if isinstance(self._files, PatientFiles):
            self._files.refresh()

    def freeze_files(self) -> None:
        """Cache all file-system answers from now on (batch mode)."""
        self._once = CachedFiles(self._files)

    def record(self) -> Asked:
        """What is asked of other files from now on, until the next call."""
        self._asked = Asked()
        return self._asked

    def answer(self, query: FileQuery) -> object:
        """The answer to a query about other files."""
        return query.asked_of(self._once or self._files)

    # Checking

    def check(self, path: str, settled: bool = True, *, fixes: bool = False) -> PublishedFile:
        """Check an open file. Findings have fixes only with `fixes`.

        While not `settled`, no new "X is missing" diagnostic appears; existing ones can disappear.
        """
        document = self.documents[path]
        rules = self._rules(document)
        depends = (rules, self.configs.of(path).platform)
        if depends != document.depends:
            document.depends, document.memory = depends, EMPTY_CACHE
            # Previous diagnostics of rules that are now disabled must not be carried over.
            document.diagnostics = document.diagnostics.filtered(
                [diagnostic for diagnostic in document.diagnostics if diagnostic.rule.id in rules.reported]
            )
        model = self.model(path)
        document.model = model = model.settled() if settled else model
        if document.in_project is None:
            counts = partial(self.closed.counts, path, self._excluded())
            document.in_project = document.on_disk and self.ask((self, "counts", path), counts)
        self.index.later(path, partial(model_facts, model) if document.in_project else tuple)
        given = self._given(document)
        if not settled:
            given = replace(given, files=FilesWhileTyping(given.files))
        checked = check(model, rules, given, document.memory, fixes=fixes, last=document.found_in)
        document.memory = checked.memory
        return self._report(document, model, checked, rules, settled)

    def check_once(self, path: str, model: Model, *, fixes: bool = False) -> PublishedFile:
        """What `check` says of an open file of which the index knows all facts, and that is not edited."""
        document = self.documents[path]
        document.model, rules = model, self._rules(document)
        document.depends = (rules, self.configs.of(path).platform)
        checked = check(model, rules, self._given(document), EMPTY_CACHE, fixes=fixes)
        document.memory = checked.memory
        return self._report(document, model, checked, rules, True)

    def _report(
        self,
        document: OpenFile,
        model: Model,
        checked: Checked,
        rules: RuleSet,
        settled: bool,
    ) -> PublishedFile:
        path = document.source.path
        reported = self._reported(document, model, checked, rules, stays=True)
        diagnostics = reported.kept
        broken = [chunk.span for chunk in model.chunks if chunk.seems_broken]
        if broken:
            last = lambda spans: with_current_places(FileDiagnostics.of(document.hits_in(spans), path), model)  # noqa: E731
            diagnostics = with_stale_diagnostics(diagnostics, last, broken)
        shown = diagnostics
        if broken or not settled:
            unread = Spans(broken)
            unsure = lambda diagnostic: not settled or is_unseen(diagnostic, unread)  # noqa: E731
            shown = hold_back_new_absences(diagnostics, document.displayed, unsure, document.since)
        document.found = checked.diagnostics
        document.diagnostics, document.displayed = diagnostics, shown
        return PublishedFile(
            document.source,
            shown,
            checked.diagnostics,
            checked.failed,
            tuple(broken),
            tuple(reported.silenced),
        )

    def _rules(self, document: OpenFile) -> RuleSet:
        return self.configs.rules(document.source.path, document.language)

    def _reported(
        self,
        document: OpenFile,
        model: Model,
        checked: Checked,
        rules: RuleSet,
        *,
        stays: bool = False,
    ) -> Suppressed:
        """The reported diagnostics, after suppression comments and the baseline, and the suppressed ones.

        While a file does not parse, or rules wait, a comment may seem unused because findings are missing: then none is
        reported as unused except, with `stays`, those that were before.
        """
        wanted = checked.diagnostics
        if rules.unreported:
            wanted = wanted.filtered(
                [diagnostic for diagnostic in wanted if diagnostic.rule.id not in rules.unreported]
            )
        suppressed = suppress(model, wanted, rules.reported - checked.failed)
        diagnostics = self._without_accepted(document, suppressed.kept, checked)
        unused = suppressed.unused if self._all_rules_ran(document) else []
        if unused and (checked.deferred or any(chunk.broken for chunk in model.chunks)):
            before = {diagnostic.span for diagnostic in document.hits_of(UNUSED_IGNORE)} if stays else set()
            unused = [diagnostic for diagnostic in unused if diagnostic.span in before]
        for one in self.configs.chosen((UNUSED_IGNORE,), document.source.path) if unused else ():
            diagnostics = diagnostics.extended(
                [diagnostic.at(one.severity or diagnostic.severity) for diagnostic in unused]
            )
        return replace(suppressed, kept=diagnostics)

    def _without_accepted(self, document: OpenFile, diagnostics: FileDiagnostics, checked: Checked) -> FileDiagnostics:
        """The diagnostics that are not in the baseline; those in it are left out or, if so configured, hints."""
        treatment = self.configs.settings.baseline
        found = self.configs.baseline(document.source.path) if treatment != OFF and diagnostics else None
        if found is None:
            return diagnostics
        baseline, path, exists = found
        secrets = [one.span for one in checked.diagnostics if one.rule.masks_text and not one.made.printable]
        listed = list(diagnostics)
        new = without_accepted(
            baseline, path, exists, [(one.rule.id, one.span) for one in listed], Mask(document.source, secrets)
        )
        if all(new):
            return diagnostics
        kept = [
            one if is_new else one.at(Severity.HINT)
            for one, is_new in zip(listed, new, strict=True)
            if is_new or treatment == "hint"
        ]
        return diagnostics.filtered(kept)

    def _all_rules_ran(self, document: OpenFile) -> bool:
        everything = self.configs.settings.select is None and self.configs.of(document.source.path).select is None
        return everything and (self.index.complete or not self.indexed)

    def context(self, path: str) -> RuleContext:
        """What a rule can read besides a closed file of the project."""
        facts, files = self.index.facts, self._once if self._once is not None else self._files
        return RuleContext(self.configs.of(path).platform, files, lambda kind: facts(kind, path))

    def _given(self, document: OpenFile, others: Mapping[str, str] | None = None) -> RuleContext:
        path, facts = document.source.path, self.index.facts
        on_disk = self._files if document.on_disk else ProjectFiles(self.root, self._open_text, known=False)
        files = self._once if self._once is not None and document.on_disk else on_disk
        if others:
            files = on_disk.with_overrides(others)
            stated = {other: _facts(other, text) for other, text in others.items()}
            facts = self.index.with_overrides(stated, path).facts
        return self._recorded(RuleContext(self.configs.of(path).platform, files, lambda kind: facts(kind, path)))

    def _recorded(self, given: RuleContext) -> RuleContext:
        return given if self._asked is None else self._asked.recording(given)

    def needs_project(self, path: str, language: str) -> bool:
        """Whether what is reported in a file depends on facts of other files."""
        return self.configs.rules(path, language).needs_project or bool(makers(language, path))

    def built(self, path: str, language: str) -> BuildSummary:
        """What the file builds out of other files, see `Language.built`. Nothing until all files are known."""
        if not self.index.complete:
            return BuildSummary()
        given = self._recorded(self.context(path))
        return LANGUAGES[language].built(path, given.files, given.facts)

    # Fixes

    def look(self, path: str, within: Span | None = None) -> Checked:
        """The current findings and offers of a file, with fixes."""
        document = self.documents[path]
        if within and any(
            diagnostic.rule is UNUSED_IGNORE and diagnostic.span.touches(within) for diagnostic in document.diagnostics
        ):
            within = None  # unused comments are known only after checking the whole file
        model, rules = self.model(path), self._rules(document)
        given, before = self._given(document), document.memory.outline
        checked = check(model, rules, given, within=within, before=before)
        diagnostics = self._reported(document, model, checked, rules).kept
        if within:
            diagnostics = diagnostics.filtered(
                [diagnostic for diagnostic in diagnostics if diagnostic.rule is not UNUSED_IGNORE]
            )
        return replace(checked, diagnostics=diagnostics)

    def checker(self, path: str, *, fixes: bool, only: Set[Rule] = frozenset()) -> Checker:
        """A function that checks possible texts of this file incrementally, each relative to the previous one.

        Without `fixes`, each is checked relative to the document's text instead. With `only`, changed chunks are
        checked with these rules; the diagnostics of the others are those of the document's text.
        """
        document = self.documents[path]
        rules = self._rules(document)
        stale = (rules, self.configs.of(path).platform) != document.depends
        memory, last = EMPTY_CACHE if stale else document.memory, document.model
        if only:
            rules = rules.only(only)

        def look(source: Source, others: Mapping[str, str]) -> CheckedText:
            nonlocal memory, last
            model = parse(document.language, source, last)
            checked = check(model, rules, self._given(document, others), memory, fixes=fixes)
            if fixes:
                memory, last = checked.memory, model
            diagnostics = self._reported(document, model, checked, rules).kept
            return CheckedText(model, diagnostics)

        return look

    def fix_verifier(self, path: str) -> Callable[[Diagnostic, Fix], Change]:
        """A function that verifies a fix on the current text and returns its change, or raises Refused."""
        before: CheckedText | None = None

        def tried(diagnostic: Diagnostic, fix: Fix) -> Change:
            nonlocal before
            before = before or self.checker(path, fixes=False)(self.documents[path].source, {})
            diagnostics: Sequence[Diagnostic] = before.diagnostics
            if not any(one.rule is diagnostic.rule and one.span == diagnostic.span for one in diagnostics):
                diagnostics = [*diagnostics, diagnostic]  # an offer has no finding: verify it as if it had one
            again = self._checker_of(path, {diagnostic.rule})
            return verified(CheckedText(before.model, diagnostics), diagnostic, fix, again, self.text_for_fix)

        return tried

    def verified_fixes(self, path: str, fixes: Iterable[tuple[Diagnostic, Fix]]) -> list[Change | Refused]:
        """The changes of fixes, or why they are refused, as of `fix_verifier` with fewer checks.

        They are of findings of the last check: nothing has changed since.
        """
        document = self.documents[path]
        before = CheckedText(self.model(path), document.diagnostics)
        return verified_together(before, fixes, partial(self._checker_of, path), self.text_for_fix)

    def _checker_of(self, path: str, rules: Set[Rule]) -> Checker:
        """Looks for findings of these rules. Unused ignore comments are known only when all rules have run."""
        return self.checker(path, fixes=False, only=frozenset() if UNUSED_IGNORE in rules else rules)

    def fixed(self, path: str, accept: Accept = safe_only) -> Fixed:
        """The file after applying all fixes that `accept` accepts."""
        document = self.documents[path]
        return fix_all(document.source, self.checker(path, fixes=True), accept, self.text_for_fix)


def _facts(path: str, text: str) -> tuple[Fact, ...]:
    language = language_of(path, lambda: text)
    return facts_in(language, Source(path, text)) if language else ()
