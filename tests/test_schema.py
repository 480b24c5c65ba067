"""The JSON Schema of playpen.toml and the reader of it refuse the same: the server says it, with a remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from playpen_ls.config.loader import load
from playpen_ls.config.schema import Schema, schema
from playpen_ls.engine.registry import all_rules

SCHEMA: Schema = json.loads(json.dumps(schema(all_rules())))
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}
VALUES = ("nothing of these", 7, [7], True)


def accepts(node: Schema, value: Any) -> bool:
    """As far as our schema goes: it uses no other words."""
    if "anyOf" in node:
        return any(accepts(one, value) for one in node["anyOf"])
    if "enum" in node:
        return value in node["enum"]
    if not isinstance(value, TYPES[node["type"]]) or (isinstance(value, bool) and node["type"] != "boolean"):
        return False
    if isinstance(value, list):
        return all(accepts(node["items"], one) for one in value)
    return True


def refused(node: Schema, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """For each place that the schema tells of, a value that it refuses; and a key that it does not know."""
    if path:
        for value in VALUES:
            if not accepts(node, value):
                yield path, value
    for key, inner in node.get("properties", {}).items():
        yield from refused(inner, (*path, key))
    if node.get("additionalProperties") is False:
        yield (*path, "zzzz"), 1
    elif "additionalProperties" in node and node["additionalProperties"].get("type") == "object":
        yield from refused(node["additionalProperties"], (*path, "any"))


WRONG: dict[tuple[str, ...], list[Any]] = {}
for place, refusal in refused(SCHEMA):
    WRONG.setdefault(place, []).append(refusal)


def test_every_table_of_the_schema_is_asked_for():
    assert {path[0] for path in WRONG} == {*SCHEMA["properties"], "zzzz"}
    assert ("platform", "liveness", "zzzz") in WRONG


@pytest.mark.parametrize("path", WRONG, ids=".".join)
def test_what_the_schema_refuses_the_reader_names(tmp_path: Path, path: tuple[str, ...]):
    file = tmp_path / "playpen.toml"
    for value in WRONG[path]:
        file.write_text(f"{'.'.join(map(json.dumps, path))} = {json.dumps(value)}\n")
        (problem,) = load(file).problems
        assert problem.line == 1
        assert path[-1] in problem.message


@pytest.mark.parametrize("name", SCHEMA["properties"]["platform"]["properties"])
def test_the_defaults_are_accepted_by_both(tmp_path: Path, name: str):
    node = SCHEMA["properties"]["platform"]["properties"][name]
    if "default" in node and not isinstance(node["default"], dict):
        assert accepts(node, node["default"])
        file = tmp_path / "playpen.toml"
        file.write_text(f"[platform]\n{name} = {json.dumps(node['default'])}\n")
        assert load(file).problems == ()


def test_vs_code_knows_the_settings_that_its_page_names():
    editor = Path(__file__).parents[1] / "editors/vscode"
    named = set(re.findall(r'"(playpen\.[\w.]+)":', (editor / "README.md").read_text()))
    assert "playpen.diagnostics.scope" in named
    assert (
        named <= json.loads((editor / "package.json").read_text())["contributes"]["configuration"]["properties"].keys()
    )
