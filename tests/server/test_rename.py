"""Rename, as each editor asks for it."""

from __future__ import annotations

import pytest
from key_in_use import CONFIG, MANIFEST, open_manifest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from editor import Editor, client_offset, client_position


async def prepared(editor: Editor, name: str, words: str) -> tuple[lsp.TextDocumentIdentifier, lsp.Position, object]:
    """(document, position, answer) at the last place of these words, once the project has been read."""
    document = lsp.TextDocumentIdentifier(editor.uri(name))
    at = client_position(editor.texts[name], editor.texts[name].rindex(words), editor.encoding)
    while True:
        try:
            answer = await editor.client.text_document_prepare_rename_async(lsp.PrepareRenameParams(document, at))
            return document, at, answer
        except JsonRpcException as refused:
            if not any(
                reason in refused.message for reason in ("have not been read", "nothing in the project defines")
            ):
                raise


def changed(editor: Editor, edit: lsp.WorkspaceEdit, texts: dict[str, str]) -> dict[str, str]:
    """The texts after the edit, in whichever form it is."""
    edits = {uri: [*found] for uri, found in (edit.changes or {}).items()}
    for one in edit.document_changes or ():
        assert isinstance(one, lsp.TextDocumentEdit)
        edits[one.text_document.uri] = [each for each in one.edits if not isinstance(each, lsp.SnippetTextEdit)]
    for uri, found in edits.items():
        text = texts[uri]
        for each in sorted(found, key=lambda each: (each.range.start.line, each.range.start.character), reverse=True):
            start, end = (client_offset(text, at, editor.encoding) for at in (each.range.start, each.range.end))
            text = text[:start] + each.new_text + text[end:]
        texts[uri] = text
    return texts


@pytest.mark.asyncio
async def test_a_key_is_renamed_where_it_is_written_and_used(each_editor: Editor):
    editor = each_editor
    await open_manifest(editor)
    document, at, answer = await prepared(editor, "app.yaml", "level")
    assert isinstance(answer, lsp.PrepareRenamePlaceholder)
    assert answer.placeholder == "level"
    edit = await editor.client.text_document_rename_async(lsp.RenameParams(document, at, "loudness"))
    assert edit
    texts = {editor.uri("app.yaml"): MANIFEST, editor.uri("config.yaml"): CONFIG}
    wanted = {uri: text.replace("level", "loudness") for uri, text in texts.items()}
    assert changed(editor, edit, texts) == wanted
    for one in edit.document_changes or ():
        assert isinstance(one, lsp.TextDocumentEdit)
        for each in one.edits:
            if isinstance(each, lsp.AnnotatedTextEdit):
                assert (edit.change_annotations or {})[each.annotation_id].needs_confirmation is False
    with pytest.raises(JsonRpcException, match="is already in") as refused:
        await editor.client.text_document_rename_async(lsp.RenameParams(document, at, "mood"))
    assert refused.value.code == lsp.LSPErrorCodes.RequestFailed


@pytest.mark.asyncio
async def test_edits_are_labeled_where_the_client_shows_labels(editor: Editor):
    await editor.open("Dockerfile", "FROM a AS base\nFROM base\n")
    await editor.until("Dockerfile", lambda _: True)
    document, at, answer = await prepared(editor, "Dockerfile", "base")
    assert answer
    edit = await editor.client.text_document_rename_async(lsp.RenameParams(document, at, "final"))
    assert edit
    labels = [one.label for one in (edit.change_annotations or {}).values()]
    assert labels == ["Rename to final in Dockerfiles"]


@pytest.mark.asyncio
async def test_names_of_other_servers_are_theirs(editor: Editor):
    await editor.open("app.py", "import os\n\nlevel = os.environ['LEVEL']\n")
    await editor.open("app.yaml", MANIFEST)
    assert (await prepared(editor, "app.py", "level"))[2] is None
    document, at, answer = await prepared(editor, "app.yaml", "image")
    assert answer is None
    assert await editor.client.text_document_rename_async(lsp.RenameParams(document, at, "x")) is None
