"""What lets a container out of its container."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from playpen_ls.languages.kubernetes.model.resources import Container, Document, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Node, Scalar, is_true, resolved
from playpen_ls.text.span import Span

_HOST = {
    "hostNetwork": "the pod shares the node's network",
    "hostPID": "the pod sees and signals every process of the node",
    "hostIPC": "the pod shares the node's memory segments",
}
_CONTEXT = {
    "privileged": "a privileged container has all of the node",
    "allowPrivilegeEscalation": "a process can gain more rights than its parent has",
}
_CAPABILITIES = frozenset(("SYS_ADMIN", "ALL", "CAP_SYS_ADMIN"))
_PATHS = frozenset(("/", "/etc", "/var/run/docker.sock", "/run/docker.sock"))


@dataclass(frozen=True)
class Privilege:
    """`switch` is the `true` that grants it, None where no single word does."""

    span: Span
    node: Node
    name: str
    problem: str
    switch: Scalar | None = None


def privileges(workload: Workload) -> Iterator[Privilege]:
    """In text order as far as the pod's own keys go; values that a template decides are left out."""
    decided = workload.document.depends
    yield from (one for one in _privileges(workload) if not decided(one.node, workload.node))


def _privileges(workload: Workload) -> Iterator[Privilege]:
    document, pod = workload.document, workload.pod
    yield from _switches(document, pod, _HOST)
    seen: set[int] = set()
    for container in workload.containers:
        context = container.node.mapping("securityContext")
        if context is None or id(context) in seen:
            continue
        seen.add(id(context))
        yield from _switches(document, context, _CONTEXT)
        capabilities = context.mapping("capabilities")
        for word in capabilities.scalars("add") if capabilities else ():
            if word.value in _CAPABILITIES:
                yield Privilege(
                    document.content(word), word, word.value, f"the capability `{word.value}` rules the node"
                )
    for volume in pod.mappings("volumes"):
        path = (volume.mapping("hostPath") or Mapping(0, 0, False, (), False)).scalar("path")
        if path is not None and ("/" + path.value.strip("/")) in _PATHS and path.value.startswith("/"):
            problem = f"the node's `{path.value}` is mounted, which rules the node"
            yield Privilege(document.content(path), path, "hostPath", problem)


def _switches(document: Document, mapping: Mapping, names: dict[str, str]) -> Iterator[Privilege]:
    for entry in mapping.entries:
        name = entry.key.value if isinstance(entry.key, Scalar) else ""
        value = resolved(entry.value)
        if name in names and isinstance(value, Scalar) and is_true(value):
            span = Span(document.span(entry.key).start, document.span(entry.value).end)
            yield Privilege(span, entry.key, name, f"`{name}: true`: {names[name]}", value)


@dataclass(frozen=True)
class RootUser:
    """An order to run as root; `containers` are those that obey it."""

    span: Span
    text: str
    value: Scalar
    containers: tuple[Container, ...]

    @property
    def only_init(self) -> bool:
        return all(one.role == "init" for one in self.containers)


def root_users(workload: Workload) -> Iterator[RootUser]:
    """A container's own word counts before the pod's."""
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


def _root(document: Document, context: Mapping, containers: tuple[Container, ...]) -> Iterator[RootUser]:
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
