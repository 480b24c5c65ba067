"""Kustomizations built in memory give what kustomize 5.8.1 gives.

`kustomize/*.yaml` are small projects: a document with the files of a project by path, and then the objects that
`kustomize build --load-restrictor LoadRestrictionsNone` of its folder `build` writes; `refused: true` if it fails.
`record.py` writes them anew where the program is installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from playpen_ls.languages.kubernetes.kustomize import builds, files
from playpen_ls.languages.kubernetes.kustomize.files import File, Layer, layer_at
from playpen_ls.languages.kubernetes.kustomize.objects import compiled
from playpen_ls.languages.kubernetes.kustomize.tree import (
    CannotBuild,
    Placed,
    PlacedMapping,
    PlacedScalar,
    PlacedSequence,
    content_of,
)

RECORDED = sorted((Path(__file__).parent / "kustomize").glob("*.yaml"))


class Texts:
    """The files of a project in memory; those in `unread` are too large."""

    def __init__(self, texts: dict[str, str], unread: tuple[str, ...] = ()) -> None:
        self.texts = texts
        self.unread = unread
        self.asked: list[str] = []

    def read(self, path: str) -> File:
        self.asked.append(path)
        return File(path, self.texts.get(path))

    def is_unread(self, path: str) -> bool:
        return path in self.unread


def build(texts: dict[str, str], folder: str = "build", unread: tuple[str, ...] = ()) -> builds.Rendered:
    layer = layer_at(folder, Texts(texts, unread))
    assert layer is not None
    return builds.rendered(layer)


def plain(node: Placed) -> Any:
    """As PyYAML reads it; what is quoted is a text."""
    if isinstance(node, PlacedMapping):
        return {entry.key.value: plain(entry.value) for entry in node.entries}  # type: ignore[attr-defined,arg-type]
    if isinstance(node, PlacedSequence):
        return [plain(item) for item in node.items]
    return node.value if node.style else yaml.safe_load(node.value)


def by_name(objects: list[Any]) -> dict[tuple[str, str, str], Any]:
    return {(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in objects}


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in RECORDED])
def test_a_build_gives_what_kustomize_gives(path: Path):
    project, *expected = yaml.safe_load_all(path.read_text())
    made = build(project)
    if expected == [{"refused": True}]:
        assert made.refused
        return
    assert not made.refused
    assert all(one.certain for one in made.objects)
    assert by_name([plain(one.node) for one in made.objects]) == by_name(expected)


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1.0
"""


def find(node: Placed, *path: str) -> Placed:
    for name in path:
        assert isinstance(node, PlacedMapping | PlacedSequence)
        found = node.value(name) if isinstance(node, PlacedMapping) else node.items[int(name)]
        assert found is not None
        node = found
    return node


def test_each_value_has_the_place_that_it_comes_from():
    patch = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n"
        "      containers:\n      - name: web\n        tty: true\n"
    )
    texts = {
        "build/kustomization.yaml": "resources: [app.yaml]\npatches: [{path: patch.yaml}]\n"
        "images: [{name: web, newTag: '2.0'}]\nnamespace: shop\n",
        "build/app.yaml": "# first\n---\n" + DEPLOYMENT,
        "build/patch.yaml": patch,
    }
    (one,) = build(texts).objects
    container = find(one.node, "spec", "template", "spec", "containers", "0")
    places = {}
    for name in ("name", "image", "tty"):
        value = find(container, name)
        assert isinstance(value, PlacedScalar)
        assert value.source.exact
        span = content_of(value)
        places[name] = value.source.path, texts[value.source.path][span.start : span.end]
    assert places == {
        "name": ("build/patch.yaml", "web"),
        "image": ("build/kustomization.yaml", "2.0"),
        "tty": ("build/patch.yaml", "true"),
    }
    namespace = find(one.node, "metadata", "namespace")
    assert isinstance(namespace, PlacedScalar)
    assert namespace.source.exact
    span = content_of(namespace)
    assert texts["build/kustomization.yaml"][span.start : span.end] == "shop"
    assert container.source.path == "build/app.yaml"
    assert (one.path, one.origin.name) == ("build/app.yaml", "web")


