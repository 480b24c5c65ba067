"""Which objects of the project can be in the same namespace, what selects a workload, and namespace defaults."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from playpen_ls.api.fact_types import (
    Autoscaler,
    Backup,
    ConfigMapKeys,
    Created,
    DatabaseVolume,
    Kustomized,
    LimitRange,
    Named,
    Pods,
    RoleBound,
    SecretKeys,
    ServiceAccount,
    ServiceSelector,
)
from playpen_ls.api.facts import Facts
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.model.resources import Resource, Workload
from playpen_ls.project.links import is_nearest, namespace_of
from playpen_ls.text.dataclass import dataclass


def name_of(fact: Autoscaler | ConfigMapKeys | Created | Named | Pods | SecretKeys | ServiceAccount) -> tuple[str]:
    """Lookup key: the name of the object."""
    return (fact.name,)


Namespaced = (
    Autoscaler
    | Backup
    | ConfigMapKeys
    | DatabaseVolume
    | LimitRange
    | Named
    | Pods
    | RoleBound
    | SecretKeys
    | ServiceAccount
    | ServiceSelector
)  # facts of objects that have a namespace


@dataclass(frozen=True)
class Namespaces:
    """Which objects can be in the same namespace; a rule takes it as one parameter."""

    kustomized: Facts[Kustomized]

    def share(self, one: Namespaced, resource: Resource) -> bool:
        """Whether a fact's object can be in the resource's namespace. A fact without a path is of the same file."""
        return self.include(one.namespace, one.place.path, resource)

    def include(self, namespace: str, path: str, resource: Resource) -> bool:
        """Whether an object with this `metadata.namespace`, in a file, can be in the resource's namespace.

        "" is the resource's own file.
        """
        here = resource.document.path
        if not self.kustomized.items:
            return _can_be_equal(namespace, resource.namespace)
        theirs = namespace_of(path or here, namespace, self.kustomized)
        return _can_be_equal(theirs, namespace_of(here, resource.namespace, self.kustomized))


def _can_be_equal(one: str, other: str) -> bool:
    """Whether two namespaces can be the same; "" is unknown."""
    return one == other or "" in (one, other)


@dataclass(frozen=True)
class Selections:
    """Services and the pods that they can select; a rule takes it as one parameter."""

    services: Facts[ServiceSelector]
    pods: Facts[Pods]
    namespaces: Namespaces


def is_selected(workload: Workload, selections: Selections) -> bool:
    """Whether a Service of the project selects the workload's pods."""
    return any(_selecting(workload, selections))


def serving(workload: Workload, selections: Selections) -> tuple[int, ...]:
    """The numeric target ports of the Services that select the workload, sorted."""
    ports = (port for service in _selecting(workload, selections) for port in service.ports)
    return tuple(sorted({int(port) for port in ports if port.isdigit()}))


def _selecting(workload: Workload, selections: Selections) -> Iterator[ServiceSelector]:
    labels, path = workload.pod_labels.items(), workload.document.path
    namesakes = [one.place.path for one in selections.pods.having(name_of, workload.name)
                 if one.kind == workload.kind and one.labels]  # fmt: skip
    found = (facts_everywhere(selections.services, workload.document, _first_label, label) for label in labels)
    for service in chain.from_iterable(found):
        near = selections.namespaces.share(service, workload)
        if near and set(service.labels) <= labels and is_nearest(service.place.path or path, path, namesakes):
            yield service


def _first_label(service: ServiceSelector) -> tuple[tuple[str, str], ...]:
    return service.labels[:1]


@dataclass(frozen=True)
class LimitRanges:
    """Defaults that LimitRanges set for containers; a rule takes it as one parameter."""

    limits: Facts[LimitRange]
    namespaces: Namespaces

    def leaves(self, workload: Workload) -> set[tuple[str, str]]:
        """What its namespace gives to its containers: `("limits", "memory")`."""
        every = facts_everywhere(self.limits, workload.document)
        near = [one for one in every if self.namespaces.share(one, workload)]
        limits = {("limits", name) for one in near for name in one.limits}
        return limits | {("requests", name) for one in near for name in one.requests}
