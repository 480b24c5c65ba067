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


def deployment(name: str) -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n"
        f"  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n"
        f"    spec:\n      containers:\n        - name: {name}\n          image: nginx:1.27.1\n"
    )


LIMIT = "resources: {limits: {memory: 1Gi, cpu: 1}}"
PATCH = (
    "  - patch: |-\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: {name: a}\n      spec: {template: "
    "{spec: {containers: [{name: a, RESOURCES}]}}}\n"
)
OVERLAY = "resources: [../base]\npatches:\n" + PATCH.replace("RESOURCES", LIMIT)
BUILT = {
    "base/kustomization.yaml": "resources: [a.yaml, b.yaml, c.yaml]\n",
    **{f"base/{name}.yaml": deployment(name) for name in "abc"},
    "prod/kustomization.yaml": OVERLAY,
}
GIVEN = "          {{- if .Values.NAME.limited }}\n          " + LIMIT + "\n          {{- end }}\n"
CHARTED = {
    "web/Chart.yaml": "name: web\nversion: 1.0.0\n",
    "web/values.yaml": "a: {limited: true}\nb: {limited: false}\nc: {limited: false}\n",
    **{
        f"web/templates/{name}.yaml": deployment(name).replace("nginx:1.27.1", '"{{ .Values.image }}"')
        + GIVEN.replace("NAME", name)
        for name in "abc"
    },
}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("files", "edited", "old", "new", "changed"),
    [
        (BUILT, "prod/kustomization.yaml", ", " + LIMIT, "", 1),
        # What is left open is reported once a chart: in `b.yaml` before, in `a.yaml` then.
        (CHARTED, "web/values.yaml", "a: {limited: true}", "a: {limited: false}", 2),
    ],
    ids=["kustomization", "values"],
)
async def test_only_files_whose_findings_change_are_published_again(
    editor: Editor, files: dict[str, str], edited: str, old: str, new: str, changed: int
):
    for name, text in files.items():
        (editor.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (editor.folder / name).write_text(text)
    manifests = [name for name in files if name.endswith(("a.yaml", "b.yaml", "c.yaml"))]
    for name in (*manifests, edited):
        await editor.open(name, files[name], "yaml")
    await editor.open("app.py", "x = 1  # playpen: ignore[print-as-log]\n")
    await editor.until("app.py", bool)  # all files have been read

    async def published() -> list[int]:
        """How often each manifest has been, after all was checked again."""
        saved = lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(editor.uri(edited)))
        editor.client.text_document_did_save(saved)
        await editor.whole(edited, ["source.fixAll"])
        return [len(editor.client.published[editor.uri(name)]) for name in manifests]

    before = await published()
    assert "kubernetes/no-memory-limit" not in codes(await editor.diagnostics(manifests[0]))
    at = len(files[edited])
    await editor.change(edited, (at, at, "# a comment\n"))
    assert await published() == before
    at = files[edited].index(old)
    await editor.change(edited, (at, at + len(old), new))
    assert await published() == [count + (number < changed) for number, count in enumerate(before)]
    assert "kubernetes/no-memory-limit" in codes(await editor.diagnostics(manifests[0]))
