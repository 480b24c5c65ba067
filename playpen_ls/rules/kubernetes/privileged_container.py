from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.rules.kubernetes._privileges import privileges

HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n"
CONTAINER = "  containers:\n    - name: web\n      image: nexus:5000/web:1.0\n"
CONTEXT = HEAD + CONTAINER + "      securityContext:\n"

_RUNTIME = re.compile(r"\bdind\b|(?:^|/)docker(?:[:@]|$)|buildkit|buildah|podman")
"""Images of programs that run or build containers, which need the privileges."""


@rule(
    severity=Severity.ERROR,
    practice="Least privilege",
    like={
        "kube-linter": [
            "privileged-container",
            "privilege-escalation-container",
            "host-network",
            "host-pid",
            "host-ipc",
            "docker-sock",
            "sensitive-host-mounts",
        ],
        "kube-score": ["container-security-context", "container-security-context-privileged"],
        "polaris": [
            "runAsPrivileged",
            "hostNetworkSet",
            "hostPIDSet",
            "hostIPCSet",
            "hostPathSet",
            "privilegeEscalationAllowed",
            "dangerousCapabilities",
        ],
        "checkov": ["CKV_K8S_16", "CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19", "CKV_K8S_20", "CKV_K8S_27", "CKV_K8S_39"],
    },
    in_pipelines=True,
    bad=[
        example(CONTEXT + "        «privileged: true»  # CNI\n", fixed=CONTEXT + "        privileged: false  # CNI\n"),
        example(
            CONTEXT + "        «allowPrivilegeEscalation: true»\n",
            fixed=CONTEXT + "        allowPrivilegeEscalation: false\n",
        ),
        example(HEAD + "  «hostNetwork: true»\n" + CONTAINER, fixed=HEAD + "  hostNetwork: false\n" + CONTAINER),
        # The condition decides whether the pod exists, not whether it is privileged.
        "{{- if .Values.enabled }}\n"
        + HEAD
        + "  {{- with .Values.x }}\n  {{ . }}\n  {{- end }}\n  «hostNetwork: true»\n"
        + CONTAINER
        + "{{- end }}\n",
        CONTEXT + "        capabilities:\n          add: [NET_BIND_SERVICE, «SYS_ADMIN»]\n",
        HEAD + CONTAINER + "  volumes:\n    - name: sock\n      hostPath:\n        path: «/var/run/docker.sock»\n",
    ],
    good=[
        HEAD + CONTAINER,
        CONTEXT + "        privileged: false\n        capabilities: {drop: [ALL], add: [NET_ADMIN]}\n",
        CONTEXT + "        privileged: '{{ .Values.privileged }}'\n",
        # The chart's values decide.
        HEAD + "  {{- if .Values.host }}\n  hostNetwork: true\n  {{- end }}\n" + CONTAINER,
        CONTEXT
        + "        {{ if .host -}}\n        privileged: true\n        {{ else }}\n        x: y\n        {{ end }}\n",
        HEAD + CONTAINER + "  volumes:\n    - {name: tz, hostPath: {path: /etc/localtime}}\n",
    ],
)
def privileged_container(workload: Workload) -> Iterator[Finding]:
    """Container runs with host-level privileges (privileged mode, host namespaces, capabilities or host paths).

    These settings weaken or remove the isolation between a container and its node: `privileged: true`,
    `allowPrivilegeEscalation: true`, `hostNetwork`, `hostPID`, `hostIPC`, the capabilities `SYS_ADMIN` and `ALL`, and
    `hostPath` volumes of `/`, `/etc` and the Docker socket. Reported as a hint in `kube-system`, where agents of the
    node need them.
    """
    agent = workload.namespace == "kube-system"
    images = (one.image.value for one in workload.containers if one.image is not None)
    runs_containers = any(_RUNTIME.search(image) for image in images)
    for one in privileges(workload):
        fixes = (
            (Fix(f"Set `{one.name}: false`", partial(replace_scalar, workload.document, one.switch, "false")),)
            if one.switch and not runs_containers
            else ()
        )
        yield Finding(one.span, one.problem, fixes, Severity.HINT if agent else None)
