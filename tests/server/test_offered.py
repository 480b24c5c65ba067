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
    }
    assert {*names.values()} == {*METHODS}
    return {method for name, method in names.items() if getattr(editor.server, name)}


async def registered(editor: Editor) -> set[str]:
    """The methods that are registered after initialization, when all are announced in one way or the other."""
    async with asyncio.timeout(WAIT):
        while True:
            told = {one.method for one in editor.client.registered} - {lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES}
            if provided(editor) | told == OURS:
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
