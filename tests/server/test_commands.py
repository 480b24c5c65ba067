"""What a user can ask for beside a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from in_process import session
from lsprotocol import types as lsp
from raw import Raw

from editor import Editor, profile

HOST = 'import os\nhost = "redis.playpen-platform.svc.cluster.local"  # 😀\n'


async def call(editor: Editor, name: str, *given: Any) -> Any:
    params = lsp.ExecuteCommandParams(f"playpen-ls.{name}", list(given))
    return await editor.client.workspace_execute_command_async(params)


@pytest.mark.asyncio
async def test_the_whole_workspace_is_checked(remote_editor: Editor):
    editor = remote_editor
    (editor.folder / "closed.py").write_text(HOST)
    assert await call(editor, "checkWorkspace") == "1 finding (1 warning) in 1 of 1 file"
    (published,) = editor.client.published[editor.uri("closed.py")]
    assert [one.code for one in published.diagnostics] == ["python/hard-coded-host"]
    await editor.open("closed.py", "")
    params = lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(editor.uri("closed.py")))
    editor.client.text_document_did_close(params)
    await call(editor, "rules")
    assert [len(one.diagnostics) for one in editor.client.published[editor.uri("closed.py")]] == [1, 0, 1]
    (editor.folder / "closed.py").unlink()
    change = lsp.FileEvent(editor.uri("closed.py"), lsp.FileChangeType.Deleted)
    editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([change]))
    await call(editor, "rules")
    assert editor.client.published[editor.uri("closed.py")][-1].diagnostics == ()


@pytest.mark.asyncio
async def test_only_what_was_chosen_is_fixed(editor: Editor):
    (editor.folder / "closed.py").write_text(HOST)
    (editor.folder / "app.py").write_text(HOST)
    await editor.open("app.py", HOST)
    (fixable,) = await call(editor, "fixableInWorkspace")
    assert (fixable["rule"], fixable["fixes"], fixable["files"]) == ("python/hard-coded-host", 2, 2)
    assert await call(editor, "fixWorkspace") is False
    assert await call(editor, "fixWorkspace", ["dockerfile/moving-tag"]) is False
    assert editor.client.edits == []
    assert await call(editor, "fixWorkspace", ["python/hard-coded-host"]) is True
    (edit,) = editor.client.edits
    versions = {change.text_document.uri: change.text_document.version for change in edit.document_changes or ()}
    assert versions == {editor.uri("app.py"): 1, editor.uri("closed.py"): None}


@pytest.mark.asyncio
async def test_a_configuration_is_created_once(editor: Editor):
    assert await call(editor, "createConfiguration") == editor.uri("playpen.toml")
    (edit,) = editor.client.edits
    assert isinstance(edit.document_changes[0], lsp.CreateFile)
    (editor.folder / "playpen.toml").write_text(edit.document_changes[1].edits[0].new_text)
    assert await call(editor, "createConfiguration") == editor.uri("playpen.toml")
    assert len(editor.client.edits) == 1
    assert await editor.open("playpen.toml", (editor.folder / "playpen.toml").read_text()) == []


@pytest.mark.asyncio
async def test_a_rule_is_explained(editor: Editor):
    assert "# python/hard-coded-host" in await call(editor, "rulePage", "python/hard-coded-host")
    assert await call(editor, "rulePage", "nonsense") is None
    await call(editor, "explainRule", "python/hard-coded-host")
    assert "# python/hard-coded-host" in editor.client.messages[-1].message


@pytest.mark.asyncio
async def test_a_save_mends_only_where_that_was_set(editor: Editor):
    (editor.folder / "app.py").write_text(HOST)
    await editor.open("app.py", HOST)
    document = lsp.TextDocumentIdentifier(editor.uri("app.py"))
    params = lsp.WillSaveTextDocumentParams(document, lsp.TextDocumentSaveReason.Manual)
    assert not await editor.client.text_document_will_save_wait_until_async(params)
    settings = lsp.DidChangeConfigurationParams({"playpen": {"fixOnSave": True}})
    editor.client.set_configuration({"playpen": {"fixOnSave": True}})
    editor.client.workspace_did_change_configuration(settings)
    await call(editor, "checkWorkspace")  # after it the project is known, without which nothing is safe
    (edit,) = await editor.client.text_document_will_save_wait_until_async(params)
    assert edit.new_text.startswith("os.getenv(")


FIX_ON_SAVE = {"playpen": {"fixOnSave": True}}


@pytest.mark.parametrize(
    ("client", "options", "offered"),
    [
        ("helix_trixie", FIX_ON_SAVE, True),
        ("helix_sid", FIX_ON_SAVE, True),
        ("helix_sid", {"playpen": {"fixOnSave": False}}, False),
        ("helix_sid", None, False),
        ("visual_studio_code_v1.139.1", FIX_ON_SAVE, False),  # these ask before they save
        ("neovim_v0.12.4", FIX_ON_SAVE, False),
        ("emacs_v30.1", FIX_ON_SAVE, False),
    ],
)
@pytest.mark.asyncio
async def test_a_client_that_only_formats_has_its_texts_mended_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: str, options: Any, offered: bool
):
    (tmp_path / "playpen.toml").touch()
    async with session(profile(client), tmp_path, monkeypatch, options) as editor:
        assert (editor.server.document_formatting_provider is not None) is offered
        await editor.open("app.py", HOST)
        if offered:
            await call(editor, "checkWorkspace")
            document, style = lsp.TextDocumentIdentifier(editor.uri("app.py")), lsp.FormattingOptions(4, True)
            params = lsp.DocumentFormattingParams(document, style)
            (edit,) = await editor.client.text_document_formatting_async(params)
            assert edit.new_text.startswith("os.getenv(")


def test_messages_are_answered_while_the_workspace_is_read(tmp_path: Path):
    (tmp_path / ".git").mkdir()
    for number in range(50):
        (tmp_path / f"m{number}.py").write_text(HOST)
    with Raw(tmp_path) as server:
        server.start()
        server.send("workspace/executeCommand", {"command": "playpen-ls.checkWorkspace"}, request=True)
        check = server.ids
        server.send("workspace/executeCommand", {"command": "playpen-ls.rules"}, request=True)
        answers: list[Any] = []
        while len(answers) < 2:
            message = server.receive()
            answers += [message["id"]] if "id" in message else []
        assert answers == [check + 1, check]  # the second request came before the reading was through
