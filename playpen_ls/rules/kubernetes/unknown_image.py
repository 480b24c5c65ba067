from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.parts import ContainerImage
from playpen_ls.rules.kubernetes._links import Images

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
    - name: cart
      image: nexus:5000/shop/cart:1.0
    - name: user
      image: nexus:5000/shop/user:1.0
    - name: orders
      image: nexus:5000/shop/«ordres»:1.0
"""
PLAIN = unmarked(POD)
BUILDS = "".join(f"docker build -t nexus:5000/shop/{name} {name}\n" for name in ("cart", "user", "orders"))
PROJECT = {"build.sh": BUILDS, **{f"{name}/Dockerfile": "FROM x\n" for name in ("cart", "user", "orders")}}


@rule(
    severity=Severity.WARNING,
    practice="Image tagging",
    reports_absence=True,
    bad=[example({"k8s/app.yaml": POD, **PROJECT}, fixed=PLAIN.replace("ordres", "orders"))],
    good=[
        {"k8s/app.yaml": PLAIN.replace("ordres", "orders"), **PROJECT},
        {"k8s/app.yaml": PLAIN.replace("ordres", "payment"), **PROJECT},
        {"k8s/app.yaml": PLAIN.replace("shop/ordres", "mirror/ordres"), **PROJECT},
        {"k8s/app.yaml": PLAIN, **PROJECT, "k8s/other.yaml": PLAIN.replace("ordres", "orders")},
        {"k8s/app.yaml": PLAIN, **PROJECT, "ordres/Dockerfile": "FROM x\n"},
        {"k8s/app.yaml": PLAIN, "orders/Dockerfile": "FROM x\n"},
        {"k8s/app.yaml": PLAIN.replace("ordres", "order2"), **PROJECT},
    ],
)
def unknown_image(image: ContainerImage, images: Images) -> Iterator[Finding]:
    """Image has a name that nothing builds, but a similar name is built.

    The image cannot be pulled, or an old one is used. Reported only if pipelines, compose files or scripts of the
    project build at least three images of the same account, two of which manifests use, and the name differs by a typo
    from exactly one that no manifest uses.
    """
    container, document = image.container, image.document
    if not image.direct or document.template:
        return
    uses = images.uses(container)
    found = images.linker(document).meant(uses[0]) if len(uses) == 1 else None
    if found is None:
        return
    name, built = found
    value, written = image.scalar.value, uses[0].image
    base = written.partition("@")[0].rpartition("/")[2].partition(":")[0]
    start = value.rfind(base)
    change = partial(replace_scalar, document, image.scalar, value[:start] + name + value[start + len(base) :])
    related = Place(built.place.path, built.place.span, f"image `{name}` is built here")
    message = (
        f"image `{base}` of {container.display_name} is not built by anything in the project; did you mean `{name}`?"
    )
    fixes = (Fix(f"Change image to `{name}`", change),)
    yield Finding(document.part(image.scalar, start, start + len(base)), message, fixes, None, (related,))
