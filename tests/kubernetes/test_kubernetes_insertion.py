"""Insertions look hand-made and change nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from parts import parts_in

from playpen_ls.api.finding import Refused
from playpen_ls.api.platform import Platform
from playpen_ls.languages.kubernetes.edits.insert import put, put_before, replace_entry
from playpen_ls.languages.kubernetes.model.manifests import parse
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.rules.kubernetes._probes import LIVENESS, ProbeContext, add, port_of, probe_value
from playpen_ls.text.source import Source

CASES = json.loads((Path(__file__).parent / "probes.json").read_text())


def containers(source: Source) -> list[Container]:
    return [part for part in parts_in(parse(source)) if isinstance(part, Container)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_liveness_probe_goes_where_a_person_would_put_it(case: dict[str, str]):
    source = Source("app.yaml", case["before"])
    container = containers(source)[0]

    def fix() -> str:
        platform = Platform()
        port = port_of(container, platform.liveness.port, ProbeContext())
        return source.edited(
            add(container, LIVENESS, probe_value(platform.liveness, platform.liveness.path, port))
        ).text

    if case["after"] is None:
        with pytest.raises(Refused):
            fix()
    else:
        assert str(port_of(container, 8000, ProbeContext()).value) == case["port"]
        assert fix() == case["after"]


HEAD = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
INSERTED = [
    ("block", "  - name: a\n    image: b\n", "  - name: a\n    image: b\n    x:\n      y: 1\n"),
    ("no final newline", "  - name: a\n    image: b", "  - name: a\n    image: b\n    x:\n      y: 1"),
    ("null", "  - name: a\n    x:  # c\n    image: b\n", "  - name: a\n    x:  # c\n      y: 1\n    image: b\n"),
    ("tilde", "  - x: ~ # c\n    image: b\n", "  - x: # c\n      y: 1\n    image: b\n"),
    ("empty", "  - x: {}\n    image: b\n", "  - x:\n      y: 1\n    image: b\n"),
    ("there", "  - x:\n        z: 1\n    image: b\n", "  - x:\n        z: 1\n        y: 1\n    image: b\n"),
    ("flow", "  - {name: a}\n", "  - {name: a, x: {y: 1}}\n"),
    ("flow null", "  - {name: a, x: }\n", "  - {name: a, x: {y: 1}}\n"),
    ("empty flow", "  - {x: {}}\n", "  - {x: {y: 1}}\n"),
    ("dash apart", "  -   name: a\n      image: b\n", "  -   name: a\n      image: b\n      x:\n        y: 1\n"),
    ("keep", "  - name: a\n    image: |+\n      b\n\n", "  - name: a\n    image: |+\n      b\n\n    x:\n      y: 1\n"),
    ("next document", "  - name: a\n---\nb: 1\n", "  - name: a\n    x:\n      y: 1\n---\nb: 1\n"),
    (
        "comment after",
        "  - name: a\n    image: b  # c\n    # d\n",
        "  - name: a\n    image: b  # c\n    x:\n      y: 1\n    # d\n",
    ),
]


@pytest.mark.parametrize(("before", "after"), [case[1:] for case in INSERTED], ids=[case[0] for case in INSERTED])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_a_value_is_put(before: str, after: str, line_end: str):
    source = Source("app.yaml", (HEAD + before).replace("\n", line_end))
    container = containers(source)[0]
    edits = put(container.document, container.node, ("x", "y"), 1, ("image", "name"))
    assert source.edited(edits).text == (HEAD + after).replace("\n", line_end)


@pytest.mark.parametrize(
    "before",
    [
        "  - &a {name: a}\n",
        "  - name: a\n    x: 1\n",
        "  - name: a\n    x: {y: 2}\n",
        "  - name: a\n    name: b\n",
        "  - name: a\n    ? [x]\n    : b\n",
        "  - name: a\n    args: [{{ x }}]\n",
        "  - name: a\n    foo\n",
        "  - name: a\n    x: &b {}\n",
    ],
)
def test_what_is_not_certain_is_refused(before: str):
    container = containers(Source("app.yaml", HEAD + before))[0]
    with pytest.raises(Refused):
        put(container.document, container.node, ("x", "y"), 1)


def test_an_alias_is_not_edited():
    source = Source("app.yaml", "x: &c [{name: a}]\n" + HEAD.replace(":\n", ": *c\n").replace("spec: *c", "spec:"))
    (container,) = containers(source)
    with pytest.raises(Refused):
        put(container.document, container.node, ("x",), 1)


def test_json_is_written_as_json():
    text = json.dumps(
        {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "b"}]}}, indent=4
    )
    source = Source("app.json", text)
    (container,) = containers(source)
    edits = put(container.document, container.node, ("x", "y"), 1)
    expected = json.loads(text)
    expected["spec"]["containers"][0]["x"] = {"y": 1}
    assert source.edited(edits).text == json.dumps(expected, indent=4)


def test_a_key_is_put_before_another():
    source = Source("app.yaml", HEAD + "  - name: a\n    # c\n    image: b\n")
    (container,) = containers(source)
    edits = put_before(container.document, container.node, "x", "z", ("image",))
    assert source.edited(edits).text == HEAD + "  - name: a\n    # c\n    x: z\n    image: b\n"


def test_a_block_scalar_is_replaced_whole():
    source = Source("app.yaml", HEAD + "  - name: |\n      a\n      b\n\n    image: b\n")
    (container,) = containers(source)
    edits = replace_entry(container.document, container.node, "name", "x", {"y": "z"})
    assert source.edited(edits).text == HEAD + "  - x:\n      y: z\n\n    image: b\n"
