"""What a selector that selects no pods probably means."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from playpen_ls.api.fact_types import Pods, Relabelled
from playpen_ls.api.facts import Facts
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere, facts_of
from playpen_ls.languages.kubernetes.model.resources import Resource, pairs
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping
from playpen_ls.rules.kubernetes._links import Selectable, labels_of
from playpen_ls.rules.kubernetes._namespaces import name_of
from playpen_ls.vocabulary.names import near_miss


def known_labels(selector: Mapping | None) -> dict[str, str]:
    """The labels of a selector with `matchLabels`; empty if it selects everything, or if they are not all known."""
    if selector is None or selector.merges or len(selector.entries) != 1:
        return {}
    labels = selector.mapping("matchLabels")
    found = pairs(labels)
    return found if labels is not None and not labels.merges and len(found) == len(labels.entries) else {}


def pods_with(resource: Resource, labels: dict[str, str], pods: Selectable) -> list[Pods]:
    """The pods of the project that have all the labels and can be in the namespace of the resource."""
    every = facts_everywhere(pods.pods, resource.document, labels_of, min(labels.items()))
    return pods.meant(resource, (one for one in every if labels.items() <= set(one.labels)))


def likely_label(selecting: Resource, key: str, asked: dict[str, str], pods: Selectable) -> tuple[str, list[Pods]]:
    """(the likely label value, the pods that have it) among the pods that match all other labels; ("", []) if none."""
    others = {(name, worth) for name, worth in asked.items() if name != key}
    near = (
        facts_everywhere(pods.pods, selecting.document, labels_of, min(others))
        if others
        else (*_alike(selecting, key, asked[key], pods.pods), *selecting.document.ask(facts_of, Pods))
    )
    fitting = (one for one in near if others.issubset(one.labels))
    values: dict[str, list[Pods]] = {}
    for one in pods.meant(selecting, fitting):
        for name, worth in one.labels:
            if name == key:
                values.setdefault(worth, []).append(one)
    if asked[key] in values:
        return "", []
    named = {worth for worth, those in values.items() if any(_is_namesake(one, selecting) for one in those)}
    likely = near_miss(asked[key], values) or (named.pop() if len(named) == 1 else "")
    return (likely, values[likely]) if likely else ("", [])


def _alike(selecting: Resource, key: str, value: str, pods: Facts[Pods]) -> list[Pods]:
    """Candidates with a similar label or the Service's name; comparing all pods of a large project would be slow."""
    found = {*pods.having(_ends, _begin(key, value)), *pods.having(_ends, _end(key, value))}
    return sorted(
        found.union(pods.having(name_of, selecting.name)), key=lambda one: (one.place.path, one.place.span.start)
    )


def _ends(pods: Pods) -> Iterator[tuple[str, ...]]:
    for name, worth in pods.labels:
        yield _begin(name, worth)
        yield _end(name, worth)


def _begin(name: str, worth: str) -> tuple[str, ...]:
    return name, "begins", worth[:2]


def _end(name: str, worth: str) -> tuple[str, ...]:
    return name, "ends", worth[-2:]


def _is_namesake(pods: Pods, selecting: Resource) -> bool:
    """Has the same name and is in the same folder: what is applied together is usually kept together."""
    beside = not pods.place.path or posixpath.dirname(pods.place.path) == posixpath.dirname(selecting.document.path)
    return bool(selecting.name) and pods.name == selecting.name and bool(pods.images) and beside


def is_set_by_kustomize(key: str, relabelled: Facts[Relabelled]) -> bool:
    """A label that a kustomization of the project adds."""
    return bool(relabelled.having(_added, key))


def _added(relabelled: Relabelled) -> tuple[str, ...]:
    return relabelled.labels


def is_set_by_operators(key: str) -> bool:
    """A label that a controller sets on the pods that it creates."""
    domain, slash, name = key.partition("/")
    return bool(slash) and (domain != "app.kubernetes.io" or name == "managed-by")