@pytest.mark.parametrize(
    ("kustomization", "certain", "complete"),
    [
        ("resources: [app.yaml, 'https://example.org/app.yaml']\n", True, False),
        ("resources: [app.yaml]\ncomponents: ['https://example.org/part?ref=v1']\n", False, False),
        ("resources: [app.yaml]\ntransformers: [program]\n", False, True),
        ("resources: [app.yaml]\ngenerators: [make.yaml]\n", True, False),
        ("resources: [app.yaml]\nhelmCharts: [{name: shop, repo: 'https://example.org'}]\n", True, False),
        ("resources: [app.yaml]\nvars: [{name: WEB, objref: {kind: Deployment, name: web}}]\n", True, True),
    ],
)
def test_what_is_not_in_the_project_is_unknown(kustomization: str, certain: bool, complete: bool):
    made = build({"build/kustomization.yaml": kustomization, "build/app.yaml": DEPLOYMENT})
    assert not made.refused
    assert [one.certain for one in made.objects] == [certain]
    assert made.complete is complete


def test_a_resource_that_is_too_large_leaves_the_others_known():
    texts = {"build/kustomization.yaml": "resources: [app.yaml, crds.yaml]\n", "build/app.yaml": DEPLOYMENT}
    assert build(texts).refused
    made = build(texts, unread=("build/crds.yaml",))
    assert ([one.certain for one in made.objects], made.complete, made.refused) == ([True], False, "")


def test_the_name_of_an_object_that_asks_for_a_hash_is_unknown():
    annotation = '{name: web, annotations: {internal.config.kubernetes.io/needsHashSuffix: "enabled"}}'
    texts = {
        "build/kustomization.yaml": "resources: [app.yaml]\n",
        "build/app.yaml": DEPLOYMENT.replace("{name: web}", annotation),
    }
    (one,) = build(texts).objects
    name = find(one.node, "metadata", "name")
    assert isinstance(name, PlacedScalar)
    assert (name.literal, name.value.startswith("web-")) == (False, True)
    assert find(one.node, "metadata").value("annotations") is None  # type: ignore[union-attr]


def test_an_object_with_a_variable_of_the_kustomization_is_unknown():
    texts = {
        "build/kustomization.yaml": "resources: [app.yaml]\nvars: [{name: TAG, objref: {kind: Service, name: x}}]\n",
        "build/app.yaml": DEPLOYMENT.replace("web:1.0", "web:$(TAG)"),
    }
    assert [one.certain for one in build(texts).objects] == [False]


@pytest.mark.parametrize(
    "texts",
    [
        {"build/kustomization.yaml": "resources: [../base]\n", "base/kustomization.yaml": "resources: [../build]\n"},
        {"build/kustomization.yaml": "resources: [.]\n"},
        {"build/kustomization.yaml": "components: [../part]\n",
         "part/kustomization.yaml": "kind: Component\ncomponents: [.]\n"},
        {"build/kustomization.yaml": "resources: [app.yaml]\n", "build/app.yaml": "a: &a\n  b: *a\n"},
        {"build/kustomization.yaml": "resources: [\n"},
        {"build/kustomization.yaml": "just a text\n"},
        {"build/kustomization.yaml": "resources: [gone.yaml]\n"},
    ],
)  # fmt: skip
def test_what_reaches_itself_or_is_broken_is_refused(texts: dict[str, str]):
    made = build(texts)
    assert made.refused
    assert not made.objects


def test_aliases_that_stand_for_too_much_are_refused():
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
    assert build({"build/kustomization.yaml": "resources: [app.yaml]\n", "build/app.yaml": bomb}).refused


