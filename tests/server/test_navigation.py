"""Go to definition, find references and highlight, as each editor asks for them."""

from __future__ import annotations

import pytest
from key_in_use import CONFIG, MANIFEST, open_manifest
from lsprotocol import types as lsp

from editor import Editor, client_offset, client_position


async def asked(editor: Editor, name: str, words: str) -> list[lsp.LocationLink] | list[lsp.Location] | None:
    """The answer at the last place of these words."""
    at = client_position(editor.texts[name], editor.texts[name].rindex(words), editor.encoding)
    params = lsp.DefinitionParams(lsp.TextDocumentIdentifier(editor.uri(name)), at)
    return await editor.client.text_document_definition_async(params)  # type: ignore[return-value]


def text_at(editor: Editor, text: str, where: lsp.Range) -> str:
    return text[client_offset(text, where.start, editor.encoding) : client_offset(text, where.end, editor.encoding)]


@pytest.mark.asyncio
async def test_a_key_leads_to_the_file_that_has_it(each_editor: Editor):
    editor = each_editor
    await open_manifest(editor)
    found = None
    while not found:  # until the project has been read
        found = await asked(editor, "app.yaml", "level")
    (one,) = found
    if isinstance(one, lsp.LocationLink):
        assert one.origin_selection_range
        assert text_at(editor, MANIFEST, one.origin_selection_range) == "level"
        assert one.target_range == one.target_selection_range
        one = lsp.Location(one.target_uri, one.target_range)
    assert one.uri == editor.uri("config.yaml")
    assert text_at(editor, CONFIG, one.range) == "level"


@pytest.mark.asyncio
async def test_unsaved_text_counts(editor: Editor):
    text = "FROM debian:12 AS base\nRUN a\nFROM base\n"
    await editor.open("Dockerfile", text)
    await editor.change("Dockerfile", (0, 0, "# 😀\n"))
    (one,) = await asked(editor, "Dockerfile", "base") or ()
    assert isinstance(one, lsp.LocationLink)
    assert text_at(editor, editor.texts["Dockerfile"], one.target_range) == "base"
    last = editor.texts["Dockerfile"].rindex("base")
    await editor.change("Dockerfile", (last, last, "x"))
    assert await asked(editor, "Dockerfile", "xbase") is None


@pytest.mark.asyncio
async def test_elsewhere_the_answer_is_left_to_other_servers(editor: Editor):
    await editor.open("app.py", "import os\nos.getenv('A')\n")
    assert await asked(editor, "app.py", "os.getenv") is None
    await editor.open("notes.txt", "FROM x\n")
    assert await asked(editor, "notes.txt", "x") is None
    params = lsp.DefinitionParams(lsp.TextDocumentIdentifier(editor.uri("closed.yaml")), lsp.Position(0, 0))
    assert await editor.client.text_document_definition_async(params) is None


@pytest.mark.asyncio
async def test_references_and_highlights_of_a_key(each_editor: Editor):
    editor = each_editor
    await open_manifest(editor)
    document = lsp.TextDocumentIdentifier(editor.uri("app.yaml"))
    at = client_position(MANIFEST, MANIFEST.rindex("level"), editor.encoding)
    found: dict[bool, list[tuple[str, str]]] = {}
    while not found.get(True):  # until the project has been read
        for declared in (False, True):
            params = lsp.ReferenceParams(lsp.ReferenceContext(declared), document, at)
            answer = await editor.client.text_document_references_async(params)
            texts = {editor.uri("app.yaml"): MANIFEST, editor.uri("config.yaml"): CONFIG}
            found[declared] = [(one.uri, text_at(editor, texts[one.uri], one.range)) for one in answer or ()]
    use, definition = (editor.uri("app.yaml"), "level"), (editor.uri("config.yaml"), "level")
    assert found == {False: [use], True: [use, definition]}
    shown = await editor.client.text_document_document_highlight_async(lsp.DocumentHighlightParams(document, at))
    assert [(text_at(editor, MANIFEST, one.range), one.kind) for one in shown or ()] == [
        ("level", lsp.DocumentHighlightKind.Read)
    ]


@pytest.mark.asyncio
async def test_strings_of_python_are_ours_and_names_are_not(editor: Editor):
    text = "import os\n\nlevel = os.environ['LEVEL']\nprint(level, 'LEVEL')\n"
    await editor.open("app.py", text)
    document = lsp.TextDocumentIdentifier(editor.uri("app.py"))
    await editor.until("app.py", lambda _: True)

    async def references(words: str) -> list[str] | None:
        at = client_position(text, text.index(words), editor.encoding)
        params = lsp.ReferenceParams(lsp.ReferenceContext(True), document, at)
        found = await editor.client.text_document_references_async(params)
        assert (
            await editor.client.text_document_document_highlight_async(lsp.DocumentHighlightParams(document, at))
            is None
        )
        return None if found is None else [text_at(editor, text, one.range) for one in found]

    found = None
    while not found:  # until the project has been read
        found = await references("LEVEL")
    assert found == ["LEVEL"]
    assert await references("environ") is None
    assert await references("level") is None
    assert await references("LEVEL')\n") is None
    assert await references("print") is None


@pytest.mark.asyncio
async def test_values_and_partials_of_a_chart_lead_to_each_other(editor: Editor):
    files = {
        "web/Chart.yaml": "name: web\nversion: 1.0.0\n",
        "web/values.yaml": "image:\n  tag: '1.0'\n",
        "web/templates/_helpers.tpl": '{{ define "web.image" }}nginx:{{ .Values.image.tag }}{{ end }}\n',
        "web/templates/pod.yaml": 'apiVersion: v1\nkind: Pod\nspec: {{ include "web.image" . }}\n',
    }
    for name, text in files.items():
        (editor.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (editor.folder / name).write_text(text)
        await editor.open(name, text)
    for name, words, path, found in [
        ("web/templates/_helpers.tpl", "tag }}", "web/values.yaml", "tag"),
        ("web/templates/pod.yaml", "web.image", "web/templates/_helpers.tpl", "web.image"),
    ]:
        (one,) = await asked(editor, name, words) or ()
        assert isinstance(one, lsp.LocationLink)
        assert one.target_uri == editor.uri(path)
        assert text_at(editor, files[path], one.target_range) == found
    await editor.open("app.py", "x = 1  # playpen: ignore[print-as-log]\n")
    await editor.until("app.py", bool)  # all files have been read
    at = client_position(files["web/values.yaml"], files["web/values.yaml"].index("tag"), editor.encoding)
    document = lsp.TextDocumentIdentifier(editor.uri("web/values.yaml"))
    params = lsp.ReferenceParams(lsp.ReferenceContext(False), document, at)
    (use,) = await editor.client.text_document_references_async(params) or ()
    assert use.uri == editor.uri("web/templates/_helpers.tpl")
