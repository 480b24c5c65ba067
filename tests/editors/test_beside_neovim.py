"""Neovim with pyright and ruff on the same module, and yaml-language-server on the same manifest."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from peers import APP_FIXED, MANIFEST, commands, write_project
from real_editors import CACHE, ROOT, SERVER, environment, of_release, run


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    neovim, peers = of_release("sid", "nvim"), commands()
    top = tmp_path_factory.mktemp("beside")
    write_project(top / "project")
    servers: dict[str, dict[str, Any]] = {
        "playpen_ls": {"cmd": SERVER},
        "pyright": {"cmd": peers["pyright"], "filetypes": ["python"], "settings": {"python": {"analysis": {}}}},
        "ruff": {"cmd": peers["ruff"], "filetypes": ["python"]},
        "yamlls": {
            "cmd": peers["yamlls"], "filetypes": ["yaml"],
            "settings": {"yaml": {"schemaStore": {"enable": False}, "kubernetesCRDStore": {"enable": False}}},
        },
    }  # fmt: skip
    env = environment(
        top / "home", PLAYPEN_FOLDER=str(top / "project"), PLAYPEN_REPORT=str(top / "report.json"),
        PLAYPEN_SERVERS=json.dumps(servers), VIMRUNTIME=str(CACHE / "sid/root/usr/share/nvim/runtime"),
    )  # fmt: skip
    # Neovim's own parsers, with which it shows a hover, are where Debian has them.
    runtime = f"set runtimepath^={ROOT / 'editors/neovim'} runtimepath+={CACHE / 'sid/root/usr/lib/nvim'}"
    command = [*neovim, "--clean", "--headless", "-n", "-i", "NONE", "--cmd", runtime]
    done = run([*command, "-S", str(ROOT / "tests/editors/neovim/beside.lua")], env, top, timeout=300)
    seen = {step["step"]: step for step in json.loads((top / "report.json").read_text())}
    assert "done" in seen, (seen.get("failed"), done.stderr[-3000:])
    return {**seen, "disk": {one.name: one.read_bytes().decode() for one in (top / "project").iterdir()}}


@pytest.mark.parametrize(
    ("step", "ours", "theirs"),
    [
        ("python", {"python/hard-coded-host", "python/print-as-log"}, {"reportAssignmentType", "F401"}),
        ("yaml", {"kubernetes/suspicious-quantity"}, {"0"}),
    ],
)
def test_each_server_says_its_own_once(steps: dict[str, Any], step: str, ours: set[str], theirs: set[str]):
    assert steps[step]["all"], steps[step]
    said = Counter((one["source"], one["code"], one["line"]) for one in steps[step]["diagnostics"])
    assert set(said.values()) == {1}
    by_us = {code for source, code, _ in said if source == "playpen"}
    assert ours <= by_us
    assert theirs <= {code for source, code, _ in said if source != "playpen"}
    assert all(code.startswith(f"{'kubernetes' if step == 'yaml' else step}/") for code in by_us)


@pytest.mark.parametrize(
    ("step", "titles"),
    [
        (
            "python menu",
            [
                "Replace `print` with `logger.info` (not shown until logging is configured)",
                "Ignore `print-as-log`…",
                "Explain `print-as-log`",
            ],
        ),
        ("yaml menu", ["Change to `512Mi`", "Ignore `suspicious-quantity`…", "Explain `suspicious-quantity`"]),
    ],
)
def test_the_menu_lists_each_action_once(steps: dict[str, Any], step: str, titles: list[str]):
    shown = steps[step]["titles"]
    assert len(shown) == len(set(shown))
    ours = [one.removesuffix(" [playpen_ls]") for one in shown if one.endswith("[playpen_ls]")]
    assert [one for one in ours if one in titles] == titles
    assert all(len(title) <= 80 for title in ours)
    if step == "python menu":
        assert "Ruff: Organize imports [ruff]" in shown


def test_the_hover_shows_both(steps: dict[str, Any]):
    text = steps["python hover"]["text"]
    assert text.count("python/print-as-log") == 1
    assert text.count("(function) def print(") == 1
    assert steps["yaml hover"]["text"].count("kubernetes/suspicious-quantity") == 1


def test_the_save_fixes_only_what_is_ours(steps: dict[str, Any]):
    assert steps["disk"]["app.py"] == APP_FIXED  # ruff would have removed the import
    assert steps["disk"]["web.yaml"] == MANIFEST  # what is meant by 512m is a guess
