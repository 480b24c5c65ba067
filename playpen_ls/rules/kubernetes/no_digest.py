from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.fact_types import Pods
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.model.queries import facts_of
from playpen_ls.languages.kubernetes.parts import Container, ContainerImage
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.vocabulary.images import ImageReference


def pod(*images: str) -> str:
    containers = "".join(f"    - {{name: c{number}, image: '{image}'}}\n" for number, image in enumerate(images))
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{name: shop}}\nspec:\n  containers:\n{containers}"


DIGEST = f"nexus:5000/shop@sha256:{'0f' * 32}"


@rule(
    severity=Severity.INFORMATION,
    practice="Image tagging",
    preset="hardened",
    like={"checkov": ["CKV_K8S_43"]},
    reports_absence=True,
    bad=[
        pod("«nexus:5000/shop:1.0.0»"),
        # Once a file.
        pod("«nexus:5000/shop:1.0.0»", "nexus:5000/proxy:1.0.0") + "---\n" + pod("nexus:5000/cart:1.0.0").replace(
            "{name: shop}", "{name: cart}"
        ),
    ],
    good=[
        pod(DIGEST),
        pod(DIGEST.replace("@", ":1.0.0@")),
        # Reported by moving-tag.
        pod("nexus:5000/shop:latest"),
        pod("nexus:5000/shop:${TAG}"),
        {
            "app.yaml": pod("nexus:5000/shop:1.0.0"),
            "kustomization.yaml": "resources: [app.yaml]\nimages: [{name: 'nexus:5000/shop', digest: "
            f"sha256:{'0f' * 32}}}]\n",
        },
    ],
)  # fmt: skip
def no_digest(image: ContainerImage, absence: Absence) -> Iterator[Finding]:
    """Image is not pinned to a digest.

    A tag can be pushed again, so that the same manifest runs another program. `image:1.0.0@sha256:…` names one image.
    Reported once a file, at its first image.
    """
    reference = ImageReference.parse(image.reference)
    if reference.digest or reference.variable or not reference.tag or reference.floats or not image.direct:
        return
    container = image.container
    workload = container.workload
    first = next((one for one in image.document.ask(facts_of, Pods) if one.images), None)
    if first is None or (first.kind, first.name) != (workload.kind, workload.name):
        return
    if next((one for one in workload.containers if one.role != "init"), None) is not container:
        return
    lack = absence.lack(container, _lacks, "image")
    if lack is not None:
        message = f"image `{image.reference}` is not pinned to a digest{lack.where}"
        yield Finding(image.document.content(image.scalar), message, (), lack.severity(None))


def _lacks(container: Container) -> bool | None:
    image = container.image
    return True if image is not None and image.literal and "@" not in image.value else None
