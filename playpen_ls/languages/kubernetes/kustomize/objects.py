"""The objects of a build while it is worked out: their identities, and how selectors find them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from playpen_ls.languages.kubernetes.kustomize.tree import (
    CannotBuild,
    Placed,
    PlacedMapping,
    PlacedScalar,
    PlacedSequence,
    is_null,
    made,
)
from playpen_ls.languages.kubernetes.syntax.nodes import Entry, Mapping
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

_CLUSTER = frozenset(
    "APIService CSIDriver CSINode CertificateSigningRequest ClusterRole ClusterRoleBinding ComponentStatus "
    "CustomResourceDefinition FlowSchema IngressClass MutatingWebhookConfiguration Namespace Node PersistentVolume "
    "PodSecurityPolicy PriorityClass PriorityLevelConfiguration RuntimeClass StorageClass "
    "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration VolumeAttachment".split()
)
_CLUSTER_GROUPS = regex(
    r"|(?:admissionregistration|apiextensions|apiregistration|certificates|flowcontrol\.apiserver|networking|node|policy|"
    r"rbac\.authorization|scheduling|storage)\.k8s\.io|policy"
)
_NOT_IN_SCHEMA = frozenset(
    (
        ("flowcontrol.apiserver.k8s.io", "v1"),
        ("flowcontrol.apiserver.k8s.io", "v1beta2"),
        ("flowcontrol.apiserver.k8s.io", "v1beta3"),
    )
)
_NO_NAMESPACE = "_non_namespaceable_"
LOCAL = "config.kubernetes.io/local-config"


class Id(NamedTuple):
    """What an object is called at some point of a build."""

    group: str
    version: str
    kind: str
    name: str
    namespace: str

    @property
    def is_cluster_scoped(self) -> bool:
        """Whether the schema of kustomize says so; kinds that it does not know have a namespace."""
        return (
            self.kind in _CLUSTER
            and (self.group, self.version) not in _NOT_IN_SCHEMA
            and _CLUSTER_GROUPS.fullmatch(self.group) is not None
        )

    @property
    def effective_namespace(self) -> str:
        return _NO_NAMESPACE if self.is_cluster_scoped else self.namespace or "default"

    def equals(self, other: Id) -> bool:
        return self[:4] == other[:4] and self.effective_namespace == other.effective_namespace

    def is_selected(self, group: str = "", version: str = "", kind: str = "") -> bool:
        return group in ("", self.group) and version in ("", self.version) and kind in ("", self.kind)


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """An object, as it is so far.

    `origin` is what the file at `path` calls it, and `previous` are its former identities. Of what is not `certain`,
    nothing but that it exists is known. `hashed` names get the hash of their content at the end.
    """

    node: PlacedMapping
    origin: Id
    path: str
    previous: tuple[Id, ...] = ()
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    hashed: bool = False
    behavior: str = ""
    certain: bool = True
    current: Id = None  # type: ignore[assignment]
    """Its identity now."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "current", id_of(self.node))

    @property
    def original(self) -> Id:
        """As kustomize's `OrgId`."""
        return self.previous[0] if self.previous else self.current

    @property
    def ids(self) -> tuple[Id, ...]:
        return (*self.previous, self.current)

    def with_node(self, node: PlacedMapping) -> Built:
        return self if node is self.node else replace(self, node=node)

    def remembering(self) -> Built:
        """The same with its identity of now among the former ones."""
        now = self.current._replace(namespace=self.current.effective_namespace)
        return replace(self, previous=(*self.previous, now))

    def uncertain(self) -> Built:
        return replace(self, certain=False) if self.certain else self


def id_of(node: Mapping) -> Id:
    version = node.text("apiVersion")
    group, _, number = version.rpartition("/")
    metadata = node.mapping("metadata")
    name, namespace = (metadata.text("name"), metadata.text("namespace")) if metadata is not None else ("", "")
    return Id(group, number, node.text("kind"), name, namespace)


def objects_of(roots: Iterable[Placed]) -> Iterator[PlacedMapping]:
    """The objects of a file, those of a List each by itself. Raises CannotBuild where kustomize would."""
    for root in roots:
        if is_null(root):
            continue
        if not isinstance(root, PlacedMapping):
            raise CannotBuild("a document is no object")
        items = root.value("items")
        if root.text("kind").endswith("List") and items is not None:
            if isinstance(items, PlacedSequence):
                yield from objects_of(items.items)
            continue
        if not root.text("kind") or not id_of(root).name:
            raise CannotBuild("an object has no `kind` or no `metadata.name`")
        yield root


