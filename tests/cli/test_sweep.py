"""A tree is read once, by one process or several: what is found is what looking at each file in turn finds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from command_line import PROJECTS
from playpen_ls.api.platform import Platform
from playpen_ls.cli import batch, process_pool
from playpen_ls.cli.inputs import Targets
from playpen_ls.cli.results import FindingReport, Fixes, Reporter
from playpen_ls.config.model import Settings
from playpen_ls.engine.masking import Mask
from playpen_ls.engine.registry import all_rules
from playpen_ls.project import isolation
from playpen_ls.project.indexer import Indexer
from playpen_ls.session.open_file import PublishedFile

SEVERAL = [one for rule in all_rules() for one in (*rule.bad, *rule.good) if len(one.files) > 1]


def in_turn(folder: Path) -> dict[str, tuple[FindingReport, ...]]:
    targets, found = Targets(Settings(), folder), {}
    for target in targets.under([str(folder)]):
        workspace = target.workspace
        workspace.closed.read_all()
        workspace.open(target.source, target.language)
        report: PublishedFile = workspace.check(target.path)
        reporter = Reporter(workspace.root, Mask(target.source, report.secrets), workspace.text, Platform().rule_link)
        found[reporter.path(target.path)] = tuple(map(reporter.finding, report.diagnostics))
        workspace.close(target.path)
    return {path: findings for path, findings in found.items() if findings}


def at_once(folder: Path) -> dict[str, tuple[FindingReport, ...]]:
    targets = Targets(Settings(), folder)
    files = batch.reports(targets, targets.paths([str(folder)]), Fixes.NONE)
    return {file.path: file.findings for file in files if file.findings}


@pytest.fixture(params=["forked", "started"])
def several(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_pool, "FORKS", request.param == "forked")
    monkeypatch.setattr(process_pool, "WORTH", 2)
    monkeypatch.setattr(process_pool, "BATCH", 1)
    monkeypatch.setenv("PLAYPEN_CORES", "2")


def written(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def projects() -> list[Path]:
    return sorted(path for path in PROJECTS.iterdir() if path.is_dir())


@pytest.mark.parametrize("project", projects(), ids=lambda path: path.name)
@pytest.mark.parametrize("held", [batch.MOST_HELD, 0], ids=["held", "read again"])
def test_projects_alone(project: Path, held: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batch, "MOST_HELD", held)
    assert at_once(project) == in_turn(project)


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("project", projects(), ids=lambda path: path.name)
def test_projects_by_several(project: Path, capsys: pytest.CaptureFixture):
    assert at_once(project) == in_turn(project)
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("several")
def test_a_project_in_another_one_by_several(tmp_path: Path, capsys: pytest.CaptureFixture):
    (tmp_path / ".git").mkdir()
    pods = {f"{folder}pod-{number}.yaml": POD.format(number) for folder in ("", "inner/") for number in range(2)}
    written(tmp_path, {"inner/playpen.toml": "", **pods})
    found = at_once(tmp_path)
    assert {path.startswith(f"{tmp_path}/inner/") for path in found} == {True, False}
    assert found == in_turn(tmp_path)
    assert capsys.readouterr().err == ""


def test_every_example_of_several_files(tmp_path: Path):
    assert len(SEVERAL) > 100
    for number, one in enumerate(SEVERAL):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "playpen.toml").write_text("")  # a project of its own
        written(folder, dict(one.files))
        assert at_once(folder) == in_turn(folder), one.files


POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{0}}}\nspec: {{containers: [{{name: a, image: 'web:latest'}}]}}\n"


MORTAL = """
import os
from playpen_ls.cli.batch import _Batch
def mortal(self, number, real=_Batch.{step}):
    if os.getpid() != {first} and {when}:
        os._exit(3)
    return real(self, number)
_Batch.{step} = mortal
"""


def dying(monkeypatch: pytest.MonkeyPatch, step: str, when: str) -> None:
    """Each process but the first one dies at such a `number`."""
    code = MORTAL.format(step=step, first=os.getpid(), when=when)
    monkeypatch.setattr(isolation, "BOOTSTRAP", isolation.BOOTSTRAP.replace("sys.exit(", f"{code}sys.exit("))
    monkeypatch.setattr(batch._Batch, step, getattr(batch._Batch, step))  # undone at the end
    exec(code)


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("step", ["read", "finish"])
def test_a_process_that_dies_loses_no_file(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    written(tmp_path, {f"pod-{number:02}.yaml": POD.format(number) for number in range(20)})
    expected = in_turn(tmp_path)
    assert len(expected) == 20
    dying(monkeypatch, step, "number == 7")
    assert at_once(tmp_path) == expected
    assert capsys.readouterr().err.count("ended unexpectedly") == 1


@pytest.mark.usefixtures("several")
def test_all_processes_may_die(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    written(tmp_path, {f"pod-{number:02}.yaml": POD.format(number) for number in range(20)})
    expected = in_turn(tmp_path)
    dying(monkeypatch, "read", "True")
    assert at_once(tmp_path) == expected


def test_what_is_not_named_is_read_for_what_it_says(tmp_path: Path):
    (tmp_path / "playpen.toml").write_text("")
    project = written(tmp_path, dict(SEVERAL[0].files))
    whole = at_once(project)
    for path, found in whole.items():
        targets = Targets(Settings(), project)
        alone = list(batch.reports(targets, targets.paths([path]), Fixes.NONE))
        assert [file.findings for file in alone] == [found]


def test_what_is_in_no_language_is_read_for_what_it_says(tmp_path: Path):
    (tmp_path / "docker").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "docker/Dockerfile").write_text("FROM debian:12\nCOPY missing.py /app/\n")
    (tmp_path / "compose.yaml").write_text(
        "services: {web: {image: me/web, build: {context: ., dockerfile: docker/Dockerfile}}}\n"
    )
    (found,) = at_once(tmp_path).values()
    assert "`missing.py` is missing from the build context" in [one.message for one in found]


def test_an_index_that_nobody_asks_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    written(tmp_path, {f"pod-{number:02}.yaml": POD.format(number) for number in range(3)})
    monkeypatch.setattr(Indexer, "paths", lambda self: pytest.fail("the project is listed"))
    targets = Targets(Settings(("kubernetes/privileged-container",)), tmp_path)
    files = list(batch.reports(targets, targets.paths([str(tmp_path)]), Fixes.NONE))
    assert [file.findings for file in files] == [(), (), ()]


def test_each_file_tells_its_facts_before_any_is_checked(tmp_path: Path):
    (tmp_path / "playpen.toml").write_text("")
    written(tmp_path, {
        "routes.py": "from fastapi import APIRouter\nrouter = APIRouter()\n",
        "ignored.py": "from fastapi import APIRouter\nrouter = APIRouter()  # playpen: ignore[literal-secret]\n",
    })  # fmt: skip
    targets = Targets(Settings(), tmp_path)
    one = batch._Batch(targets, *batch._jobs(targets, targets.paths([str(tmp_path)])), Fixes.NONE)
    assert one.read(0)
    assert one.read(1)
    assert [findings[0].rule for findings in at_once(tmp_path).values()] == ["playpen/unused-ignore"]