def test_a_tree_of_bases_is_read_to_a_limit():
    texts = {"build/kustomization.yaml": "resources: [../1/a, ../1/b]\n"}
    for depth in range(1, 29):
        for name in "ab":
            texts[f"{depth}/{name}/kustomization.yaml"] = f"resources: [../../{depth + 1}/a, ../../{depth + 1}/b]\n"
    project = Texts(texts)
    layer = layer_at("build", project)
    assert layer is not None
    assert builds.rendered(layer).refused
    assert len(project.asked) < 10 * files.MOST_LAYERS


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|aa)*c", ".*.*.*.*x", "(.*)*", "[a-z", "a{3}{4}", "a" * 50 + "(.+)+$"]
)
def test_patterns_that_could_take_long_are_not_understood(pattern: str):
    with pytest.raises(CannotBuild):
        compiled(pattern)


@pytest.mark.parametrize(("pattern", "text"), [("web|shop", "web"), (".*-api", "shop-api"), ("(a|b).*", "beta"),
                                               ("nginx", "nginx"), ("v1\\.2", "v1.2")])  # fmt: skip
def test_patterns_of_selectors(pattern: str, text: str):
    assert compiled(pattern).fullmatch(text)


def test_an_edit_leaves_the_layers_that_it_does_not_reach():
    texts = {
        "build/kustomization.yaml": "resources: [../base]\nnamespace: a\n",
        "base/kustomization.yaml": "resources: [app.yaml]\n",
        "base/app.yaml": DEPLOYMENT,
    }
    (before,) = build(texts).objects
    (after,) = build({**texts, "build/kustomization.yaml": "resources: [../base]\nnamespace: b\n"}).objects
    assert before.node.value("spec") is after.node.value("spec")
    first, second = layer_at("build", Texts(texts)), layer_at("build", Texts(dict(texts)))
    assert isinstance(first, Layer)
    assert first == second
    assert builds.rendered(first) is builds.rendered(second)  # type: ignore[arg-type]


def test_a_scalar_of_an_inline_patch_has_the_place_of_the_patch():
    text = (
        "resources: [app.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: |-\n"
        "    - op: replace\n      path: /spec/template/spec/containers/0/image\n      value: web:3.0\n"
    )
    (one,) = build({"build/kustomization.yaml": text, "build/app.yaml": DEPLOYMENT}).objects
    image = find(one.node, "spec", "template", "spec", "containers", "0", "image")
    assert isinstance(image, PlacedScalar)
    assert (image.value, image.source.path, image.source.exact) == ("web:3.0", "build/kustomization.yaml", False)


def test_a_part_of_a_file_is_built_as_in_the_whole():
    """What is left out changes nothing of the object, and a text that fails elsewhere is not even read."""
    texts = {
        "build/kustomization.yaml": "resources: [../base, ../other]\nnamePrefix: a-\nimages: [{name: web, newTag: '2'}]\n",
        "base/kustomization.yaml": "resources: [app.yaml, more.yaml]\npatches: [{path: patch.yaml}]\n",
        "base/app.yaml": DEPLOYMENT,
        "base/more.yaml": DEPLOYMENT.replace("web", "more"),
        "base/patch.yaml": DEPLOYMENT.replace("web", "more") + "        tty: true\n",
        "other/kustomization.yaml": "resources: [app.yaml]\n",
        "other/app.yaml": DEPLOYMENT.replace("web", "other"),
    }

    class Part(Texts):
        def read(self, path: str) -> File:
            return File(path, self.texts.get(path), path == "base/app.yaml")

    layer = layer_at("build", Part(texts))
    assert layer is not None
    (one,) = builds.rendered(files.focused(layer)).objects
    whole = {each.origin.name: each for each in builds.rendered(layer).objects}
    assert plain(one.node) == plain(whole["web"].node)
    assert set(whole) == {"web", "more", "other"}
