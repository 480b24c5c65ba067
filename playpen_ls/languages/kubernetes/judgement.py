"""What may be said of a workload, given what the other documents and files say."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from playpen_ls.facts import (
    ConfigMapKeys,
    Created,
    Facts,
    LimitRange,
    Overlay,
    Pods,
    SecretKeys,
    ServiceAccount,
    ServiceSelector,
)
from playpen_ls.languages.kubernetes.neighbours import same_namespace as same_namespace
from playpen_ls.languages.kubernetes.resources import Container, Workload
from playpen_ls.languages.kubernetes.tree import Mapping, Scalar


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


@dataclass(frozen=True)
class Selections:
    """What Services select, and from what; a rule takes it as one parameter."""

    services: Facts[ServiceSelector]
    pods: Facts[Pods]


def is_selected(workload: Workload, selections: Selections) -> bool:
    """A Service of the project sends requests to its pods."""
    labels, namespace = workload.pod_labels.items(), workload.namespace
    elsewhere = (service for label in labels for service in selections.services.having(_first_label, label))
    return any(
        set(service.labels) <= labels
        and same_namespace(service.namespace, namespace)
        and not _is_variants(service, workload, selections.pods)
        for service in (*elsewhere, *workload.document.neighbours.of(ServiceSelector))
    )


def _is_variants(service: ServiceSelector, workload: Workload, pods: Facts[Pods]) -> bool:
    """It stands beside another variant of the workload, in another folder, and is meant for that."""
    folder = posixpath.dirname(service.place.path)
    if not service.place.path or folder == posixpath.dirname(workload.document.path):
        return False
    return any(
        one.kind == workload.kind
        and posixpath.dirname(one.place.path) == folder
        and set(service.labels) <= set(one.labels)
        for one in pods.having(name_of, workload.name)
    )


def _first_label(service: ServiceSelector) -> tuple[tuple[str, str], ...]:
    return service.labels[:1]


def has_limit_range(workload: Workload, limits: Iterable[LimitRange]) -> bool:
    """The namespace gives its containers default limits."""
    every, namespace = (*limits, *workload.document.neighbours.of(LimitRange)), workload.namespace
    return any(same_namespace(limit.namespace, namespace) for limit in every)
