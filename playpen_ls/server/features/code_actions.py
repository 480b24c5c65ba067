"""Code actions: the actions for a range, and the edit of an action when it is resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from lsprotocol import types as lsp

from playpen_ls.api.finding import Change, Finding, Fix, Refused
from playpen_ls.config.editing import ignoring
from playpen_ls.engine.check import Offered
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.fixer import REWRITE, Accept, Fixed, safe_only
from playpen_ls.engine.suppression import REASON, ignore_here, ignore_in_file
from playpen_ls.server.client_capabilities import EXPLAIN, FIX_ALL, FIX_WORKSPACE, IGNORE, SHOW, ClientCapabilities
from playpen_ls.server.client_documents import ClientDocument, ClientDocuments
from playpen_ls.server.context import Context, pausing_about
from playpen_ls.server.features.diagnostics.encode import lsp_diagnostic, meant_instead
from playpen_ls.server.features.diagnostics.publish import is_configuration
from playpen_ls.server.workspace_edits import workspace_edit
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.diff import differences
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

LONGEST = 80  # characters of a title that editors show whole
MOST_TRIED = 5  # safe fixes that are tried to find out whether there is one


@dataclass(frozen=True)
class Plan:
    """A code action whose edit is not computed yet. `key` identifies it within a range; `compute` raises Refused."""

    title: str
    kind: str
    key: list[Any]
    compute: Callable[[], Change]
    preferred: bool = False
    finding: Diagnostic | None = None
    command: lsp.Command | None = None
    """The command that the client executes instead of an edit."""
    fixes_all_of: str = ""
    """The id of the rule of which it fixes all findings in the file."""
    is_fix: bool = False
    is_safe: bool = False


class Tried:
    """What is known of the fixes that have been tried for one request."""

    def __init__(self) -> None:
        self.verified: set[str] = set()
        self.refused: dict[str, str] = {}
        """The reason of the first refused fix, by the id of the rule."""
        self.told: set[tuple[str, Span]] = set()
        self.creating: set[str] = set()
        """The ids of rules of which a fix creates files."""
        self.safe = False
        """A safe fix was verified."""

    def refuse(self, finding: Diagnostic, reason: str) -> bool:
        """Whether it is the first refused fix of this finding."""
        self.refused.setdefault(finding.rule.id, reason)
        before = len(self.told)
        self.told.add((finding.rule.id, finding.span))
        return len(self.told) > before


def code_actions(context: Context, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    opened = context.documents.get(params.text_document.uri)
    with _pausing(context, opened):
        return _actions(context).at(opened, params) if opened and opened.is_placed else []


def resolve(context: Context, action: lsp.CodeAction) -> lsp.CodeAction:
    data = action.data if isinstance(action.data, dict) else {}
    with _pausing(context, context.documents.get(str(data.get("uri")))):
        return _actions(context).resolved(action)


def before_save(
    context: Context, params: lsp.WillSaveTextDocumentParams | lsp.DocumentFormattingParams
) -> list[lsp.TextEdit]:
    opened = context.documents.get(params.text_document.uri) if context.fix_on_save else None
    with _pausing(context, opened):
        return _actions(context).before_save(opened) if opened else []


def _pausing(context: Context, opened: ClientDocument | None) -> AbstractContextManager[None]:
    return pausing_about(context, opened.uri if opened else None)


def _actions(context: Context) -> Actions:
    return Actions(context.documents, context.abilities)


class Actions:
    """The actions for one request."""

    def __init__(self, documents: ClientDocuments, abilities: ClientCapabilities) -> None:
        self.documents = documents
        self.abilities = abilities
        self._verifiers: dict[str, Callable[[Diagnostic, Fix], Change]] = {}

    def at(self, opened: ClientDocument, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        """The code actions for a range. Fixes are verified, unless an automatic request resolves edits later.

        What checks the whole file again waits until the user chooses it, if edits are resolved later: all fixes of the
        file, and those of a rule, which are offered where one of them was verified; unless this one creates files, and
        the title has to say which files the user must create. Fixes that change the same are one action; of an
        automatic request those with the same title.
        """
        span = self.documents.positions(opened.source).span(params.range)
        automatic = params.context.trigger_kind == lsp.CodeActionTriggerKind.Automatic
        late = self.abilities.resolves_edits
        actions: list[lsp.CodeAction] = []
        fixes: list[tuple[str, Change | None, lsp.CodeAction]] = []
        tried = Tried()
        for plan in self._plans(opened, span, params.context.only, automatic, tried):
            if plan.command is not None:
                actions.append(lsp.CodeAction(plan.title, kind=plan.kind, command=plan.command))
                continue
            action, change = self._action(opened, span, plan), None
            if plan.fixes_all_of and late and not automatic and self._has_whole_title(plan.fixes_all_of, tried):
                if plan.fixes_all_of not in tried.verified:
                    continue
            elif not (late and (automatic or plan.kind == FIX_ALL) and params.context.only is None):
                try:
                    change = plan.compute()
                    if change.creates and plan.finding is not None:
                        tried.creating.add(plan.finding.rule.id)
                    tried.safe |= plan.is_safe
                    self._fill(action, opened, change, leave_edit_out=late and plan.kind != FIX_ALL)
                except Refused as reason:
                    if plan.is_fix and plan.finding is not None and tried.refuse(plan.finding, str(reason)):
                        actions += self._disabled(action, str(reason), automatic)
                    continue
            if plan.is_fix and plan.finding is not None:
                tried.verified.add(plan.finding.rule.id)
                twin = next((one for title, made, one in fixes if (title, made) == (plan.title, change)), None)
                if twin is not None:
                    twin.diagnostics = [*(twin.diagnostics or ()), *(action.diagnostics or ())]
                    continue
                fixes.append((plan.title, change, action))
            actions.append(action)
        return actions

    def _has_whole_title(self, rule_id: str, tried: Tried) -> bool:
        """Whether the title of the action for a rule need not say which files the user must create."""
        return self.abilities.creates_files or rule_id not in tried.creating

    def _disabled(self, action: lsp.CodeAction, reason: str, automatic: bool) -> list[lsp.CodeAction]:
        """The action with the reason why it is not possible, for clients that show those."""
        if automatic or not self.abilities.shows_disabled:
            return []
        action.disabled, action.is_preferred, action.data = lsp.CodeActionDisabled(reason), None, None
        return [action]

    def resolved(self, action: lsp.CodeAction) -> lsp.CodeAction:
        """The action with its edit; unchanged if it is not from this server, or the document has changed since."""
        data = action.data if isinstance(action.data, dict) else {}
        opened = self.documents.get(str(data.get("uri")))
        if action.edit is not None or opened is None or opened.version != data.get("version"):
            return action
        start, end, key = data.get("start"), data.get("end"), data.get("key")
        if not (isinstance(start, int) and isinstance(end, int) and 0 <= start <= end <= len(opened.source.text)):
            return action
        # Only plans of its own kind: fix all does not need the plans for each finding.
        only = [str(getattr(action.kind, "value", action.kind))] if action.kind else None
        for plan in self._plans(opened, Span(start, end), only, automatic=False, tried=Tried()):
            if plan.key == (list(key) if isinstance(key, (list, tuple)) else key):
                try:
                    self._fill(action, opened, plan.compute())
                except Refused:
                    break
        return action

    def _action(self, opened: ClientDocument, span: Span, plan: Plan) -> lsp.CodeAction:
        about = [lsp_diagnostic(self.documents, opened, plan.finding)] if plan.finding else None
        data = {"uri": opened.uri, "version": opened.version, "start": span.start, "end": span.end, "key": plan.key}
        return lsp.CodeAction(
            plan.title, kind=plan.kind, diagnostics=about, is_preferred=plan.preferred or None, data=data
        )

    def _fill(
        self, action: lsp.CodeAction, opened: ClientDocument, change: Change, leave_edit_out: bool = False
    ) -> None:
        if change.creates and not self.abilities.creates_files:
            said = f" (create {', '.join(f'`{path}`' for path in change.creates)} yourself)"
            action.title = action.title.removesuffix(said) + said
            if not any(change.edits.values()):
                raise Refused("this editor cannot create files")
        if change.creates and self.abilities.creates_files and self.abilities.shows_documents:
            uri = self.documents.uri(opened.workspace, next(iter(change.creates)))
            action.command = lsp.Command("Show the created file", SHOW, arguments=[uri])
        if not leave_edit_out:
            action.edit = workspace_edit(self.documents, opened, change, self.abilities)

    def _plans(
        self, opened: ClientDocument, span: Span, only: Iterable[str] | None, automatic: bool, tried: Tried
    ) -> Iterator[Plan]:
        """Plans for the lines of a range, those that touch the range first, then for the whole file."""
        wanted = None if only is None else tuple(only)
        if any(_matches(kind, wanted) for kind in (lsp.CodeActionKind.QuickFix.value, REWRITE)):
            if is_configuration(opened):
                plans = _configuration_plans(opened, _lines(opened, span))
            else:
                plans = self._plans_here(opened, span, automatic, tried) if opened.language else iter(())
            for plan in plans:
                if _matches(plan.kind, wanted):
                    yield plan
        asked = opened.language is not None and _matches(FIX_ALL, wanted) and not (wanted is None and automatic)
        if asked and (wanted is not None or tried.safe or self._has_safe_fix(opened)):
            title = "Playpen: Apply All Safe Fixes"
            yield Plan(title, FIX_ALL, ["all"], lambda: whole(opened, self._fixed(opened)))

    def _plans_here(self, opened: ClientDocument, span: Span, automatic: bool, tried: Tried) -> Iterator[Plan]:
        lines = _lines(opened, span)
        found = opened.workspace.look(opened.path, lines)
        diagnostics = [diagnostic for diagnostic in found.diagnostics if diagnostic.span.touches(lines)]
        diagnostics.sort(key=lambda diagnostic: not diagnostic.span.touches(span))

        def trying(diagnostic: Diagnostic, fix: Fix) -> Callable[[], Change]:
            return lambda: self._verifier(opened)(diagnostic, fix)

        fixes = [plan for diagnostic in diagnostics for plan in _fixes(diagnostic, trying)]
        yield from (plan for plan in fixes if plan.kind != REWRITE)
        for diagnostic in {diagnostic.rule.id: diagnostic for diagnostic in reversed(diagnostics)}.values():
            yield from self._whole_rule(opened, diagnostic)
            if not automatic and diagnostic.rule.id in tried.verified:
                yield from self._everywhere(diagnostic)
        yield from (plan for plan in fixes if plan.kind == REWRITE)
        for number, offered in enumerate(found.offers):
            if offered.offer.span.touches(span):
                yield _offer(offered, number, trying)
        here = [one for one in diagnostics if one.span.touches(span)] or diagnostics
        yield from self._ignores(opened, [one for one in here if one.rule.language], trying)
        if here:
            yield _explain(here, tried)

    def _verifier(self, opened: ClientDocument) -> Callable[[Diagnostic, Fix], Change]:
        found = self._verifiers.get(opened.uri)
        if found is None:
            found = self._verifiers[opened.uri] = opened.workspace.fix_verifier(opened.path)
        return found

    def _has_safe_fix(self, opened: ClientDocument) -> bool:
        """Whether a safe fix of the file works. Only the first are tried: where those do not work, it is yes."""
        workspace, path, tries = opened.workspace, opened.path, 0
        for shown in workspace.documents[path].displayed:
            if shown.has_safe_fix:
                for one in workspace.look(path, shown.span).diagnostics:
                    fix = next((fix for fix in one.finding.fixes if fix.safe), None)
                    if fix is None or (one.rule, one.span) != (shown.rule, shown.span):
                        continue
                    tries += 1
                    try:
                        self._verifier(opened)(one, fix)
                    except Refused:
                        if tries < MOST_TRIED:
                            continue
                    return True
        return False

    def _everywhere(self, diagnostic: Diagnostic) -> Iterator[Plan]:
        """One action for all findings of a rule in the workspace, if its fix is safe."""
        fix = next(iter(diagnostic.finding.fixes), None)
        if fix is not None and fix.safe and fix.kind != REWRITE and self.abilities.applies_edits:
            title = f"Fix all `{diagnostic.rule.name}` in the workspace"
            command = lsp.Command(title, FIX_WORKSPACE, arguments=[diagnostic.rule.id])
            yield Plan(title, lsp.CodeActionKind.QuickFix.value, [], Change, command=command)

    def _ignores(self, opened: ClientDocument, diagnostics: list[Diagnostic], trying: Trying) -> Iterator[Plan]:
        """One group: for the first finding here, in the file, and in the configuration; and all findings here."""
        if not diagnostics:
            return
        kind, first = lsp.CodeActionKind.QuickFix.value, diagnostics[0]
        names = list(dict.fromkeys(one.rule.name for one in diagnostics))
        name = first.rule.name
        if self.abilities.asks_for_reasons:
            title = f"Ignore `{name}`{_others(len(names) - 1)}…"
            place = {"uri": opened.uri, "start": first.span.start, "end": first.span.end}
            command = lsp.Command(title, IGNORE, arguments=[{**place, "rules": names}])
            yield Plan(title, kind, [], Change, command=command)
            return
        model, key = opened.workspace.model(opened.path), ["ignore", first.rule.id, first.span.start, first.span.end]
        here = Fix(f"Ignore `{name}` here", lambda: ignore_here(model, [first], REASON))
        yield Plan(here.title, kind, [*key, "here"], trying(first, here), False, first)
        if len(names) > 1:
            every = Fix(f"Ignore these {len(names)} rules here", lambda: ignore_here(model, diagnostics, REASON))
            yield Plan(every.title, kind, [*key, "all"], trying(first, every), False, first)
        if not first.rule.masks_text:  # a secret is ignored one by one
            fix = Fix(f"Ignore `{name}` in this file", lambda: ignore_in_file(model, first.rule, REASON))
            yield Plan(fix.title, kind, [*key, "file"], trying(first, fix), False, first)
            title, config = f"Ignore `{name}` in playpen.toml", partial(ignore_in_project, self.documents, opened)
            yield Plan(title, kind, [*key, "project"], lambda: config(first.rule.id), False, first)

    def before_save(self, opened: ClientDocument) -> list[lsp.TextEdit]:
        """The edits of safe fixes to apply before a save. Edits of other files are left out."""
        if opened.language is None:
            return []
        fixed = self._fixed(opened).source.text
        edits = differences(opened.source.text, fixed)
        return self.documents.positions(opened.source).text_edits(edits)

    def _whole_rule(self, opened: ClientDocument, diagnostic: Diagnostic) -> Iterator[Plan]:
        """One action for all findings of a rule, if it has several."""
        fix = next(iter(diagnostic.finding.fixes), None)
        document = opened.workspace.documents[opened.path]
        if fix is None or fix.kind == REWRITE or sum(one.rule is diagnostic.rule for one in document.diagnostics) < 2:
            return

        def accept(other: Diagnostic, fix: Fix) -> bool:
            return other.rule is diagnostic.rule and fix.kind != REWRITE

        yield Plan(
            f"Fix all `{diagnostic.rule.name}` in this file",
            lsp.CodeActionKind.QuickFix.value,
            ["rule", diagnostic.rule.id],
            lambda: whole(opened, self._fixed(opened, accept)),
            fixes_all_of=diagnostic.rule.id,
        )

    def _fixed(self, opened: ClientDocument, accept: Accept = safe_only) -> Fixed:
        return opened.workspace.fixed(opened.path, accept)


Trying = Callable[[Diagnostic, Fix], Callable[[], Change]]


def _fixes(diagnostic: Diagnostic, trying: Trying) -> Iterator[Plan]:
    """The fixes of a finding, safe ones first; at most one is preferred, and that is safe."""
    safe = [fix for fix in diagnostic.finding.fixes if fix.safe]
    obvious = safe[0] if len(safe) == 1 else next((fix for fix in safe if fix.preferred), None)
    numbered = sorted(enumerate(diagnostic.finding.fixes), key=lambda pair: not pair[1].safe)
    for number, fix in numbered:
        key = ["fix", diagnostic.rule.id, diagnostic.span.start, diagnostic.span.end, number]
        tried = trying(diagnostic, fix)
        yield Plan(fix.title, fix.kind, key, tried, fix is obvious, diagnostic, is_fix=True, is_safe=fix.safe)


def _offer(offered: Offered, number: int, trying: Trying) -> Plan:
    fix = offered.offer.fix
    stand_in = Diagnostic(offered.rule, Finding(offered.offer.span, ""), offered.rule.severity)
    return Plan(fix.title, fix.kind, ["offer", offered.rule.id, number], trying(stand_in, fix))


def _configuration_plans(opened: ClientDocument, lines: Span) -> Iterator[Plan]:
    """What is meant instead of misspelled words."""
    for number, (diagnostic, meant) in enumerate(meant_instead(opened)):
        if diagnostic.span.touches(lines):
            edit = Edit(diagnostic.span.start, diagnostic.span.end, meant)
            change = Change({opened.path: (edit,)})
            kind, made = lsp.CodeActionKind.QuickFix.value, partial(_given, change)
            yield Plan(f"Change to `{meant}`", kind, ["meant", number], made, True, diagnostic, is_fix=True)


def _given(change: Change) -> Change:
    return change


def ignore_in_project(documents: ClientDocuments, opened: ClientDocument, rule: str) -> Change:
    """The change of the configuration of a file that ignores a rule in its whole project. Raises Refused."""
    workspace = opened.workspace
    path = workspace.configs.of(opened.path).path
    if path is None:
        return Change(creates={"playpen.toml": f'ignore = ["{rule}"]\n'})
    if not any(path.is_relative_to(folder) for folder in (workspace.root, *documents.folders)):
        raise Refused(f"`{path}` is not in the workspace")
    inside = path.relative_to(workspace.root).as_posix() if path.is_relative_to(workspace.root) else path.as_posix()
    other = documents.of(workspace, inside)
    source = other.source if other else Source(inside, workspace.text_for_fix(inside) or "")
    section = "tool.playpen" if path.name == "pyproject.toml" else ""
    return Change({inside: (ignoring(source, rule, section),)})


def ignored(
    documents: ClientDocuments, opened: ClientDocument, span: Span, name: str, scope: str, reason: str
) -> Change:
    """The change that ignores a rule `here`, in the `file` or in the `project`. Raises Refused."""
    workspace, path = opened.workspace, opened.path
    found = [one for one in workspace.look(path, span).diagnostics if name in (one.rule.id, one.rule.name)]
    here = [one for one in found if one.span.touches(span)]
    if not here:
        raise Refused("the text has changed")
    first, model = here[0], workspace.model(path)
    if scope == "project":
        return ignore_in_project(documents, opened, first.rule.id)
    if scope == "file":
        fix = Fix("", lambda: ignore_in_file(model, first.rule, reason))
    else:
        fix = Fix("", lambda: ignore_here(model, [first], reason))
    return workspace.fix_verifier(path)(first, fix)


def _explain(diagnostics: list[Diagnostic], tried: Tried) -> Plan:
    """One action for all rules; the title says why the only one has no fix."""
    rules = list(dict.fromkeys(diagnostic.rule for diagnostic in diagnostics))
    title = f"Explain `{rules[0].name}`{_others(len(rules) - 1)}"
    reason = tried.refused.get(rules[0].id, "") if rules[0].id not in tried.verified else ""
    if reason and len(rules) == 1:
        title += f" (no fix: {reason})"
        title = title if len(title) <= LONGEST else f"{title[: LONGEST - 2]}…)"
    command = lsp.Command(title, EXPLAIN, arguments=[rule.id for rule in rules])
    return Plan(title, lsp.CodeActionKind.QuickFix.value, [], Change, command=command)


def _others(number: int) -> str:
    return f" and {number} other{'s' * (number > 1)}" if number else ""


def _lines(opened: ClientDocument, span: Span) -> Span:
    source = opened.source
    return Span(source.line_starts[source.line_of(span.start)], source.line_span(source.line_of(span.end)).end)


def whole(opened: ClientDocument, fixed: Fixed) -> Change:
    """The change from the current texts to the fixed ones. Raises Refused if there is none."""
    edits, creates = {opened.path: differences(opened.source.text, fixed.source.text)}, {}
    for path, text in fixed.others.items():
        old = opened.workspace.text_for_fix(path)
        if old is None:
            creates[path] = text
        else:
            edits[path] = differences(old, text)
    if not any(edits.values()) and not creates:
        raise Refused("there is nothing to fix")
    return Change({path: tuple(found) for path, found in edits.items() if found}, creates)


def _matches(kind: str, only: tuple[str, ...] | None) -> bool:
    """Whether a kind is requested, by itself or by a prefix: `source.fixAll` includes `source.fixAll.playpen`."""
    return only is None or any(kind == one or not one or kind.startswith(f"{one}.") for one in only)
