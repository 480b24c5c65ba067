from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import unmarked
from playpen_ls.api.fact_types import Autoscaler, Pods
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.parts import Resource
from playpen_ls.rules.kubernetes._builds import Builds
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._links import Selectable
from playpen_ls.rules.kubernetes._namespaces import name_of
from playpen_ls.rules.kubernetes._selectors import known_labels, pods_with

BUDGET = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop}
spec:
  minAvailable: «2»
  selector: {matchLabels: {app: shop}}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: 'nexus:5000/shop:1.0.0'}]}
"""
SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  minReplicas: 3
  maxReplicas: 5
"""
PLAIN = unmarked(BUDGET)
ONE = DEPLOYMENT.replace("  replicas: 2\n", "")


@rule(
    severity=Severity.WARNING,
    practice="+",
    like={
        "kube-linter": ["pdb-max-unavailable", "pdb-min-available"],
        "polaris": ["pdbMinAvailableGreaterThanHPAMinReplicas"],
    },
    reports_absence=True,
    bad=[
        BUDGET + "---\n" + DEPLOYMENT,
        {"budget.yaml": BUDGET.replace("«2»", "«1»"), "app.yaml": ONE},
        {"budget.yaml": BUDGET.replace("«2»", "«50%»"), "app.yaml": ONE},
        {"budget.yaml": BUDGET.replace("«2»", "«3»"), "app.yaml": DEPLOYMENT, "scaler.yaml": SCALER},
        PLAIN.replace("minAvailable: 2", "maxUnavailable: «0»"),
        PLAIN.replace("minAvailable: 2", "maxUnavailable: «0%»"),
        PLAIN.replace("minAvailable: 2", "minAvailable: «100%»"),
    ],
    good=[
        PLAIN,
        {"budget.yaml": PLAIN.replace("2", "1"), "app.yaml": DEPLOYMENT},
        {"budget.yaml": PLAIN.replace("2", "50%"), "app.yaml": DEPLOYMENT},
        {"budget.yaml": PLAIN, "app.yaml": DEPLOYMENT, "scaler.yaml": SCALER},
        {"budget.yaml": PLAIN.replace("minAvailable: 2", "maxUnavailable: 1"), "app.yaml": ONE},
        # Several workloads count together.
        {"budget.yaml": PLAIN, "app.yaml": DEPLOYMENT, "more.yaml": DEPLOYMENT.replace("name: shop", "name: more")},
        # An overlay can change the number of replicas.
        {"budget.yaml": PLAIN, "app.yaml": DEPLOYMENT, "kustomization.yaml": "resources: [app.yaml]\nreplicas: []\n"},
        PLAIN.replace("minAvailable: 2", "minAvailable: {{ .Values.least }}") + "---\n" + DEPLOYMENT,
        PLAIN + "---\n" + DEPLOYMENT.replace("replicas: 2", "replicas: 0"),
    ],
)  # fmt: skip
def blocking_disruption_budget(
    resource: Resource, absence: Absence, pods: Selectable, scalers: Facts[Autoscaler], builds: Builds
) -> Iterator[Finding]:
    """PodDisruptionBudget lets no pod go.

    `kubectl drain` then waits until somebody deletes the budget or the pods, so that nodes cannot be updated. With
    `maxUnavailable: 0`, `minAvailable: 100%`, or a `minAvailable` of at least the number of replicas: that of the
    workloads that the budget selects, the `minReplicas` of their autoscalers, or 1. A percentage is rounded up.
    """
    spec = resource.node.mapping("spec")
    if (resource.group, resource.kind) != ("policy", "PodDisruptionBudget") or spec is None:
        return
    most, least = spec.scalar("maxUnavailable"), spec.scalar("minAvailable")
    document, message = resource.document, f"{resource.display_name} lets no pod go"
    if most is not None and most.value in ("0", "0%"):
        yield Finding(document.content(most), f"{message}: `maxUnavailable` is {most.value}")
    elif least is not None and least.value == "100%":
        yield Finding(document.content(least), f"{message}: `minAvailable` is 100%")
    elif least is not None and absence.is_certain(resource):
        total = _replicas(resource, pods, scalers, builds)
        if total and (needed := _needed(least.value, total)) is not None and needed >= total:
            number = "1 replica" if total == 1 else f"{total} replicas"
            yield Finding(document.content(least), f"{message}: `minAvailable` is {least.value} of {number}")


def _needed(written: str, total: int) -> int | None:
    if written.endswith("%") and written[:-1].isdecimal():
        return -(-int(written[:-1]) * total // 100)
    return int(written) if written.isdecimal() and int(written) else None


def _replicas(budget: Resource, pods: Selectable, scalers: Facts[Autoscaler], builds: Builds) -> int | None:
    """The number of pods that the budget selects, as far as it is known."""
    spec = budget.node.mapping("spec")
    labels = known_labels(spec.mapping("selector") if spec is not None else None)
    total = 0
    for one in pods_with(budget, labels, pods) if labels else ():
        own = _of(one, budget, pods, scalers)
        if own is None or builds.of(one.place.path or budget.document.path):
            return None
        total += own
    return total


def _of(workload: Pods, budget: Resource, pods: Selectable, scalers: Facts[Autoscaler]) -> int | None:
    for one in facts_everywhere(scalers, budget.document, name_of, workload.name):
        if one.kind == workload.kind and pods.namespaces.share(one, budget):
            return one.least
    return workload.replicas
