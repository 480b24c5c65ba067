"""Commands: check or fix the whole workspace, show the page of a rule, create a configuration file."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.uris import from_fs_path, to_fs_path

from playpen_ls.api.finding import Refused
from playpen_ls.server.protocol import Protocol, Server, answer_of, known
from playpen_ls.text.pause import pausing
from playpen_ls.text.span import Span

# Commands are registered before the response to `initialize`, so the modules that they need are imported later.
if TYPE_CHECKING:
    from playpen_ls.api.finding import Fix
    from playpen_ls.api.rule import Rule
    from playpen_ls.engine.diagnostic import Diagnostic
    from playpen_ls.server.client_capabilities import ClientCapabilities
    from playpen_ls.server.client_documents import ClientDocument, ClientDocuments
    from playpen_ls.server.features.diagnostics.closed import ClosedFiles

APPLY = 120.0  # seconds for a client to apply an edit, about which it may ask the user

CONFIGURATION = """\
# Configuration of playpen-ls. Every setting has a default; remove those that you do not change.

# ignore = ["kubernetes/no-cpu-limit"]
# exclude = ["vendor/"]

# [severity]
# "python/print-as-log" = "warning"  # error, warning, information, hint, off
"""


class Commands:
    """`documents` and `abilities` are called when a command runs: they are available after `initialize`."""

    def __init__(
        self,
        server: Server,
        documents: Callable[[], ClientDocuments],
        abilities: Callable[[], ClientCapabilities],
        files: ClosedFiles,
    ) -> None:
        self._server = server
        self._documents = documents
        self._abilities = abilities
        self._files = files
        handlers: dict[str, Callable[..., Any]] = {
            "checkWorkspace": self.check_workspace,
            "fixableInWorkspace": self.fixable,
            "fixWorkspace": self.fix_workspace,
            "explainRule": self.explain,
            "rulePage": self.page,
            "rules": self.rules,
            "createConfiguration": self.create_configuration,
            "show": self.show,
            "ignore": self.ignore,
        }
        for name, handler in handlers.items():
            server.command(f"playpen-ls.{name}")(_free(handler, server.protocol))

    async def check_workspace(self) -> str:
        """Publish the diagnostics of closed files too; they remain until the file is checked again.

        What was found is said as the command line says it.
        """
        from playpen_ls.api.finding import Severity
        from playpen_ls.engine.summary import counted, findings_in

        found: Counter[Severity] = Counter()
        files = checked = 0
        async for one, _, _ in self._files.every():
            closed = self._files.is_closed(one)
            diagnostics = self._files.publish(one) if closed else one.workspace.documents[one.path].displayed
            found.update(diagnostic.severity for diagnostic in diagnostics)
            files += bool(diagnostics)
            checked += 1
        return findings_in(found, files, counted(checked, "file"))

    async def fixable(self) -> list[dict[str, Any]]:
        """The number of safe fixes, by rule."""
        fixes: Counter[str] = Counter()
        files: Counter[str] = Counter()
        async for one, _, _ in self._files.every():
            applied = one.workspace.fixed(one.path).applied
            fixes.update(applied)
            files.update(applied.keys())
        return [
            {"rule": rule.id, "title": rule.title, "fixes": fixes[rule.id], "files": files[rule.id]}
            for rule in _all_rules()
            if fixes[rule.id]
        ]

    async def fix_workspace(self, *rules: Any) -> bool:
        """Mend safely what these rules found, in one edit that the client makes; without rules, nothing."""
        from playpen_ls.engine.fixer import safe_only
        from playpen_ls.server.features.code_actions import whole

        chosen = {name for given in rules for name in (given if isinstance(given, (list, tuple)) else [given])}

        def accept(diagnostic: Diagnostic, fix: Fix) -> bool:
            return diagnostic.rule.id in chosen and safe_only(diagnostic, fix)

        edits: list[lsp.WorkspaceEdit] = []
        async for one, _, _ in self._files.every():
            fixed = one.workspace.fixed(one.path, accept)
            if fixed.applied:
                edits.append(self._edit(one, whole(one, fixed)))
        return bool(edits) and await self._apply(_joined(edits), "playpen: apply safe fixes in the workspace")

    async def explain(self, *rules: Any) -> None:
        """Show the page of a rule as a message; of several, the user chooses one.

        Clients that can render Markdown call `rulePage` instead.
        """
        rule = rules[0] if rules else None
        if len(rules) > 1:
            choices = [lsp.MessageActionItem(str(one)) for one in rules]
            params = lsp.ShowMessageRequestParams(lsp.MessageType.Info, "Which rule?", choices)
            request = self._server.window_show_message_request_async(params)
            chosen = await answer_of(lsp.WINDOW_SHOW_MESSAGE_REQUEST, request, APPLY)
            if chosen is None:
                return
            rule = chosen.title
        text = self.page(rule) or f"unknown rule `{rule}`"
        self._server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, text))

    def page(self, rule: Any) -> str | None:
        """The page of a rule as Markdown; None for an unknown rule."""
        from playpen_ls.engine.rule_docs import page

        return next((page(one) for one in _all_rules() if rule in (one.id, one.name)), None)

    def rules(self) -> list[dict[str, str]]:
        return [{"id": rule.id, "title": rule.title} for rule in _all_rules()]

    async def create_configuration(self, folder: Any = None) -> str | None:
        """Ask the client to create a playpen.toml, and return its URI, also if it already exists."""
        folders = self._documents().folders
        place = to_fs_path(folder) if isinstance(folder, str) else str(folders[0]) if folders else None
        if place is None:
            self._say("open a folder first; playpen.toml is created in it")
            return None
        uri = from_fs_path(str(Path(place) / "playpen.toml")) or ""
        file = Path(place) / "playpen.toml"
        if await known(lambda: self._documents().ask(("exists", file), file.exists)):
            self._say("playpen.toml already exists")
        elif not self._abilities().creates_files:
            self._say("this editor does not let a server create files; create playpen.toml yourself")
            return None
        else:
            start = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
            document = lsp.OptionalVersionedTextDocumentIdentifier(uri)
            text = lsp.TextDocumentEdit(document, [lsp.TextEdit(start, CONFIGURATION)])
            edit = lsp.WorkspaceEdit(document_changes=[lsp.CreateFile(uri), text])
            return uri if await self._apply(edit, "playpen: create playpen.toml") else None
        return uri

    async def show(self, uri: Any) -> None:
        """Ask the client to open a file, such as one that a fix has created."""
        await self._server.window_show_document_async(lsp.ShowDocumentParams(str(uri), take_focus=True))

    async def ignore(self, where: Any, rule: Any, scope: Any, reason: Any) -> bool:
        """Ignore a rule with a reason: `here` (at the offsets of `where`), in the `file` or in the `project`."""
        from playpen_ls.server.features.code_actions import ignored

        opened = self._documents().get(str(where["uri"])) if isinstance(where, Mapping) else None
        if opened is None or opened.language is None:
            return False
        try:
            span = Span(int(where["start"]), int(where["end"]))
            change = ignored(self._documents(), opened, span, str(rule), str(scope), " ".join(str(reason).split()))
        except Refused as refused:
            self._say(f"`{rule}` is not ignored: {refused}")
            return False
        return await self._apply(self._edit(opened, change), f"playpen: ignore {rule}")

    # The client

    def _edit(self, one: ClientDocument, change: Any) -> lsp.WorkspaceEdit:
        from playpen_ls.server.workspace_edits import workspace_edit

        edit = workspace_edit(self._documents(), one, change, self._abilities())
        for operation in edit.document_changes or ():
            if self._files.is_closed(one) and isinstance(operation, lsp.TextDocumentEdit):
                operation.text_document.version = None
        return edit

    async def _apply(self, edit: lsp.WorkspaceEdit, label: str) -> bool:
        try:
            request = self._server.workspace_apply_edit_async(lsp.ApplyWorkspaceEditParams(edit, label))
            answer = await answer_of(lsp.WORKSPACE_APPLY_EDIT, request, APPLY)
        except TimeoutError:
            self._say("the editor did not say whether it applied the change")
            return False
        if not answer.applied:
            self._say(
                f"the editor did not apply the change{f': {answer.failure_reason}' * bool(answer.failure_reason)}"
            )
        return answer.applied

    def _say(self, message: str) -> None:
        self._server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, f"playpen: {message}"))


def _all_rules() -> list[Rule]:
    from playpen_ls.engine.own_rules import OWN_RULES
    from playpen_ls.engine.registry import all_rules

    return [*all_rules(), *OWN_RULES]


def _joined(edits: list[lsp.WorkspaceEdit]) -> lsp.WorkspaceEdit:
    if any(edit.document_changes for edit in edits):
        return lsp.WorkspaceEdit(document_changes=[one for edit in edits for one in edit.document_changes or ()])
    return lsp.WorkspaceEdit(changes={uri: found for edit in edits for uri, found in (edit.changes or {}).items()})


def _free(handler: Callable[..., Any], protocol: Protocol) -> Callable[..., Any]:
    """pygls converts arguments by a handler's signature; this wrapper has none, so they are passed unchanged.

    In between the steps of a command other messages are looked at.
    """
    if inspect.iscoroutinefunction(handler):

        async def later(*arguments: Any) -> Any:
            with pausing(protocol.answer_hovers, protocol.pause):
                return await handler(*arguments)

        return later
    return lambda *arguments: handler(*arguments)
