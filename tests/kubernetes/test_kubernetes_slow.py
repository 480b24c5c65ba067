"""PyYAML as it is where it was built without libyaml: slower, and said once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from raw import Raw

from playpen_ls.languages.yaml_loader import SLOW

REPOSITORY = Path(__file__).parent.parent.parent
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - {name: web, image: 'web:latest'}\n"


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PYTHONPATH under which every process finds PyYAML without libyaml."""
    folder = tmp_path / "path"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import yaml\n\nyaml.__with_libyaml__ = False\n")
    return os.pathsep.join([str(folder), str(REPOSITORY)])


def project(folder: Path, files: int) -> Path:
    (folder / ".git").mkdir(parents=True)
    for number in range(files):
        (folder / f"{number}.yaml").write_text(POD.replace("name: web", f"name: web{number}", 1))
    return folder


@pytest.mark.parametrize("files", [1, 120])  # with as many, several processes read them
def test_the_command_line_says_it_in_one_line(tmp_path: Path, path: str, files: int):
    folder = project(tmp_path / "project", files)
    done = subprocess.run(
        [sys.executable, "-m", "playpen_ls", "check", "--select", "kubernetes/moving-tag", "."],
        cwd=folder, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path, "PLAYPEN_CORES": "2"},
    )  # fmt: skip
    assert done.stderr.splitlines() == [f"playpen-ls: {SLOW}"]
    assert done.stdout.count("[kubernetes/moving-tag]") == files


def test_the_server_shows_one_message_and_logs_nothing(tmp_path: Path, path: str):
    folder = project(tmp_path / "project", 3)
    with Raw(folder, PYTHONPATH=path) as server:
        server.start()
        heard = [server.open("0.yaml", POD)]
        while "no-liveness-probe" not in str(heard[-1]):  # which is known when all files have been read
            heard.append(server.receive())
        heard.append(server.open("1.yaml", POD))
        while "1.yaml" not in str(heard[-1]):
            heard.append(server.receive())
        server.send("shutdown", request=True)
        while heard[-1].get("id") != server.ids:
            heard.append(server.receive())
        server.send("exit")
        status, log = server.end()
    shown = [one["params"]["message"] for one in heard if one.get("method") == "window/showMessage"]
    assert shown == [f"playpen: {SLOW}"]
    assert (status, log) == (0, "")
