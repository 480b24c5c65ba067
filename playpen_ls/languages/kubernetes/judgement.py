"""What may be said of a workload, given what the other documents and files say."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from playpen_ls.facts import (
    Backup,
    ConfigMapKeys,
    Created,
    Facts,
    Kustomized,
    LimitRange,
    Overlay,
    Pods,
    SecretKeys,
    ServiceAccount,
    ServiceSelector,
)
from playpen_ls.languages.kubernetes.neighbours import same_namespace as same_namespace
from playpen_ls.languages.kubernetes.resources import Container, Resource, Workload
from playpen_ls.languages.kubernetes.tree import Mapping, Scalar
from playpen_ls.linking import is_nearest, namespace_of


def is_whole(workload: Workload, overlays: Facts[Overlay]) -> bool:
    """What it does not say is said nowhere else: it is no patch and no template."""
    return not workload.partial and not holds_parts(workload.document.path, overlays)


def holds_parts(path: str, overlays: Facts[Overlay]) -> bool:
    """The file holds parts of objects, or templates of them."""
    if overlays.having(_partial, path):
        return True
    while path := posixpath.dirname(path):
        if overlays.having(_partial, path + "/"):
            return True
        if path == "/":
            break
    return False


def name_of(fact: ConfigMapKeys | Created | Pods | SecretKeys | ServiceAccount) -> tuple[str]:
    """Keys for tables of objects."""
    return (fact.name,)


def _partial(overlay: Overlay) -> tuple[str, ...]:
    return overlay.partial


def lacks(container: Container, key: str, overlays: Facts[Overlay]) -> bool:
    """The container certainly has no such key, or an empty one; not where a line of it is half-typed."""
    if not is_whole(container.workload, overlays) or container.document.masks(container.node):
        return False
    value = container.node.get(key)
    return value is None or is_empty(value)


def is_empty(value: object) -> bool:
    """Null or `{}`."""
    if isinstance(value, Scalar):
        return value.null
    return isinstance(value, Mapping) and not value.entries


Namespaced = (
    Backup | ConfigMapKeys | LimitRange | Pods | SecretKeys | ServiceAccount | ServiceSelector
)  # facts of objects that stand in one


@dataclass(frozen=True)
class Namespaces:
    """Which objects may be in one namespace; a rule takes it as one parameter."""

    kustomized: Facts[Kustomized]

    def share(self, one: Namespaced, resource: Resource) -> bool:
        """The object that a fact is of, of the same file if it has no place, may be in the resource's namespace."""
        path, namespace = resource.document.path, resource.namespace
        if not self.kustomized.items:
            return same_namespace(one.namespace, namespace)
        theirs = namespace_of(one.place.path or path, one.namespace, self.kustomized)
        return same_namespace(theirs, namespace_of(path, namespace, self.kustomized))


@dataclass(frozen=True)
class Selections:
    """What Services select, and from what; a rule takes it as one parameter."""

    services: Facts[ServiceSelector]
    pods: Facts[Pods]
    namespaces: Namespaces


def is_selected(workload: Workload, selections: Selections) -> bool:
    """A Service of the project sends requests to its pods."""
    return any(_selecting(workload, selections))


def serving(workload: Workload, selections: Selections) -> tuple[int, ...]:
    """The ports that the project's Services send requests to, as far as they give numbers."""
    ports = (port for service in _selecting(workload, selections) for port in service.ports)
    return tuple(sorted({int(port) for port in ports if port.isdigit()}))


def _selecting(workload: Workload, selections: Selections) -> Iterator[ServiceSelector]:
    labels, path = workload.pod_labels.items(), workload.document.path
    elsewhere = (service for label in labels for service in selections.services.having(_first_label, label))
    namesakes = [one.place.path for one in selections.pods.having(name_of, workload.name)
                 if one.kind == workload.kind and one.labels]  # fmt: skip
    beside = (one for label in labels for one in workload.document.beside(ServiceSelector, _first_label, label))
    for service in (*elsewhere, *beside):
        near = selections.namespaces.share(service, workload)
        if near and set(service.labels) <= labels and is_nearest(service.place.path or path, path, namesakes):
            yield service


def _first_label(service: ServiceSelector) -> tuple[tuple[str, str], ...]:
    return service.labels[:1]


@dataclass(frozen=True)
class LimitRanges:
    """What namespaces give to their containers; a rule takes it as one parameter."""

    limits: Facts[LimitRange]
    namespaces: Namespaces

    def leaves(self, workload: Workload) -> set[tuple[str, str]]:
        """What its namespace gives to its containers: `("limits", "memory")`."""
        every = (*self.limits, *workload.document.beside(LimitRange))
        near = [one for one in every if self.namespaces.share(one, workload)]
        limits = {("limits", name) for one in near for name in one.limits}
        return limits | {("requests", name) for one in near for name in one.requests}
