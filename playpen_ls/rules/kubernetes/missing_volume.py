from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.model.resources import pairs
from playpen_ls.languages.kubernetes.parts import Container, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.names import near_miss

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
    - name: shop
      image: nexus:5000/shop:1.0.0
      volumeMounts:
        - {name: «setings», mountPath: /etc/shop}
  volumes:
    - {name: settings, configMap: {name: shop}}
"""
PLAIN = unmarked(POD)
RIGHT = PLAIN.replace("setings", "settings")
SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: nexus:5000/shop:1.0.0
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates: [{metadata: {name: data}}]
"""
MOUNT = "        - {name: settings, mountPath: «/etc/shop»}\n"
_PLAIN_NAME = regex(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_INJECTED = regex(r"vault|istio|linkerd|dapr|inject|consul|conjur|akeyless|doppler|infisical")
"""Annotations and labels of pods by which a webhook adds volumes."""

_OF_JENKINS = "workspace-volume"
"""The volume that the Kubernetes plugin of Jenkins adds to the pod of an agent."""


@rule(
    severity=Severity.ERROR,
    practice="+",
    reports_absence=True,
    in_pipelines=Severity.ERROR,
    bad=[
        example(POD, fixed=RIGHT),
        PLAIN.replace("setings", "«certificates»"),
        PLAIN.replace("setings", "«settings»")[: PLAIN.index("  volumes") + 2],
        SET.replace("name: data, mount", "name: «cache», mount"),
        # Two volumes at one path.
        RIGHT.replace("  volumes", MOUNT + "  volumes"),
    ],
    good=[
        RIGHT,
        SET,
        # Parts of one volume.
        RIGHT.replace("  volumes", "        - {name: settings, mountPath: /etc/more, subPath: more}\n  volumes"),
        # What a webhook adds; a template; a placeholder; a patch.
        PLAIN.replace("{name: shop}\n", "{name: shop, annotations: {vault.hashicorp.com/agent-inject: 'true'}}\n", 1),
        PLAIN.replace("setings", "{{ .Values.volume }}"),
        PLAIN.replace("setings", "${VOLUME}"),
        PLAIN.replace("  volumes:", "  {{- with .Values.x }}\n  {{- toYaml . | nindent 4 }}\n  {{ end }}\n  volumes:"),
        {
            "app.yaml": PLAIN,
            "kustomization.yaml": "resources: [app.yaml]\npatches:\n"
            "  - patch: '[{op: add, path: /spec/volumes/-, value: {name: setings, emptyDir: {}}}]'\n"
            "    target: {kind: Pod}\n",
        },
    ],
)  # fmt: skip
def missing_volume(container: Container, absence: Absence) -> Iterator[Finding]:
    """Container mounts a volume that its pod does not have, or two volumes at one path.

    The API server rejects the object. The volumes are those of `volumes` and of the `volumeClaimTemplates` of a
    StatefulSet, as overlays make them. Not reported where annotations or labels of the pod ask a webhook to change it
    (Vault, Istio, Linkerd, Dapr …).
    """
    workload = container.workload
    if container.document.template or _is_injected(workload):
        return
    paths: dict[str, Scalar] = {}
    for mount in container.node.mappings("volumeMounts"):
        name, path = mount.scalar("name"), mount.scalar("mountPath")
        if path is not None and path.literal and path.value in paths and "$" not in path.value:
            message = f"{container.display_name} mounts two volumes at `{path.value}`"
            if absence.lack(container, partial(_twice, path=path.value)) is not None:
                yield Finding(container.document.content(path), message)
        elif path is not None:
            paths[path.value] = path
        if name is None or not _PLAIN_NAME.fullmatch(name.value) or name.value == _OF_JENKINS:
            continue
        lack = absence.lack(container, partial(_unknown, name=name.value), "volumeMounts")
        if lack is not None:
            near = near_miss(name.value, volumes(workload))
            fixes = (
                [Fix(f"Use volume `{near}`", partial(replace_scalar, container.document, name, near))] if near else []
            )
            message = (
                f"{container.display_name} mounts volume `{name.value}`, which {workload.display_name} does not have"
            )
            yield Finding(container.document.content(name), message + lack.where, lack.fixes(fixes))


def volumes(workload: Workload) -> set[str]:
    """The names of the volumes of the pods."""
    spec = workload.node.mapping("spec")
    claims = spec.mappings("volumeClaimTemplates") if spec is not None else ()
    named = {one.text("name") for one in workload.pod.mappings("volumes")}
    return named | {(one.mapping("metadata") or one).text("name") for one in claims}


def _unknown(container: Container, name: str) -> bool | None:
    """True if the container mounts the volume, and its pod does not have it."""
    mounted = any(one.text("name") == name for one in container.node.mappings("volumeMounts"))
    return True if mounted and name not in volumes(container.workload) else None


def _twice(container: Container, path: str) -> bool | None:
    """True if several volumes are mounted at the path."""
    paths = [one.text("mountPath") for one in container.node.mappings("volumeMounts")]
    return True if paths.count(path) > 1 else None


def _is_injected(workload: Workload) -> bool:
    metadata = workload.pod_metadata
    keys = pairs(metadata.mapping("annotations")) | pairs(metadata.mapping("labels")) | workload.annotations
    return any(_INJECTED.search(key) for key in keys)
