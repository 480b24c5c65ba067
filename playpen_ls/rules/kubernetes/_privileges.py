"""Settings that weaken the isolation of a container, and settings that make it run as root."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from playpen_ls.languages.kubernetes.model.resources import Container, Workload, YamlDocument
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Node, Scalar, is_true, resolved
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
_PATHS = frozenset(("/", "/etc", "/var/run/docker.sock", "/run/docker.sock"))


@dataclass(frozen=True)
class Privilege:
    """`switch` is the `true` that grants the privilege, or None if no single value does."""

    span: Span
    node: Node
    name: str
    problem: str
    switch: Scalar | None = None


def privileges(workload: Workload) -> Iterator[Privilege]:
    """Privileges in text order within the pod's own keys; those under a template condition are left out."""
    decided = workload.document.depends
    yield from (one for one in _privileges(workload) if not decided(one.node, workload.node))


def _privileges(workload: Workload) -> Iterator[Privilege]:
    document, pod = workload.document, workload.pod
    yield from _switches(document, pod, _HOST, workload.display_name)
    seen: set[int] = set()
    for container in workload.containers:
        context = container.node.mapping("securityContext")
        if context is None or id(context) in seen:
            continue
        seen.add(id(context))
        yield from _switches(document, context, _CONTEXT, container.display_name)
        capabilities = context.mapping("capabilities")
        for word in capabilities.scalars("add") if capabilities else ():
            if word.value in _CAPABILITIES:
                added = f"{container.display_name} adds capability `{word.value}`"
                problem = f"{added}, which is nearly equivalent to `privileged: true`"
                yield Privilege(document.content(word), word, word.value, problem)
    for volume in pod.mappings("volumes"):
        path = (volume.mapping("hostPath") or Mapping(0, 0, False, (), False)).scalar("path")
        if path is not None and ("/" + path.value.strip("/")) in _PATHS and path.value.startswith("/"):
            exposed = "the container runtime" if path.value.rstrip("/").endswith(".sock") else "files of the node"
            problem = f"{workload.display_name} has `hostPath` volume `{path.value}`, which exposes {exposed}"
            yield Privilege(document.content(path), path, "hostPath", problem)


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
