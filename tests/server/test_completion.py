"""Completion, as each editor asks for it."""

from __future__ import annotations

import pytest
from lsprotocol import types as lsp

from editor import Editor, client_offset, client_position

MANIFEST = (
    "# 😀\napiVersion: v1\nkind: Pod\nmetadata: {name: 😀}\nspec:\n  containers:\n    - name: 😀\n      image: x:1\n"
    "      env: [{name: 😀A, valueFrom: {configMapKeyRef: {name: shop, key: le}}}]\n"
)
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {level: info, url: x}\n"


async def asked(editor: Editor, name: str, words: str) -> lsp.CompletionList | None:
    """The answer behind the last place of these words."""
    text = editor.texts[name]
    at = client_position(text, text.rindex(words) + len(words), editor.encoding)
    params = lsp.CompletionParams(lsp.TextDocumentIdentifier(editor.uri(name)), at)
    found = await editor.client.text_document_completion_async(params)
    assert found is None or isinstance(found, lsp.CompletionList)
    return found


@pytest.mark.asyncio
async def test_keys_are_proposed_with_their_edits(each_editor: Editor):
    editor = each_editor
    (editor.folder / "config.yaml").write_text(CONFIG)
    await editor.open("app.yaml", MANIFEST)
    await editor.until("app.yaml", lambda _: True)
    found = None
    while found is None:  # until the project has been read
        found = await asked(editor, "app.yaml", "key: le")
    assert [one.label for one in found.items] == ["level", "url"]
    assert not found.is_incomplete
    for one in found.items:
        edit = one.text_edit
        assert isinstance(edit, lsp.TextEdit)
        start, end = (client_offset(MANIFEST, at, editor.encoding) for at in (edit.range.start, edit.range.end))
        assert MANIFEST[start:end] == "le"
        assert edit.new_text == one.filter_text == one.label
    assert await asked(editor, "app.yaml", "imag") is None


@pytest.mark.asyncio
async def test_each_language_is_asked_at_its_own_characters(editor: Editor):
    """A server is asked at each of its trigger characters, in VS Code even if no other one is."""
    await editor.open("playpen.toml", 'ignore = ["\n')
    found = await asked(editor, "playpen.toml", '"')
    assert found
    assert "python" in [one.label for one in found.items]
    triggers = {
        one.id.partition(" ")[2]: one.register_options["triggerCharacters"]
        for one in editor.client.registered
        if one.method == lsp.TEXT_DOCUMENT_COMPLETION and isinstance(one.register_options, dict)
    } or {
        one.id.partition(" ")[2]: list(getattr(one.register_options, "triggerCharacters", ()))
        for one in editor.client.registered
        if one.method == lsp.TEXT_DOCUMENT_COMPLETION
    }
    assert triggers["kubernetes"] == ["/"]
    assert triggers["python"] == ['"', "'"]
    assert not {" ", ":", "-"} & {character for some in triggers.values() for character in some}
