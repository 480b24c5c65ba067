from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import Autoscaler
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import remove_entry
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._namespaces import Namespaces, name_of

SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  maxReplicas: 3
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: «2»
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: 'nexus:5000/shop:1.0.0'}]}
"""
PLAIN = unmarked(DEPLOYMENT)
RIGHT = PLAIN.replace("  replicas: 2\n", "")


@rule(
    severity=Severity.WARNING,
    practice="Resource limits",
    like={"kube-score": ["deployment-targeted-by-hpa-does-not-have-replicas-configured"]},
    reports_absence=True,
    bad=[
        example({"app.yaml": DEPLOYMENT, "scaler.yaml": SCALER}, fixed=RIGHT),
        example(DEPLOYMENT + "---\n" + SCALER, fixed=RIGHT + "---\n" + SCALER),
        example(
            {"app.yaml": DEPLOYMENT, "scaler.yaml": SCALER,
             "kustomization.yaml": "resources: [app.yaml, scaler.yaml]\n"},
            fixed=RIGHT,
        ),
    ],
    good=[
        PLAIN,
        {"app.yaml": RIGHT, "scaler.yaml": SCALER},
        {"app.yaml": PLAIN.replace("replicas: 2", "replicas: 0"), "scaler.yaml": SCALER},
        {"app.yaml": PLAIN, "scaler.yaml": SCALER.replace("name: shop}\n  max", "name: cart}\n  max")},
        {"app.yaml": PLAIN, "scaler.yaml": SCALER.replace("kind: Deployment", "kind: StatefulSet")},
        # An overlay adds the autoscaler; another one does without.
        {"base/app.yaml": PLAIN, "production/scaler.yaml": SCALER},
        {"app.yaml": PLAIN, "scaler.yaml": SCALER,
         "kustomization.yaml": "resources: [app.yaml, scaler.yaml]\n"
         "patches: [{target: {kind: Deployment}, patch: '[{op: remove, path: /spec/replicas}]'}]\n"},
    ],
)  # fmt: skip
def replicas_under_autoscaler(
    workload: Workload, scalers: Facts[Autoscaler], absence: Absence, namespaces: Namespaces
) -> Iterator[Finding]:
    """Workload sets `replicas`, although an autoscaler controls them.

    Each `kubectl apply` resets the number that the HorizontalPodAutoscaler has chosen. After the fix, the next one sets
    it to 1 once, until the autoscaler acts; `kubectl edit` of the last applied configuration avoids that. Reported if
    the autoscaler is in the same folder. `replicas: 0` turns it off.
    """
    spec = workload.node.mapping("spec")
    value = spec.scalar("replicas") if spec is not None else None
    if spec is None or value is None or not value.value.isdecimal() or int(value.value) == 0:
        return
    if workload.document.template or workload.kind not in ("Deployment", "StatefulSet", "ReplicaSet"):
        return
    folder = posixpath.dirname(workload.document.path)
    near = [
        one for one in facts_everywhere(scalers, workload.document, name_of, workload.name)
        if one.kind == workload.kind and namespaces.share(one, workload)
        and posixpath.dirname(one.place.path or workload.document.path) == folder
    ]  # fmt: skip
    if not near:
        return
    lack = absence.lack(workload, _sets_replicas)
    if lack is not None:
        title = "Remove `replicas` (the next `kubectl apply` sets 1 once, until the autoscaler acts)"
        fix = Fix(title, partial(remove_entry, workload.document, spec, "replicas"))
        message = f"{workload.display_name} sets `replicas`, which its HorizontalPodAutoscaler controls{lack.where}"
        related = tuple(one.related("the HorizontalPodAutoscaler is defined here") for one in near)
        yield Finding(workload.document.content(value), message, lack.fixes([fix]), None, related)


def _sets_replicas(workload: Workload) -> bool | None:
    spec = workload.node.mapping("spec")
    return True if spec is not None and spec.text("replicas") not in ("", "0") else None
