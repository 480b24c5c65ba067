"""Code actions: the actions for a range, and the edit of an action when it is resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any

from lsprotocol import types as lsp

from playpen_ls.api.finding import Change, Finding, Fix, Refused
from playpen_ls.engine.check import Offered
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.fixer import REWRITE, Accept, Fixed, safe_only
from playpen_ls.engine.suppression import ignore_here
from playpen_ls.server.client_capabilities import EXPLAIN, FIX_ALL, ClientCapabilities
from playpen_ls.server.client_documents import ClientDocument, ClientDocuments
from playpen_ls.server.context import Context
from playpen_ls.server.features.diagnostics.encode import lsp_diagnostic
from playpen_ls.server.workspace_edits import workspace_edit
from playpen_ls.text.diff import differences
from playpen_ls.text.pause import pausing
from playpen_ls.text.span import Span


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


def code_actions(context: Context, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    opened = context.documents.get(params.text_document.uri)
    with _pausing(context, opened):
        return _actions(context).at(opened, params) if opened else []


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
    """While a request about this document is handled, other messages are looked at in pauses."""
    protocol = context.server.protocol
    return pausing(protocol.answer_hovers, lambda: protocol.pause(opened.uri if opened else None))


def _actions(context: Context) -> Actions:
    return Actions(context.documents, context.abilities)


class Actions:
    def __init__(self, documents: ClientDocuments, abilities: ClientCapabilities) -> None:
        self.documents = documents
        self.abilities = abilities

    def at(self, opened: ClientDocument, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        """The code actions for a range. Fixes are verified, unless an automatic request resolves edits later.

        What checks the whole file again waits until the user chooses it, if edits are resolved later: all fixes of the
        file, and those of a rule, which are offered where one of them was verified; unless the title has to say which
        files the user must create.
        """
        if opened.language is None:
            return []
        span = self.documents.positions(opened.source).span(params.range)
        automatic = params.context.trigger_kind == lsp.CodeActionTriggerKind.Automatic
        late = self.abilities.resolves_edits
        actions = []
        verified: set[str] = set()
        for plan in self._plans(opened, span, params.context.only, automatic):
            if plan.command is not None:
                actions.append(lsp.CodeAction(plan.title, kind=plan.kind, command=plan.command))
                continue
            action = self._action(opened, span, plan)
            if plan.fixes_all_of and late and not automatic and self.abilities.creates_files:
                if plan.fixes_all_of not in verified:
                    continue
            elif not (late and (automatic or plan.kind == FIX_ALL)):
                try:
                    self._fill(action, opened, plan.compute(), leave_edit_out=late)
                except Refused:
                    continue
                if plan.finding is not None:
                    verified.add(plan.finding.rule.id)
            actions.append(action)
        return actions

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
        for plan in self._plans(opened, Span(start, end), only, automatic=False):
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
        if not leave_edit_out:
            action.edit = workspace_edit(self.documents, opened, change, self.abilities)

    def _plans(self, opened: ClientDocument, span: Span, only: Iterable[str] | None, automatic: bool) -> Iterator[Plan]:
        """Plans for the lines of a range, those that touch the range first, then for the whole file."""
        wanted = None if only is None else tuple(only)
        if any(_matches(kind, wanted) for kind in (lsp.CodeActionKind.QuickFix.value, REWRITE)):
            for plan in self._plans_here(opened, span):
                if _matches(plan.kind, wanted):
                    yield plan
        if _matches(FIX_ALL, wanted) and not (wanted is None and automatic):
            title = "Playpen: Apply All Safe Fixes"
            yield Plan(title, FIX_ALL, ["all"], lambda: whole(opened, self._fixed(opened)))

    def _plans_here(self, opened: ClientDocument, span: Span) -> Iterator[Plan]:
        source = opened.source
        lines = Span(source.line_starts[source.line_of(span.start)], source.line_span(source.line_of(span.end)).end)
        found = opened.workspace.look(opened.path, lines)
        diagnostics = [diagnostic for diagnostic in found.diagnostics if diagnostic.span.touches(lines)]
        diagnostics.sort(key=lambda diagnostic: not diagnostic.span.touches(span))
        tried = cache(opened.workspace.fix_verifier)

        def trying(diagnostic: Diagnostic, fix: Fix) -> Callable[[], Change]:
            return lambda: tried(opened.path)(diagnostic, fix)

        for diagnostic in diagnostics:
            yield from _fixes(diagnostic, trying)
        for number, offered in enumerate(found.offers):
            if offered.offer.span.touches(span):
                yield _offer(offered, number, trying)
        for rule_id in dict.fromkeys(diagnostic.rule.id for diagnostic in diagnostics):
            yield from self._whole_rule(
                opened, next(diagnostic for diagnostic in diagnostics if diagnostic.rule.id == rule_id)
            )
        for diagnostic in diagnostics:
            yield from _ignore(opened, diagnostic, trying)
        for rule_id, name in {diagnostic.rule.id: diagnostic.rule.name for diagnostic in diagnostics}.items():
            yield _explain(rule_id, name)

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
    safe = [fix for fix in diagnostic.finding.fixes if fix.safe]
    for number, fix in enumerate(diagnostic.finding.fixes):
        preferred = fix.preferred or safe == [fix]
        key = ["fix", diagnostic.rule.id, diagnostic.span.start, diagnostic.span.end, number]
        yield Plan(fix.title, fix.kind, key, trying(diagnostic, fix), preferred, diagnostic)


def _offer(offered: Offered, number: int, trying: Trying) -> Plan:
    fix = offered.offer.fix
    stand_in = Diagnostic(offered.rule, Finding(offered.offer.span, ""), offered.rule.severity)
    return Plan(fix.title, fix.kind, ["offer", offered.rule.id, number], trying(stand_in, fix))


def _ignore(opened: ClientDocument, diagnostic: Diagnostic, trying: Trying) -> Iterator[Plan]:
    model = opened.workspace.model(opened.path)
    if diagnostic.rule.language:
        fix = Fix(f"Ignore `{diagnostic.rule.name}` here", lambda: ignore_here(model, diagnostic))
        key = ["ignore", diagnostic.rule.id, diagnostic.span.start, diagnostic.span.end]
        yield Plan(fix.title, lsp.CodeActionKind.QuickFix.value, key, trying(diagnostic, fix), False, diagnostic)


def _explain(rule_id: str, name: str) -> Plan:
    title = f"Explain `{name}`"
    command = lsp.Command(title, EXPLAIN, arguments=[rule_id])
    return Plan(title, lsp.CodeActionKind.QuickFix.value, [], Change, command=command)


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
