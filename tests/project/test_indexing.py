"""The index: made in another process, complete or silent, and kept fresh."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import os
import subprocess
import sys
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from playpen_ls.api.fact_types import ImageUse
from playpen_ls.api.finding import Place
from playpen_ls.project.index import Index
from playpen_ls.project.isolation import command, module_path
from playpen_ls.project.worker import batch_of, work
from playpen_ls.server.client_capabilities import ClientCapabilities
from playpen_ls.server.client_documents import ClientDocuments
from playpen_ls.server.client_requests import ClientRequests, watched
from playpen_ls.server.features.commands import Commands
from playpen_ls.server.features.diagnostics.closed import ClosedFiles
from playpen_ls.server.gc_scheduler import GcScheduler
from playpen_ls.server.indexing.run import IndexRun
from playpen_ls.server.indexing.scheduler import IndexScheduler
from playpen_ls.server.protocol import Server
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: {0}}}\nspec: {{containers: [{{name: a, image: 'web:{1}'}}]}}\n"


class Client:
    """What a server's side of the indexing calls."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def window_show_message(self, params) -> None:
        self.said.append(params.message)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for number in range(30):
        (tmp_path / f"pod-{number}.yaml").write_text(POD.format(f"p{number}", f"1.{number}"))
    return tmp_path


def uses(workspace: Workspace) -> list[str]:
    return sorted(fact.reference for fact in workspace.index.facts(ImageUse, but=""))


def answers(workspace: Workspace) -> list[list]:
    output = io.BytesIO()
    work(json.loads(json.dumps(workspace.closed.order())), output)
    return [json.loads(line) for line in output.getvalue().splitlines()]


def read_files(found: list[list]) -> list[tuple]:
    """The files in all answers, each with its stamp and its facts."""
    return [one for answer in found if answer[0] == "facts" for one in batch_of(answer[2])]


def run(workspace: Workspace, first: bool = True) -> Client:
    client = Client()
    asyncio.run(IndexRun(client, workspace, shows=False).run(first))  # type: ignore[arg-type]
    return client


def test_another_process_reads_the_project(project: Path):
    workspace = Workspace(project)
    run(workspace)
    assert workspace.index.complete
    assert uses(workspace) == sorted(f"web:1.{number}" for number in range(30))


def test_the_pipes_of_the_other_process_are_closed(project: Path):
    """Also of one that failed: its exception keeps the run until garbage is collected."""
    indexing = IndexRun(Client(), Workspace(project), shows=False)  # type: ignore[arg-type]
    asyncio.run(indexing.run())
    process = indexing._process
    assert process
    assert process.stdin
    assert process.stdout
    assert (process.stdin.closed, process.stdout.closed) == (True, True)


def test_it_finds_what_reading_here_finds(project: Path):
    there, here = Workspace(project), Workspace(project)
    run(there)
    here.closed.read_all()
    for kind in here.index._by_kind:
        assert there.index.facts(kind, "").items == here.index.facts(kind, "").items


def test_a_later_run_takes_only_what_changed(project: Path):
    workspace = Workspace(project)
    run(workspace)
    (project / "pod-0.yaml").write_text(POD.format("p0", "2.00"))
    (project / "pod-1.yaml").unlink()
    said = [path for path, _, _ in read_files(answers(workspace))]
    assert sorted(said) == ["pod-0.yaml", "pod-1.yaml"]
    run(workspace, first=False)
    assert "web:2.00" in uses(workspace)
    assert "web:1.1" not in uses(workspace)
    assert len(uses(workspace)) == 29


def test_what_was_read_here_since_is_newer(project: Path):
    workspace = Workspace(project)
    found = answers(workspace)
    (project / "pod-0.yaml").write_text(POD.format("p0", "3.0"))
    workspace.closed.read("pod-0.yaml")
    for path, stamp, facts in read_files(found):
        workspace.closed.take(path, facts, stamp)
    assert "web:3.0" in uses(workspace)
    assert "web:1.0" not in uses(workspace)


