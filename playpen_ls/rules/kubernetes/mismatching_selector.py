from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import Relabelled, ServiceSelector
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.rules.kubernetes._completeness import Absence

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector:
    matchLabels:
      app: «shop»
  template:
    metadata:
      labels:
        app: shpo
    spec:
      containers: [{name: shop, image: 'nexus:5000/shop:1.0'}]
"""
PLAIN = unmarked(DEPLOYMENT)
RIGHT = PLAIN.replace("shpo", "shop")
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {selector: {app: shop}, ports: [{port: 80}]}\n"
_SELECTING = frozenset(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"))


@rule(
    severity=Severity.ERROR,
    practice="+",
    like={"kube-linter": ["mismatching-selector"]},
    reports_absence=True,
    bad=[
        example(DEPLOYMENT, fixed=RIGHT),
        example({"k8s/app.yaml": DEPLOYMENT, "k8s/service.yaml": SERVICE}, fixed=RIGHT),
        # A Service selects the pods by the label that they have.
        {"k8s/app.yaml": DEPLOYMENT, "k8s/service.yaml": SERVICE.replace("app: shop", "app: shpo")},
        DEPLOYMENT.replace("app: «shop»", "«tier»: web"),
    ],
    good=[
        RIGHT,
        # A patch; a template; labels that kustomize adds; a Job, whose selector the cluster makes.
        PLAIN.replace("      containers: [{name: shop, image: 'nexus:5000/shop:1.0'}]\n", "      replicas: 2\n"),
        PLAIN.replace("app: shpo", "app: {{ .Values.name }}"),
        PLAIN.replace("        app: shpo\n", "        <<: *labels\n"),
        {
            "app.yaml": PLAIN.replace("      app: shop", "      team: web"),
            "kustomization.yaml": "resources: [app.yaml]\nlabels: [{pairs: {team: web}, includeTemplates: true}]\n",
        },
        PLAIN.replace("apps/v1", "batch/v1").replace("kind: Deployment", "kind: Job"),
    ],
)
def mismatching_selector(
    workload: Workload, absence: Absence, relabelled: Facts[Relabelled], services: Facts[ServiceSelector]
) -> Iterator[Finding]:
    """Selector of a workload does not match the labels of its own pods.

    The API server rejects a Deployment, StatefulSet, DaemonSet or ReplicaSet whose `spec.selector.matchLabels` are not
    among the labels of its pod template. The fix changes the label of the template, since a selector cannot be changed
    once it is deployed; there is none if a Service selects the pods by that label.
    """
    if workload.group != "apps" or workload.kind not in _SELECTING:
        return
    selector = workload.node.mapping("spec", "selector", "matchLabels")
    labels = workload.pod_metadata.mapping("labels")
    if selector is None or selector.merges or labels is None or labels.merges or not absence.is_certain(workload):
        return
    document = workload.document
    for entry in selector.entries:
        key, value = entry.key, entry.value
        if not isinstance(key, Scalar) or not isinstance(value, Scalar) or not value.literal:
            continue
        own = labels.get(key.value)
        if own is not None and (not isinstance(own, Scalar) or not own.literal or own.value == value.value):
            continue
        if relabelled.having(_added, key.value):
            continue
        fixes = []
        if isinstance(own, Scalar) and not facts_everywhere(services, document, _asked, (key.value, own.value)):
            change = partial(replace_scalar, document, own, value.value)
            fixes = [Fix(f"Change label of the pods to `{key.value}: {value.value}`", change)]
        has = f"`{key.value}: {own.value}`" if isinstance(own, Scalar) else f"no label `{key.value}`"
        message = f"{workload.display_name} selects `{key.value}: {value.value}`, but its own pods have {has}"
        yield Finding(document.content(value if own is not None else key), message, tuple(fixes))


def _added(relabelled: Relabelled) -> tuple[str, ...]:
    return relabelled.labels


def _asked(service: ServiceSelector) -> tuple[tuple[str, str], ...]:
    return service.labels
