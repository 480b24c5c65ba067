from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageUse, Overlay, repository_of, tagged_by
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.parts import ContainerImage, SetImage
from playpen_ls.rules.kubernetes._builds import Builds
from playpen_ls.vocabulary.images import ImageReference, is_variant

_PLACEHOLDERS = frozenset(
    ("replace", "replace-me", "replaceme", "placeholder", "image-placeholder", "changeme", "controller:latest")
)  # of Kubebuilder, whose Makefile sets it
PINNED = Platform(pins={"redis": "7.4.1"})


def pod(image: str) -> str:
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n"
    return f"{head}      image: {image}\n"


TAG = "images:\n- name: cart\n  newTag: "
IMAGES = "resources: [app.yaml]\n" + TAG + "latest\n"


@rule(
    severity=Severity.WARNING,
    practice="Image tagging",
    like={
        "kube-linter": ["latest-tag"],
        "kube-score": ["container-image-tag"],
        "polaris": ["tagNotSpecified"],
        "checkov": ["CKV_K8S_14"],
    },
    reports_absence=True,
    in_pipelines=True,
    bad=[
        pod("nexus:5000/web:«latest»"),
        pod("«nexus:5000/web»"),
        example(pod("redis:«latest»  # cache"), fixed=pod("redis:7.4.1  # cache"), platform=PINNED),
        example(pod('"«redis»"'), fixed=pod('"redis:7.4.1"'), platform=PINNED),
        example(
            {"app.yaml": pod("nexus:5000/web:«latest»"), "other.yaml": pod("nexus:5000/web:1.4.2")},
            fixed=pod("nexus:5000/web:1.4.2"),
        ),
        {
            "app.yaml": pod("nexus:5000/web:«latest»"),
            "one.yaml": pod("nexus:5000/web:1.4.2"),
            "two.yaml": pod("nexus:5000/web:1.4.3"),
        },
        example(
            {"kustomization.yaml": "resources: [app.yaml]\n" + TAG + "«latest»\n", "app.yaml": pod("cart:1.0")},
            fixed="resources: [app.yaml]\n" + TAG + "1.4.2\n",
            platform=Platform(pins={"cart": "1.4.2"}),
        ),
        {
            "kustomization.yaml": "resources: [app.yaml]\npatches:\n- target: {kind: Pod}\n  patch: |-\n"
            "    - op: replace\n      path: /spec/containers/0/image\n      value: cart:«latest»\n",
            "app.yaml": pod("cart:1.0"),
        },
        {"kustomization.yaml": "resources: ['https://example.org/app.yaml']\n" + TAG + "«latest»\n", "a": ""},
        {"app.yaml": pod("«redis»"), "other.yaml": pod("redis:7.4.1-alpine")},
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  initContainers:\n"
        "    - {name: one, image: &image 'web:«latest»'}\n  containers:\n    - {name: two, image: *image}\n",
    ],
    good=[
        pod("nexus:5000/web:1.0.0"),
        pod("nexus:5000/web@sha256:0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e"),
        pod("playpen/python-base:latest"),
        pod("nexus:5000/playpen/python-base"),
        pod("${REGISTRY}/web"),
        pod("'{{ .Values.image }}:latest'"),
        pod("IMAGE_PLACEHOLDER"),
        pod("replace-me"),
        {
            "app.yaml": pod("web"),
            "skaffold.yaml": "apiVersion: skaffold/v3\nkind: Config\nbuild:\n  artifacts:\n  - image: web\n",
        },
        pod("web:__TAG__"),
        "image: web:latest\n",
        {
            "base/kustomization.yaml": IMAGES,
            "overlay/kustomization.yaml": "resources: [../base]\n" + TAG + "'1.0'\n",
            "base/app.yaml": pod("cart:1.0"),
        },
        {
            "base/app.yaml": pod("cart:latest"),
            "base/kustomization.yaml": "resources: [app.yaml]\n",
            "overlay/kustomization.yaml": "resources: [../base]\npatches:\n- target: {kind: Pod}\n  patch: |-\n"
            "    - {op: replace, path: /spec/containers/0/image, value: 'cart:1.0'}\n",
        },
        IMAGES.replace("cart", "controller"),
    ],
)
def moving_tag(
    image: ContainerImage | SetImage,
    platform: Platform,
    uses: Facts[ImageUse],
    overlays: Facts[Overlay],
    builds: Builds,
) -> Iterator[Finding]:
    """Image has no tag or uses `latest`.

    Without a tag, Kubernetes pulls `latest`, and `latest` is whatever was pushed last. The pods of a workload can run
    different versions, and a rollback of the manifest does not bring the previous image back. Not reported for
    digests, references with variables, the platform's own images, and images whose tag is set by a kustomization or
    Skaffold. The tags that kustomizations set are checked where they are written.
    """
    reference = ImageReference.parse(image.reference)
    if not reference.floats or reference.variable or not reference.path or platform.owns(reference):
        return
    # An image name cannot contain upper-case letters: such a placeholder is replaced before it is applied.
    if reference.path != reference.path.lower() or reference.text in _PLACEHOLDERS:
        return
    if isinstance(image, ContainerImage) and overlays.having(tagged_by, reference.repository):
        return
    used = builds.use(image.document, image.scalar)
    if used is False or (used is None and isinstance(image, SetImage) and not builds.is_build(image.document.path)):
        return
    others = (ImageReference.parse(use.reference) for use in uses.having(repository_of, reference.repository))
    tags = {other.tag for other in others if not is_variant(other.tag)}
    tag = platform.pins.get(reference.name) or (tags.pop() if len(tags) == 1 else None)
    pinned = reference.retagged(str(tag))
    title = f"Pin image to `{pinned}`"
    value = pinned if image.whole else str(tag)
    fixes = (Fix(title, lambda: replace_scalar(image.document, image.scalar, value)),) if tag else ()
    where, end = reference.tag_span, len(image.scalar.value)
    span = image.document.part(image.scalar, *((where.start, where.end) if reference.tag and image.whole else (0, end)))
    what = "uses a mutable tag" if reference.tag else "has no tag, so `latest` is used"
    problem = f"image `{reference.text}` {what}; pin a version or a digest"
    yield Finding(span, problem, fixes)
