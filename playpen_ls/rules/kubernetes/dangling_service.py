from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial

from playpen_ls.facts import Facts, Overlay, Pods, Relabelled
from playpen_ls.finding import Finding, Fix, Severity
from playpen_ls.languages.kubernetes import Resource
from playpen_ls.languages.kubernetes.insertion import replace_scalar
from playpen_ls.languages.kubernetes.judgement import holds_parts, name_of
from playpen_ls.languages.kubernetes.links import Selectable, labels_of, selected
from playpen_ls.languages.kubernetes.resources import pairs
from playpen_ls.languages.kubernetes.tree import Scalar
from playpen_ls.rule import example, rule, unmarked
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
    absent=True,
    bad=[
        example({"service.yaml": SERVICE, "app.yaml": DEPLOYMENT}, fixed=PLAIN.replace("shopp", "shop")),
        example(SERVICE + "---\n" + DEPLOYMENT, fixed=PLAIN.replace("shopp", "shop") + "---\n" + DEPLOYMENT),
        # The pods of its own name have another label; pods that have all the other labels.
        example(
            {"service.yaml": SERVICE.replace("shopp", "cart"), "app.yaml": DEPLOYMENT},
            fixed=PLAIN.replace("shopp", "shop"),
        ),
        # A variant for another place, whose pods do have the label, is no excuse.
        example(
            {
                "dev/service.yaml": SERVICE,
                "dev/app.yaml": DEPLOYMENT,
                "prod/app.yaml": DEPLOYMENT.replace("app: shop", "app: shopp"),
            },
            fixed=PLAIN.replace("shopp", "shop"),
        ),
        # Nor is one of a namespace that kustomize gives it.
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
        # The cluster's own pods, those of an operator, and of a template deep inside of a custom object.
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
        # kustomize puts both into one namespace, whatever they say.
        {
            "service.yaml": PLAIN.replace("{name: shop}", "{name: shop, namespace: one}").replace("shopp", "shop"),
            "app.yaml": DEPLOYMENT.replace("metadata: {name: shop}", "metadata: {name: shop, namespace: two}"),
            "near.yaml": DEPLOYMENT.replace("metadata: {name: shop}", "metadata: {name: web, namespace: one}").replace(
                "app: shop", "app: shops"
            ),
            "kustomization.yaml": "resources: [service.yaml, app.yaml, near.yaml]\nnamespace: three\n",
        },
        {"charts/x/templates/service.yaml": PLAIN, "app.yaml": DEPLOYMENT,
         "charts/x/Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n"},
    ],
)  # fmt: skip
def dangling_service(
    service: Resource, pods: Selectable, relabelled: Facts[Relabelled], overlays: Facts[Overlay]
) -> Iterator[Finding]:
    """The Service selects no pod.

    Requests to it are refused. Its selector is held against the pods of all manifests of the project that may be in
    its namespace; one that a manifest does not name may be any. Operators and the cluster itself make pods that no
    manifest shows, so it is reported only where pods are at hand that it may have meant: their label is spelled
    almost alike, or the workload beside it that has the Service's name has another one. Silent for labels that
    operators give, and where kustomize adds the labels.
    """
    spec = service.node.mapping("spec")
    selector = spec.mapping("selector") if spec else None
    if (service.group, service.kind) != ("", "Service") or spec is None or selector is None or not selector.entries:
        return
    document = service.document
    if document.template or document.masks(selector) or spec.text("type") == "ExternalName" or selector.merges:
        return
    if holds_parts(document.path, overlays) or selected(service, pods):
        return
    asked = pairs(selector)
    if len(asked) < len(selector.entries) or any(relabelled.having(_added, key) or _is_operators(key) for key in asked):
        return
    for entry in selector.entries:
        key, value = entry.key, entry.value
        if not isinstance(key, Scalar) or not isinstance(value, Scalar):
            continue
        likely, meant = _likely(service, key.value, asked, pods)
        if likely:
            fix = Fix(f"Select `{key.value}: {likely}`", partial(replace_scalar, document, value, likely))
            related = tuple(one.related(f"these pods have `{key.value}: {likely}`") for one in meant)
            message = f"no pods have the label `{key.value}: {value.value}` that `{service.name}` selects"
            yield Finding(document.content(value), message, (fix,), None, related)
            return


def _likely(service: Resource, key: str, asked: dict[str, str], pods: Selectable) -> tuple[str, list[Pods]]:
    """The value that was meant, of the pods that have the other labels, and those that have it; else nothing."""
    others = {(name, worth) for name, worth in asked.items() if name != key}
    every = pods.pods
    near = every.having(labels_of, next(iter(others))) if others else _alike(service, key, asked[key], every)
    fitting = (one for one in (*near, *service.document.beside(Pods)) if others.issubset(one.labels))
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
    """Those whose label the Service may mean: a large project has too many to look at all of them for each Service."""
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
    """Of the Service's name, and beside it: what is applied together is kept together."""
    beside = not pods.place.path or posixpath.dirname(pods.place.path) == posixpath.dirname(service.document.path)
    return bool(service.name) and pods.name == service.name and bool(pods.images) and beside


def _is_operators(key: str) -> bool:
    """A label that a controller puts on the pods that it makes."""
    domain, slash, name = key.partition("/")
    return bool(slash) and (domain != "app.kubernetes.io" or name == "managed-by")
