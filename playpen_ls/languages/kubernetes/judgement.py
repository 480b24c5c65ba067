"""What may be said of a workload, given what the other documents and files say."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from playpen_ls.facts import Facts, LimitRange, Overlay, Pods, ServiceSelector
from playpen_ls.languages.kubernetes.neighbours import same_namespace as same_namespace
from playpen_ls.languages.kubernetes.resources import Container, Workload
from playpen_ls.languages.kubernetes.tree import Mapping, Scalar


def is_whole(workload: Workload, overlays: Iterable[Overlay]) -> bool:
    """What it does not say is said nowhere else: it is no patch and no template."""
    if workload.partial:
        return False
    path = workload.document.path
    paths = [place for overlay in overlays for place in overlay.partial]
    return not any(path == place or (place.endswith("/") and path.startswith(place)) for place in paths)


def lacks(container: Container, key: str, overlays: Iterable[Overlay]) -> bool:
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
    services = (*selections.services, *workload.document.neighbours.of(ServiceSelector))
    return any(
        set(service.labels) <= workload.pod_labels.items()
        and same_namespace(service.namespace, workload.namespace)
        and not _is_variants(service, workload, selections.pods)
        for service in services
    )


def _is_variants(service: ServiceSelector, workload: Workload, pods: Iterable[Pods]) -> bool:
    """It stands beside another variant of the workload, in another folder, and is meant for that."""
    folder = posixpath.dirname(service.place.path)
    if not service.place.path or folder == posixpath.dirname(workload.document.path):
        return False
    return any(
        (one.kind, one.name) == (workload.kind, workload.name)
        and posixpath.dirname(one.place.path) == folder
        and set(service.labels) <= set(one.labels)
        for one in pods
    )


def has_limit_range(workload: Workload, limits: Iterable[LimitRange]) -> bool:
    """The namespace gives its containers default limits."""
    every = (*limits, *workload.document.neighbours.of(LimitRange))
    return any(same_namespace(limit.namespace, workload.namespace) for limit in every)
