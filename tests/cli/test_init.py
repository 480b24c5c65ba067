"""`init` writes a configuration that is valid and changes nothing but what it found; completions are what shells read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from command_line import SHOP, written
from playpen_ls.cli.arguments import command_names, parser
from playpen_ls.cli.main import run
from playpen_ls.config.loader import load
from playpen_ls.config.model import Config

JENKINSFILE = """\
pipeline {
    agent any
    stages {
        stage('Push') {
            steps {
                sh 'docker push registry.example.com/team/shop:1.2'
            }
        }
    }
}
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n  namespace: shop\nspec:\n  containers:\n    - {name: x, image: x:1}\n"


def test_a_configuration_of_the_defaults_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns("playpen.toml"))
    monkeypatch.chdir(tmp_path)
    assert run(["init", "shop"]) == 0
    made = load(tmp_path / "shop" / "playpen.toml")
    assert made.problems == ()
    assert made == Config(tmp_path / "shop", tmp_path / "shop" / "playpen.toml")


@pytest.mark.parametrize("namespace", ["kube-system", "istio-system", "default"])
def test_a_namespace_of_the_cluster_is_not_that_of_applications(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, namespace: str
):
    written(tmp_path, {"k8s/pod.yaml": POD.replace("shop", namespace)})
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0
    assert load(tmp_path / "playpen.toml").platform.namespaces["apps"] == "playpen-apps"
    assert f"# found namespaces: {namespace} (1)\n" in (tmp_path / "playpen.toml").read_text()


def test_what_is_found_in_the_project_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    written(tmp_path, {
        "Jenkinsfile": JENKINSFILE, "k8s/pod.yaml": POD,
        "Dockerfile": "FROM node:20 AS build\nFROM build\nFROM python:3.12\n",
    })  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0
    text = (tmp_path / "playpen.toml").read_text()
    made = load(tmp_path / "playpen.toml")
    assert made.problems == ()
    assert made.platform.registry == "registry.example.com"
    assert made.platform.own_images == ("registry.example.com/*",)
    assert made.platform.namespaces == {"platform": "playpen-platform", "apps": "shop"}
    assert "# found base images: node (1), python (1)\n" in text
    out = capsys.readouterr().out
    assert "recordIssues(enabledForFailure: true" in out
    assert "--write-baseline" in out


def test_a_configuration_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "playpen.toml").write_text("# mine\n")
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 2
    assert "playpen.toml already exists" in capsys.readouterr().err
    assert (tmp_path / "playpen.toml").read_text() == "# mine\n"


def test_every_option_is_completed(capsys: pytest.CaptureFixture[str]):
    commands = parser(command_names()).commands()
    for shell in ("bash", "zsh", "fish"):
        run(["completion", shell])
        script = capsys.readouterr().out
        for name in ("check", "fix", "init"):
            assert name in script
            for option in commands[name].options():
                if option.startswith("--"):
                    assert option.lstrip("-") in script


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_bash_completes_options_and_their_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run(["completion", "bash"])
    (tmp_path / "script").write_text(capsys.readouterr().out)

    def completed(*words: str) -> list[str]:
        quoted = " ".join(f"'{word}'" for word in words)
        code = f"source '{tmp_path}/script'; COMP_WORDS=(playpen-ls {quoted}); COMP_CWORD={len(words)}"
        return subprocess.run(
            ["bash", "-c", code + '; _playpen_ls; echo "${COMPREPLY[@]}"'], capture_output=True, text=True
        ).stdout.split()

    assert completed("expl") == ["explain"]
    assert completed("check", "--write") == ["--write-baseline"]
    assert completed("check", "--fail-on", "") == ["error", "warning", "information", "hint", "never"]
    assert completed("check", "") == []  # files
