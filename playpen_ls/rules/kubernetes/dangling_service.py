from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.facts import Facts, Overlay, Pods, Relabelled
from playpen_ls.finding import Finding, Fix, Place, Severity
from playpen_ls.languages.kubernetes import Resource
from playpen_ls.languages.kubernetes.insertion import replace_scalar
from playpen_ls.languages.kubernetes.judgement import same_namespace
from playpen_ls.languages.kubernetes.links import selected
from playpen_ls.languages.kubernetes.tree import Scalar
from playpen_ls.rule import example, rule, unmarked
from playpen_ls.vocabulary.names import nearest

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector:
    app: «shopp»
  ports: [{port: 80}]
"""
PLAIN = unmarked(SERVICE)
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop, tier: web}}
    spec: {containers: [{name: shop, image: "nexus:5000/shop:1"}]}
"""


@rule(
    severity=Severity.WARNING,
    practice="+",
    like={"kube-linter": ["dangling-service"], "kube-score": ["service-targets-pod"]},
    bad=[
        example({"service.yaml": SERVICE, "app.yaml": DEPLOYMENT}, fixed=PLAIN.replace("shopp", "shop")),
        example(SERVICE + "---\n" + DEPLOYMENT, fixed=PLAIN.replace("shopp", "shop") + "---\n" + DEPLOYMENT),
        {"service.yaml": SERVICE.replace("shopp", "cart"), "app.yaml": DEPLOYMENT},
    ],
    good=[
        PLAIN,
        {"service.yaml": PLAIN.replace("shopp", "shop"), "app.yaml": DEPLOYMENT},
        {
            "service.yaml": PLAIN.replace("{name: shop}", "{name: shop, namespace: one}"),
            "app.yaml": DEPLOYMENT.replace("metadata: {name: shop}", "metadata: {name: shop, namespace: two}"),
        },
        {"service.yaml": PLAIN.replace("  selector:", "  type: ExternalName\n  selector:"), "app.yaml": DEPLOYMENT},
        {"service.yaml": PLAIN.replace("app: shopp", "cnpg.io/cluster: shop"), "app.yaml": DEPLOYMENT},
        {"service.yaml": PLAIN.replace("app: shopp", "role: shopp"), "app.yaml": DEPLOYMENT},
        {
            "service.yaml": PLAIN,
            "app.yaml": DEPLOYMENT,
            "kustomization.yaml": "resources: [app.yaml]\nlabels: [{pairs: {app: shopp}}]\n"
            "patches: [{path: x.yaml}]\n",
        },
        {"charts/x/templates/service.yaml": PLAIN, "app.yaml": DEPLOYMENT,
         "charts/x/Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n"},
    ],
)  # fmt: skip
def dangling_service(
    service: Resource, pods: Facts[Pods], relabelled: Facts[Relabelled], overlays: Facts[Overlay]
) -> Iterator[Finding]:
    """The Service selects no pod.

    Requests to it are refused. Its selector is held against the pods of all manifests of the project that may be in
    its namespace; one that a manifest does not name may be any. Silent without such pods, where none of them has a
    label of that key, for labels that operators give, and where kustomize adds the labels.
    """
    spec = service.node.mapping("spec")
    selector = spec.mapping("selector") if spec else None
    if (service.group, service.kind) != ("", "Service") or spec is None or selector is None or not selector.entries:
        return
    document = service.document
    if document.template or document.masks(selector) or spec.text("type") == "ExternalName" or selector.merges:
        return
    path = document.path
    if any(path == one or (one.endswith("/") and path.startswith(one)) for fact in overlays for one in fact.partial):
        return
    near = [one for one in (*pods, *document.neighbours.of(Pods)) if same_namespace(one.namespace, service.namespace)]
    added = {label for one in relabelled for label in one.labels}
    if not near or selected(service, pods):
        return
    for entry in selector.entries:
        if not isinstance(entry.key, Scalar) or not isinstance(entry.value, Scalar) or not entry.value.literal:
            return
        if entry.key.value in added or _is_operators(entry.key.value):
            return
    for entry in selector.entries:
        key, value = entry.key, entry.value
        if not isinstance(key, Scalar) or not isinstance(value, Scalar):
            continue
        values = sorted({worth for one in near for name, worth in one.labels if name == key.value})
        if not values or value.value in values:
            continue
        likely = nearest(value.value, values)
        fixes = (
            [Fix(f"Select `{key.value}: {likely}`", partial(replace_scalar, document, value, likely))] if likely else []
        )
        related = [Place(one.place.path, one.place.span, "these pods have another label") for one in near
                   if one.place.path and likely and (key.value, likely) in one.labels]  # fmt: skip
        message = f"no pods have the label `{key.value}: {value.value}` that `{service.name}` selects"
        yield Finding(document.content(value), message, tuple(fixes), None, tuple(related))
        return


def _is_operators(key: str) -> bool:
    """A label that a controller puts on the pods that it makes."""
    domain, slash, name = key.partition("/")
    return bool(slash) and (domain != "app.kubernetes.io" or name == "managed-by")
