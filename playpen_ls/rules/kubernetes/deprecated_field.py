from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import rename_key
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Entry, Mapping, Scalar
from playpen_ls.rules.kubernetes._builds import Builds

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      «serviceAccount»: shop
      nodeSelector: {kubernetes.io/arch: amd64}
      containers: [{name: shop, image: 'nexus:5000/shop:1.0.0'}]
"""
PLAIN = unmarked(DEPLOYMENT)
RIGHT = PLAIN.replace("serviceAccount:", "serviceAccountName:")
_LABELS = {
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
}
_SECCOMP = ("seccomp.security.alpha.kubernetes.io/pod", "container.seccomp.security.alpha.kubernetes.io/")


@rule(
    severity=Severity.INFORMATION,
    practice="+",
    needs_index=False,
    tag="deprecated",
    like={"kube-linter": ["deprecated-service-account-field"]},
    bad=[
        example(DEPLOYMENT, fixed=RIGHT),
        example(
            RIGHT.replace("kubernetes.io/arch", "«beta.kubernetes.io/arch»"),
            fixed=RIGHT,
        ),
        RIGHT.replace(
            "{labels: {app: shop}}",
            "{labels: {app: shop}, annotations: {«seccomp.security.alpha.kubernetes.io/pod»: runtime/default}}",
        ),
        # Both are set: `serviceAccountName` counts.
        PLAIN.replace("serviceAccount:", "serviceAccountName: cart\n      «serviceAccount»:"),
        example({"app.yaml": DEPLOYMENT, "kustomization.yaml": "resources: [app.yaml]\n"}, fixed=RIGHT),
    ],
    good=[
        RIGHT,
        RIGHT.replace("serviceAccountName: shop", "serviceAccountName: shop\n      serviceAccount:"),
        # As the API server writes it.
        RIGHT.replace("serviceAccountName: shop", "serviceAccountName: shop\n      serviceAccount: shop"),
        RIGHT.replace("      service", "      securityContext: {seccompProfile: {type: X}}\n      service"),
    ],
)  # fmt: skip
def deprecated_field(workload: Workload, builds: Builds) -> Iterator[Finding]:
    """Pod uses a deprecated field, node label or annotation.

    `serviceAccount` is the former name of `serviceAccountName`; the fix is safe, since the API server treats them as
    one field, unless a kustomization lists the file. The node labels `beta.kubernetes.io/arch`, `beta.kubernetes.io/os`
    and those of `failure-domain.beta.kubernetes.io` have stable names. Seccomp annotations have no effect since
    Kubernetes 1.27.
    """
    document, pod = workload.document, workload.pod
    account = pod.entry("serviceAccount")
    name = pod.scalar("serviceAccountName")
    written = account is not None and isinstance(account.value, Scalar) and not account.value.null
    if account is not None and written and (name is None or name.value != account.value.value):  # type: ignore[attr-defined]
        fixes: tuple[Fix, ...] = ()
        if name is None:
            change = partial(rename_key, document, pod, "serviceAccount", "serviceAccountName")
            known = builds.kustomized.complete and not document.parsed.patches
            alone = known and builds.forms(workload) is None
            fixes = (Fix("Use `serviceAccountName`", change, safe=alone),)
        message = f"{workload.display_name} sets the deprecated `serviceAccount`; use `serviceAccountName`"
        yield Finding(document.span(account.key), message, fixes)
    yield from _labels(workload, pod.mapping("nodeSelector"))
    yield from _annotations(workload, workload.pod_metadata.mapping("annotations"))
    if workload.pod_metadata is not workload.metadata:
        yield from _annotations(workload, workload.metadata.mapping("annotations"))


def _labels(workload: Workload, selector: Mapping | None) -> Iterator[Finding]:
    for entry, key in _keys(selector):
        now = _LABELS.get(key)
        if now is not None and selector is not None:
            fix = Fix(f"Use `{now}`", partial(rename_key, workload.document, selector, key, now))
            message = f"{workload.display_name} selects nodes by the deprecated label `{key}`; use `{now}`"
            yield Finding(workload.document.span(entry.key), message, (fix,))


def _annotations(workload: Workload, annotations: Mapping | None) -> Iterator[Finding]:
    for entry, key in _keys(annotations):
        if key.startswith(_SECCOMP):
            message = f"annotation `{key}` of {workload.display_name} has no effect since Kubernetes 1.27; "
            message += "set `securityContext.seccompProfile`"
            yield Finding(workload.document.span(entry.key), message)


def _keys(mapping: Mapping | None) -> Iterator[tuple[Entry, str]]:
    for entry in mapping.entries if mapping is not None else ():
        if isinstance(entry.key, Scalar) and entry.key.literal:
            yield entry, entry.key.value
