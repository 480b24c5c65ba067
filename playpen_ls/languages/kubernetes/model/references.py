"""The ConfigMaps, Secrets and service accounts that a workload names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from playpen_ls.languages.kubernetes.model.resources import Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar


@dataclass(frozen=True)
class Reference:
    """A reference from a workload to another object; `key` is the key in it, if any."""

    kind: str
    name: Scalar
    key: Scalar | None = None


def references(workload: Workload) -> Iterator[Reference]:
    """The references that are not optional, each position once."""
    pod = workload.pod
    for container in workload.containers:
        for entry in container.node.mappings("env"):
            for part, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                yield from _reference(entry.mapping("valueFrom", part), kind, "name", "key")
        for entry in container.node.mappings("envFrom"):
            for part, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                yield from _reference(entry.mapping(part), kind, "name")
    for volume in pod.mappings("volumes"):
        yield from _reference(volume.mapping("configMap"), "ConfigMap", "name")
        yield from _reference(volume.mapping("secret"), "Secret", "secretName")
        for source in (volume.mapping("projected") or pod).mappings("sources"):
            yield from _reference(source.mapping("configMap"), "ConfigMap", "name")
            yield from _reference(source.mapping("secret"), "Secret", "name")
    for one in pod.mappings("imagePullSecrets"):
        yield from _reference(one, "Secret", "name")
    yield from _reference(pod, "ServiceAccount", "serviceAccountName")


def _reference(node: Mapping | None, kind: str, name: str, key: str = "") -> Iterator[Reference]:
    if node is None or node.true("optional"):
        return
    named, keyed = node.scalar(name), node.scalar(key) if key else None
    if named is not None and named.literal and named.value:
        yield Reference(kind, named, keyed if keyed is not None and keyed.literal else None)
