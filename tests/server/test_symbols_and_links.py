"""Symbols of the workspace, links and selection, as each editor asks for them."""

from __future__ import annotations

import pytest
from lsprotocol import types as lsp

from editor import Editor, client_offset, client_position

CONFIG = "# 😀 playpen: ignore[kubernetes/no-cpu-limit]\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {a: b}\n"


@pytest.mark.asyncio
async def test_a_symbol_of_a_closed_file(each_editor: Editor):
    editor = each_editor
    (editor.folder / "config.yaml").write_text(CONFIG)
    await editor.open("Dockerfile", "FROM a\n")
    found = None
    while not found:  # until the project has been read
        found = await editor.client.workspace_symbol_async(lsp.WorkspaceSymbolParams("shop"))
    (one,) = found
    assert one.name == "ConfigMap shop"
    assert isinstance(one.location, lsp.Location)
    assert one.location.uri == editor.uri("config.yaml")
    where = one.location.range
    start, end = (client_offset(CONFIG, at, editor.encoding) for at in (where.start, where.end))
    assert CONFIG[start:end] == "shop"
    assert await editor.client.workspace_symbol_async(lsp.WorkspaceSymbolParams("xyz")) is None


@pytest.mark.asyncio
async def test_rules_link_to_their_pages(each_editor: Editor):
    editor = each_editor
    await editor.open("config.yaml", CONFIG)
    await editor.open("playpen.toml", 'ignore = ["kubernetes/no-cpu-limit"]\n')
    for name in ("config.yaml", "playpen.toml"):
        params = lsp.DocumentLinkParams(lsp.TextDocumentIdentifier(editor.uri(name)))
        (one,) = await editor.client.text_document_document_link_async(params) or ()
        text, where = editor.texts[name], one.range
        start, end = (client_offset(text, at, editor.encoding) for at in (where.start, where.end))
        assert text[start:end] == "kubernetes/no-cpu-limit"
        assert one.target
        assert one.target.startswith("https://")


@pytest.mark.asyncio
async def test_the_selection_grows(editor: Editor):
    text = "FROM a AS b\nCOPY 😀 /x\n"
    await editor.open("Dockerfile", text)
    at = client_position(text, text.index("😀"), editor.encoding)
    params = lsp.SelectionRangeParams(lsp.TextDocumentIdentifier(editor.uri("Dockerfile")), [at])
    (one,) = await editor.client.text_document_selection_range_async(params) or ()
    shown = []
    outer: lsp.SelectionRange | None = one
    while outer is not None:
        start, end = (client_offset(text, place, editor.encoding) for place in (outer.range.start, outer.range.end))
        shown.append(text[start:end])
        outer = outer.parent
    assert shown == ["😀", "😀 /x", "COPY 😀 /x", text.rstrip(), text]