def test_a_process_that_dies_is_said_and_done_without(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    workspace = Workspace(project)
    with caplog.at_level(logging.ERROR, "playpen_ls"):
        client = run(workspace)
    assert workspace.index.complete
    assert len(uses(workspace)) == 30
    assert "indexed more slowly" in client.said[0]
    assert "failed" in caplog.text
    caplog.clear()


def test_what_the_process_failed_at_is_said(project: Path, caplog: pytest.LogCaptureFixture):
    workspace = Workspace(project)
    workspace.closed.order = lambda: {"root": str(project), "known": {}}  # type: ignore[method-assign]
    with caplog.at_level(logging.ERROR, "playpen_ls"):
        client = run(workspace)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{project}: the index worker failed: KeyError at ")
    assert len(client.said) == 1
    assert workspace.index.complete
    caplog.clear()


def test_a_project_that_cannot_be_read_here_either_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    workspace = Workspace(project)

    def fails(most: int) -> None:
        raise RecursionError

    monkeypatch.setattr(workspace.closed, "paths", fails)
    with caplog.at_level(logging.ERROR, "playpen_ls"):
        client = run(workspace)
    assert not workspace.index.complete
    assert ["more slowly" in said for said in client.said] == [True, False]
    assert client.said[1] == f"playpen: the index of {project.name} is incomplete, so cross-file rules are disabled"
    assert [record.getMessage().removeprefix(f"{project}: ") for record in caplog.records] == [
        "the index worker failed: EOFError",
        "indexing failed: RecursionError",
    ]
    caplog.clear()


class Silent(Client):
    """A client that answers nothing, with a server's means to ask it."""

    def __init__(self) -> None:
        super().__init__()
        self.work_done_progress = self
        self.protocol = Server("x", "1").protocol
        self.asked: list[str] = []

    async def create_async(self, token: str) -> None:
        await self._never("window/workDoneProgress/create")

    async def client_register_capability_async(self, params: object) -> None:
        await self._never("client/registerCapability")

    async def workspace_configuration_async(self, params: object) -> None:
        await self._never("workspace/configuration")

    async def workspace_apply_edit_async(self, params: object) -> None:
        await self._never("workspace/applyEdit")

    async def _never(self, method: str) -> None:
        self.asked.append(method)
        await asyncio.get_running_loop().create_future()


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Silent:
    monkeypatch.setattr("playpen_ls.server.protocol.ANSWER", 0)
    monkeypatch.setattr("playpen_ls.server.features.commands.APPLY", 0)
    return Silent()


def test_a_project_is_read_although_the_client_does_not_answer(
    project: Path, silent: Silent, caplog: pytest.LogCaptureFixture
):
    workspace = Workspace(project)
    asyncio.run(IndexRun(silent, workspace, shows=True).run())  # type: ignore[arg-type]
    assert workspace.index.complete
    assert silent.said == []
    assert "the client does not answer window/workDoneProgress/create" in caplog.text


def test_settings_are_asked_for_although_the_client_does_not_answer(silent: Silent):
    taken: list[object] = []
    abilities = replace(ClientCapabilities(), registers_watchers=True, gives_configuration=True)
    requests = ClientRequests(silent, lambda: abilities, taken.append)  # type: ignore[arg-type]

    async def introduced() -> None:
        requests.introduce()
        await asyncio.gather(*requests._tasks)

    asyncio.run(introduced())
    assert silent.asked == ["client/registerCapability", "workspace/configuration"]
    assert taken == []


def test_a_command_ends_although_the_client_does_not_answer(project: Path, silent: Silent):
    silent.command = lambda name: lambda handler: None  # type: ignore[attr-defined]
    documents = ClientDocuments("utf-16", [project])
    abilities = replace(ClientCapabilities(), document_changes=True, creates_files=True)
    files = ClosedFiles(lambda: documents, lambda *_: None, lambda _: asyncio.sleep(0))
    commands = Commands(silent, lambda: documents, lambda: abilities, files)  # type: ignore[arg-type]
    assert asyncio.run(commands.create_configuration()) is None
    assert silent.said == ["playpen: the editor did not say whether it applied the change"]


def test_cancelled_it_stays_silent(project: Path):
    async def cancelled() -> Workspace:
        workspace = Workspace(project)
        one = IndexRun(Client(), workspace, shows=False)  # type: ignore[arg-type]
        task = asyncio.create_task(one.run())
        while one._process is None:
            await asyncio.sleep(0)
        one.cancel()
        await task
        assert one._process.returncode is not None
        return workspace

    assert not asyncio.run(cancelled()).index.complete


def test_a_tree_that_is_no_project_is_not_indexed(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("playpen_ls.project.worker.MOST_FILES", 10)
    assert answers(Workspace(project)) == [["many"]]
    monkeypatch.setattr("playpen_ls.project.indexer.MOST_FILES", 10)
    workspace = Workspace(project)
    with caplog.at_level(logging.WARNING, "playpen_ls"):
        workspace.closed.read_all()
        assert caplog.text.count("more than") == 1
        workspace.closed.read_all()
    assert not workspace.index.complete
    assert uses(workspace) == []
    assert caplog.text.count("more than") == 1, "nor is it listed again for each file"


def worker(project: Path) -> subprocess.Popen[bytes]:
    """A process that reads the project, with its order, and its standard input still open."""
    started = command("playpen_ls.project.worker", module_path(project))
    process = subprocess.Popen(started, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(json.dumps(Workspace(project).closed.order()).encode() + b"\n")
    process.stdin.flush()
    return process


def test_the_process_ends_with_its_server(project: Path):
    one = worker(project)
    assert one.stdin
    assert one.stdout
    one.stdin.close()
    one.stdout.close()
    assert one.wait(20) is not None


def test_the_process_ends_in_peace_when_its_work_is_done(project: Path):
    one = worker(project)
    assert one.stdout
    assert one.stderr
    lines = one.stdout.read().splitlines()  # until it has ended; its standard input stays open
    assert json.loads(lines[-1]) == ["done"]
    assert (one.wait(20), one.stderr.read()) == (0, b"")


def test_links_that_lead_round_in_circles_are_not_followed(project: Path):
    (project / "loop").symlink_to(project, target_is_directory=True)
    (project / "self.yaml").symlink_to(project / "self.yaml")
    (project / "gone.yaml").symlink_to(project / "nothing.yaml")
    workspace = Workspace(project)
    run(workspace)
    assert len(uses(workspace)) == 30


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_cannot_be_read_is_left_out(project: Path):
    shut = project / "shut"
    shut.mkdir()
    shut.chmod(0)
    try:
        workspace = Workspace(project)
        run(workspace)
        assert len(uses(workspace)) == 30
    finally:
        shut.chmod(0o700)


def test_a_folder_that_cannot_be_listed_is_left_out(project: Path, monkeypatch: pytest.MonkeyPatch):
    (project / "shut").mkdir()
    listed = os.scandir

    def scandir(path):
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    workspace = Workspace(project)
    workspace.closed.read_all()
    assert workspace.index.complete
    assert len(uses(workspace)) == 30


def test_a_file_that_vanishes_while_it_is_read_says_nothing(project: Path):
    workspace = Workspace(project)
    steps = workspace.closed.reading()
    next(steps)
    (project / "pod-29.yaml").unlink()
    for _ in steps:
        pass
    assert workspace.index.complete
    assert "web:1.29" not in uses(workspace)
    assert len(uses(workspace)) == 29


def test_an_overlaid_index_leaves_the_first_as_it_was():
    def use(path: str, reference: str) -> ImageUse:
        return ImageUse(Place(path, Span(0, 0)), reference)

    index = Index()
    index.put("a", [use("a", "x:1")])
    index.put("b", [use("b", "x:2")])
    other = index.with_overrides({"a": [use("a", "x:3")], "b": []}, "")
    index.put("b", [use("b", "x:4")])
    assert [fact.reference for fact in index.facts(ImageUse, "")] == ["x:1", "x:4"]
    assert [fact.reference for fact in other.facts(ImageUse, "")] == ["x:3"]


def test_facts_that_are_laid_over_for_a_file_do_not_make_others_of_what_it_was_given():
    index = Index()
    index.put("b", [ImageUse(Place("b", Span(0, 0)), "x:1")])
    index.later("a", lambda: [ImageUse(Place("a", Span(0, 0)), "x:2")])
    given = index.facts(ImageUse, "a")
    assert not list(index.with_overrides({"b": []}, "a").facts(ImageUse, "a"))
    assert index.facts(ImageUse, "a") is given


def test_a_check_tells_whether_the_other_files_must_be_looked_at(tmp_path: Path):
    app = 'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("{}")\ndef f():\n    return 1\n'
    workspace = Workspace(tmp_path)
    workspace.index.complete = True
    workspace.open(Source("app.py", app.format("/health")), "python")
    workspace.check("app.py")
    workspace.index.changed_since_last_call()
    workspace.edit("app.py", Source("app.py", app.format("/health").replace("return 1", "return 2")))
    workspace.check("app.py")
    assert not workspace.index.changed_since_last_call()
    workspace.edit("app.py", Source("app.py", app.format("/healthz").replace("return 1", "return 2")))
    workspace.check("app.py")
    assert workspace.index.changed_since_last_call()
    assert not workspace.index.changed_since_last_call()


def test_what_the_others_state_stays_the_same_object_while_the_own_facts_come_and_go():
    index = Index()
    for number in range(3):
        index.put(f"f{number}", [ImageUse(Place(f"f{number}", Span(0, 0)), "x:1")])
    before = index.facts(ImageUse, but="f0")
    index.put("f0", [])
    assert index.facts(ImageUse, but="f0") is before
    index.put("f0", [ImageUse(Place("f0", Span(5, 5)), "x:2")])
    assert index.facts(ImageUse, but="f0") is before
    index.put("f1", [])
    assert [fact.place.path for fact in index.facts(ImageUse, but="f0")] == ["f2"]


def test_what_is_left_out_tells_the_others_nothing(project: Path):
    (project / ".gitignore").write_text("out/\n")
    (project / "playpen.toml").write_text('exclude = ["vendor/"]\n')
    for path in ("out/pod.yaml", "vendor/pod.yaml", "node_modules/x/pod.yaml"):
        (project / path).parent.mkdir(parents=True)
        (project / path).write_text(POD.format("p", "9.9"))
        workspace = Workspace(project)
        workspace.closed.read_all()
        assert not workspace.closed.read(path), "a client watches all files"
        workspace.open(Source(path, POD.format("p", "9.9")), "kubernetes")
        workspace.check(path)
        assert "web:9.9" not in uses(workspace)
        workspace.close(path)
        assert "web:9.9" not in uses(workspace)
    assert workspace.closed.read("pod-1.yaml") is False


def test_what_is_left_out_by_now_is_forgotten(project: Path):
    workspace = Workspace(project)
    run(workspace)
    assert not workspace.closed.stale
    (project / "playpen.toml").write_text('exclude = ["pod-1*.yaml"]\n')
    workspace.configs.changed(project / "playpen.toml")
    assert workspace.closed.stale
    run(workspace, first=False)
    assert not workspace.closed.stale
    assert len(uses(workspace)) == 30 - 11
    (project / ".gitignore").write_text("pod-2*.yaml\n")
    run(workspace, first=False)
    assert len(uses(workspace)) == 30 - 22


def test_the_facts_of_a_project_are_not_walked_for_garbage_again():
    collector = GcScheduler(lambda: False)
    try:
        collector.start()
        before = gc.get_freeze_count()
        facts = [[number] for number in range(1000)]
        collector.keep()
        assert gc.get_freeze_count() >= before + len(facts)
    finally:
        gc.unfreeze()
        gc.enable()


@pytest.mark.parametrize(
    "name",
    (
        "Dockerfile Dockerfile.dev web.Dockerfile web.dockerfile Containerfile Containerfile.dev Jenkinsfile "
        "Jenkinsfile.ci Jenkinsfile-nightly ci.jenkinsfile ci.groovy a.py a.pyw wsgi a.yaml a.yml a.json "
        "playpen.toml pyproject.toml .gitignore .dockerignore web.dockerignore requirements-dev.txt alembic.ini"
    ).split(),
)
def test_clients_are_asked_to_watch_every_name_that_matters(name: str):
    globs = [
        glob.removeprefix("**/").replace(braces, one)
        for glob in watched()
        for braces in [glob[glob.index("{") : glob.index("}") + 1]]
        for one in braces.strip("{}").split(",")
    ]
    assert any(fnmatchcase(name, glob) for glob in globs)


def test_nothing_is_read_again_once_the_server_ends(project: Path):
    """A run that was asked for meanwhile would find its executor gone."""
    done = []

    async def ends() -> None:
        indexes = IndexScheduler(Client(), ClientCapabilities, done.append)  # type: ignore[arg-type]
        workspace = Workspace(project)
        indexes.start(workspace)
        await asyncio.sleep(0)
        indexes.start(workspace, again=True)
        await asyncio.sleep(0)
        assert indexes.busy
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await indexes.wait(workspace)
        await asyncio.sleep(0)
        assert not indexes.busy

    asyncio.run(ends())
    assert done == [True]
