"""Insertions look hand-made and change nothing else."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from parts import parts_in

from playpen_ls.api.finding import Refused
from playpen_ls.api.platform import Platform
from playpen_ls.languages.kubernetes.edits import verify
from playpen_ls.languages.kubernetes.edits.env import add_variable
from playpen_ls.languages.kubernetes.edits.insert import (
    add_item,
    put,
    put_all,
    put_before,
    remove_entry,
    remove_item,
    rename_key,
    replace_entry,
    replace_scalar,
    style_of,
)
from playpen_ls.languages.kubernetes.edits.verify import changed
from playpen_ls.languages.kubernetes.model.manifests import parse
from playpen_ls.languages.kubernetes.model.resources import YamlDocument
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.languages.kubernetes.syntax.documents import ParsedDocument
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar, Sequence
from playpen_ls.rules.kubernetes._probes import LIVENESS, ProbeContext, add, port_of, probe_value
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

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
    ("before", "reason"),
    [
        ("  - &a {name: a}\n", "the mapping has an anchor or a tag, so other nodes can share it"),
        ("  - name: a\n    x: 1\n", "`x` is not a mapping"),
        ("  - name: a\n    x: *b\n", "`x` comes from a YAML anchor"),
        ("  - name: a\n    x: {y: 2}\n", "`y` is already set"),
        ("  - name: a\n    name: b\n", "the mapping has duplicate or complex keys"),
        ("  - name: a\n    ? [x]\n    : b\n", "the mapping has duplicate or complex keys"),
        ("  - name: a\n    <<: *b\n", "the mapping merges an anchor (`<<`)"),
        ("  - name: a\n    args: [{{ x }}]\n", "the document contains template expressions (`{{ … }}`)"),
        ("  - name: a\n    foo\n", "the document has a syntax error"),
        ("  - name: a\n    x: &b {}\n", "`x` has an anchor or a tag, so other nodes can share it"),
    ],
)
def test_what_is_not_certain_is_refused(before: str, reason: str):
    container = containers(Source("app.yaml", "b: &b {z: 1}\n" + HEAD + before))[0]
    with pytest.raises(Refused) as refused:
        put(container.document, container.node, ("x", "y"), 1)
    assert str(refused.value) == reason


def edited(before: str, edit: Callable[[Container], list[Edit]], head: str = HEAD) -> str:
    """The text below the head after an edit of the first container; or why it is refused."""
    source = Source("app.yaml", head + before)
    try:
        return source.edited(edit(containers(source)[0])).text.removeprefix(head)
    except Refused as refused:
        return f"refused: {refused}"


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("  - name: a\n    env:\n    - name: A\n      value: b\n", "c",
         "  - name: a\n    env:\n    - name: A\n      value: b\n    - name: KEY\n      value: \"c\"\n"),
        ("  - name: a\n    env:\n      - name: A\n        value: b  # c\n", "c",
         "  - name: a\n    env:\n      - name: A\n        value: b  # c\n      - name: KEY\n        value: \"c\"\n"),
        ("  - name: a\n    env:\n    - {name: A, value: b}", "c",
         "  - name: a\n    env:\n    - {name: A, value: b}\n    - name: KEY\n      value: \"c\""),
        ("  - name: a\n    env:\n    -   name: A\n        value: b\n    ports: []\n", "c",
         "  - name: a\n    env:\n    -   name: A\n        value: b\n    -   name: KEY\n        value: \"c\"\n    ports: []\n"),
        ("  - name: a\n    env:\n    - name: A\n", {"secretKeyRef": {"name": "s", "key": "k"}},
         "  - name: a\n    env:\n    - name: A\n    - name: KEY\n      valueFrom:\n        secretKeyRef:\n          name: s\n"
         "          key: k\n"),
        ("  - name: a\n", "c", "  - name: a\n    env:\n    - name: KEY\n      value: c\n"),
        ("  - name: a\n    env: [{name: A}]\n", "c", "refused: `env` is not a block list"),
        ("  - name: a\n    env: []\n", "c", "refused: `env` is not a block list"),
        ("  - name: a\n    env: &e\n    - name: A\n", "c", "refused: `env` is not a block list"),
        ("  - name: a\n    env:\n    - - name: A\n", "c",
         "  - name: a\n    env:\n    - - name: A\n    - name: KEY\n      value: \"c\"\n"),
        ("  - name: a\n    env:\n    - &a\n      name: A\n", "c", "refused: `env` has an unusual layout"),
    ],
)  # fmt: skip
def test_a_variable_is_added_at_the_end(before: str, value: object, after: str):
    assert edited(before, lambda container: add_variable(container, "KEY", value)) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  - name: a\n    image: b\n", "  - name: a\n    x: 1\n    y:\n      z: 2\n    image: b\n"),
        ("  - name: a", "  - name: a\n    x: 1\n    y:\n      z: 2"),
        ("  - {name: a, image: b}\n", "  - {name: a, image: b, x: 1, y: {z: 2}}\n"),
        ("  - {name: a, }\n", "refused: the edit would change other parts of the document"),
        ("  - name: a\n    x:\n", "refused: the keys belong to different places; add them one by one"),
        ("  - name: a\n    x: 1\n", "refused: `x` is already set"),
    ],
)
def test_several_keys_are_put_in_a_row(before: str, after: str):
    result = edited(before, lambda one: put_all(one.document, one.node, [("x", 1), ("y", {"z": 2})], ("name",)))
    assert result == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  - name: a\n    image: b\n", "  - name: a\n    x: z\n    image: b\n"),
        ("  - name: a\n", "  - x: z\n    name: a\n"),
        ("  - {name: a, image: b}\n", "  - {name: a, x: z, image: b}\n"),
        ("  - {name: a}\n", "  - {x: z, name: a}\n"),
        ("  - {}\n", "  - {x: z}\n"),
        ("  - name: a\n    x: b\n", "refused: `x` is already set"),
    ],
)
def test_a_key_is_put_before_the_first_of_some(before: str, after: str):
    assert edited(before, lambda one: put_before(one.document, one.node, "x", "z", ("image",))) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  - name: a\n", "  - name: new\n"),
        ("  - name: 'a'  # c\n", "  - name: 'new'  # c\n"),
        ('  - {name: "a"}\n', '  - {name: "new"}\n'),
        ('  - name: "a\\x41"\n', "refused: the value contains escapes or spans several lines"),
        ("  - name: >\n      a\n", "refused: the value contains escapes or spans several lines"),
    ],
)
def test_a_scalar_is_replaced_inside_its_quotes(before: str, after: str):
    def edit(container: Container) -> list[Edit]:
        entry = container.node.entry("name")
        assert entry is not None
        assert isinstance(entry.value, Scalar)
        return replace_scalar(container.document, entry.value, "new")

    assert edited(before, edit) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  - name: a  # c\n    image: b\n", "  - x: {y: z}  # c\n    image: b\n"),
        ("  - {name: a, image: b}\n", "  - {x: {y: z}, image: b}\n"),
        ("  - image: b\n", "refused: `name` comes from a YAML anchor"),
        ("  - name: *d\n", "refused: `name` comes from a YAML anchor"),
        ("  - name: a\n    x: b\n", "refused: `x` is already set"),
    ],
)
def test_an_entry_is_replaced(before: str, after: str):
    head = "d: &d e\n" + HEAD
    result = edited(before, lambda one: replace_entry(one.document, one.node, "name", "x", {"y": "z"}), head)
    assert result == after.replace("x: {y: z}  # c", "x:\n      y: z  # c")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  - name: a\n    x:\n      y: z\n    image: b\n", "  - name: a\n    image: b\n"),
        ("  - name: a\n    x: z  # c\n", "  - name: a\n"),
        ("  - name: a\n    x: z", "  - name: a"),
        ("  - name: a\n    x: |+\n      y\n\n    image: b\n", "  - name: a\n    image: b\n"),
        ("  - {name: a, x: z, image: b}\n", "  - {name: a, image: b}\n"),
        ("  - {name: a, x: z}\n", "  - {name: a}\n"),
        ("  - {x: z, name: a}\n", "  - {name: a}\n"),
        ("  - x: z\n    name: a\n", "refused: another value begins on its line"),
        ("  - x: z\n", "refused: nothing would remain beside it"),
        ("  - name: a\n", "refused: `x` comes from a YAML anchor"),
    ],
)
def test_an_entry_is_removed(before: str, after: str):
    assert edited(before, lambda one: remove_entry(one.document, one.node, "x")) == after


def test_the_key_of_a_text_is_renamed():
    before = "  - name: a\n    imag: 'b'  # c\n    ports: [{containerPort: 1}]\n"
    after = "  - name: a\n    image: 'b'  # c\n    ports: [{containerPort: 1}]\n"
    assert edited(before, lambda one: rename_key(one.document, one.node, "imag", "image")) == after


@pytest.mark.parametrize(("key", "to"), [("ports", "port"), ("x", "y"), ("imag", "name")])
def test_a_key_of_other_values_or_beside_the_same_is_not_renamed(key: str, to: str):
    text = "  - name: a\n    imag: b\n    ports: [{containerPort: 1}]\n"
    assert edited(text, lambda one: rename_key(one.document, one.node, key, to)).startswith("refused: ")


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        (
            "  - name: a\n    args:\n    - x\n    - y\n    image: b\n",
            0,
            "  - name: a\n    args:\n    - y\n    image: b\n",
        ),
        (
            "  - name: a\n    args:\n    - x\n    - y\n    image: b\n",
            1,
            "  - name: a\n    args:\n    - x\n    image: b\n",
        ),
        ("  - name: a\n    args: [x, y, z]\n", 0, "  - name: a\n    args: [y, z]\n"),
        ("  - name: a\n    args: [x, y, z]\n", 1, "  - name: a\n    args: [x, z]\n"),
        ("  - name: a\n    args: [x, y, z]\n", 2, "  - name: a\n    args: [x, y]\n"),
        ("  - name: a\n    args: [x]\n", 0, "refused: nothing would remain beside it"),
        ("  - name: a\n    args:\n    - - x\n    - y\n", 0, "  - name: a\n    args:\n    - y\n"),
    ],
)
def test_an_item_is_removed(before: str, index: int, after: str):
    def edit(container: Container) -> list[Edit]:
        items = container.node.get("args")
        assert isinstance(items, Sequence)
        return remove_item(container.document, items, items.items[index])

    assert edited(before, edit) == after


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n  b:\n    c: 1\n", (2, 0)),
        ("a:\n    b: 1\nc:\n    - d\n", (4, 4)),
        ("a:\n- b\n", (2, 0)),
        ("a: 1\n", (2, 0)),
        ("a:\n         b: 1\n", (2, 0)),  # nobody indents by nine
        ("a:\n        b: 1\n", (8, 0)),
        ("a: {b: 1}\nc:\n  - d\n", (2, 2)),
    ],
)
def test_the_style_is_that_of_the_document(text: str, expected: tuple[int, int]):
    source = Source("app.yaml", f"apiVersion: v1\nkind: ConfigMap\n{text}")
    document = next(part.document for part in parts_in(parse(source)))
    (root,) = document.parsed.roots
    style = style_of(document, root)
    assert (style.step, style.dash, style.json) == (*expected, False)


def test_flow_mappings_with_quoted_keys_are_written_as_json():
    assert edited('  - {"name": "a"}\n', lambda one: put(one.document, one.node, ("x",), "z")) == (
        '  - {"name": "a", "x": "z"}\n'
    )
    assert edited("  - {name: a}\n", lambda one: put(one.document, one.node, ("x",), "z")) == "  - {name: a, x: z}\n"


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


ITEM = "- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  spec: {containers: [{name: a}]}\n"
ACCOUNT = ("kind: ServiceAccount", "metadata:", "  name: a")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ITEM, f"{ITEM}- kind: ServiceAccount\n  metadata:\n    name: a\n"),
        (ITEM.rstrip(), f"{ITEM}- kind: ServiceAccount\n  metadata:\n    name: a"),
        (f"{ITEM.rstrip()}  # c\n", f"{ITEM.rstrip()}  # c\n- kind: ServiceAccount\n  metadata:\n    name: a\n"),
        (
            "".join(f"  {line}\n" for line in ITEM.splitlines()),
            "".join(
                f"  {line}\n" for line in (*ITEM.splitlines(), "- kind: ServiceAccount", "  metadata:", "    name: a")
            ),
        ),
        (
            f"{ITEM}{ITEM.replace('Pod', 'Service')}",
            f"{ITEM}- kind: ServiceAccount\n  metadata:\n    name: a\n{ITEM.replace('Pod', 'Service')}",
        ),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_an_item_is_added_behind_another(before: str, after: str, line_end: str):
    head = "apiVersion: v1\nkind: List\nitems:\n"
    source = Source("app.yaml", (head + before).replace("\n", line_end))
    (container,) = containers(source)
    edit = add_item(container.document, ACCOUNT).shifted(container.document.file.start)
    assert source.edited([edit]).text == (head + after).replace("\n", line_end)


def test_an_item_is_not_added_where_it_would_be_part_of_another():
    text = "apiVersion: v1\nkind: List\nitems:\n" + ITEM + "  x: |\n    y"
    (container,) = containers(Source("app.yaml", text))
    with pytest.raises(Refused, match=r"^the edit would change other parts of the document$"):
        add_item(container.document, ACCOUNT)


def pod(value: object, indent: int | str | None = 2) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [value]}}, indent=indent)


@pytest.mark.parametrize("indent", [None, 1, 2, 4, 8, "\t"])
def test_json_keeps_its_layout(indent: int | str | None):
    text = pod({"name": "a", "image": "b"}, indent)

    def after(edit: Callable[[Container], list[Edit]]) -> str:
        return edited(text, edit, head="")

    assert after(lambda one: put(one.document, one.node, ("x", "y"), {"z": 1})) == (
        pod({"name": "a", "image": "b", "x": {"y": {"z": 1}}}, indent)
    )
    assert after(lambda one: put_before(one.document, one.node, "x", "z", ("image",))) == (
        pod({"name": "a", "x": "z", "image": "b"}, indent)
    )
    assert after(lambda one: put_all(one.document, one.node, [("x", 1), ("y", 2)], ())) == (
        pod({"name": "a", "image": "b", "x": 1, "y": 2}, indent)
    )
    assert after(lambda one: replace_entry(one.document, one.node, "image", "x", "z")) == (
        pod({"name": "a", "x": "z"}, indent)
    )


def test_json_in_an_empty_object():
    text = pod({"name": "a", "x": {}}, None)
    assert edited(text, lambda one: put(one.document, one.node, ("x", "y"), 1), head="") == (
        pod({"name": "a", "x": {"y": 1}}, None)
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  - {name: a, image: b, }\n", "  - {name: a, image: b, x: 1 }\n"),
        ("  - {\n      name: a,\n      image: b\n    }\n", "  - {\n      name: a,\n      image: b, x: 1\n    }\n"),
        ("  - {name: a,\n     image: b  ,\n    }\n", "  - {name: a,\n     image: b  , x: 1\n    }\n"),
        ("  - {name}\n", "  - {name, x: 1}\n"),
    ],
)
def test_a_flow_mapping_keeps_its_layout(before: str, after: str):
    assert edited(before, lambda one: put(one.document, one.node, ("x",), 1)) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  - name: a\n    x:\n", "  - name: a\n    x:\n      y: z\n"),
        ("  - name: a\n    x: null\n", "  - name: a\n    x:\n      y: z\n"),
        ("  - name: a\n    x:   {}   # c\n", "  - name: a\n    x:   # c\n      y: z\n"),
        ("  - name: a\n    x: {}", "  - name: a\n    x:\n      y: z"),
        ("  - name: a\n    x: !!map {}\n", "refused: `x` has an anchor or a tag, so other nodes can share it"),
        ("  - {name: a, x: null}\n", "  - {name: a, x: {y: z}}\n"),
        ("  - {name: a, x: }\n", "  - {name: a, x: {y: z}}\n"),
    ],
)
def test_an_empty_value_is_filled(before: str, after: str):
    assert edited(before, lambda one: put(one.document, one.node, ("x",), {"y": "z"})) == after


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "x: true"),
        (False, "x: false"),
        (3, "x: 3"),
        ("3", "x: 3"),
        ("yes", 'x: "yes"'),
        ([1, True], "x:\n    - 1\n    - true"),
    ],
)
def test_a_value_is_written_by_its_type(value: object, written: str):
    result = edited("  - name: a\n", lambda one: put(one.document, one.node, ("x",), value))  # type: ignore[arg-type]
    assert result == f"  - name: a\n    {written}\n"


def test_an_empty_value_is_filled_with_a_scalar():
    assert edited("  - name:\n    image: b\n", lambda one: put(one.document, one.node, ("name",), "z")) == (
        "  - name: z\n    image: b\n"
    )
    assert edited("  - name: ~\n    image: b\n", lambda one: put(one.document, one.node, ("name",), "z")) == (
        "  - name: z\n    image: b\n"
    )


@pytest.mark.parametrize(
    ("name", "value"), [("3", ""), ("b", "\n    y: 2"), ("b", "\n    - y")], ids=["other value", "other key", "broken"]
)
def test_edits_that_set_something_else_are_refused(name: str, value: str):
    container = containers(Source("app.yaml", f"{HEAD}  - name: a\n    x: 1\n"))[0]
    document, at = container.document, container.document.text.index("a\n    x")
    path = (0, "spec", "containers", 0, "name")
    assert changed(document, [Edit(at, at + 1, "b")], path, "b") == [Edit(at, at + 1, "b")]
    with pytest.raises(Refused, match="the edit would change other parts of the document"):
        changed(document, [Edit(at, at + 1, name + value)], path, "b")


DOCUMENTS = (
    "a: 1\nb:\n  c:\n    - d: x\n      e: |\n        f\n\n        g\n    - h  # i\n  j: 'k\n    l'\nm:\n- n: o\n  p:\n  - q\n- r\n",
    '# a\nb: &c\n    d: {e: f}\n    g: >+\n      h\n\n    i:\n\n        j: k\n         l\n        m: [n,\n          o]\np: *c\nq: "r\n  s"\n',
    "  - a:\n      b: c\n\n  - - d\n    - e: f\n\n  -\n    g: h\n  - i: |-\n     j\n",
)
PIECES = (
    "\n",
    " ",
    "  ",
    "\t",
    "#",
    "a: 1\n",
    "  b: 2\n",
    "- x\n",
    "  - y\n",
    "'",
    '"',
    "{",
    "]",
    ": |\n",
    "--- ",
    "\n...\n",
    "&z ",
    "\r",
)


def paths(data: object, way: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    yield way
    for step, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from paths(value, (*way, step))


def test_where_a_part_is_changed_the_whole_document_says_the_same():
    chance, agreed = random.Random(7), 0
    for _ in range(6000):
        text = chance.choice(DOCUMENTS)
        parsed = ParsedDocument(text)
        document = cast(YamlDocument, SimpleNamespace(text=text, parsed=parsed))
        expected = verify.data(parsed.roots)
        way = chance.choice([*paths(expected[0], (0,))])
        start = chance.randrange(len(text))
        edits = [Edit(start, min(len(text), start + chance.choice((0, 0, 1, 5))), "".join(chance.choices(PIECES, k=2)))]
        depth, lines = verify._smallest_part(document, edits, way)
        part = verify._part_data(document, edits, lines) if depth else None
        if not part or len(part) != 1 or part[0].__class__ not in (dict, list) or len(part[0]) != 1:
            continue
        step = way[depth - 1]
        value = part[0].get(step, part) if isinstance(part[0], dict) else part[0][0]
        here = expected
        for each in way[: depth - 1]:
            here = here[each]
        if value is part or isinstance(part[0], dict) != isinstance(here, dict):
            continue
        here[step] = value
        agreed += 1
        assert verify._data_of(verify._edited(text, edits, Span(0, len(text)))) == expected, (text, edits, way)
    assert agreed > 300
