"""Facts from the other documents of the same file. They count like facts of other files, but have no position."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeVar

from playpen_ls.api.fact_types import (
    Backup,
    ConfigMapKeys,
    LimitRange,
    Pods,
    SecretKeys,
    ServiceAccount,
    ServiceSelector,
)
from playpen_ls.api.facts import Fact

F = TypeVar("F", bound=Fact)

SHARED = (Backup, ConfigMapKeys, LimitRange, Pods, SecretKeys, ServiceAccount, ServiceSelector)
"""The kinds of facts that documents read from their neighbors."""


class Neighbours:
    """Facts of the same file. Part of a document's cache key: equal objects must give equal findings.

    `compared` are the facts that findings can depend on, if fewer than `facts`: fixes are not cached and can read
    more. The hash is weak on purpose: the key also contains the document's text, and hashing thousands of facts at
    each keystroke would be slow.
    """

    __slots__ = ("_by_kind", "compared", "facts")

    def __init__(self, facts: tuple[Fact, ...] = (), compared: tuple[object, ...] | None = None) -> None:
        self.facts = facts
        self.compared = facts if compared is None else compared
        self._by_kind: dict[type[Fact], tuple[Fact, ...]] = {}

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Neighbours) and self.compared == other.compared)

    def __hash__(self) -> int:
        return len(self.compared)

    def of(self, kind: type[F]) -> tuple[F, ...]:
        found = self._by_kind.get(kind)
        if found is None:
            found = self._by_kind[kind] = tuple(fact for fact in self.facts if isinstance(fact, kind))
        return found  # type: ignore[return-value]


NOBODY = Neighbours()
Needs = Callable[[], frozenset[tuple[str, str]]]
_KINDS: dict[type[Fact], str] = {
    ConfigMapKeys: "ConfigMap",
    SecretKeys: "Secret",
    ServiceAccount: "ServiceAccount",
}


class Neighbourhood:
    """The shared facts of all documents of a file, and for each document the subset that its rules can read.

    A Service depends on the pods that it selects, or on all candidates if it selects none; a workload depends on the
    Services that select it and on the other objects of its namespace. So an edit of one document invalidates few
    cache keys of others.
    """

    def __init__(self, said: Sequence[tuple[Fact, ...]]) -> None:
        self.said = said

    @cached_property
    def speakers(self) -> dict[int, int]:
        """The number of the document that states a fact, by the fact's id."""
        return {id(fact): number for number, facts in enumerate(self.said) for fact in facts}

    @cached_property
    def _all(self) -> Neighbours:
        return Neighbours(tuple(fact for facts in self.said for fact in facts))

    @cached_property
    def _others(self) -> dict[str, _Near]:
        """Objects other than pods and Services by namespace; filled on demand."""
        return {}

    @cached_property
    def _selectors(self) -> dict[tuple[str, str], list[ServiceSelector]]:
        """Selectors by their first label."""
        found = defaultdict(list)
        for selector in self._all.of(ServiceSelector):
            found[selector.labels[0]].append(selector)
        return found

    @cached_property
    def _pods(self) -> dict[tuple[str, str], list[Pods]]:
        """Pods by each of their labels."""
        found = defaultdict(list)
        for pods in self._all.of(Pods):
            for label in pods.labels:
                found[label].append(pods)
        return found

    def around(self, own: tuple[Fact, ...], runs_pods: bool, needs: Needs) -> Neighbours:
        """The facts that a document with the facts `own` can read; it references the objects `needs` by name."""
        services = [fact for fact in own if isinstance(fact, ServiceSelector)]
        pods = [fact for fact in own if isinstance(fact, Pods)] if runs_pods else []
        if len(services) + len(pods) > 1:
            return self._all
        if services:
            return Neighbours(tuple(self._meant(services[0])))
        if pods:
            namespace, labels = pods[0].namespace, frozenset(pods[0].labels)
            selecting = (
                one
                for label in pods[0].labels
                for one in self._selectors.get(label, ())
                if labels.issuperset(one.labels) and same_namespace(one.namespace, namespace)
            )
            selectors, near = tuple(selecting), self._near(namespace)
            return Neighbours((*selectors, *near.facts), (*selectors, *near.read(pods[0].name, needs())))
        return self._all if runs_pods else NOBODY

    def _meant(self, service: ServiceSelector) -> Iterable[Pods]:
        candidates = self._pods.get(service.labels[0], ())
        near = [one for one in candidates if same_namespace(one.namespace, service.namespace)]
        selected = [one for one in near if set(service.labels) <= set(one.labels)]
        if selected:
            return selected
        return [one for one in self._all.of(Pods) if same_namespace(one.namespace, service.namespace)]

    def _near(self, namespace: str) -> _Near:
        found = self._others.get(namespace)
        if found is None:
            near = (
                fact
                for fact in self._all.facts
                if not isinstance(fact, Pods | ServiceSelector)
                and same_namespace(getattr(fact, "namespace", ""), namespace)
            )
            found = self._others[namespace] = _Near(tuple(near))
        return found


class _Near:
    """Objects of a namespace other than pods and Services."""

    def __init__(self, facts: tuple[Fact, ...]) -> None:
        self.facts = facts
        self.nameless = tuple(fact for fact in facts if type(fact) not in _KINDS)
        self.named: dict[tuple[str, str], list[Fact]] = defaultdict(list)
        for fact in facts:
            if (kind := _KINDS.get(type(fact))) is not None:
                self.named[kind, getattr(fact, "name", "")].append(fact)

    def read(self, name: str, needs: frozenset[tuple[str, str]]) -> Iterator[object]:
        """The facts that a workload's findings can depend on. Of objects that it does not reference, only the names.

        The names are included only if a reference is unresolved, since the rule then looks for a near miss.
        """
        yield from self.nameless
        for wanted in sorted({*needs, ("ServiceAccount", "default"), ("ServiceAccount", name)}):
            yield from self.named.get(wanted, ())
        lost = {kind for kind, wanted in needs if (kind, wanted) not in self.named}
        if lost:
            yield tuple(one for one in self.named if one[0] in lost)


def same_namespace(one: str, other: str) -> bool:
    """Whether two namespaces can be the same; "" is unknown."""
    return one == other or "" in (one, other)
