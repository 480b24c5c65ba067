from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import Relabelled
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.model.resources import pairs
from playpen_ls.languages.kubernetes.parts import Resource
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._links import Selectable, selected
from playpen_ls.rules.kubernetes._selectors import is_set_by_kustomize, is_set_by_operators, likely_label

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
    reports_absence=True,
    bad=[
        example({"service.yaml": SERVICE, "app.yaml": DEPLOYMENT}, fixed=PLAIN.replace("shopp", "shop")),
        example(SERVICE + "---\n" + DEPLOYMENT, fixed=PLAIN.replace("shopp", "shop") + "---\n" + DEPLOYMENT),
        # The workload with the Service's name has another label value; the pods match all other labels.
        example(
            {"service.yaml": SERVICE.replace("shopp", "cart"), "app.yaml": DEPLOYMENT},
            fixed=PLAIN.replace("shopp", "shop"),
        ),
        # Pods with the label in another variant of the Deployment (another folder) do not count.
        example(
            {
                "dev/service.yaml": SERVICE,
                "dev/app.yaml": DEPLOYMENT,
                "prod/app.yaml": DEPLOYMENT.replace("app: shop", "app: shopp"),
            },
            fixed=PLAIN.replace("shopp", "shop"),
        ),
        # Nor do pods to which kustomize gives another namespace.
        example(
            {
                "dev/service.yaml": SERVICE,
                "dev/app.yaml": DEPLOYMENT,
                "prod/app.yaml": DEPLOYMENT.replace("app: shop", "app: shopp").replace("{name: shop}", "{name: web}"),
                "dev/kustomization.yaml": "resources: [service.yaml, app.yaml]\nnamespace: dev\n",
                "prod/kustomization.yaml": "resources: [app.yaml]\nnamespace: prod\n",
            },
            fixed=PLAIN.replace("shopp", "shop"),
        ),
        example(
            {
                "service.yaml": SERVICE.replace("app: «shopp»", "app: shop\n    tier: «cache»"),
                "app.yaml": DEPLOYMENT,
                "other.yaml": DEPLOYMENT.replace("shop", "cart").replace("web", "cache"),
            },
            fixed=PLAIN.replace("app: shopp", "app: shop\n    tier: web"),
        ),
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
        # Pods of the cluster itself, of an operator, and of a nested template in a custom resource.
        {"service.yaml": PLAIN.replace("shopp", "kube-scheduler").replace("name: shop", "name: scheduler"),
         "app.yaml": DEPLOYMENT},
        {"service.yaml": PLAIN.replace("shopp", "rook-ceph-mgr").replace("name: shop", "name: dashboard"),
         "app.yaml": DEPLOYMENT.replace("app: shop", "app: rook-ceph-mon")},
        {"service.yaml": PLAIN, "app.yaml": DEPLOYMENT, "set.yaml": "apiVersion: leaderworkerset.x-k8s.io/v1\n"
         "kind: LeaderWorkerSet\nmetadata: {name: shop}\nspec:\n  leaderWorkerTemplate:\n    leaderTemplate:\n"
         "      metadata: {labels: {app: shopp}}\n"},
        {
            "service.yaml": PLAIN,
            "app.yaml": DEPLOYMENT,
            "kustomization.yaml": "resources: [app.yaml]\nlabels: [{pairs: {app: shopp}}]\n"
            "patches: [{path: x.yaml}]\n",
        },
        # kustomize puts both into one namespace, whatever their manifests say.
        {
            "service.yaml": PLAIN.replace("{name: shop}", "{name: shop, namespace: one}").replace("shopp", "shop"),
            "app.yaml": DEPLOYMENT.replace("metadata: {name: shop}", "metadata: {name: shop, namespace: two}"),
            "near.yaml": DEPLOYMENT.replace("metadata: {name: shop}", "metadata: {name: web, namespace: one}").replace(
                "app: shop", "app: shops"
            ),
            "kustomization.yaml": "resources: [service.yaml, app.yaml, near.yaml]\nnamespace: three\n",
        },
        # The label of the pods is wrong: their own workload does not select them.
        {"service.yaml": PLAIN.replace("shopp", "shop"),
         "app.yaml": DEPLOYMENT.replace("labels: {app: shop", "labels: {app: shpo")},
        {"charts/x/templates/service.yaml": PLAIN, "app.yaml": DEPLOYMENT,
         "charts/x/Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n"},
    ],
)  # fmt: skip
def dangling_service(
    service: Resource, pods: Selectable, relabelled: Facts[Relabelled], absence: Absence
) -> Iterator[Finding]:
    """Service selects no pods.

    A Service without matching pods has no endpoints, so connections to it fail. The selector is compared with every
    pod template in the project that could be in the same namespace. A manifest without `metadata.namespace` can be
    in any namespace, unless a kustomization sets it. Operators and the cluster itself also create pods, so a Service
    is reported only if there is a likely target: pods whose label value differs by a typo, or a workload with the
    Service's name, in the same folder, that has another label value. Not reported for labels that operators set, and
    for labels that kustomize adds.
    """
    spec = service.node.mapping("spec")
    selector = spec.mapping("selector") if spec else None
    if (service.group, service.kind) != ("", "Service") or spec is None or selector is None or not selector.entries:
        return
    document = service.document
    if spec.text("type") == "ExternalName" or selector.merges:
        return
    if not absence.is_certain(service) or selected(service, pods):
        return
    asked = pairs(selector)
    if len(asked) < len(selector.entries) or any(
        is_set_by_kustomize(key, relabelled) or is_set_by_operators(key) for key in asked
    ):
        return
    for entry in selector.entries:
        key, value = entry.key, entry.value
        if not isinstance(key, Scalar) or not isinstance(value, Scalar):
            continue
        likely, meant = likely_label(service, key.value, asked, pods)
        if likely and not all(one.mislabeled for one in meant):  # then the label is reported there
            fix = Fix(f"Change selector to `{key.value}: {likely}`", partial(replace_scalar, document, value, likely))
            related = tuple(one.related(f"pods with label `{key.value}: {likely}`") for one in meant)
            instead = f"did you mean `{key.value}: {likely}` instead of `{value.value}`?"
            message = f"{service.display_name} selects no pods; {instead}"
            yield Finding(document.content(value), message, (fix,), None, related)
            return
