"""A build context that is large needs a `.dockerignore`, whatever it holds."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

import pytest

from playpen_ls.project.filesystem import LARGE, MOST_WEIGHED, ProjectFiles
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

MOMENTS = count(1_000_000_000)
TEXT = "FROM a\nCOPY . .\n"


def sized(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)  # no block of the disk is written
    noticed(path.parent)


def noticed(folder: Path) -> None:
    """Clocks of file systems are coarse: two changes may have one time."""
    moment = next(MOMENTS)
    os.utime(folder, (moment, moment))


def found(workspace: Workspace, path: str = "Dockerfile") -> list[str]:
    return [
        diagnostic.finding.message
        for diagnostic in workspace.check(path).diagnostics
        if diagnostic.rule.name == "no-dockerignore"
    ]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    workspace.open(Source("Dockerfile", TEXT), "dockerfile")
    workspace.closed.read_all()
    return workspace


def test_files_of_20_mb_are_too_many(workspace: Workspace, tmp_path: Path):
    sized(tmp_path / "data/a.bin", 15_000_000)
    sized(tmp_path / "data/more/b.bin", 5_000_000)
    assert found(workspace) == []
    sized(tmp_path / "data/more/c.bin", 1)
    assert found(workspace) == ["`.` includes more than 20 MB of files; the build context has no `.dockerignore`"]
    (tmp_path / "data/a.bin").unlink()
    noticed(tmp_path / "data")
    assert found(workspace) == []


def test_an_ignore_file_of_any_kind_answers_it(workspace: Workspace, tmp_path: Path):
    sized(tmp_path / "a.bin", 30_000_000)
    assert found(workspace)
    (tmp_path / ".dockerignore").write_text("a.bin\n")
    assert found(workspace) == []


def test_a_link_weighs_nothing_and_leads_nowhere(tmp_path: Path):
    sized(tmp_path / "elsewhere/a.bin", LARGE + 1)
    (tmp_path / "project").mkdir()
    (tmp_path / "project/a").symlink_to(tmp_path / "elsewhere/a.bin")
    (tmp_path / "project/b").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "project/c").symlink_to(tmp_path / "project")
    assert not ProjectFiles(tmp_path / "project", lambda path: None).is_large(".")
    assert ProjectFiles(tmp_path, lambda path: None).is_large("elsewhere")


def test_what_is_not_counted_is_not_large(tmp_path: Path):
    for number in range(MOST_WEIGHED + 1):
        (tmp_path / f"{number}").touch()
    sized(tmp_path / "below/a.bin", LARGE + 1)
    files = ProjectFiles(tmp_path, lambda path: None)
    assert not files.is_large(".")
    assert not files.is_large("nowhere")
    assert not files.is_large("..")
    assert not ProjectFiles(tmp_path, lambda path: None, known=False).is_large("below")
