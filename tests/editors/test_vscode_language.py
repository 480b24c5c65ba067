"""VS Code as the editor of a service: from an image to its Dockerfile and its route, beside pyright and YAML's server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peers
import pytest
import vscode_editor
from real_editors import SERVER
from shop_service import FILES


@pytest.fixture(scope="module")
def steps(vsix: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    top = tmp_path_factory.mktemp("language")
    others = vscode_editor.another(top / "others", "test", "others", peers.extension())
    machine = {"playpen.server.command": SERVER}
    return vscode_editor.seen("language", top, FILES, [vsix, others], {}, machine=machine)


def test_lens_and_hover_say_what_an_image_is_built_from(steps: dict[str, Any]):
    assert steps["lens"]["titles"] == ["built from shop/Dockerfile"]
    assert "built from shop/Dockerfile (certain)" in steps["hover"]["text"]
    assert steps["hover"]["text"].count("built from") == 1


def test_definition_and_references_cross_languages(steps: dict[str, Any]):
    assert "definition" in steps  # else the session had failed
    files = " ".join(steps["references"]["rows"])
    assert "main.py" in files
    assert "shop.yaml" in files


def test_a_stage_is_renamed_and_proposed(steps: dict[str, Any]):
    text = steps["rename of a stage"]["text"]
    assert text[1:3] == ["FROM playpen/python-base:${TAG} AS runtime", "FROM runtime"]
    assert steps["completion"]["rows"] == ["runtime", "nexus:5000/shop:1.0"]


def test_symbols_of_file_and_workspace(steps: dict[str, Any]):
    assert [row for row in steps["symbols"]["rows"] if row.startswith("Image")] == ["Image"]
    assert "workspace symbols" in steps


def test_hints_and_closed_files_are_shown_when_they_are_turned_on(steps: dict[str, Any]):
    assert "=3.12}" in "".join(steps["hints"]["text"])
    assert any("closed.py" in row["text"] for row in steps["workspace"]["rows"])


def test_what_others_do_in_python_stays_as_it_is(steps: dict[str, Any]):
    text = "\n".join(steps["rename of a function"]["text"])
    assert (text.count("assistant"), text.count("helper")) == (2, 0)
    assert "    return {}" in steps["rename of a function"]["text"]
    assert "    return {}" not in steps["folding"]["text"]
