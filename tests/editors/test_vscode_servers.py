"""Which server VS Code runs: the setting's, the interpreter's, that on the PATH; and what an untrusted workspace may."""

from __future__ import annotations

import json
import site
import sys
import venv
from pathlib import Path
from typing import Any

import pytest
import vscode_editor
from real_editors import APP, APP_FIXED, HOST, ROOT

# The API of the Python extension, as far as ours uses it: the real one comes from a marketplace.
PYTHON = """
const { readFileSync } = require('node:fs');
const { Uri } = require('vscode');
exports.activate = () => ({ environments: {
  getActiveEnvironmentPath: () => ({ id: 'chosen', path: 'chosen' }),
  resolveEnvironment: async ({ id }) => id === 'chosen'
    ? { executable: { uri: Uri.file(readFileSync(process.env.PLAYPEN_LS_INTERPRETER, 'utf8')) } } : undefined,
} });
"""
BASE = str(Path(sys.base_prefix) / "bin/python3")  # without the server but for what its user has installed
FILE = {"name": "app.py", "words": HOST}


def script(place: Path, text: str) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\n{text}\n")
    place.chmod(0o755)
    return place


@pytest.fixture(scope="module")
def found(vsix: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    top = tmp_path_factory.mktemp("found")
    python = vscode_editor.another(top / "python", "ms-python", "python", PYTHON)
    on_path = script(top / "bin/playpen-ls", f'exec {sys.executable} -I -m playpen_ls --stdio "$@"')
    interpreter = top / "interpreter"
    interpreter.write_text(sys.executable)
    bare = top / "bare env"  # a Python that lacks the server
    venv.create(bare, symlinks=True)
    script(top / "shop/tools/python", f'exec {sys.executable} "$@"')
    user = top / "home/.local/lib/python{}.{}/site-packages".format(*sys.version_info)
    user.mkdir(parents=True)  # as `pip install --user` leaves it
    (user / "server.pth").write_text("".join(f"{one}\n" for one in (ROOT, *site.getsitepackages())))
    task = {
        "file": FILE, "interpreter": str(interpreter), "another": str(script(top / "without/python", "exit 1")),
        "onPath": str(on_path), "script": on_path.read_text(), "bare": str(bare / "bin/python"), "named": named(bare / "bin/python", BASE),
    }  # fmt: skip
    env = {"PATH": f"{on_path.parent}:{vscode_editor.PATH}", "PLAYPEN_LS_INTERPRETER": str(interpreter)}
    ran = top / "ran"
    mark = f"open({str(ran)!r}, 'a').write(__name__)\n"
    hostile = {f"{name}.py": mark for name in ("struct", "runpy", "asyncio", "sitecustomize", "playpen_ls/__init__")}
    files = {"app.py": APP, **hostile}
    seen = vscode_editor.seen("found", top, files, [vsix, python], task, machine={}, **env, PYTHONPATH=":.")
    return {**seen, "ran": ran.exists(), "onPath": str(on_path), "bare": str(bare / "bin/python")}


def test_the_selected_interpreter_comes_before_the_path(found: dict[str, Any]):
    assert found["interpreter"]["commands"] == [[sys.executable, "-I", "-m", "playpen_ls"]]
    assert "Playpen: 1 in this file, 1 in total" in found["interpreter"]["status"]
    assert "server running" in found["interpreter"]["status"]


def test_an_interpreter_without_the_server_leaves_it_to_the_path(found: dict[str, Any]):
    # The argument is the script's own.
    assert found["path"]["commands"] == [[sys.executable, "-I", "-m", "playpen_ls", "--stdio"]]


def test_a_server_that_is_nowhere_is_told_once_with_the_remedy(found: dict[str, Any]):
    assert "The extension can install it" in found["missing"]["said"].replace("\u00a0", " ")
    assert found["missing"]["count"] == 1
    assert "Playpen: not installed" in found["missing"]["status"]
    assert found["missing"]["servers"] == []
    assert found["installed"]["commands"]


def test_the_extension_installs_the_server_that_it_carries_when_it_is_told_to(found: dict[str, Any]):
    assert "without/python` is not a working Python: select Python 3.11 or later" in found["refused"]["said"]
    assert found["own"]["commands"] == [[sys.executable, "-I", "-m", "playpen_ls", "serve"]]


def named(bare: Path, user: str) -> list[dict[str, Any]]:
    """Settings that name a server, and what is waited for: what is said of those that do not, or the status."""
    command, interpreter = "playpen.server.command", "playpen.interpreter"
    return [
        {"step": "absent", "settings": {command: ["~/no/playpen-ls"], interpreter: "nopython"}, "says": "not exist"},
        {"step": "unfit", "settings": {command: "playpen-ls -v", interpreter: str(bare)}, "says": "pip install"},
        {"step": "relative", "settings": {interpreter: "${workspaceFolder}/tools/python"}},
        {"step": "user", "settings": {interpreter: user}},
        {"step": "ending", "settings": {command: ["false"]}, "says": "exited", "state": "failed to start"},
        {"step": "silent", "settings": {command: ["sleep", "1000"]}, "state": "starting"},
        {"step": "name", "settings": {command: ["playpen-ls"]}},
    ]


def test_a_setting_that_names_a_program_is_followed_without_a_word(found: dict[str, Any]):
    server = [sys.executable, "-I", "-m", "playpen_ls"]
    users = [[BASE, "-E", "-P", "-m", "playpen_ls"]]
    for step, commands in {"relative": [server], "user": users, "silent": [], "name": [[*server, "--stdio"]]}.items():
        assert (found[step]["commands"], found[step]["said"]) == (commands, [])


def test_settings_that_name_no_server_are_told_of_at_once_with_what_runs_instead(found: dict[str, Any]):
    (said,) = found["absent"]["said"]
    assert "`playpen.server.command` is `~/no/playpen-ls`, which does not exist" in said
    assert "`playpen.interpreter` is `nopython`, which is not on the PATH" in said
    assert f"Using `{found['onPath']}` instead" in said
    (said,) = found["unfit"]["said"]
    assert '`playpen.server.command` is "playpen-ls -v"; it must be a list' in said
    assert (
        f'`{found["bare"]}`, which does not have playpen-ls installed: run `"{found["bare"]}" -m pip install playpen-ls`'
        in said
    )
    assert found["absent"]["commands"] == found["unfit"]["commands"] == found["installed"]["commands"]


def test_nothing_of_the_workspace_has_run(found: dict[str, Any]):
    assert not found["ran"]


def test_a_program_that_is_no_server_is_told_once_with_what_it_did(found: dict[str, Any]):
    (said,) = found["ending"]["said"]
    assert "`/usr/bin/false` exited immediately with exit code 1. Check the setting `playpen.server.command`" in said
    assert found["ending"]["commands"] == []


@pytest.fixture(scope="module")
def untrusted(vsix: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    top = tmp_path_factory.mktemp("untrusted")
    ran = top / "ran"
    own = script(top / "shop/tools/server", f"touch {ran}; exec {sys.executable} -I -m playpen_ls")
    settings = json.dumps({"playpen.server.command": [str(own)], "playpen.interpreter": str(own)})
    files = {"app.py": APP, ".vscode/settings.json": settings}
    task = {"file": FILE, "ran": str(ran)}
    # The user's own command would be the workspace's program too.
    machine = {"playpen.server.command": ["tools/server"], "playpen.interpreter": sys.executable}
    return vscode_editor.seen("untrusted", top, files, [vsix], task, machine=machine, trusting=False)


def test_a_workspace_that_is_not_trusted_names_no_program(untrusted: dict[str, Any]):
    assert "Playpen: 1 in this file" in untrusted["untrusted"]["status"]  # by the user's own interpreter
    assert "`tools/server`, which is in an untrusted workspace" in untrusted["untrusted"]["said"]
    assert untrusted["untrusted"]["ran"] is False
    assert untrusted["trusted"]["ran"] is True


def test_nothing_was_saved(found: dict[str, Any], untrusted: dict[str, Any]):
    assert found["disk"]["app.py"] == untrusted["disk"]["app.py"] == APP != APP_FIXED
