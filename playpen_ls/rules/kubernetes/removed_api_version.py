from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import put, put_before, replace_entry, replace_scalar
from playpen_ls.languages.kubernetes.model.queries import text_around
from playpen_ls.languages.kubernetes.parts import Resource, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.languages.kubernetes.syntax.writer import Value
from playpen_ls.rules.kubernetes._api_versions import REMOVED, Removed
from playpen_ls.rules.kubernetes._builds import Builds
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

CRON = """\
apiVersion: «batch/v1beta1»
kind: CronJob
metadata: {name: report}
spec:
  schedule: "0 2 * * *"
"""
DEPLOYMENT = """\
apiVersion: «extensions/v1beta1»
kind: Deployment
metadata:
  name: shop
spec:
  template:
    metadata:
      labels:
        app: shop
    spec:
      containers:
        - name: shop
          image: nexus:5000/shop:1.0.0
"""
INGRESS = """\
apiVersion: «networking.k8s.io/v1beta1»
kind: Ingress
metadata:
  name: shop
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            backend:
              serviceName: shop
              servicePort: 80
"""
BUDGET = """\
apiVersion: «policy/v1beta1»
kind: PodDisruptionBudget
metadata: {name: shop}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: shop}}
"""
CRD = (
    "apiVersion: «apiextensions.k8s.io/v1beta1»\nkind: CustomResourceDefinition\nmetadata: {name: shops.example.com}\n"
)
_CHOOSES = regex(r"\{\{[^}]*(?:Capabilities|semver|kubeVersion|apiVersion)", re.IGNORECASE)


@rule(
    severity=Severity.ERROR,
    practice="+",
    tag="deprecated",
    needs_index=False,
    like={"kube-linter": ["no-extensions-v1beta"], "kube-score": ["stable-version"]},
    bad=[
        example(CRON, fixed=unmarked(CRON).replace("batch/v1beta1", "batch/v1")),
        example(
            DEPLOYMENT,
            fixed=unmarked(DEPLOYMENT)
            .replace("extensions/v1beta1", "apps/v1")
            .replace("spec:\n  template", "spec:\n  selector:\n    matchLabels:\n      app: shop\n  template"),
        ),
        example(
            INGRESS,
            fixed=unmarked(INGRESS)
            .replace("v1beta1", "v1")
            .replace("path: /\n", "path: /\n            pathType: ImplementationSpecific\n")
            .replace(
                "serviceName: shop\n              servicePort: 80",
                "service:\n                name: shop\n                port:\n                  number: 80",
            ),
        ),
        example(BUDGET, fixed=unmarked(BUDGET).replace("v1beta1", "v1")),
        # In policy/v1, an empty selector selects all pods instead of none.
        BUDGET.replace("{matchLabels: {app: shop}}", "{}"),
        CRD,
        "{{- if .Values.nightly }}\n" + CRON + "{{- end }}\n",
    ],
    good=[
        unmarked(CRON).replace("v1beta1", "v1"),
        # Served for newer kinds, and kinds of other groups.
        "apiVersion: storage.k8s.io/v1beta1\nkind: VolumeAttributesClass\nmetadata: {name: fast}\n",
        "apiVersion: networking.k8s.io/v1beta1\nkind: ServiceCIDR\nmetadata: {name: more}\n",
        "apiVersion: networking.istio.io/v1beta1\nkind: Gateway\nmetadata: {name: shop}\n",
        "apiVersion: batch.tutorial.kubebuilder.io/v1beta1\nkind: CronJob\nmetadata: {name: sample}\n",
        # A chart that asks what the cluster serves.
        '{{- if .Capabilities.APIVersions.Has "batch/v1" }}\napiVersion: batch/v1\n{{- else }}\n'
        + unmarked(CRON).replace("\nkind", "\n{{- end }}\nkind"),
        '{{- if semverCompare "<1.21-0" (include "kube" .) }}\n' + unmarked(CRON) + "{{- end }}\n",
    ],
)
def removed_api_version(resource: Resource, builds: Builds) -> Iterator[Finding]:
    """API version is no longer served by Kubernetes.

    The API server rejects an object of a version that it does not serve: "no matches for kind". The table is that of
    the [deprecated API migration guide](https://kubernetes.io/docs/reference/using-api/deprecation-guide). The fix is
    safe where the schema and the meaning of the new version are the same, and no kustomization lists the file: its
    patches name the version of the object. For Deployments, StatefulSets and Ingresses the fix also writes what
    the new version requires: the selector, `pathType` and the new form of the backends. Not reported in a template
    that asks which versions the cluster serves.
    """
    version = resource.node.scalar("apiVersion")
    if version is None or not version.literal:
        return
    removed = REMOVED.get((version.value, resource.kind))
    if removed is None or _chooses(resource, version):
        return
    instead = f"; use `{removed.now}`" if removed.now else ", without a successor"
    message = f"`{version.value}` of {resource.display_name} is not served since Kubernetes {removed.release}{instead}"
    if resource.kind == "PodDisruptionBudget" and removed.now and _is_empty(resource):
        message += ", in which an empty selector selects all pods of the namespace instead of none"
    yield Finding(resource.document.content(version), message, tuple(_fixes(resource, version, removed, builds)))


