from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import Pods, Relabelled
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere, facts_of
from playpen_ls.languages.kubernetes.model.resources import pairs
from playpen_ls.languages.kubernetes.parts import Resource
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._links import Selectable, labels_of, selected
from playpen_ls.rules.kubernetes._namespaces import name_of
from playpen_ls.vocabulary.names import near_miss

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
    if len(asked) < len(selector.entries) or any(relabelled.having(_added, key) or _is_operators(key) for key in asked):
        return
    for entry in selector.entries:
        key, value = entry.key, entry.value
        if not isinstance(key, Scalar) or not isinstance(value, Scalar):
            continue
        likely, meant = _likely(service, key.value, asked, pods)
        if likely and not all(one.mislabeled for one in meant):  # then the label is reported there
            fix = Fix(f"Change selector to `{key.value}: {likely}`", partial(replace_scalar, document, value, likely))
            related = tuple(one.related(f"pods with label `{key.value}: {likely}`") for one in meant)
            instead = f"did you mean `{key.value}: {likely}` instead of `{value.value}`?"
            message = f"{service.display_name} selects no pods; {instead}"
            yield Finding(document.content(value), message, (fix,), None, related)
            return


def _likely(service: Resource, key: str, asked: dict[str, str], pods: Selectable) -> tuple[str, list[Pods]]:
    """(the likely label value, the pods that have it) among the pods that match all other labels; ("", []) if none."""
    others = {(name, worth) for name, worth in asked.items() if name != key}
    near = (
        facts_everywhere(pods.pods, service.document, labels_of, min(others))
        if others
        else (*_alike(service, key, asked[key], pods.pods), *service.document.ask(facts_of, Pods))
    )
    fitting = (one for one in near if others.issubset(one.labels))
    values: dict[str, list[Pods]] = {}
    for one in pods.meant(service, fitting):
        for name, worth in one.labels:
            if name == key:
                values.setdefault(worth, []).append(one)
    if asked[key] in values:
        return "", []
    named = {worth for worth, those in values.items() if any(_is_namesake(one, service) for one in those)}
    likely = near_miss(asked[key], values) or (named.pop() if len(named) == 1 else "")
    return (likely, values[likely]) if likely else ("", [])


def _alike(service: Resource, key: str, value: str, pods: Facts[Pods]) -> list[Pods]:
    """Candidates with a similar label or the Service's name; comparing all pods of a large project would be slow."""
    found = {*pods.having(_ends, _begin(key, value)), *pods.having(_ends, _end(key, value))}
    return sorted(
        found.union(pods.having(name_of, service.name)), key=lambda one: (one.place.path, one.place.span.start)
    )


def _ends(pods: Pods) -> Iterator[tuple[str, ...]]:
    for name, worth in pods.labels:
        yield _begin(name, worth)
        yield _end(name, worth)


def _begin(name: str, worth: str) -> tuple[str, ...]:
    return name, "begins", worth[:2]


def _end(name: str, worth: str) -> tuple[str, ...]:
    return name, "ends", worth[-2:]


def _added(relabelled: Relabelled) -> tuple[str, ...]:
    return relabelled.labels


def _is_namesake(pods: Pods, service: Resource) -> bool:
    """Has the Service's name and is in the same folder: what is applied together is usually kept together."""
    beside = not pods.place.path or posixpath.dirname(pods.place.path) == posixpath.dirname(service.document.path)
    return bool(service.name) and pods.name == service.name and bool(pods.images) and beside


def _is_operators(key: str) -> bool:
    """A label that a controller sets on the pods that it creates."""
    domain, slash, name = key.partition("/")
    return bool(slash) and (domain != "app.kubernetes.io" or name == "managed-by")
