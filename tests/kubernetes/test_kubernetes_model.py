"""The model of manifests: what is read, where it stands, and what half-typed text does to it."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import parts_in

from playpen_ls.api.fact_types import (
    Backup,
    ConfigMapKeys,
    ImageUse,
    Kustomized,
    LimitRange,
    Named,
    Overlay,
    Pods,
    SecretKeys,
    ServiceAccount,
    ServiceSelector,
)
from playpen_ls.languages.kubernetes.model.manifests import parse
from playpen_ls.languages.kubernetes.parts import Container, Manifests, Resource, Workload
from playpen_ls.languages.kubernetes.syntax.compose import Unparsable, compose
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.languages.registry import model_facts
from playpen_ls.languages.yaml_loader import yaml_loader
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: nexus:5000/web:1.0
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: apps}\nspec:\n  selector: {app: web}\n"


def model(text: str, previous: Manifests | None = None, path: str = "app.yaml") -> Manifests:
    return parse(Source(path, text), previous)


def parts(text: str) -> list[object]:
    return parts_in(model(text))


def only(text: str, kind: type) -> object:
    (found,) = (part for part in parts(text) if isinstance(part, kind))
    return found


def in_file(container: Container) -> Span:
    return container.span.shifted(container.document.file.start)


def test_a_span_counts_from_the_document():
    text = f"# 😀\n---\n{SERVICE}---\n{POD}"
    container = only(text, Container)
    assert container.document.text[container.span.start : container.span.end] == "web"
    assert text.rindex("name: web") + 6 == in_file(container).start


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a: 1\n---\nb: 2\n", 2),
        ("a: 1\r\n--- # c\r\nb: 2\r\n", 2),
        ("a: 1\r---\rb: 2\r", 2),
        ("a: 1\n-----\nb: 2\n", 1),
        ("a: |\n  ---\n  b\n---foo: 1\n", 1),
        ("%YAML 1.1\n---\na: 1\n---\nb: 2\n", 2),
        ("---\na: 1\n---", 2),
        ("", 1),
    ],
)
def test_documents_are_cut_at_markers(text: str, count: int):
    chunks = model(text).chunks
    assert len(chunks) == count
    assert "".join(text[chunk.span.start : chunk.span.end] for chunk in chunks) == text


@pytest.mark.parametrize(
    "text",
    [
        "services: {web: {image: web}}\n",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n",
        "apiVersion: v1\nkind: Config\nusers: []\n",
        "- op: replace\n  path: /spec\n",
        "just text\n",
        "image: web\nkind: Pod\n",
    ],
)
def test_what_is_no_manifest_has_no_parts(text: str):
    assert parts(text) == []


def test_items_of_a_list_are_objects():
    text = (
        "apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: Secret, metadata: {name: a}}\n  - "
        + POD.replace("\n", "\n    ")
    )
    assert [part.kind for part in parts(text) if isinstance(part, Resource)] == ["Secret", "Pod"]


def test_an_alias_of_a_list_to_itself_ends():
    assert parts("apiVersion: v1\nkind: List\nitems: &a [*a]\n") == []
    assert isinstance(
        parts("apiVersion: v1\nkind: List\nitems: &a\n  - {apiVersion: v1, kind: List, items: *a}\n"), list
    )


def test_roles_of_containers():
    text = POD + (
        "  initContainers:\n    - {name: one, image: a}\n    - {name: two, image: a, restartPolicy: Always}\n"
    )
    workload = only(text, Workload)
    assert [(one.name, one.role) for one in workload.containers] == [
        ("web", "main"),
        ("one", "init"),
        ("two", "sidecar"),
    ]


def test_merged_keys_count():
    (root,) = compose("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n")
    assert isinstance(root, Mapping)
    b = root.mapping("b")
    assert b is not None
    assert (b.text("x"), b.text("y"), b.entry("x")) == ("1", "3", None)


def test_ends_are_those_of_the_last_character():
    text = "a:\n  b: c # eol\n  # trailing\n\n# before d\nd: |\n  x\n\ne: [1, 2]\n"
    (root,) = compose(text)
    assert isinstance(root, Mapping)
    ends = [text[entry.key.start : entry.value.end] for entry in root.entries]
    assert ends == ["a:\n  b: c", "d: |\n  x", "e: [1, 2]"]


# Half-typed text


def test_a_broken_document_leaves_the_others_alone():
    half = model(f'{SERVICE}---\nfoo: "bar\n---\n{POD}')
    assert [chunk.broken for chunk in half.chunks] == [False, True, False]
    assert len(half.problems) == 1
    assert len(parts_in(half, 2)) == 3


@pytest.mark.parametrize("typed", ["liv", "args: [a, b", '"', "- ", "image: @x", "\tx: 1", "a: b: c"])
def test_a_half_typed_line_is_masked(typed: str):
    before = model(POD + "      ports: []\n")
    text = POD + f"      {typed}\n      ports: []\n"
    half = model(text, before)
    containers = [part for part in parts_in(half, 0) if isinstance(part, Container)]
    assert [container.name for container in containers] == ["web"]


def test_unchanged_documents_are_taken_over():
    before = model(f"{SERVICE}---\n{POD}")
    after = model(f"{SERVICE}---\n{POD}# more\n", before)
    assert after.chunks[0].parsed is before.chunks[0].parsed


def test_template_expressions_are_masked():
    text = (
        POD.replace("nexus:5000/web:1.0", "{{ .Values.image }}")
        + "      {{- if .Values.x }}\n      args: [a]\n      {{ end }}\n"
    )
    assert not model(text).chunks[0].broken
    workload = only(text, Workload)
    assert workload.document.template
    assert not workload.containers[0].image.literal


@pytest.mark.parametrize(
    "text",
    ["[" * 60_000, "{" * 60_000, "- " * 60_000, "? " * 20_000, "a: &a [*a]", "\x00", "\ud800", "\ufeff\ufeffa: 1"],
)
def test_hostile_text_is_read_without_harm(text: str):
    hostile = model(text)
    assert parts_in(hostile) == []
    assert list(hostile.comments()) == []


def test_a_billion_laughs_are_not_told():
    text = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    assert not model(text).chunks[0].broken


@settings(deadline=None)
@given(st.text(alphabet=" \n\r\t-:#'\"|>[]{}&*!%{}abk\ufeff😀", max_size=60))
def test_any_text_can_be_read(text: str):
    any_model = model(text)
    parts_in(any_model)
    for comment in any_model.comments():
        assert text.removeprefix("\ufeff")[comment.span.start] == "#"
    for offset in range(0, len(text), 7):
        any_model.construct_at(offset)
        any_model.construct_after(offset)
    list(model_facts(any_model))


@settings(deadline=None)
@given(st.integers(0, len(POD) - 1), st.sampled_from([*"\"'[]{}:-#|>&*!%@`\t\n ", "{{", "a: ", "- "]))
def test_any_edit_can_be_read(at: int, typed: str):
    before = model(POD)
    after = model(POD[:at] + typed + POD[at:], before)
    fresh = model(POD[:at] + typed + POD[at:])
    for read in (after, fresh):
        parts_in(read)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 400),
            st.integers(0, 8),
            st.sampled_from(
                ["", "x", "-", "---", "\n", "\r", "\n---\n", "\n--- # c\n", "%YAML 1.1\n", " ", "a: |\n  ---\n"]
            ),
        ),
        max_size=6,
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_edits_cut_a_text_as_a_fresh_look_does(edits: list[tuple[int, int, str]], line_end: str):
    text = f"{SERVICE}---\n{POD}---\n---\n{SERVICE}".replace("\n", line_end)
    known = model(text)
    for at, length, typed in edits:
        text = text[: min(at, len(text))] + typed + text[at + length :]
        known, fresh = model(text, known), model(text)
        assert [chunk.span for chunk in known.chunks] == [chunk.span for chunk in fresh.chunks]
        assert [chunk.parsed.text for chunk in known.chunks] == [chunk.parsed.text for chunk in fresh.chunks]
        assert list(model_facts(known)) == list(model_facts(fresh)) or any(chunk.broken for chunk in known.chunks)


def test_depth_is_bounded():
    with pytest.raises(Unparsable):
        compose("- " * 500)


def test_without_libyaml_the_same_is_read(monkeypatch: pytest.MonkeyPatch):
    fast = [(part.kind, part.name_span) for part in parts(f"{SERVICE}---\n{POD}") if isinstance(part, Resource)]
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    yaml_loader.cache_clear()
    try:
        assert [(p.kind, p.name_span) for p in parts(f"{SERVICE}---\n{POD}") if isinstance(p, Resource)] == fast
        assert not model(POD.replace("name: web", "name:\tweb\t# a tab")).chunks[0].broken
        assert model("[" * 5_000).chunks[0].broken
    finally:
        yaml_loader.cache_clear()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "b"}]}}', ["a"]),
        (
            "apiVersion: v1\nkind: Pod\nspec:\n  containers: &c\n  - name: a 😀\n    image: b\n  initContainers: *c\n",
            ["a 😀"],
        ),
        (
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - &a {name: a, image: b}\n  - {<<: *a, name: c}\n",
            ["a", "c"],
        ),
        ("apiVersion: v1\r\nkind: Pod\r\nspec:\r\n  containers:\r\n  - name: a\r\n", ["a"]),
        (
            "apiVersion: v1\nkind: PodList\nitems:\n- {apiVersion: v1, kind: Pod, spec: {containers: [{name: a}]}}\n",
            ["a"],
        ),
        ("apiVersion: v1\nkind: Pod\nspec: &s\n  containers:\n  - {name: a, more: *s}\n", ["a"]),
        ("apiVersion: serving.knative.dev/v1\nkind: Pod\nspec: {containers: [{name: a}]}\n", []),
        ("apiVersion: apps/v1\nkind: Pod\nspec: {containers: [{name: a}]}\n", []),
        ("apiVersion: v1\nkind: Deployment\nspec: {template: {spec: {containers: [{name: a}]}}}\n", []),
    ],
    ids=["json", "alias", "merge", "crlf", "list", "cycle", "knative", "wrong-group", "wrong-version"],
)
def test_containers_are_found_in_every_spelling(text: str, expected: list[str]):
    found = [part for part in parts(text) if isinstance(part, Container)]
    assert [container.name for container in found] == expected
    for container in found:
        span = in_file(container)
        assert text[span.start : span.end] == container.name


def test_a_merged_image_and_probe_count():
    text = (
        POD
        + "    - &base\n      name: a\n      image: b\n      livenessProbe: {exec: {command: [x]}}\n    - {<<: *base, name: c}\n"
    )
    last = [part for part in parts(text) if isinstance(part, Container)][-1]
    assert last.image is not None
    assert last.image.value == "b"
    assert last.node.get("livenessProbe") is not None


# Comments and constructs


def test_comments_are_outside_of_scalars():
    text = '# one\na: "x # no" # two\nb: | # three\n  # no\nc: a#no\n# four\n'
    assert [(comment.text, comment.alone) for comment in model(text).comments()] == [
        ("# one", True),
        ("# two", False),
        ("# three", False),
        ("# four", True),
    ]


def test_a_comment_covers_the_key_or_item_that_follows():
    text = "a:\n  # here\n  - b: 1\n    c: 2\n  # there\n  - d: |\n      x\n# e\nf: 1\n"
    found = model(text)
    covered = [found.construct_after(comment.span.end) for comment in found.comments()]
    assert [text[span.start : span.end] for span in covered if span] == [
        "- b: 1\n    c: 2",
        "- d: |\n      x",
        "f: 1",
    ]


def test_a_comment_line_can_stand_above_the_first_word_of_a_line():
    text = "a:\n  - b: {c: 1}\n    d: 2\n"
    found = model(text)
    place = found.construct_at(text.index("c:"))
    assert place is not None
    assert text[place.start :].startswith("- b:")
    assert model('{"a": 1}').construct_at(3) is None


# Facts


def facts(text: str, path: str = "k8s/app.yaml") -> list[tuple[object, ...]]:
    return [
        (type(fact), *(getattr(fact, name) for name in type(fact).__slots__))
        for fact in model_facts(model(text, path=path))
    ]


def test_what_a_file_tells_others():
    text = "---\n".join(
        [
            SERVICE,
            POD,
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\nautomountServiceAccountToken: false\n",
            "apiVersion: v1\nkind: LimitRange\nmetadata: {name: x, namespace: apps}\nspec: {limits: [{default: {cpu: 1}}]}\n",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {a: eA==}\nstringData: {b: y}\n",
            POD.replace("image", "args: [pg_dump -h x]\n      image"),
        ]
    )
    assert [fact for fact in facts(text) if fact[0] not in (Pods, ConfigMapKeys)] == [
        (ServiceSelector, "apps", (("app", "web"),), ()),
        (Named, "Service", "web", "apps", None),
        (ImageUse, "nexus:5000/web:1.0"),
        (ServiceAccount, "", "web", False, False),
        (LimitRange, "apps", ("cpu",), ("cpu",)),
        (SecretKeys, "", "db", ("a", "b"), False),
        (ImageUse, "nexus:5000/web:1.0"),
        (Backup, "", "PostgreSQL"),
    ]


def test_a_kustomization_tells_which_files_are_patches():
    text = "resources: [../base]\npatches:\n  - path: patch.yaml\n  - patch: |-\n      x\nimages:\n  - name: web\n    newTag: '1'\n"
    assert facts(text, "overlays/prod/kustomization.yaml") == [
        (Overlay, ("overlays/prod/patch.yaml",), ("web",), ()),
        (Kustomized, "overlays/base", None),
    ]
    chart = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
    assert facts(chart, "chart/Chart.yaml") == [(Overlay, ("chart/templates/",), (), ())]


def test_a_place_is_where_the_word_stands():
    text = f"---\n{POD}"
    (use,) = [fact for fact in model_facts(model(text)) if isinstance(fact, ImageUse)]
    assert text[use.place.span.start : use.place.span.end] == "nexus:5000/web:1.0"


def test_a_scalar_s_content_is_without_its_quotes():
    (root,) = compose("a: 'b'\n")
    assert isinstance(root, Mapping)
    assert isinstance(root.scalar("a"), Scalar)
