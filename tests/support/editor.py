"""An editor for tests: it holds texts, counts in its own encoding, and does with edits what editors do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient
from pytest_lsp.client import register_lsp_features

CLIENTS = Path(__file__).parent / "clients"
PROFILES = sorted(path.stem for path in CLIENTS.glob("*.json"))
WAIT = 20  # seconds after which a message that does not come is a failure


def units(char: str, encoding: str) -> int:
    return {"utf-8": len(char.encode()), "utf-16": 2 if ord(char) > 0xFFFF else 1, "utf-32": 1}[encoding]


def client_position(text: str, offset: int, encoding: str) -> lsp.Position:
    """What a client says, counted character by character."""
    line = column = at = 0
    while at < offset:
        if text.startswith("\r\n", at):
            line, column, at = line + 1, 0, at + 2
        elif text[at] in "\r\n":
            line, column, at = line + 1, 0, at + 1
        else:
            column, at = column + units(text[at], encoding), at + 1
    return lsp.Position(line, column)


def client_offset(text: str, position: lsp.Position, encoding: str) -> int:
    """Where a client finds a position; one that it does not have is an error."""
    for offset in range(len(text) + 1):
        if client_position(text, offset, encoding) == position and text[offset - 1 : offset + 1] != "\r\n":
            return offset
    raise AssertionError(f"there is no {position} in {text!r}")


class TestClient(LanguageClient):
    """A client that remembers the version of each publish, and takes what servers ask of editors."""

    __test__ = False

    def __init__(self, *arguments: Any, **names: Any) -> None:
        super().__init__(*arguments, **names)
        self.published: dict[str, list[lsp.PublishDiagnosticsParams]] = {}
        self.edits: list[lsp.WorkspaceEdit] = []
        self.registered: list[lsp.Registration] = []
        self.refreshed: list[str] = []
        self.unregistered: list[lsp.Unregistration] = []
        self.news = asyncio.Event()
        self.editor: Editor


@cache  # it generates code for each type on first use
def converter() -> Any:
    """That of pygls, which would take an action with a command for a bare command."""
    made = default_converter()

    def action(given: Any, _: Any) -> Any:
        return made.structure(given, lsp.Command if isinstance(given.get("command"), str) else lsp.CodeAction)

    made.register_structure_hook(lsp.Command | lsp.CodeAction, action)
    return made


def client_factory() -> TestClient:
    client = TestClient(converter_factory=converter)
    register_lsp_features(client)
    features = client.protocol.fm.features
    features.pop(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)

    @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def published(params: lsp.PublishDiagnosticsParams) -> None:
        client.published.setdefault(params.uri, []).append(params)
        client.news.set()

    @client.feature(lsp.CLIENT_REGISTER_CAPABILITY)
    def registered(params: lsp.RegistrationParams) -> None:
        client.registered.extend(params.registrations)

    @client.feature(lsp.CLIENT_UNREGISTER_CAPABILITY)
    def unregistered(params: lsp.UnregistrationParams) -> None:
        client.unregistered.extend(params.unregisterations)

    @client.feature(lsp.WORKSPACE_CODE_LENS_REFRESH)
    def lenses_changed(params: None) -> None:
        client.refreshed.append(lsp.WORKSPACE_CODE_LENS_REFRESH)

    @client.feature(lsp.WORKSPACE_INLAY_HINT_REFRESH)
    def hints_changed(params: None) -> None:
        client.refreshed.append(lsp.WORKSPACE_INLAY_HINT_REFRESH)

    @client.feature(lsp.WORKSPACE_APPLY_EDIT)
    def apply(params: lsp.ApplyWorkspaceEditParams) -> lsp.ApplyWorkspaceEditResult:
        client.edits.append(params.edit)
        return lsp.ApplyWorkspaceEditResult(applied=True)

    return client


def profile(name: str) -> lsp.ClientCapabilities:
    """The capabilities of an editor, as it sent them."""
    captured = json.loads((CLIENTS / f"{name}.json").read_text())
    return converter().structure(captured["capabilities"], lsp.ClientCapabilities)


class Editor:
    def __init__(self, client: TestClient, folder: Path, server: lsp.ServerCapabilities) -> None:
        encoding = server.position_encoding
        self.client = client
        self.server = server
        self.folder = folder
        self.encoding = str(getattr(encoding, "value", encoding) or "utf-16")
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}

    @classmethod
    async def started(
        cls, client: TestClient, capabilities: lsp.ClientCapabilities, folder: Path, options: Any = None
    ) -> Editor:
        result = await client.initialize_session(
            lsp.InitializeParams(
                capabilities=capabilities,
                workspace_folders=[lsp.WorkspaceFolder(folder.as_uri(), folder.name)],
                root_uri=folder.as_uri(),
                initialization_options=options,
            )
        )
        return cls(client, folder, result.capabilities)

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    async def open(self, name: str, text: str, language_id: str = "plaintext") -> list[lsp.Diagnostic]:
        uri = self.uri(name)
        self.texts[name], self.versions[name] = text, 1
        item = lsp.TextDocumentItem(uri, language_id, 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return await self.diagnostics(name)

    async def change(self, name: str, *edits: tuple[int, int, str]) -> list[lsp.Diagnostic]:
        """Type; offsets are the client's, each in the text that the edit before it left."""
        self.type(name, *edits)
        return await self.diagnostics(name)

    def type(self, name: str, *edits: tuple[int, int, str]) -> None:
        events = []
        for start, end, new in edits:
            text = self.texts[name]
            where = lsp.Range(*(client_position(text, at, self.encoding) for at in (start, end)))
            events.append(lsp.TextDocumentContentChangePartial(range=where, text=new))
            self.texts[name] = text[:start] + new + text[end:]
        self.versions[name] += 1
        document = lsp.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, events))

    async def diagnostics(self, name: str) -> list[lsp.Diagnostic]:
        """Those of the version that the editor has now."""
        return list((await self.publish(name)).diagnostics)

    async def publish(self, name: str) -> lsp.PublishDiagnosticsParams:
        async with asyncio.timeout(WAIT):
            while True:
                for params in reversed(self.client.published.get(self.uri(name), [])):
                    if params.version == self.versions[name]:
                        return params
                self.client.news.clear()
                await self.client.news.wait()

    async def until(self, name: str, wanted: Any) -> list[lsp.Diagnostic]:
        """Wait until the diagnostics of the version now are as wanted."""
        async with asyncio.timeout(WAIT):
            while not wanted(found := await self.diagnostics(name)):
                self.client.news.clear()
                await self.client.news.wait()
        return found

    def words(self, name: str, diagnostic: lsp.Diagnostic) -> str:
        text = self.texts[name]
        start, end = (client_offset(text, at, self.encoding) for at in (diagnostic.range.start, diagnostic.range.end))
        return text[start:end]

    async def actions(
        self, name: str, where: lsp.Range, only: Sequence[str] | None = None, automatic: bool = False
    ) -> list[lsp.CodeAction]:
        trigger = lsp.CodeActionTriggerKind.Automatic if automatic else None
        context = lsp.CodeActionContext([], only=only, trigger_kind=trigger)
        params = lsp.CodeActionParams(lsp.TextDocumentIdentifier(self.uri(name)), where, context)
        found = await self.client.text_document_code_action_async(params) or ()
        # Without those that only call a command ("Explain").
        return [one for one in found if isinstance(one, lsp.CodeAction) and (one.edit or one.data)]

    async def whole(self, name: str, only: Sequence[str]) -> list[lsp.CodeAction]:
        text = self.texts[name]
        end = client_position(text, len(text), self.encoding)
        return await self.actions(name, lsp.Range(lsp.Position(0, 0), end), only)

    async def resolved(self, action: lsp.CodeAction) -> lsp.CodeAction:
        return action if action.edit else await self.client.code_action_resolve_async(action)

    async def apply(self, action: lsp.CodeAction) -> dict[str, str]:
        """Do what the action says, as an editor does; gives the files that it creates."""
        edit = (await self.resolved(action)).edit
        assert edit is not None, f"{action.title} has no edit"
        created: dict[str, str] = {}
        by_uri = {uri: list(edits) for uri, edits in (edit.changes or {}).items()}
        for operation in edit.document_changes or ():
            if isinstance(operation, lsp.CreateFile):
                created[operation.uri] = ""
            elif operation.text_document.uri in created:
                created[operation.text_document.uri] = operation.edits[0].new_text
            else:
                name = self._name(operation.text_document.uri)
                assert operation.text_document.version == self.versions[name]
                by_uri[operation.text_document.uri] = list(operation.edits)
        for uri, edits in by_uri.items():
            self._edit(self._name(uri), edits)
        return {uri.removeprefix(self.folder.as_uri() + "/"): text for uri, text in created.items()}

    def _name(self, uri: str) -> str:
        return uri.removeprefix(self.folder.as_uri() + "/")

    def _edit(self, name: str, edits: Sequence[lsp.TextEdit]) -> None:
        text = self.texts[name]
        placed = [
            (
                client_offset(text, edit.range.start, self.encoding),
                client_offset(text, edit.range.end, self.encoding),
                edit.new_text,
            )
            for edit in edits
        ]
        # From the end, so that each finds its place in the text as it was.
        self.type(name, *sorted(placed, reverse=True))
