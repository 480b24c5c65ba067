from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import Pods, Relabelled
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.model.queries import facts_of
from playpen_ls.languages.kubernetes.parts import Resource
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._links import Selectable
from playpen_ls.rules.kubernetes._selectors import (
    is_set_by_kustomize,
    is_set_by_operators,
    known_labels,
    likely_label,
    pods_with,
)
from playpen_ls.rules.kubernetes._volumes import is_trial

BUDGET = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop-budget}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app: «shpo»
"""
PLAIN = unmarked(BUDGET)
RIGHT = PLAIN.replace("shpo", "shop")
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: database}
spec:
  podSelector: {matchLabels: {app: «db»}}
  ingress: [{from: [{podSelector: {matchLabels: {app: shop}}}]}]
"""
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
_SELECTORS = {("policy", "PodDisruptionBudget"): "selector", ("networking.k8s.io", "NetworkPolicy"): "podSelector"}


@rule(
    severity=Severity.WARNING,
    practice="+",
    like={"kube-linter": ["dangling-networkpolicy"], "kube-score": ["networkpolicy-targets-pod"]},
    reports_absence=True,
    bad=[
        example({"budget.yaml": BUDGET, "app.yaml": DEPLOYMENT}, fixed=RIGHT),
        example(BUDGET + "---\n" + DEPLOYMENT, fixed=RIGHT + "---\n" + DEPLOYMENT),
        POLICY + "---\n" + DEPLOYMENT,
        {"a/policy.yaml": POLICY + "---\n" + DEPLOYMENT, "b/app.yaml": DEPLOYMENT.replace("shop", "cart")},
    ],
    good=[
        {"budget.yaml": RIGHT, "app.yaml": DEPLOYMENT},
        # The pods can be those of an operator, of a chart or of another repository.
        PLAIN,
        {"policy.yaml": unmarked(POLICY), "app.yaml": DEPLOYMENT},
        {"tests/policy.yaml": unmarked(POLICY) + "---\n" + DEPLOYMENT},
        {"policy.yaml": unmarked(POLICY) + "---\n" + DEPLOYMENT, "db.yaml": DEPLOYMENT.replace("shop", "db")},
        unmarked(POLICY).replace("{matchLabels: {app: db}}", "{}") + "---\n" + DEPLOYMENT,
        unmarked(POLICY).replace("app: db", "cnpg.io/cluster: db") + "---\n" + DEPLOYMENT,
        unmarked(POLICY).replace("matchLabels: {app: db}", "matchExpressions: [{key: app, operator: Exists}]")
        + "---\n" + DEPLOYMENT,
        PLAIN.replace("name: shop-budget", "name: shop-budget, namespace: one") + "---\n"
        + DEPLOYMENT.replace("{name: shop}", "{name: shop, namespace: two}"),
        {"budget.yaml": PLAIN, "app.yaml": DEPLOYMENT,
         "kustomization.yaml": "resources: [budget.yaml]\ncommonLabels: {app: shop}\n"},
    ],
)  # fmt: skip
def dangling_selector(
    resource: Resource, pods: Selectable, relabelled: Facts[Relabelled], absence: Absence
) -> Iterator[Finding]:
    """PodDisruptionBudget or NetworkPolicy selects no pods.

    It then protects nothing. Operators and charts also create pods, so it is reported only if there is a likely target,
    as in `kubernetes/dangling-service`, or if the file, outside of folders for tests and examples, has workloads of the
    namespace and no pods of the project have the labels. An empty selector selects all pods. Not reported for labels
    that operators set, and for labels that kustomize adds.
    """
    key = _SELECTORS.get((resource.group, resource.kind))
    spec = resource.node.mapping("spec")
    selector = spec.mapping(key) if key and spec is not None else None
    labels = known_labels(selector)
    if selector is None or not labels or not absence.is_certain(resource):
        return
    if any(is_set_by_kustomize(one, relabelled) or is_set_by_operators(one) for one in labels):
        return
    if pods_with(resource, labels, pods):
        return
    document = resource.document
    message = f"{resource.display_name} selects no pods"
    entries = selector.mapping("matchLabels").entries  # type: ignore[union-attr]
    for entry in entries:
        label, value = entry.key, entry.value
        if not isinstance(label, Scalar) or not isinstance(value, Scalar):
            continue
        likely, meant = likely_label(resource, label.value, labels, pods)
        if likely:
            fix = Fix(f"Change selector to `{label.value}: {likely}`", partial(replace_scalar, document, value, likely))
            related = tuple(one.related(f"pods with label `{label.value}: {likely}`") for one in meant)
            yield Finding(
                document.content(value), f"{message}; did you mean `{label.value}: {likely}`?", (fix,), None, related
            )
            return
    if is_trial(document.path):
        return
    beside = [one for one in document.ask(facts_of, Pods) if pods.namespaces.include(one.namespace, "", resource)]
    value = entries[0].value
    if isinstance(value, Scalar) and beside and all(one.images for one in beside):
        asked = ", ".join(f"`{name}: {worth}`" for name, worth in labels.items())
        yield Finding(document.content(value), f"{message}: none of the project have {asked}")
