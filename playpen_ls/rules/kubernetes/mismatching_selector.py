from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import Relabelled, ServiceSelector
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import put_before, replace_scalar
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._selectors import is_set_by_kustomize

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
SELECTOR = "  selector:\n    matchLabels:\n      app: shop\n"
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
        DEPLOYMENT.replace(
            "matchLabels:\n      app: «shop»", "matchExpressions:\n      - {key: «app», operator: In, values: [shop]}"
        ),
        RIGHT.replace(
            "    matchLabels", "    matchExpressions: [{key: «app», operator: DoesNotExist}]\n    matchLabels"
        ),
        example(
            RIGHT.replace(SELECTOR, "").replace("{name: shop}", "{name: «shop»}", 1),
            fixed=RIGHT.replace(SELECTOR, "  selector:\n    matchLabels:\n      app: shop\n"),
        ),
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
        RIGHT.replace(
            "    matchLabels",
            "    matchExpressions: [{key: app, operator: In, values: [shop, cart]},"
            " {key: app, operator: Exists}, {key: tier, operator: NotIn, values: [web]}]\n    matchLabels",
        ),
        # Without a selector it can be a patch: of what a kustomization lists, or without an image or labels.
        RIGHT.replace(SELECTOR, "").replace("      labels:\n        app: shop\n", "      annotations: {a: b}\n"),
        {
            "app.yaml": RIGHT.replace(SELECTOR, ""),
            "kustomization.yaml": "resources: [app.yaml]\ncommonLabels: {team: web}\n",
        },
        {
            "app.yaml": RIGHT.replace(SELECTOR, ""),
            "kustomization.yaml": "resources: [base]\npatches: [{path: app.yaml}]\n",
        },
    ],
)
def mismatching_selector(
    workload: Workload, absence: Absence, relabelled: Facts[Relabelled], services: Facts[ServiceSelector]
) -> Iterator[Finding]:
    """Workload has no selector, or one that does not match the labels of its own pods.

    The API server rejects a Deployment, StatefulSet, DaemonSet or ReplicaSet whose `spec.selector` is missing, or does
    not match the labels of its pod template. The fix changes the label of the template, since a selector cannot be
    changed once it is deployed; there is none if a Service selects the pods by that label. A missing selector is
    reported only in a file that no kustomization lists, since the object can be a patch of another one.
    """
    if workload.group != "apps" or workload.kind not in _SELECTING:
        return
    labels = workload.pod_metadata.mapping("labels")
    if labels is None or labels.merges:
        return
    spec = workload.node.mapping("spec")
    if spec is not None and spec.get("selector") is None:
        yield from _absent(workload, spec, absence, relabelled)
        return
    if not absence.is_certain(workload):
        return
    yield from _unequal(workload, labels, relabelled, services)
    for one in workload.node.mapping("spec", "selector").mappings("matchExpressions"):  # type: ignore[union-attr]
        key = one.scalar("key")
        if (
            key is None
            or not key.literal
            or is_set_by_kustomize(key.value, relabelled)
            or _matches(one, labels, key.value)
        ):
            continue
        own = labels.scalar(key.value)
        has = f"`{key.value}: {own.value}`" if own is not None else f"no label `{key.value}`"
        asked = f"`{key.value}` {one.text('operator')} {[word.value for word in one.scalars('values')] or ''}".rstrip()
        message = f"{workload.display_name} selects {asked}, but its own pods have {has}"
        yield Finding(workload.document.content(key), message)


def _absent(workload: Workload, spec: Mapping, absence: Absence, relabelled: Facts[Relabelled]) -> Iterator[Finding]:
    own = workload.pod_labels
    complete = workload.name and own and all(one.image is not None and one.name for one in workload.containers)
    if workload.node.text("apiVersion") != "apps/v1" or not complete or not workload.containers or spec.merges:
        return
    if not relabelled.items and absence.is_unchanged(workload):
        change = partial(put_before, workload.document, spec, "selector", {"matchLabels": own}, ("template",))
        fix = Fix("Select the pods by their labels", change)
        yield Finding(workload.name_span, f"{workload.display_name} has no `selector`", (fix,))


def _unequal(
    workload: Workload, labels: Mapping, relabelled: Facts[Relabelled], services: Facts[ServiceSelector]
) -> Iterator[Finding]:
    """The `matchLabels` that the pods do not have."""
    selector = workload.node.mapping("spec", "selector", "matchLabels")
    document = workload.document
    for entry in selector.entries if selector is not None and not selector.merges else ():
        key, value = entry.key, entry.value
        if not isinstance(key, Scalar) or not isinstance(value, Scalar) or not value.literal:
            continue
        own = labels.get(key.value)
        if own is not None and (not isinstance(own, Scalar) or not own.literal or own.value == value.value):
            continue
        if is_set_by_kustomize(key.value, relabelled):
            continue
        fixes = []
        if isinstance(own, Scalar) and not facts_everywhere(services, document, _asked, (key.value, own.value)):
            change = partial(replace_scalar, document, own, value.value)
            fixes = [Fix(f"Change label of the pods to `{key.value}: {value.value}`", change)]
        has = f"`{key.value}: {own.value}`" if isinstance(own, Scalar) else f"no label `{key.value}`"
        message = f"{workload.display_name} selects `{key.value}: {value.value}`, but its own pods have {has}"
        yield Finding(document.content(value if own is not None else key), message, tuple(fixes))


def _matches(expression: Mapping, labels: Mapping, key: str) -> bool:
    """Whether the labels match, or it is not known."""
    value, words = labels.get(key), expression.scalars("values")
    own = value.value if isinstance(value, Scalar) and value.literal else ""
    if not all(word.literal for word in words) or (value is not None and not own):
        return True
    match expression.text("operator"):
        case "In":
            return value is not None and own in {word.value for word in words}
        case "NotIn":
            return value is None or own not in {word.value for word in words}
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return True


def _asked(service: ServiceSelector) -> tuple[tuple[str, str], ...]:
    return service.labels
