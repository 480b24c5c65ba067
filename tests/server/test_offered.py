"""What is offered to a client: each feature for the languages that no other server answers about."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from conftest import VSCODE
from in_process import session
from lsprotocol import types as lsp

from editor import PROFILES, WAIT, Editor, client_position, profile
from playpen_ls.server.client_capabilities import METHODS
from playpen_ls.server.client_settings import chosen_features
from playpen_ls.server.features import FEATURES

OURS = {one.method for one in FEATURES if one.method in METHODS}
DOCKERFILE = "FROM debian:12 AS base\nRUN a\nFROM base\nCOPY app.py /\n"


def provided(editor: Editor) -> set[str]:
    """The methods that the answer to `initialize` announces."""
    names = {
        "definition_provider": lsp.TEXT_DOCUMENT_DEFINITION,
        "references_provider": lsp.TEXT_DOCUMENT_REFERENCES,
        "document_highlight_provider": lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT,
        "document_link_provider": lsp.TEXT_DOCUMENT_DOCUMENT_LINK,
        "document_symbol_provider": lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL,
        "folding_range_provider": lsp.TEXT_DOCUMENT_FOLDING_RANGE,
        "selection_range_provider": lsp.TEXT_DOCUMENT_SELECTION_RANGE,
        "completion_provider": lsp.TEXT_DOCUMENT_COMPLETION,
        "rename_provider": lsp.TEXT_DOCUMENT_RENAME,
        "code_lens_provider": lsp.TEXT_DOCUMENT_CODE_LENS,
        "inlay_hint_provider": lsp.TEXT_DOCUMENT_INLAY_HINT,
    }
    assert {*names.values()} == {*METHODS}
    return {method for name, method in names.items() if getattr(editor.server, name)}


async def registered(editor: Editor) -> set[str]:
    """The methods that are registered after initialization, when all are announced in one way or the other."""
    async with asyncio.timeout(WAIT):
        while True:
            told = {one.method for one in editor.client.registered} - {lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES}
            # Inlay hints are off: a client that registers them does so when they are turned on.
            if provided(editor) | told | {lsp.TEXT_DOCUMENT_INLAY_HINT} == OURS:
                return told
            await asyncio.sleep(0)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", PROFILES)
async def test_every_feature_is_announced_once(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with session(profile(name), tmp_path, monkeypatch) as editor:
        told = await registered(editor)
        assert provided(editor) & told == set()
        assert (name == VSCODE) == (provided(editor) == set())


@pytest.mark.asyncio
async def test_folding_is_not_registered_for_python_and_yaml(editor: Editor):
    """A provider of ours would replace folding by indentation."""
    await registered(editor)
    (one,) = (one for one in editor.client.registered if one.method == lsp.TEXT_DOCUMENT_FOLDING_RANGE)
    options: Any = one.register_options
    selector = options["documentSelector"] if isinstance(options, dict) else options.documentSelector
    told = str(selector)
    assert "dockerfile" in told
    assert "groovy" in told
    assert "yaml" not in told
    assert "py" not in told.replace("playpen", "")


@pytest.mark.asyncio
@pytest.mark.parametrize("peers", [("python", "yaml"), ("dockerfile",), ()])
async def test_what_another_server_shows_is_left_to_it(
    peers: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "app.py").write_text("x = 1\n")
    async with session(profile(VSCODE), tmp_path, monkeypatch, {"peers": list(peers)}) as editor:
        await editor.open("Dockerfile", DOCKERFILE)
        await editor.open("Jenkinsfile", "node { stage('a') { echo 'x' } }\n")
        await editor.until("Dockerfile", lambda _: True)
        document = lsp.TextDocumentIdentifier(editor.uri("Dockerfile"))
        ours = "dockerfile" not in peers
        symbols = await editor.client.text_document_document_symbol_async(lsp.DocumentSymbolParams(document))
        assert bool(symbols) == ours

        async def at(words: str) -> tuple[lsp.TextDocumentIdentifier, lsp.Position]:
            return document, client_position(DOCKERFILE, DOCKERFILE.rindex(words), editor.encoding)

        shown = await editor.client.text_document_document_highlight_async(
            lsp.DocumentHighlightParams(*await at("base"))
        )
        assert bool(shown) == ours
        assert bool(await editor.client.text_document_definition_async(lsp.DefinitionParams(*await at("base")))) == ours
        found = None
        while not found:  # until the project has been read
            found = await editor.client.text_document_definition_async(lsp.DefinitionParams(*await at("app.py")))
        other = lsp.TextDocumentIdentifier(editor.uri("Jenkinsfile"))
        assert await editor.client.text_document_document_symbol_async(lsp.DocumentSymbolParams(other))


@pytest.mark.asyncio
async def test_nothing_is_said_of_a_language_that_is_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text = "FROM debian AS base\nRUN a\nFROM base\n"
    options = {"playpen": {"languages": {"dockerfile": False, "python": True}}}
    async with session(profile(VSCODE), tmp_path, monkeypatch, options) as editor:
        assert await editor.open("Dockerfile", text) == []
        document = lsp.TextDocumentIdentifier(editor.uri("Dockerfile"))
        position = client_position(text, text.rindex("base"), editor.encoding)
        assert await editor.client.text_document_definition_async(lsp.DefinitionParams(document, position)) is None
        assert await editor.client.text_document_hover_async(lsp.HoverParams(document, position)) is None
        assert await editor.open("app.py", 'HOST = "postgres.playpen-platform.svc.cluster.local"\n')
        editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams({"playpen": {}}))
        await editor.until("Dockerfile", bool)
        assert await editor.client.text_document_definition_async(lsp.DefinitionParams(document, position))


async def lenses(editor: Editor, name: str) -> list[lsp.CodeLens]:
    params = lsp.CodeLensParams(lsp.TextDocumentIdentifier(editor.uri(name)))
    return list(await editor.client.text_document_code_lens_async(params) or ())


async def hints(editor: Editor, name: str) -> list[str]:
    lines = editor.texts[name].count("\n")
    whole = lsp.Range(lsp.Position(0, 0), lsp.Position(lines, 0))
    params = lsp.InlayHintParams(lsp.TextDocumentIdentifier(editor.uri(name)), whole)
    return [str(one.label) for one in await editor.client.text_document_inlay_hint_async(params) or ()]


POD = "kind: Pod\napiVersion: v1\nmetadata: {name: 😀}\nspec:\n  containers:\n    - {name: a, image: 'acme/shop:1'}\n"


@pytest.mark.asyncio
@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("commands", [["playpen.showReferences"], []])
async def test_a_lens_has_a_command_only_if_the_client_has_it(
    name: str, commands: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/Dockerfile").write_text("FROM debian:13\n")
    async with session(profile(name), tmp_path, monkeypatch, {"commands": commands}) as editor:
        await editor.open("pod.yaml", POD)
        found: list[lsp.CodeLens] = []
        while not found:  # until the project has been read
            found = await lenses(editor, "pod.yaml")
        (one,) = found
        assert one.range.start.line == 5
        assert one.command is not None
        assert one.command.title == "built from shop/Dockerfile (likely)"
        assert [one.command.command] == (commands or [""])
        if commands:
            uri, at, places = one.command.arguments or ()
            assert (uri, at["line"]) == (editor.uri("pod.yaml"), 5)
            assert [place["uri"] for place in places] == [editor.uri("shop/Dockerfile")]


@pytest.mark.asyncio
async def test_features_are_chosen_by_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text = "ARG V=1\nFROM acme/base:$V AS base\nFROM base\n"
    async with session(profile(VSCODE), tmp_path, monkeypatch, {"peers": ["dockerfile"]}) as editor:
        await editor.open("Dockerfile", text)
        told = await registered(editor)
        assert lsp.TEXT_DOCUMENT_INLAY_HINT not in told
        assert lsp.TEXT_DOCUMENT_CODE_LENS in told
        document = lsp.TextDocumentIdentifier(editor.uri("Dockerfile"))
        assert await hints(editor, "Dockerfile") == []
        assert await editor.client.text_document_document_symbol_async(lsp.DocumentSymbolParams(document)) is None
        chosen = {"inlayHint": ["dockerfile"], "documentSymbol": ["dockerfile"], "codeLens": []}
        settings = {"playpen": {"features": chosen}}
        editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(settings))
        assert await hints(editor, "Dockerfile") == ["=1"]
        assert await editor.client.text_document_document_symbol_async(lsp.DocumentSymbolParams(document))
        async with asyncio.timeout(WAIT):
            while lsp.TEXT_DOCUMENT_INLAY_HINT not in {one.method for one in editor.client.registered}:
                await asyncio.sleep(0)
        assert {one.method for one in editor.client.unregistered} >= {lsp.TEXT_DOCUMENT_CODE_LENS}
        assert lsp.WORKSPACE_INLAY_HINT_REFRESH in editor.client.refreshed


@pytest.mark.asyncio
async def test_lenses_are_asked_for_again_when_other_files_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with session(profile(VSCODE), tmp_path, monkeypatch) as editor:
        await editor.open("pod.yaml", POD)
        assert await lenses(editor, "pod.yaml") == []
        async with asyncio.timeout(WAIT):
            while not editor.client.refreshed:  # the project has been read
                await asyncio.sleep(0)
            editor.client.refreshed.clear()
            (tmp_path / "shop").mkdir()
            (tmp_path / "shop/Dockerfile").write_text("FROM debian:13\n")
            change = lsp.FileEvent(editor.uri("shop/Dockerfile"), lsp.FileChangeType.Created)
            editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([change]))
            while not editor.client.refreshed:
                await asyncio.sleep(0)
        assert {*editor.client.refreshed} == {lsp.WORKSPACE_CODE_LENS_REFRESH}
        assert await lenses(editor, "pod.yaml")


@pytest.mark.parametrize(
    ("features", "words"),
    [
        (["codeLens"], "must be an object"),
        ({"codeLenses": []}, "unknown feature 'codeLenses'"),
        ({"codeLens": "python"}, "must be a list of dockerfile, jenkinsfile, kubernetes, python"),
        ({"inlayHint": ["python"]}, "must be a list of dockerfile, kubernetes"),
    ],
)
def test_a_wrong_choice_is_said(features: object, words: str, caplog: pytest.LogCaptureFixture):
    assert chosen_features({"playpen": {"features": features}}) == {}
    assert words in caplog.text
