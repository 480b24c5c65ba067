"""What pipelines use of this repository: the Jenkins step, the GitHub action, the hooks for pre-commit, the image."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from consumers import CONSUMERS, INSTALLED

from command_line import ROOT, SHOP, playpen
from playpen_ls.cli.main import run
from playpen_ls.languages.detection import possible_language

STEP = ROOT / "vars" / "playpenCheck.groovy"
GROOVY = INSTALLED / "groovy"


def step(options: dict[str, Any], status: int, plugin: str = "warnings-ng") -> list[dict[str, Any]]:
    """What the step calls when the shell exits with this status."""
    java = ["java", "-cp", f"{GROOVY}/*", "groovy.ui.GroovyMain", CONSUMERS / "RunStep.groovy", STEP]
    done = subprocess.run(
        [*java, json.dumps(options), str(status), plugin],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    calls: list[dict[str, Any]] = json.loads(done.stdout)
    return calls


@pytest.mark.slow
@pytest.mark.skipif(not GROOVY.exists() or not shutil.which("java"), reason="tests/consumers/install was not run")
def test_the_jenkins_step_publishes_before_it_fails():
    folder, shell, published, returned = step({}, 1)
    assert folder == {"dir": "."}
    assert shell["sh"]["returnStatus"] is True
    assert shell["sh"]["script"].split() == (
        "'playpen-ls' 'check' '--format' 'concise' '--format' 'sarif=playpen-ls.sarif' '--' '.'".split()
    )
    assert published["recordIssues"] == {
        "enabledForFailure": True,
        "qualityGates": [{"threshold": 1, "type": "NEW", "criticality": "FAILURE"}],
        "tool": {"id": "playpen-ls", "name": "playpen-ls", "pattern": "playpen-ls.sarif"},
    }
    assert returned == {"returned": 1}

    calls = step({"dir": "a b", "baseline": "it's.json", "changed": "origin/main", "gates": []}, 2)
    assert [*calls[2]] == ["recordIssues"]
    assert calls[-1] == {"failed": "playpen-ls did not check everything (exit status 2); see the log above"}
    words = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {calls[1]['sh']['script']}"], capture_output=True, text=True
    ).stdout.split("\n")
    assert words[6:11] == ["--baseline", "it's.json", "--changed=origin/main", "--", "."]

    assert "install the plug-in warnings-ng" in step({}, 0, "none")[-1]["failed"]


def test_our_own_files_have_no_findings():
    done = playpen("check", "--strict", "--fail-on", "hint", "Dockerfile", folder=ROOT)
    assert (done.returncode, done.stdout) == (0, "no findings in 1 file\n")
    done = playpen("check", "--language", "jenkinsfile", "-", folder=ROOT, stdin=STEP.read_text())
    assert (done.returncode, done.stdout) == (0, "no findings in 1 file\n")


def test_the_action_passes_inputs_by_environment_only():
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert action["runs"]["using"] == "composite"
    for one in action["runs"]["steps"]:
        assert one["shell"] == "bash"
        assert "${{" not in one["run"]
        assert "uses" not in one


@pytest.mark.slow
def test_the_action_keeps_the_status_until_the_reports_are_written(tmp_path: Path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "playpen-ls").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m playpen_ls "$@"\n')
    (tmp_path / "bin" / "playpen-ls").chmod(0o755)
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    names = {name: str(tmp_path / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "SARIF")}
    for status, arguments in ((1, ""), (0, "--fail-on  never"), (2, "--select nonsense")):
        (tmp_path / "GITHUB_OUTPUT").write_text("")
        done = subprocess.run(
            ["bash", ROOT / "ci" / "github.sh"], cwd=SHOP, capture_output=True, text=True,
            env={**os.environ, **names, "PLACE": str(tmp_path), "PATHS": "k8s app ", "ARGUMENTS": arguments},
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        outputs = dict(line.split("=", 1) for line in (tmp_path / "GITHUB_OUTPUT").read_text().splitlines())
        assert outputs["exit-status"] == str(status)
    assert int(outputs["findings"]) > 5
    assert "# playpen-ls" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()


def test_hooks_are_given_the_files_that_are_checked():
    check, fix, everything = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert (check["files"], check["exclude"]) == (fix["files"], fix["exclude"])
    assert (check["require_serial"], fix["require_serial"]) == (True, True)
    assert (everything["pass_filenames"], everything["always_run"]) == (False, True)

    def is_given(path: str) -> bool:
        return bool(re.search(check["files"], path)) and not re.search(check["exclude"], path)

    ours = (
        "Dockerfile Dockerfile.dev x.Dockerfile x.dockerfile Containerfile Jenkinsfile Jenkinsfile.x "
        "x.groovy x.yaml x.yml x.json x.py x.pyw wsgi "
        ".env .env.prod x.env .envrc x.properties alembic.ini pip.conf .pypirc .npmrc .netrc _netrc settings.xml"
    )
    for name in ours.split():
        for path in (name, f"a/b.c/{name}"):
            assert possible_language(path), path
            assert is_given(path), path
    for name in (
        "x.dockerignore Dockerfile.dockerignore README.md x.js wsgi.txt xDockerfile Makefile env x.ini pom.xml".split()
    ):
        assert not possible_language(name)
        assert not is_given(name), name


def test_the_template_of_gitlab_keeps_its_report():
    job = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text())[".playpen"]
    assert job["artifacts"]["when"] == "always"
    report = job["artifacts"]["reports"]["codequality"]
    assert f"gitlab={report}" in job["script"][0]


def test_check_accepts_paths_behind_two_hyphens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "-x.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    assert run(["check", "--format", "concise", "--", "-x.py"]) == 0


def test_the_pipelines_of_the_documentation_have_no_findings(tmp_path: Path):
    blocks = re.findall(r"^```groovy\n(.*?)^```$", (ROOT / "docs" / "ci.md").read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    for block in blocks:
        whole = block if "pipeline {" in block else f"pipeline {{\nagent any\nstages {{\n{block}}}\n}}\n"
        done = playpen(
            "check", "--ignore", "no-timeout", "--language", "jenkinsfile", "-", folder=tmp_path, stdin=whole
        )
        assert (done.returncode, done.stdout) == (0, "no findings in 1 file\n")
