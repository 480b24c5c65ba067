"""Settings that weaken the isolation of a container, and settings that make it run as root."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.languages.kubernetes.model.resources import Container, Workload, YamlDocument
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Node, Scalar, is_true, resolved
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_HOST = {
    "hostNetwork": "shares the network namespace of the node",
    "hostPID": "shares the process namespace of the node",
    "hostIPC": "shares the IPC namespace of the node",
}
_CONTEXT = {
    "privileged": "has full access to the devices of the node",
    "allowPrivilegeEscalation": "allows processes to gain more privileges than their parent",
}
_CAPABILITIES = frozenset(("SYS_ADMIN", "ALL", "CAP_SYS_ADMIN"))
_BASELINE = frozenset(
    (
        "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID"
        " SYS_CHROOT"
    ).split()
)
"""The capabilities that the Pod Security Standard "baseline" lets a container add."""
_SYSCTLS = frozenset(
    (
        "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.ip_unprivileged_port_start"
        " net.ipv4.tcp_syncookies net.ipv4.ping_group_range net.ipv4.ip_local_reserved_ports"
        " net.ipv4.tcp_keepalive_time net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes"
        " net.ipv4.tcp_fin_timeout net.ipv4.tcp_rmem net.ipv4.tcp_wmem"
    ).split()
)
"""Those that Kubernetes counts as safe."""
_SOCKETS = ("docker.sock", "containerd/containerd.sock", "k3s/containerd/containerd.sock", "crio/crio.sock",
            "podman/podman.sock")  # fmt: skip
_PATHS = frozenset(("/", "/etc", *(f"{run}/{name}" for run in ("/run", "/var/run") for name in _SOCKETS)))
_UNCONFINED = {
    "seccompProfile": "can make every system call",
    "appArmorProfile": "is not confined by AppArmor",
}


_CAPABILITY = regex(r"[A-Z][A-Z0-9_]+")


@dataclass(frozen=True)
class Privilege:
    """`switch` is the `true` that grants the privilege, or None if no single value does.

    `lesser`: it weakens the isolation, but does not end it.
    """

    span: Span
    node: Node
    name: str
    problem: str
    switch: Scalar | None = None
    lesser: bool = False


def privileges(workload: Workload) -> Iterator[Privilege]:
    """Privileges in text order within the pod's own keys; those under a template condition are left out."""
    decided = workload.document.depends
    yield from (one for one in _privileges(workload) if not decided(one.node, workload.node))


def _privileges(workload: Workload) -> Iterator[Privilege]:
    document, pod = workload.document, workload.pod
    yield from _switches(document, pod, _HOST, workload.display_name)
    shared = pod.mapping("securityContext")
    if shared is not None:
        yield from _unconfined(document, shared, workload.display_name)
        for name in (one.scalar("name") for one in shared.mappings("sysctls")):
            if name is not None and name.literal and name.value not in _SYSCTLS:
                problem = f"{workload.display_name} sets `{name.value}`, which can affect the whole node"
                yield Privilege(document.content(name), name, name.value, problem, lesser=True)
    seen: set[int] = set()
    for container in workload.containers:
        if not pod.true("hostNetwork"):
            yield from _host_ports(container)
        context = container.node.mapping("securityContext")
        if context is None or id(context) in seen:
            continue
        seen.add(id(context))
        yield from _unconfined(document, context, container.display_name)
        mount = context.scalar("procMount")
        if mount is not None and mount.value == "Unmasked":
            problem = f"{container.display_name} sees all of `/proc` (`procMount: Unmasked`)"
            yield Privilege(document.content(mount), mount, "procMount", problem, lesser=True)
        yield from _switches(document, context, _CONTEXT, container.display_name)
        capabilities = context.mapping("capabilities")
        for word in capabilities.scalars("add") if capabilities else ():
            if word.value in _CAPABILITIES:
                added = f"{container.display_name} adds capability `{word.value}`"
                problem = f"{added}, which is nearly equivalent to `privileged: true`"
                yield Privilege(document.content(word), word, word.value, problem)
            elif _is_beyond_baseline(word) and not context.true("privileged"):
                beyond = 'which the Pod Security Standard "baseline" forbids'
                problem = f"{container.display_name} adds capability `{word.value}`, {beyond}"
                yield Privilege(document.content(word), word, word.value, problem, lesser=True)
    for volume in pod.mappings("volumes"):
        path = (volume.mapping("hostPath") or Mapping(0, 0, False, (), False)).scalar("path")
        if path is not None and ("/" + path.value.strip("/")) in _PATHS and path.value.startswith("/"):
            exposed = "the container runtime" if path.value.rstrip("/").endswith(".sock") else "files of the node"
            problem = f"{workload.display_name} has `hostPath` volume `{path.value}`, which exposes {exposed}"
            yield Privilege(document.content(path), path, "hostPath", problem)


