"""What was not checked of an open document is logged, and never shown as a message."""

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
