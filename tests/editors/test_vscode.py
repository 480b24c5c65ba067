"""VS Code, from installing the extension to a fixed workspace, as its user sees it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import vscode_editor
from real_editors import (
    APP,
    APP_FIXED,
    DOCKERFILE,
    DOCKERFILE_FIXED,
    JENKINSFILE,
    JENKINSFILE_FIXED,
    SERVER,
)
from vscode_editor import ENTRY, EXTENSION, NODE

MANIFEST = (
    "apiVersion: apps/v1\r\nkind: Deployment\r\nmetadata: {name: web, annotations: {mood: 😀}}\r\nspec:\r\n"
    "  selector: {matchLabels: {app: web}}\r\n  template:\r\n    metadata: {labels: {app: web}}\r\n    spec:\r\n"
    "      serviceAccountName: web\r\n      containers:\r\n      - env: [{name: MOOD, value: 😀}]\r\n"
    "        name: front\r\n        image: nexus:5000/web:1.0\r\n        resources: {limits: {memory: 512m}}\r\n"
)
# The second host is left to the save: "😀" stands before both.
OTHER = '"redis.playpen-platform.svc.cluster.local"'
TWO_HOSTS = APP + f'cache = "😀", {OTHER}\r\n'
TWO_FIXED = APP_FIXED + f'cache = "😀", os.getenv("REDIS_HOST", {OTHER})\r\n'
CLOSED = "closed = " + OTHER + "\r\n"
# Typed, and saved twice, while the server hangs.
LATE = f"late = {OTHER}  # 😀"
LATE_FIXED = f'late = os.getenv("REDIS_HOST", {OTHER})  # 😀!?'

FILES = [
    {"name": "Dockerfile", "words": "COPY . .", "fix": "Copy `requirements.txt` before", "after": "COPY requirements.txt ."},
    {"name": "Jenkinsfile", "words": "latest", "fix": "v1.0.0-${BUILD_NUMBER}", "after": "app:v1.0.0-${BUILD_NUMBER}"},
    {"name": "web.yaml", "words": "512m", "fix": "512Mi", "after": "512Mi"},
    {"name": "app.py", "words": '"postgres.playpen-platform.svc.cluster.local"', "fix": "POSTGRES_HOST", "after": "POSTGRES_HOST"},
]  # fmt: skip
# After the quick fix, before the save.
BUFFERS = {
    "Dockerfile": DOCKERFILE_FIXED,
    "Jenkinsfile": JENKINSFILE_FIXED,
    "web.yaml": MANIFEST.replace("512m", "512Mi"),
    "app.py": TWO_HOSTS.replace(APP, APP_FIXED),
}
CONFIGURATION = 'ignore = ["python/print-as-logs"] # 😀\nselct = []\nplatform = { registry = 5 }\n'
SAID = {
    "python/print-as-logs": "unknown rule `python/print-as-logs`; did you mean `python/print-as-log`?",
    "selct": "unknown key `selct`; did you mean `select`?",
    "registry": "`platform.registry` is 5; it must be a string",
}
RULES = {
    "Dockerfile": "dockerfile/copy-before-install",
    "Jenkinsfile": "jenkinsfile/moving-tag",
    "web.yaml": "kubernetes/suspicious-quantity",
    "app.py": "python/hard-coded-host",
}


def test_the_extension_takes_no_files_from_others():
    package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    # What is wrong in a playpen.toml the server says; a second opinion by its schema would say it twice.
    theirs = {"languages", "grammars", "configurationDefaults", "jsonValidation", "tomlValidation"}
    assert not theirs & package["contributes"].keys()
    restricted = package["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    assert restricted == ["playpen.server.command", "playpen.interpreter"]


@pytest.fixture(scope="module")
def steps(vsix: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    files = {
        "Dockerfile": DOCKERFILE, "Jenkinsfile": JENKINSFILE, "web.yaml": MANIFEST, "app.py": TWO_HOSTS,
        "closed.py": CLOSED, "requirements.txt": "flask==3.0.0\n", ".dockerignore": ".git\n",
    }  # fmt: skip
    task = {
        "files": FILES,
        # After its fix the manifest still has findings that do not depend on others.
        "live": {"name": "web.yaml", "words": "front", "rule": "kubernetes"},
        "hanging": {"name": "app.py", "typed": LATE, "words": OTHER},
        "configuration": {"text": CONFIGURATION, "wrong": list(SAID)},
        "closed": {"name": "closed.py", "rule": "python/hard-coded-host"},
    }
    machine = {"playpen.server.command": SERVER}
    return vscode_editor.seen("whole", tmp_path_factory.mktemp("vscode"), files, [vsix], task, machine=machine)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["name"])
def test_squiggle_problems_link_and_menu(steps: dict[str, Any], file: dict[str, str]):
    seen = steps[file["name"]]
    assert seen["squiggle"]  # under exactly these words, or the session had failed
    row = next(row for row in seen["problems"] if RULES[file["name"]] in row["text"])
    assert any("best-practices#" in (link or "") for link in row["links"])
    titles = [title for title in seen["menu"] if title]
    assert any(file["fix"] in title for title in titles)
    assert len(titles) == len(set(titles))
    assert "\n".join(seen["text"]) == BUFFERS[file["name"]].replace("\r\n", "\n")


def test_what_was_saved(steps: dict[str, Any]):
    disk = steps["disk"]
    assert disk["Dockerfile"] == DOCKERFILE_FIXED
    assert disk["Jenkinsfile"] == JENKINSFILE_FIXED
    assert disk["app.py"] == TWO_FIXED + LATE_FIXED
    assert disk["web.yaml"] == BUFFERS["web.yaml"] + "# typed"  # by the user whose server was killed


def test_settings_restart_and_a_killed_server(steps: dict[str, Any]):
    assert steps["setting"]["clean"]
    assert steps["restart"]["after"] != steps["restart"]["before"]
    assert steps["killed"]["revived"]


def test_a_server_that_hangs_holds_no_save_up(steps: dict[str, Any]):
    hanging = steps["hanging"]
    for seen, typed in ((hanging["first"], LATE), (hanging["second"], f"{LATE}!")):
        assert seen["disk"] == TWO_FIXED + typed
        assert "\n".join(seen["text"]) == seen["disk"].replace("\r\n", "\n")
    assert "server not responding" in hanging["status"]


def test_what_a_server_says_late_is_not_applied_and_the_next_save_is_fixed(steps: dict[str, Any]):
    answering = steps["answering"]
    assert "server running" in answering["status"]
    assert answering["late"] == steps["hanging"]["second"]
    assert answering["fixed"]["disk"] == TWO_FIXED + LATE_FIXED
    assert "\n".join(answering["fixed"]["text"]) == answering["fixed"]["disk"].replace("\r\n", "\n")


def test_the_whole_workspace_is_checked_and_fixed(steps: dict[str, Any]):
    rows = steps["check"]["rows"]
    assert any("closed.py" in row["text"] for row in rows)
    listed = sum("[Ln " in row["text"] for row in rows)
    assert steps["check"]["said"] == f"Playpen: {listed + 1} findings ({listed} warnings, 1 hint) in 2 of 5 files"
    assert steps["disk"]["closed.py"] == f'import os\r\n\r\nclosed = os.getenv("REDIS_HOST", {OTHER})\r\n'
    assert steps["disk"]["playpen.toml"].startswith("# Configuration of playpen-ls")


def test_a_configuration_is_checked_as_it_is_typed(steps: dict[str, Any]):
    """By the server, whose reader refuses what the schema refuses: see tests/test_schema.py."""
    rows = [row["text"] for row in steps["create"]["rows"] if "invalid-config" in row["text"]]
    assert len(rows) == len(SAID)
    assert all(any(row.startswith(said) for row in rows) for said in SAID.values())


def test_the_version(steps: dict[str, Any]):
    done = subprocess.run([NODE, ENTRY, "--version"], capture_output=True, text=True)
    print(done.stdout)
    assert "1.139" in done.stdout or "4.139" in done.stdout