def _is_beyond_baseline(word: Scalar) -> bool:
    return bool(_CAPABILITY.fullmatch(word.value)) and word.value.removeprefix("CAP_") not in _BASELINE


def _host_ports(container: Container) -> Iterator[Privilege]:
    for port in container.node.mappings("ports"):
        number = port.scalar("hostPort")
        if number is not None and number.literal and number.value.isdigit() and int(number.value):
            problem = f"{container.display_name} takes port {number.value} of the node (`hostPort`)"
            yield Privilege(container.document.content(number), number, "hostPort", problem, lesser=True)


def _unconfined(document: YamlDocument, context: Mapping, subject: str) -> Iterator[Privilege]:
    for name, problem in _UNCONFINED.items():
        profile = context.mapping(name)
        kind = profile.scalar("type") if profile is not None else None
        if kind is not None and kind.value == "Unconfined":
            yield Privilege(document.content(kind), kind, name, f"{subject} {problem} (`{name}`)", lesser=True)


def _switches(document: YamlDocument, mapping: Mapping, names: dict[str, str], subject: str) -> Iterator[Privilege]:
    for entry in mapping.entries:
        name = entry.key.value if isinstance(entry.key, Scalar) else ""
        value = resolved(entry.value)
        if name in names and isinstance(value, Scalar) and is_true(value):
            span = Span(document.span(entry.key).start, document.span(entry.value).end)
            yield Privilege(span, entry.key, name, f"{subject} {names[name]} (`{name}: true`)", value)


@dataclass(frozen=True)
class RootUser:
    """A setting that makes or lets containers run as root; `containers` are those that it applies to."""

    span: Span
    text: str
    value: Scalar
    containers: tuple[Container, ...]

    @property
    def only_init(self) -> bool:
        return all(one.role == "init" for one in self.containers)


def root_users(workload: Workload) -> Iterator[RootUser]:
    """A container's `securityContext` takes precedence over the pod's."""
    pod = workload.pod.mapping("securityContext")
    if pod is not None and workload.document.depends(pod, workload.node):
        pod = None
    contexts = [(one, one.node.mapping("securityContext")) for one in workload.containers]
    obeying = tuple(one for one, context in contexts if context is None or not _decides(context))
    if pod is not None and (obeying or not contexts):
        yield from _root(workload.document, pod, obeying)
    seen: set[int] = set()
    for container, context in contexts:
        decided = context is not None and workload.document.depends(context, workload.node)
        if context is not None and not decided and id(context) not in seen:
            seen.add(id(context))
            yield from _root(workload.document, context, (container,))


def _decides(context: Mapping) -> bool:
    return context.get("runAsUser") is not None or context.true("runAsNonRoot")


def _root(document: YamlDocument, context: Mapping, containers: tuple[Container, ...]) -> Iterator[RootUser]:
    for entry in context.entries:
        name = entry.key.value if isinstance(entry.key, Scalar) else ""
        value = resolved(entry.value)
        if not isinstance(value, Scalar):
            continue
        is_root = name == "runAsUser" and value.value == "0"
        may_be_root = name == "runAsNonRoot" and value.value == "false" and context.get("runAsUser") is None
        if is_root or may_be_root:
            span = Span(document.span(entry.key).start, document.span(entry.value).end)
            yield RootUser(span, f"{name}: {value.value}", value, containers)
