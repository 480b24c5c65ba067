"""What was not checked of an open document is logged; a message is shown only if its user can change that."""

from __future__ import annotations

import pytest
from lsprotocol import types as lsp

from editor import Editor
from playpen_ls.engine.registry import rule_of

HOST = 'host = "redis.playpen-platform.svc.cluster.local"\n'


@pytest.mark.asyncio
async def test_a_rule_that_fails_and_lines_that_do_not_parse_are_logged(
    editor: Editor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fails(*_: object, **__: object) -> None:
        raise ValueError("a text of the document")

    rule = rule_of("python/hard-coded-host")
    before = rule.function
    object.__setattr__(rule, "function", fails)
    try:
        await editor.open("app.py", HOST)
        await editor.open("half.py", 'def f(:\n    print("x")\n')
        saved = lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(editor.uri("half.py")))
        editor.client.text_document_did_save(saved)
        await editor.whole("half.py", ["source.fixAll"])
    finally:
        object.__setattr__(rule, "function", before)
    messages = {record.getMessage() for record in caplog.records}
    assert "app.py: not checked: rule `python/hard-coded-host` failed" in messages
    assert "half.py: not checked: some lines cannot be parsed" in messages
    assert not any("a text of the document" in message for message in messages)
    assert editor.client.messages == []


CIRCLE = {"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a, app.yaml]\n"}
ENDLESS = {
    "web/Chart.yaml": "name: web\nversion: 1.0.0\n",
    "web/templates/a.yaml": '{{ define "a" }}{{ include "a" . }}{{ end }}apiVersion: v1\nkind: Pod\na: {{ include "a" . }}\n',
}
LONG = {
    "web/Chart.yaml": "name: web\nversion: 1.0.0\n",
    "web/templates/a.yaml": "apiVersion: v1\nkind: Pod\na: {{ range until 100000000 }}a{{ end }}\n",
}
UNKNOWN = "not checked: what it builds is not known:"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("files", "opened", "logged", "is_shown"),
    [
        (CIRCLE, "b/kustomization.yaml", f"a/kustomization.yaml: {UNKNOWN} it reaches itself", True),
        (ENDLESS, "web/templates/a.yaml",
         f"web/Chart.yaml: {UNKNOWN} templates include each other too deeply", True),
        (LONG, "web/templates/a.yaml", f"web/Chart.yaml: {UNKNOWN} a list is too long", False),
    ],
    ids=["a circle", "an endless include", "a long list"],
)  # fmt: skip
async def test_a_limit_is_logged_once_and_shown_if_nobody_could_build_it(
    editor: Editor,
    caplog: pytest.LogCaptureFixture,
    files: dict[str, str],
    opened: str,
    logged: str,
    is_shown: bool,
):
    for name, text in files.items():
        (editor.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (editor.folder / name).write_text(text)
    for name in (opened, *(set(files) - {opened})):
        await editor.open(name, files[name], "yaml")
    await editor.open("app.py", "x = 1  # playpen: ignore[print-as-log]\n")
    await editor.until("app.py", bool)  # all files have been read
    for name in files:
        await editor.change(name, (0, 0, "# a comment\n"))
        saved = lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(editor.uri(name)))
        editor.client.text_document_did_save(saved)
        await editor.whole(name, ["source.fixAll"])
    assert [record.getMessage() for record in caplog.records].count(logged) == 1
    assert [one.message for one in editor.client.messages] == [f"playpen: {logged}"] * is_shown
