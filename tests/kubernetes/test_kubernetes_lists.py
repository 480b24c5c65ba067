"""A List is read item by item, and nobody but a keystroke notices."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import parts_in

from playpen_ls.languages.kubernetes.model.manifests import Manifests, parse
from playpen_ls.languages.kubernetes.model.resources import Container, Resource
from playpen_ls.languages.kubernetes.syntax.documents import DocumentPart, split_list
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: %s
spec:
  containers:
    - name: one
      image: "web"  # no tag
      args:
        - |
          run
           - x
    - name: two
      image: other:1.0
"""
HEAD, TAIL = "apiVersion: v1\nkind: List\nitems:\n", "metadata:\n  resourceVersion: ''\n"


def item(text: str, indentation: int) -> str:
    inner = textwrap.indent(text, " " * (indentation + 2))
    return " " * indentation + "- " + inner[indentation + 2 :]


def listed(indentation: int, *names: str) -> str:
    return HEAD + "# next\n".join(item(POD % name, indentation) for name in names)


def model(text: str, previous: Manifests | None = None) -> Manifests:
    return parse(Source("app.yaml", text), previous)


def found(text: str, made: Manifests) -> list[tuple[str, str]]:
    """What the parts are called, and the words at their spans."""
    parts = parts_in(made)
    return [
        (type(part).__name__, text[span.start : span.end])
        for part in parts
        if isinstance(part, Resource | Container)
        for own in [part.span if isinstance(part, Container) else part.name_span]
        for span in [own.shifted(part.document.file.start)]
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (listed(0, "a", "b"), "head item item"),
        (listed(2, "a", "b") + TAIL, "head item item tail"),
        (listed(2, "a").replace("\n", "\r\n"), "head item"),
        (listed(2, "a").replace("kind: List\n", "") + "kind: PodList  # of pods\n", "head item tail"),
        (HEAD.replace("items:", "items:  # all\n# one") + item(POD % "a", 0) + "-", "head item item"),
        (HEAD.replace("List", "Values") + item(POD % "a", 0), "whole"),
        (HEAD + item(POD % "a", 0) + TAIL + item(POD % "b", 0), "whole"),
        (listed(0, "a", "b").replace("spec:", "spec: &s", 1), "whole"),
        (listed(0, "a", "b").replace("web", "{{ .image }}", 1), "whole"),
        (listed(0, "a") + "...\n" + POD % "b", "whole"),
        (HEAD, "whole"),
        (HEAD.replace("items:", "items: []"), "whole"),
        (POD % "items:", "whole"),
    ],
)
def test_a_list_is_divided_at_its_items(text: str, parts: str):
    made = split_list(text)
    assert [part for _, part in made] == [DocumentPart(part) for part in parts.split()]
    assert "".join(chunk.parsed.text for chunk in model(text).chunks) == text


@pytest.mark.parametrize("indentation", [0, 2, 4])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_same_is_found_in_a_list_as_in_documents(indentation: int, newline: str):
    text = (listed(indentation, "a", "b") + TAIL).replace("\n", newline)
    one_by_one = "---\n".join(POD % name for name in "ab")
    assert found(text, model(text)) == found(one_by_one, model(one_by_one))
    # An anchor anywhere makes it one piece.
    joined = text.replace("spec:", "spec: &s", 1)
    assert found(joined, model(joined)) == found(text, model(text))


def pieces(manifests: Manifests) -> list[tuple[Span, str, DocumentPart]]:
    return [(chunk.span, chunk.parsed.text, chunk.parsed.part) for chunk in manifests.chunks]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 700),
            st.integers(0, 30),
            st.sampled_from(
                ["", "x", "-", "- ", "\n", "\n- a: b\n", "\n---\n", "items:\n", "kind: List\n", "&", '"', " "]
            ),
        ),
        max_size=6,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_edits_divide_a_list_as_a_fresh_look_does(edits: list[tuple[int, int, str]], line_end: str):
    text = f"{POD % 'x'}---\n{listed(2, 'a', 'b', 'a')}{TAIL}---\n{POD % 'y'}".replace("\n", line_end)
    known = model(text)
    for at, length, typed in edits:
        text = text[: min(at, len(text))] + typed + text[at + length :]
        known, fresh = model(text, known), model(text)
        assert pieces(known) == pieces(fresh)
        assert found(text, known) == found(text, fresh) or any(chunk.broken for chunk in known.chunks)


def test_what_is_typed_in_an_item_is_read_alone():
    before = listed(0, "a", "b", "c")
    at = before.index("kind: Pod", before.index("name: b") - 40)
    known = model(before)
    typed = model(before[:at] + '"' + before[at:], known)
    assert [chunk.broken for chunk in typed.chunks] == [False, False, True, False]
    assert [one.parsed is other.parsed for one, other in zip(known.chunks, typed.chunks, strict=True)] == [
        *(True, True, False, True)
    ]


def workspace(folder: Path, text: str) -> Workspace:
    made = Workspace(folder)
    made.index.complete = True
    made.open(Source("app.yaml", text), "kubernetes")
    return made


@pytest.mark.parametrize("indentation", [0, 2])
def test_an_account_is_added_as_an_item(tmp_path: Path, indentation: int):
    text = listed(indentation, "a", "b")
    made = workspace(tmp_path, text).fixed(
        "app.yaml", lambda diagnostic, fix: diagnostic.rule.name == "default-service-account"
    )
    account = item("apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: %s\n", indentation)
    pods = [item(POD % name, indentation).replace("containers:", f"serviceAccountName: {name}\n{' ' * indentation}    "
            "containers:") for name in "ab"]  # fmt: skip
    assert made.source.text == HEAD + pods[0] + account % "a" + "# next\n" + pods[1] + account % "b"


def test_a_comment_above_the_items_covers_them_all(tmp_path: Path):
    text = listed(0, "a", "b") + TAIL
    silenced = text.replace("items:", "# playpen: ignore[moving-tag] they move\nitems:")
    rules = [
        {diagnostic.rule.name for diagnostic in workspace(tmp_path, one).check("app.yaml").diagnostics}
        for one in (text, silenced)
    ]
    assert rules[0] - rules[1] == {"moving-tag"}
    one = text.replace("# next", "# playpen: ignore[moving-tag] it moves")
    diagnostics = [
        diagnostic
        for diagnostic in workspace(tmp_path, one).check("app.yaml").diagnostics
        if diagnostic.rule.name == "moving-tag"
    ]
    assert [one.rindex("name: ", 0, diagnostic.start) < one.index("name: b") for diagnostic in diagnostics] == [True]


def test_what_is_typed_in_an_item_leaves_the_others_alone(tmp_path: Path):
    before, typed, after = listed(2, "a") + "  - ", item(POD % "b", 2)[4:], "\n" + item(POD % "c", 2)
    made = workspace(tmp_path, before + after)
    shown = [(diagnostic.rule.id, diagnostic.start) for diagnostic in made.check("app.yaml").diagnostics]
    for done in range(1, len(typed)):
        at = len(before) + done - 1
        made.edit("app.yaml", Source("app.yaml", before + typed[:done] + after), [Edit(at, at, typed[done - 1])])
        diagnostics = made.check("app.yaml", settled=False).diagnostics
        expected = [(rule, start + done if start >= len(before) else start) for rule, start in shown]
        assert [(diagnostic.rule.id, diagnostic.start) for diagnostic in diagnostics] == expected, typed[:done]
