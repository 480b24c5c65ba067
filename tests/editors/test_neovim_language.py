"""Neovim as the editor of a service: from an image to its Dockerfile and its route."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from real_editors import CACHE, ROOT, environment, of_release, run
from shop_service import FILES, write_project


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    neovim = of_release("sid", "nvim")
    top = tmp_path_factory.mktemp("neovim-language")
    write_project(top / "project")
    env = environment(
        top / "home", PLAYPEN_FOLDER=str(top / "project"), PLAYPEN_REPORT=str(top / "report.json"),
        PLAYPEN_PYTHON=sys.executable, VIMRUNTIME=str(CACHE / "sid/root/usr/share/nvim/runtime"),
    )  # fmt: skip
    runtime = f"set runtimepath^={ROOT / 'editors/neovim'} runtimepath+={CACHE / 'sid/root/usr/lib/nvim'}"
    command = [*neovim, "--clean", "--headless", "-n", "-i", "NONE", "--cmd", runtime]
    done = run([*command, "-S", str(ROOT / "tests/editors/neovim/language.lua")], env, top, timeout=400)
    seen = {step["step"]: step for step in json.loads((top / "report.json").read_text())}
    assert "done" in seen, (seen.get("failed"), list(seen), done.stderr[-3000:])
    return seen


def test_definition_references_and_hover_cross_languages(steps: dict[str, Any]):
    assert "definition" in steps  # else the session had failed
    assert steps["hover"]["text"].count("built from `shop/Dockerfile` (certain)") == 1
    places = [row.split()[0] for row in steps["references"]["rows"]]
    assert sorted(places) == ["main.py:10", "shop.yaml:13", "shop.yaml:14"]


def test_a_stage_is_renamed_and_proposed(steps: dict[str, Any]):
    text = FILES["shop/Dockerfile"].replace("built", "runtime")
    assert steps["rename"]["text"] == text.splitlines()
    assert steps["completion"]["rows"] == ["runtime", "nexus:5000/shop:1.0"]


def test_symbols_of_file_and_workspace(steps: dict[str, Any]):
    assert [row.split(" ", 1)[1] for row in steps["symbols"]["rows"]] == ["[Module] pipeline", "[Class] Image"]
    assert any("Deployment shop" in row for row in steps["workspace symbols"]["rows"])


def test_highlights_selections_and_folds(steps: dict[str, Any]):
    assert "highlight" in steps
    assert steps["selection"]["text"] == ["CMD"]
    levels = steps["folding"]["levels"]
    assert levels[:6] == [1, 1, 2, 3, 4, 4]


def test_hints_and_closed_files_are_shown_when_they_are_turned_on(steps: dict[str, Any]):
    assert steps["hints"]["rows"] == ["=3.12"]
    assert "done" in steps  # a finding of a closed file is in the list of all
