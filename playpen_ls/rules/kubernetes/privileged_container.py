from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.rules.kubernetes._privileges import privileges
from playpen_ls.text.regex import regex

HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n"
CONTAINER = "  containers:\n    - name: web\n      image: nexus:5000/web:1.0\n"
CONTEXT = HEAD + CONTAINER + "      securityContext:\n"

_RUNTIME = regex(r"\bdind\b|(?:^|/)docker(?:[:@]|$)|buildkit|buildah|podman")
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
            "unsafe-proc-mount",
            "unsafe-sysctls",
        ],
        "kube-score": ["container-security-context", "container-security-context-privileged"],
        "polaris": [
            "runAsPrivileged",
            "hostNetworkSet",
            "hostPIDSet",
            "hostIPCSet",
            "hostPathSet",
            "hostPortSet",
            "procMount",
            "privilegeEscalationAllowed",
            "dangerousCapabilities",
        ],
        "checkov": [
            "CKV_K8S_16",
            "CKV_K8S_17",
            "CKV_K8S_18",
            "CKV_K8S_19",
            "CKV_K8S_20",
            "CKV_K8S_25",
            "CKV_K8S_26",
            "CKV_K8S_27",
            "CKV_K8S_39",
        ],
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
        HEAD + CONTAINER + "  volumes:\n    - {name: sock, hostPath: {path: «/run/containerd/containerd.sock»}}\n",
        CONTEXT + "        capabilities: {drop: [ALL], add: [CHOWN, «NET_ADMIN», «SYS_PTRACE»]}\n",
        CONTEXT + "        seccompProfile: {type: «Unconfined»}\n        procMount: «Unmasked»\n",
        HEAD + "  securityContext: {appArmorProfile: {type: «Unconfined»}}\n" + CONTAINER,
        HEAD + "  securityContext: {sysctls: [{name: «kernel.msgmax», value: '65536'}]}\n" + CONTAINER,
        HEAD + CONTAINER + "      ports: [{containerPort: 80, hostPort: «80»}]\n",
    ],
    good=[
        HEAD + CONTAINER,
        CONTEXT + "        privileged: false\n        capabilities: {drop: [ALL], add: [CHOWN, DAC_OVERRIDE]}\n",
        CONTEXT + "        seccompProfile: {type: RuntimeDefault}\n        procMount: Default\n",
        HEAD + "  securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: '1'}]}\n" + CONTAINER,
        HEAD + CONTAINER + "      ports: [{containerPort: 80, hostPort: 0}]\n",
        HEAD + CONTAINER + "      ports: [{containerPort: 80, hostPort: '{{ .Values.hostPort }}'}]\n",
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
    `hostPath` volumes of `/`, `/etc` and the socket of a container runtime. As a warning, what the Pod Security
    Standard "baseline" forbids besides: `hostPort`, the seccomp and AppArmor profile `Unconfined`,
    `procMount: Unmasked`, sysctls that are not safe, and most added capabilities, such as `NET_ADMIN` and `NET_RAW`.
    Reported as a hint in `kube-system`, and the warnings as hints in DaemonSets: agents of the node need them.
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
        is_hint = agent or (one.lesser and workload.kind == "DaemonSet")
        severity = Severity.HINT if is_hint else Severity.WARNING if one.lesser else None
        yield Finding(one.span, one.problem, fixes, severity)