def _chooses(resource: Resource, version: Scalar) -> bool:
    """Whether a template chooses the version by what the cluster serves."""
    document = resource.document
    if not document.template:
        return False
    last = resource.node.entries[-1].key
    return document.depends(version, last) or bool(_CHOOSES.search(document.ask(text_around)[0]))


def _fixes(resource: Resource, version: Scalar, removed: Removed, builds: Builds) -> Iterator[Fix]:
    kind, document = resource.kind, resource.document
    if document.template or not removed.now:
        return
    title = f"Use `{removed.now}`"
    if removed.same or (kind == "PodDisruptionBudget" and _selects(resource)):
        known = builds.kustomized.complete and not document.parsed.patches
        safe = known and not builds.of(document.path)
        yield Fix(title, lambda: replace_scalar(document, version, removed.now), safe=safe)
    elif isinstance(resource, Workload):
        workload = resource
        adding = "" if resource.node.mapping("spec", "selector") else ", and select the pods by their labels"
        yield Fix(title + adding, lambda: _as_workload(workload, version, removed.now))
    elif kind == "Ingress":
        yield Fix(f"{title}, and rewrite the backends", lambda: _as_ingress(resource, version, removed.now))


def _is_empty(budget: Resource) -> bool:
    selector = budget.node.mapping("spec", "selector")
    return selector is not None and not selector.entries


def _selects(budget: Resource) -> bool:
    selector = budget.node.mapping("spec", "selector")
    return selector is not None and bool(selector.entries)


def _as_workload(workload: Workload, version: Scalar, now: str) -> list[Edit]:
    document, spec = workload.document, workload.node.mapping("spec")
    for key in ("rollbackTo", "templateGeneration"):
        if spec is not None and spec.get(key) is not None:
            raise Refused(f"`{key}` does not exist in `{now}`")
    edits = replace_scalar(document, version, now)
    if spec is not None and spec.mapping("selector") is None:
        labels = workload.pod_labels
        if not labels:
            raise Refused("the pods have no labels that a selector could name")
        edits += put_before(document, spec, "selector", {"matchLabels": labels}, ("template",))
    return edits


def _as_ingress(ingress: Resource, version: Scalar, now: str) -> list[Edit]:
    document, spec = ingress.document, ingress.node.mapping("spec")
    edits = replace_scalar(document, version, now)
    if spec is None:
        return edits
    if (backend := spec.mapping("backend")) is not None:
        edits += replace_entry(document, spec, "backend", "defaultBackend", _backend(ingress, backend))
    for one in spec.mappings("rules"):
        for path in (one.mapping("http") or spec).mappings("paths"):
            target = path.mapping("backend")
            if target is None:
                raise Refused("a path has no backend")
            if path.get("pathType") is None:
                edits += put(document, path, ("pathType",), "ImplementationSpecific", ("path",))
            edits += replace_entry(document, path, "backend", "backend", _backend(ingress, target))
    return edits


def _backend(ingress: Resource, backend: Mapping) -> Value:
    name, port = backend.text("serviceName"), backend.text("servicePort")
    written = ingress.document.text[backend.start : backend.end]
    if not name or not port or len(backend.entries) != 2 or "#" in written:
        raise Refused("a backend has more than `serviceName` and `servicePort`")
    number: Value = {"number": int(port)} if port.isdigit() else {"name": port}
    return {"service": {"name": name, "port": number}}
