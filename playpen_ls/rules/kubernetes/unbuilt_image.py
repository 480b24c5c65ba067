from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import ImagePushed, Overlay, TagComputed, repository_of, tagged_by
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.parts import ContainerImage
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: nexus:5000/shop:«1.1.0»
"""
ANY = ""  # not a valid image name
PLAIN = unmarked(DEPLOYMENT)
PUSHES = "node {\n    sh 'docker build -t nexus:5000/shop:1.2.0 .'\n    sh 'docker push nexus:5000/shop:1.2.0'\n}\n"


@rule(
    severity=Severity.WARNING,
    practice="Image tagging",
    reports_absence=True,
    bad=[
        example({"k8s/app.yaml": DEPLOYMENT, "Jenkinsfile": PUSHES}, fixed=PLAIN.replace("1.1.0", "1.2.0")),
        example(
            {"k8s/app.yaml": DEPLOYMENT.replace("image: ", "image: '").replace("»", "»'"), "Jenkinsfile": PUSHES},
            fixed=PLAIN.replace("nexus:5000/shop:1.1.0", "'nexus:5000/shop:1.2.0'"),
        ),
    ],
    good=[
        PLAIN,
        {"k8s/app.yaml": PLAIN.replace("1.1.0", "1.2.0"), "Jenkinsfile": PUSHES},
        {"k8s/app.yaml": PLAIN.replace("1.1.0", "${TAG}"), "Jenkinsfile": PUSHES},
        {"k8s/app.yaml": PLAIN.replace("1.1.0", "latest"), "Jenkinsfile": PUSHES},
        {"k8s/app.yaml": PLAIN, "Jenkinsfile": PUSHES.replace(":1.2.0", ":1.2.${BUILD_NUMBER}")},
        {"k8s/app.yaml": PLAIN, "Jenkinsfile": PUSHES, "old/Jenkinsfile": PUSHES.replace("1.2.0", "1.3.0")},
        {
            "k8s/app.yaml": PLAIN,
            "Jenkinsfile": PUSHES + "node { sh 'kubectl set image deployment/shop shop=nexus:5000/shop:1.2.0' }\n",
        },
        {"k8s/app.yaml": PLAIN.replace("nexus:5000/shop", "nexus:5000/cart"), "Jenkinsfile": PUSHES},
        {
            "k8s/app.yaml": PLAIN,
            "Jenkinsfile": PUSHES,
            "k8s/kustomization.yaml": "resources: [app.yaml]\nimages: [{name: 'nexus:5000/shop', newTag: 1.2.0}]\n",
        },
    ],
)
def unbuilt_image(
    image: ContainerImage, pushed: Facts[ImagePushed], computed: Facts[TagComputed], overlays: Facts[Overlay]
) -> Iterator[Finding]:
    """Image tag differs from the tag that the pipeline pushes.

    The deployed image is not the one that the pipeline builds. Reported only if exactly one pipeline pushes the image,
    with exactly one literal tag, and nothing sets the tag later (`kubectl set image`, `sed`, `envsubst`, kustomize,
    Helm).
    """
    value = image.scalar.value
    reference = ImageReference.parse(value)
    if not reference.tag or reference.tag == "latest" or reference.digest or reference.variable:
        return
    if image.document.template or not image.direct:
        return
    mine = [
        *pushed.having(repository_of, reference.repository),
        *pushed.having(_may_be, ANY),
        *pushed.having(_may_be, reference.base),
    ]
    pipelines = {one.place.path for one in mine}
    tags = {ImageReference.parse(one.reference).tag for one in mine}
    if len(pipelines) != 1 or len(tags) != 1 or reference.tag in tags:
        return
    (tag,) = tags
    if not tag or tag == "latest" or ImageReference.parse(mine[0].reference).variable:
        return
    if any(one.place.path in pipelines for one in computed):
        return
    if any(overlays.having(tagged_by, name) for name in (reference.repository, reference.name, reference.base)):
        return
    document, at = image.document, reference.tag_span
    fix = Fix(
        f"Change tag to `{tag}` (pushed by the pipeline)",
        lambda: replace_scalar(document, image.scalar, reference.retagged(tag)),
    )
    span: Span = document.part(image.scalar, at.start, at.end)
    related = Place(mine[0].place.path, mine[0].place.span, "the image is pushed here")
    message = f"image `{reference.repository}` uses tag `{reference.tag}`, but the pipeline pushes tag `{tag}`"
    yield Finding(span, message, (fix,), None, (related,))


def _may_be(pushed: ImagePushed) -> tuple[str, ...]:
    """The last path segment of a reference with variables, or ANY if that is a variable; () without variables."""
    other = ImageReference.parse(pushed.reference)
    return () if not other.variable else (ANY,) if "$" in other.base else (other.base,)
