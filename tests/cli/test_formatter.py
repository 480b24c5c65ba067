"""`playpen-ls fix -`, as editors call it before a save."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import HOST, HOST_FIXED, SHOP, playpen, written
from examples import Project
from playpen_ls.api.rule import Rule
from playpen_ls.cli.commands.fix import prepare_for_safe_fixes
from playpen_ls.cli.inputs import Target, Targets
from playpen_ls.config.model import Settings
from playpen_ls.engine.fixer import safe_only
from playpen_ls.engine.registry import all_rules

COPIES = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install --no-cache-dir -r requirements.txt\n"
NOT_WAITED_FOR = [rule for rule in all_rules() if (rule.reads and rule.needs_index) or not rule.has_safe_fixes]
UNUSED = "x = 1  # playpen: ignore[python/hard-coded-host] nothing here\n"


def target(folder: Path, name: str, text: str) -> Target:
    found = Targets(Settings(), folder).text(text, name, None)
    assert found
    prepare_for_safe_fixes(found)
    return found


@pytest.mark.parametrize("rule", NOT_WAITED_FOR, ids=lambda rule: rule.id)
def test_a_rule_for_which_the_project_is_not_read_has_no_safe_fix(rule: Rule):
    for example in rule.bad:
        diagnostics = Project(rule, example).look().diagnostics
        assert not [
            fix.title for diagnostic in diagnostics for fix in diagnostic.finding.fixes if safe_only(diagnostic, fix)
        ]


def test_the_project_is_read_only_for_what_depends_on_it(tmp_path: Path):
    written(tmp_path, {"playpen.toml": "", "other.py": "x = 1\n"})
    assert not target(tmp_path, "app.py", "import os\nprint(1)\n").workspace.index.complete
    assert target(tmp_path, "app.py", HOST).workspace.index.complete
    assert target(tmp_path, "app.py", UNUSED).workspace.index.complete


@pytest.mark.parametrize("path", sorted(p for p in SHOP.rglob("*") if p.is_file()), ids=lambda path: path.name)
def test_a_text_on_its_way_is_mended_like_a_file_in_its_place(tmp_path: Path, path: Path):
    project = tmp_path / "shop"
    shutil.copytree(SHOP, project)
    name = path.relative_to(SHOP).as_posix()
    filtered = playpen("fix", "--stdin-filename", name, "-", folder=project, stdin=path.read_bytes()).stdout
    playpen("fix", name, folder=project)
    assert (project / name).read_bytes().decode() == filtered


@pytest.mark.parametrize("named", [[], ["--stdin-filename", "%{buffer_name}"]])
def test_nothing_is_known_of_what_lies_beside_a_text_without_a_name(tmp_path: Path, named: list[str]):
    written(tmp_path, {"requirements.txt": "flask==3.0.0\n", ".dockerignore": ".git\n", "playpen.toml": ""})
    arguments = ["fix", "--language", "dockerfile"]
    done = playpen(*arguments, *named, "-", folder=tmp_path, stdin=COPIES)
    assert (done.returncode, done.stdout) == (0, COPIES)
    done = playpen(*arguments, "--stdin-filename", "Dockerfile", "-", folder=tmp_path, stdin=COPIES)
    assert "COPY requirements.txt ." in done.stdout
    done = playpen("fix", "--language", "python", *named, "-", folder=tmp_path, stdin=HOST)
    assert done.stdout == HOST_FIXED


def test_a_name_says_more_than_the_language(tmp_path: Path):
    library = "def call() { sh 'docker push nexus:5000/app:latest' }\n"
    arguments = ["fix", "--language", "jenkinsfile", "--stdin-filename", "vars/deploy.groovy", "-"]
    done = playpen(*arguments, folder=tmp_path, stdin=library)
    assert (done.returncode, done.stdout) == (0, library)


def test_it_gives_up_after_the_time_that_it_is_given(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-m", "playpen_ls", "fix", "--language", "python", "--timeout", "0.1", "-"],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.wait(timeout=60) == 2  # standard input stays open all the while
        assert process.stdout
        assert process.stderr
        assert process.stdout.read() == ""
        assert "timed out after 0.1 s" in process.stderr.read()
