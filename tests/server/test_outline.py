"""Document symbols and folding ranges, as each editor asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import VSCODE
from in_process import session
from lsprotocol import types as lsp

from editor import Editor, client_position, profile

PIPELINE = "// 😀\npipeline {\n  stages {\n    stage('Build 😀') {\n      steps { sh 'x' }\n    }\n  }\n}\n"


@pytest.mark.asyncio
async def test_stages_of_a_pipeline(each_editor: Editor):
    editor = each_editor
    await editor.open("Jenkinsfile", PIPELINE)
    params = lsp.DocumentSymbolParams(lsp.TextDocumentIdentifier(editor.uri("Jenkinsfile")))
    found = await editor.client.text_document_document_symbol_async(params)
    assert found
    first, stage = found[0], found[-1]
    if isinstance(first, lsp.DocumentSymbol):
        (stage,) = first.children or ()
        assert isinstance(stage, lsp.DocumentSymbol)
        start = client_position(PIPELINE, PIPELINE.index("Build"), editor.encoding)
        assert stage.selection_range.start == start
        assert stage.selection_range.end == client_position(PIPELINE, PIPELINE.index("')"), editor.encoding)
    else:
        assert isinstance(stage, lsp.SymbolInformation)
        assert stage.container_name == "pipeline"
    assert (first.name, stage.name) == ("pipeline", "Build 😀")
    folds = await editor.client.text_document_folding_range_async(
        lsp.FoldingRangeParams(lsp.TextDocumentIdentifier(editor.uri("Jenkinsfile")))
    )
    assert [(one.start_line, one.end_line) for one in folds or ()] == [(1, 6), (2, 5), (3, 4)]


@pytest.mark.asyncio
async def test_python_and_manifests_are_left_to_other_servers(editor: Editor):
    await editor.open("app.py", "def a():\n    pass\n")
    await editor.open("app.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {}\n")
    for name in ("app.py", "app.yaml", "closed"):
        document = lsp.TextDocumentIdentifier(editor.uri(name))
        assert await editor.client.text_document_document_symbol_async(lsp.DocumentSymbolParams(document)) is None
        assert await editor.client.text_document_folding_range_async(lsp.FoldingRangeParams(document)) is None


@pytest.mark.asyncio
async def test_a_client_without_other_servers_gets_objects_and_routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with session(profile(VSCODE), tmp_path, monkeypatch, {"peers": []}) as editor:
        await editor.open("app.py", "import fastapi\napp = fastapi.FastAPI()\n@app.get('/a')\ndef a():\n    pass\n")
        await editor.open("app.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {}\n")
        await editor.open("other.py", "def a():\n    pass\n")
        for name, shown in (("app.py", ["GET /a"]), ("app.yaml", ["Pod x"]), ("other.py", [])):
            params = lsp.DocumentSymbolParams(lsp.TextDocumentIdentifier(editor.uri(name)))
            found = await editor.client.text_document_document_symbol_async(params)
            assert [one.name for one in found or ()] == shown
            assert found or found is None
