"""Diagnostics of files that are not open, and of clients that ask for diagnostics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from in_process import session
from lsprotocol import types as lsp

from editor import WAIT, Editor, profile

HOST = 'import os\nhost = "redis.playpen-platform.svc.cluster.local"  # 😀\n'
HARD_CODED = ["python/hard-coded-host"]
WORKSPACE = {"playpen": {"diagnostics": {"scope": "workspace"}}}
VSCODE = profile("visual_studio_code_v1.139.1")
assert VSCODE.text_document
# No editor that was captured can only ask: this one is VS Code without the other channel.
ASKING = attrs.evolve(VSCODE, text_document=attrs.evolve(VSCODE.text_document, publish_diagnostics=None))


def rules(found: Any) -> list[object]:
    return [one.code for one in found]


async def until(holds: Callable[[], object], editor: Editor) -> None:
    """Wait until it holds, which can only change when something is published."""
    async with asyncio.timeout(WAIT):
        while not holds():
            editor.client.news.clear()
            await editor.client.news.wait()


def last(editor: Editor, name: str) -> list[object]:
    return rules(editor.client.published[editor.uri(name)][-1].diagnostics)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "closed.py").write_text(HOST)
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested/playpen.toml").write_text("")
    (tmp_path / "nested/inner.py").write_text(HOST)
    (tmp_path / "clean.py").write_text("import os\n")
    return tmp_path


@pytest.mark.asyncio
async def test_all_files_are_published_where_the_settings_say_so(project: Path, monkeypatch: pytest.MonkeyPatch):
    async with session(VSCODE, project, monkeypatch, WORKSPACE) as editor:
        await until(
            lambda: {editor.uri("closed.py"), editor.uri("nested/inner.py")} <= {*editor.client.published}, editor
        )
        assert last(editor, "closed.py") == last(editor, "nested/inner.py") == HARD_CODED
        assert editor.client.published[editor.uri("closed.py")][-1].version is None
        assert editor.uri("clean.py") not in editor.client.published

        # An open file is published with its version, and stays published when it is closed.
        await editor.open("closed.py", "")
        close = lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(editor.uri("closed.py")))
        editor.client.text_document_did_close(close)
        await until(lambda: editor.client.published[editor.uri("closed.py")][-1].version is None, editor)
        assert last(editor, "closed.py") == HARD_CODED

        # One that had no findings gets some on disk.
        (project / "clean.py").write_text(HOST)
        event = lsp.FileEvent(editor.uri("clean.py"), lsp.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
        await until(lambda: editor.uri("clean.py") in editor.client.published, editor)
        assert last(editor, "clean.py") == HARD_CODED

        editor.client.set_configuration({"playpen": {}})
        editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(settings={"playpen": {}}))
        names = ("closed.py", "clean.py", "nested/inner.py")
        await until(lambda: not any(last(editor, name) for name in names), editor)


@pytest.mark.asyncio
async def test_only_open_files_are_published_by_default(project: Path, monkeypatch: pytest.MonkeyPatch):
    async with session(VSCODE, project, monkeypatch, {"playpen": {}}) as editor:
        await editor.open("open.py", HOST)
        await editor.until("open.py", lambda found: rules(found) == HARD_CODED)
        assert {*editor.client.published} == {editor.uri("open.py")}


@pytest.mark.asyncio
async def test_what_is_excluded_is_taken_back(project: Path, monkeypatch: pytest.MonkeyPatch):
    async with session(VSCODE, project, monkeypatch, WORKSPACE) as editor:
        await until(lambda: editor.uri("closed.py") in editor.client.published, editor)
        (project / "playpen.toml").write_text('exclude = ["closed.py"]\n')
        event = lsp.FileEvent(editor.uri("playpen.toml"), lsp.FileChangeType.Created)
        editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
        await until(lambda: last(editor, "closed.py") == [], editor)


@pytest.mark.asyncio
async def test_a_saved_fact_counts_in_closed_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: a}\nspec:\n  selector: {app: web}\n"
    pods = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: a}\nspec:\n"
        "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n"
        "      containers: [{name: web, image: 'nexus:5000/web:1.0'}]\n"
    )
    (tmp_path / "service.yaml").write_text(service)
    (tmp_path / "pods.yaml").write_text(pods)
    async with session(VSCODE, tmp_path, monkeypatch, WORKSPACE) as editor:
        await until(lambda: editor.uri("pods.yaml") in editor.client.published, editor)
        assert editor.uri("service.yaml") not in editor.client.published
        await editor.open("pods.yaml", pods)
        at = pods.index("{app: web}}\n    spec") + len("{app: ")
        await editor.change(
            "pods.yaml", (at, at + 3, "shop"), (pods.index("{app: web}") + 6, pods.index("{app: web}") + 9, "shop")
        )
        (tmp_path / "pods.yaml").write_text(editor.texts["pods.yaml"])
        saved = lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(editor.uri("pods.yaml")))
        editor.client.text_document_did_save(saved)
        await until(lambda: editor.uri("service.yaml") in editor.client.published, editor)
        assert last(editor, "service.yaml") == ["kubernetes/dangling-service"]


@pytest.mark.asyncio
async def test_the_user_sees_the_progress_and_can_cancel_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    names = [f"m{number}.py" for number in range(200)]
    for name in names:
        (tmp_path / name).write_text(HOST)
    async with session(VSCODE, tmp_path, monkeypatch, {"playpen": {}}) as editor:
        seen: list[Any] = []
        editor.client.protocol.fm.features.pop(lsp.PROGRESS, None)

        @editor.client.feature(lsp.PROGRESS)
        def progress(params: Any) -> None:
            if params.value["kind"] == "begin" and "checking" in params.value["title"]:
                assert params.value["cancellable"]
                editor.client.window_work_done_progress_cancel(lsp.WorkDoneProgressCancelParams(params.token))
                seen.append(params.token)
            elif params.token in seen and params.value["kind"] == "end":
                seen.append(params.value["message"])
                editor.client.news.set()

        editor.client.set_configuration(WORKSPACE)
        editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(settings=WORKSPACE))
        await until(lambda: len(seen) == 2, editor)
        assert seen[1] == "canceled"
        assert len(editor.client.published) < len(names)


async def asked(editor: Editor, name: str, before: str | None = None) -> Any:
    params = lsp.DocumentDiagnosticParams(lsp.TextDocumentIdentifier(editor.uri(name)), previous_result_id=before)
    return await editor.client.text_document_diagnostic_async(params)


@pytest.mark.parametrize(
    ("capabilities", "options", "pulls"),
    [
        (VSCODE, None, False),
        (VSCODE, {"diagnostics": "pull"}, True),
        (VSCODE, {"playpen": {"diagnostics": "pull"}}, True),
        (ASKING, None, True),
        (profile("emacs_v30.1"), {"diagnostics": "pull"}, False),  # it cannot
    ],
)
@pytest.mark.asyncio
async def test_one_channel_for_each_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capabilities: lsp.ClientCapabilities, options: Any, pulls: bool
):
    async with session(capabilities, tmp_path, monkeypatch, options) as editor:
        provider = editor.server.diagnostic_provider
        assert (provider is not None) is pulls
        if not pulls:
            return
        assert isinstance(provider, lsp.DiagnosticOptions)
        assert provider.inter_file_dependencies
        assert provider.workspace_diagnostics
        editor.texts["app.py"], editor.versions["app.py"] = HOST, 1
        item = lsp.TextDocumentItem(editor.uri("app.py"), "python", 1, HOST)
        editor.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        report = await asked(editor, "app.py")
        assert rules(report.items) == HARD_CODED
        again = await asked(editor, "app.py", report.result_id)
        assert (again.kind, again.result_id) == ("unchanged", report.result_id)
        editor.type("app.py", (0, len(HOST), "x = 1\n"))
        report = await asked(editor, "app.py", report.result_id)
        assert report.items == ()
        assert editor.client.published == {}


@pytest.mark.asyncio
async def test_a_client_that_asks_is_told_when_the_answer_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with session(ASKING, tmp_path, monkeypatch) as editor:
        refreshed = asyncio.Event()
        editor.client.protocol.fm.features.pop(lsp.WORKSPACE_DIAGNOSTIC_REFRESH)

        @editor.client.feature(lsp.WORKSPACE_DIAGNOSTIC_REFRESH)
        def refresh(_: None) -> None:
            refreshed.set()

        item = lsp.TextDocumentItem(editor.uri("app.py"), "python", 1, HOST)
        editor.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        assert rules((await asked(editor, "app.py")).items) == HARD_CODED
        editor.client.set_configuration({"playpen": {"ignore": ["python"]}})
        editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(settings=None))
        async with asyncio.timeout(WAIT):
            await refreshed.wait()
        assert (await asked(editor, "app.py")).items == ()


@pytest.mark.asyncio
async def test_the_workspace_is_answered_once_it_has_news(project: Path, monkeypatch: pytest.MonkeyPatch):
    async with session(ASKING, project, monkeypatch, WORKSPACE) as editor:
        async with asyncio.timeout(WAIT):
            first = await editor.client.workspace_diagnostic_async(lsp.WorkspaceDiagnosticParams([]))
        found = {one.uri: one for one in first.items}
        assert {*found} == {editor.uri("closed.py"), editor.uri("nested/inner.py")}
        assert all(rules(one.items) == HARD_CODED and one.version is None for one in found.values())

        known = [lsp.PreviousResultId(one.uri, one.result_id) for one in first.items]
        asking = asyncio.ensure_future(editor.client.workspace_diagnostic_async(lsp.WorkspaceDiagnosticParams(known)))
        await editor.client.workspace_execute_command_async(lsp.ExecuteCommandParams("playpen-ls.rules"))
        assert not asking.done()
        (project / "closed.py").write_text("")
        event = lsp.FileEvent(editor.uri("closed.py"), lsp.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
        async with asyncio.timeout(WAIT):
            (report,) = (await asking).items
        assert (report.uri, report.items) == (editor.uri("closed.py"), ())


@pytest.mark.asyncio
async def test_closed_files_are_published_again_only_if_their_findings_change(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    (project / "other.py").write_text(HOST)
    (project / "z.Dockerfile").write_text("FROM debian:latest\nCMD true\n")
    async with session(VSCODE, project, monkeypatch, WORKSPACE) as editor:
        closed, other, z = (editor.uri(name) for name in ("closed.py", "other.py", "z.Dockerfile"))
        await until(lambda: {closed, other, z} <= {*editor.client.published}, editor)
        assert "dockerfile/moving-tag" in last(editor, "z.Dockerfile")
        (project / "playpen.toml").write_text('ignore = ["dockerfile/moving-tag"]\n')  # all are checked again
        event = lsp.FileEvent(editor.uri("playpen.toml"), lsp.FileChangeType.Created)
        editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
        await until(lambda: "dockerfile/moving-tag" not in last(editor, "z.Dockerfile"), editor)
        assert [len(editor.client.published[uri]) for uri in (closed, other, z)] == [1, 1, 2]
        # What was published while it was open is replaced, also if it was the same before.
        await editor.open("closed.py", "")
        close = lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(closed))
        editor.client.text_document_did_close(close)
        await until(lambda: editor.client.published[closed][-1].version is None, editor)
        assert last(editor, "closed.py") == HARD_CODED
