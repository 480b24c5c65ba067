"""The ConfigMaps, Secrets and service accounts that a workload names."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.languages.kubernetes.model.resources import Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.text.dataclass import dataclass


@dataclass(frozen=True)
class Reference:
    """A reference from a workload to another object; `key` is the key in it, if any."""

    kind: str
    name: Scalar
    key: Scalar | None = None


def references(workload: Workload, *, optional: bool = False) -> Iterator[Reference]:
    """The references, each position once; those that are optional only if asked for."""
    pod = workload.pod
    for container in workload.containers:
        for entry in container.node.mappings("env"):
            for part, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                yield from _reference(entry.mapping("valueFrom", part), kind, "name", "key", optional=optional)
        for entry in container.node.mappings("envFrom"):
            for part, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                yield from _reference(entry.mapping(part), kind, "name", optional=optional)
    for volume in pod.mappings("volumes"):
        yield from _reference(volume.mapping("configMap"), "ConfigMap", "name", optional=optional)
        yield from _reference(volume.mapping("secret"), "Secret", "secretName", optional=optional)
        for source in (volume.mapping("projected") or pod).mappings("sources"):
            yield from _reference(source.mapping("configMap"), "ConfigMap", "name", optional=optional)
            yield from _reference(source.mapping("secret"), "Secret", "name", optional=optional)
    for one in pod.mappings("imagePullSecrets"):
        yield from _reference(one, "Secret", "name", optional=optional)
    yield from _reference(pod, "ServiceAccount", "serviceAccountName", optional=optional)


def _reference(node: Mapping | None, kind: str, name: str, key: str = "", *, optional: bool) -> Iterator[Reference]:
    if node is None or (node.true("optional") and not optional):
        return
    named, keyed = node.scalar(name), node.scalar(key) if key else None
    if named is not None and named.literal and named.value:
        yield Reference(kind, named, keyed if keyed is not None and keyed.literal else None)
