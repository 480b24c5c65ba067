"""What an edit in one open file means for the others, and the progress of reading the project, in a real client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from raw import Raw

from editor import Editor

SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec:\n  selector: {app: web}\n"
    "  ports: [{port: 80, targetPort: 8000}]\n"
)
PODS = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web}}\nspec:\n"
    "  containers: [{name: web, image: 'shop/web:1.0', ports: [{containerPort: 8000}]}]\n"
)
DANGLING = "kubernetes/dangling-service"


@pytest.mark.asyncio
async def test_an_edit_in_one_file_publishes_the_other_at_once(remote_editor: Editor):
    editor = remote_editor
    await editor.open("service.yaml", SERVICE)
    await editor.open("web.yaml", PODS)
    # A comment is called unused only when every file has been read.
    await editor.open("app.py", "x = 1  # playpen: ignore[print-as-log]\n")
    await editor.until("app.py", bool)
    await editor.until("service.yaml", lambda found: DANGLING not in codes(found))
    version = editor.versions["service.yaml"]
    at = PODS.index("app: web", PODS.index("labels")) + len("app: web")
    editor.type("web.yaml", (at, at, "-2"))
    await editor.until("service.yaml", lambda found: DANGLING in codes(found))
    editor.type("web.yaml", (at, at + 2, ""))
    await editor.until("service.yaml", lambda found: DANGLING not in codes(found))
    assert editor.versions["service.yaml"] == version


@pytest.mark.asyncio
async def test_many_files_that_change_at_once_are_noticed(remote_editor: Editor):
    editor, names = remote_editor, [f"pods-{number}.yaml" for number in range(30)]

    def switched(kind: lsp.FileChangeType, app: str) -> None:
        for name in names:
            (editor.folder / name).write_text(PODS.replace("labels: {app: web}", f"labels: {{app: {app}}}"))
        changes = [lsp.FileEvent(editor.uri(name), kind) for name in names]
        editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams(changes))

    await editor.open("service.yaml", SERVICE)
    await editor.open("app.py", "x = 1  # playpen: ignore[print-as-log]\n")
    await editor.until("app.py", bool)
    switched(lsp.FileChangeType.Created, "web-2")
    await editor.until("service.yaml", lambda found: DANGLING in codes(found))
    switched(lsp.FileChangeType.Changed, "web")
    await editor.until("service.yaml", lambda found: DANGLING not in codes(found))


def codes(found: list[Any]) -> list[Any]:
    return [one.code for one in found]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for number in range(400):
        (tmp_path / f"pods-{number}.yaml").write_text(PODS.replace("web", f"web-{number}"))
    return tmp_path


def begun(server: Raw) -> str:
    """Start, and allow the progress to be shown; gives its token."""
    capabilities = {"window": {"workDoneProgress": True}}
    server.ask("initialize", {"capabilities": capabilities, "rootUri": server.folder.as_uri(), "processId": None})
    server.send("initialized", {})
    server.send("textDocument/didOpen", {
        "textDocument": {"uri": server.uri("service.yaml"), "languageId": "yaml", "version": 1, "text": SERVICE}
    })  # fmt: skip
    while (message := server.receive()).get("method") != "window/workDoneProgress/create":
        pass
    server.write(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": None}).encode())
    return message["params"]["token"]


def progress(server: Raw, kind: str) -> dict[str, Any]:
    """The next progress of a kind; what else comes meanwhile is left out."""
    while True:
        message = server.receive()
        if message.get("method") == "$/progress" and message["params"]["value"]["kind"] == kind:
            return message["params"]


def test_the_index_shows_its_progress(project: Path):
    with Raw(project) as server:
        token = begun(server)
        first = progress(server, "begin")
        assert first["token"] == token
        assert first["value"]["cancellable"]
        reported = progress(server, "report")["value"]
        assert 0 < reported["percentage"] <= 100
        assert "of 400 files" in reported["message"]
        assert progress(server, "end")["value"]["message"] == "done"


def test_the_index_can_be_cancelled(project: Path):
    with Raw(project) as server:
        token = begun(server)
        progress(server, "begin")
        server.send("window/workDoneProgress/cancel", {"token": token})
        assert progress(server, "end")["value"]["message"].startswith("canceled")
        # No pods are known to be missing, since not every file was read.
        server.replace("service.yaml", 2, SERVICE + "# more\n")
        while (message := server.receive()).get("params", {}).get("version") != 2:
            pass
        assert DANGLING not in [one["code"] for one in message["params"]["diagnostics"]]