def with_metadata(node: PlacedMapping, name: str, value: Placed | None) -> PlacedMapping:
    metadata = node.value("metadata")
    if not isinstance(metadata, PlacedMapping):
        raise CannotBuild("an object has no `metadata`")
    return node.having("metadata", metadata.having(name, value))


def renamed(node: PlacedMapping, name: str, by: Placed) -> PlacedMapping:
    return with_metadata(node, "name", made(name, by))


def pairs(node: Placed | Mapping | None) -> dict[str, PlacedScalar]:
    """The scalars of a mapping."""
    if not isinstance(node, PlacedMapping):
        return {}
    return {
        entry.key.value: entry.value  # type: ignore[attr-defined]
        for entry in node.entries
        if isinstance(entry.value, PlacedScalar) and not entry.value.null
    }


def as_texts(node: Placed, without: tuple[str, ...] = ()) -> PlacedMapping | None:
    """Labels or annotations as kustomize writes them once it has changed one: all are texts, also `null`."""
    values = node.entries if isinstance(node, PlacedMapping) else ()
    kept = [entry for entry in values if entry.key.value not in without]  # type: ignore[attr-defined]
    if not kept or not isinstance(node, PlacedMapping):
        return None
    if len(kept) < len(node.entries) or any(
        isinstance(one.value, PlacedScalar) and not one.value.style for one in kept
    ):
        node = PlacedMapping(node.start, node.end, tuple(map(_with_text, kept)), node.flow, node.source)
    return node


def _with_text(entry: Entry) -> Entry:
    value = entry.value
    if not isinstance(value, PlacedScalar) or value.style:
        return entry
    return Entry(entry.key, made(value.value, value))


_PLAIN_PATTERN = regex(r"[\w./:@ -]*")
# What is the same in Go and Python, and takes no exponential time: no repetition of a group.
_SAFE_PATTERN = regex(r"(?:[\w/:@ -]|\\[.\-/d]|\.[*+]?|\||\((?:\?:)?[\w./:@| -]*\)\??|\[[\w-]+\][*+?]?|[\^$])*")
_MOST_REPEATS = 3


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression of a kustomization. Raises CannotBuild for one that Python might read in another way."""
    if _PLAIN_PATTERN.fullmatch(pattern) is None and (
        _SAFE_PATTERN.fullmatch(pattern) is None or len(re.findall(r"[*+]", pattern)) > _MOST_REPEATS
    ):
        raise CannotBuild("a pattern that is not understood")
    try:
        return re.compile(pattern)
    except re.error:
        raise CannotBuild("an invalid pattern") from None


def matches(pattern: str, text: str) -> bool:
    return not pattern or compiled(pattern).fullmatch(text) is not None


def select(objects: Iterable[Built], selector: Mapping) -> list[int]:
    """The numbers of the objects that a `target` of a patch selects. Raises CannotBuild."""
    group, version, kind = selector.text("group"), selector.text("version"), selector.text("kind")
    name, namespace = selector.text("name"), selector.text("namespace")
    found = []
    for number, one in enumerate(objects):
        ids = (one.original, one.current)
        if (
            any(matches(namespace, each.effective_namespace) for each in ids)
            and any(matches(name, each.name) for each in ids)
            and matches(group, one.current.group)
            and matches(version, one.current.version)
            and matches(kind, one.current.kind)
            and fits(one.node, selector)
        ):
            found.append(number)
    return found


def fits(node: PlacedMapping, selector: Mapping) -> bool:
    """Whether labels and annotations are as the selector wants."""
    metadata = node.mapping("metadata")
    for key, of in (("labelSelector", "labels"), ("annotationSelector", "annotations")):
        wanted = selector.text(key)
        if wanted:
            there = pairs(metadata.get(of) if metadata is not None else None)  # type: ignore[arg-type]
            if not all(_has(one.strip(), {name: value.value for name, value in there.items()})
                       for one in _requirements(wanted)):  # fmt: skip
                return False
    return True


def _requirements(text: str) -> list[str]:
    return re.split(r",(?![^(]*\))", text)


_REQUIREMENT = regex(r"(!?)\s*([\w./-]+)\s*(?:(==?|!=)\s*([\w.-]*)|(in|notin)\s*\(([^()]*)\))?")


def _has(requirement: str, labels: dict[str, str]) -> bool:
    match = _REQUIREMENT.fullmatch(requirement)
    if match is None:
        raise CannotBuild("a selector that is not understood")
    negated, name, operator, value, word, values = match.groups()
    if operator:
        return (labels.get(name) == value) is (operator != "!=") if name in labels else operator == "!="
    if word:
        among = labels.get(name) in {one.strip() for one in values.split(",")} if name in labels else False
        return among is (word == "in")
    return (name in labels) is not bool(negated)
