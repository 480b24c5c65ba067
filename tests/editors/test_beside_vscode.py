"""VS Code with pyright and ruff on the same module, and yaml-language-server on the same manifest."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import peers
import pytest
import vscode_editor
from real_editors import HOST, SERVER

FILES = [
    {
        "name": "app.py", "said": ["Pyright", "Ruff", "playpen"], "ours": {"python/hard-coded-host"},
        "menus": [
            {"words": "json", "fix": "Ruff (F401): Remove unused import: `json`"},
            {"words": HOST, "fix": "Read `POSTGRES_HOST` from the environment"},
        ],
    },
    {
        "name": "web.yaml", "said": ["owner", "playpen"], "ours": {"kubernetes/suspicious-quantity"},
        "menus": [{"words": "512m", "fix": "Change to `512Mi`"}],
    },
]  # fmt: skip
# A row of the Problems panel: message, source, rule, place, with nothing between them.
OURS = re.compile(r"playpen(?=(?:python|kubernetes)/)")


@pytest.fixture(scope="module")
def steps(vsix: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    top = tmp_path_factory.mktemp("beside-vscode")
    others = vscode_editor.another(top / "others", "test", "others", peers.extension())
    files = [{key: value for key, value in file.items() if key != "ours"} for file in FILES]
    machine = {"playpen.server.command": SERVER}
    return vscode_editor.seen("beside", top, peers.FILES, [vsix, others], {"files": files}, machine=machine)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["name"])
def test_each_server_says_its_own_once(steps: dict[str, Any], file: dict[str, Any]):
    rows = Counter(row["text"] for row in steps[file["name"]]["rows"])
    assert set(rows.values()) == {1}
    assert all(any(words in row for row in rows) for words in file["said"])
    rules = {OURS.split(row)[1].split("[")[0] for row in rows if OURS.search(row)}
    assert file["ours"] <= rules
    assert {rule.split("/")[0] for rule in rules} == {"kubernetes" if file["name"] == "web.yaml" else "python"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["name"])
def test_the_menu_lists_each_action_once_and_can_be_read(steps: dict[str, Any], file: dict[str, Any]):
    for wanted, titles in zip(file["menus"], steps[file["name"]]["menus"], strict=True):
        assert wanted["fix"] in titles
        assert len(titles) == len(set(titles))
        assert all(len(title) <= 80 for title in titles)
    ours = steps[file["name"]]["menus"][-1]
    assert ours[1] == file["menus"][-1]["fix"]  # below the heading


def test_the_save_fixes_only_what_is_ours(steps: dict[str, Any]):
    assert steps["disk"]["app.py"] == peers.APP_FIXED + "# typed"  # ruff would have removed the import
    assert steps["disk"]["web.yaml"] == peers.MANIFEST + "# typed"  # what is meant by 512m is a guess


def test_the_status_counts_what_is_listed(steps: dict[str, Any]):
    for file in FILES:
        listed = sum(bool(OURS.search(row["text"])) for row in steps[file["name"]]["rows"])
        assert f"{listed} in total" in steps[file["name"]]["status"]
