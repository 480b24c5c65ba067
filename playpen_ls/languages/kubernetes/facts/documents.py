"""The facts that a document states for other files and for the other documents of its file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playpen_ls.api.fact_types import (
    Backup,
    ImageBuilt,
    ImageUse,
    Kustomized,
    LimitRange,
    Overlay,
    SecretKeys,
    ServiceAccount,
    ServiceSelector,
)
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Place
from playpen_ls.languages.kubernetes.facts.objects import of_kustomization, of_resource, of_skaffold
from playpen_ls.languages.kubernetes.model.resources import Document, Resource, Workload, pairs, resources
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar, is_true
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference

if TYPE_CHECKING:
    from playpen_ls.languages.kubernetes.model.documents import Piece

_DUMP = re.compile(r"\bpg_(?:dump|dumpall|basebackup)\b")
_NOWHERE = Place("", Span(0, 0))
_SECRET_KINDS = frozenset(("Secret", "SealedSecret", "ExternalSecret"))
# Kinds by which operators (CloudNativePG, Velero, Crunchy, Stash …) back up a database.
_BACKUP_KIND = re.compile(r"(?:Scheduled)?Backup(?:Schedule|Configuration|Plan)?|BackupStorageLocation|VolumeSnapshot")


@dataclass(frozen=True, slots=True)
class Statement:
    """A fact without its path and offset; `span` is relative to the document's text."""

    kind: type[Fact]
    span: Span
    values: tuple[Any, ...]

    @property
    def placeless(self) -> Fact:
        return self.kind(_NOWHERE, *self.values)

    def fact(self, path: str, start: int) -> Fact:
        values = self.values
        if self.kind is ImageBuilt:
            folder = posixpath.dirname(path)
            reference, context, dockerfile, target = values
            context = _within(folder, context)
            values = (
                reference,
                "" if context == "." else context,
                _within(folder, dockerfile) if dockerfile else "",
                target,
            )
        elif self.kind is Overlay:  # its paths are relative to its own folder
            folder = posixpath.dirname(path)
            partial, *images = values
            values = (tuple(_within(folder, one) for one in partial), *images)
        elif self.kind is Kustomized:
            listed, namespace = values
            values = (_within(posixpath.dirname(path), listed).rstrip("/"), namespace)
        return self.kind(Place(path, self.span.shifted(start)), *values)


def statements(piece: Piece) -> Iterator[Statement]:
    document = Document(piece)
    for root in piece.reading.roots:
        if isinstance(root, Mapping):
            yield from _overlay(root)
    for resource in resources(document):
        yield from _of_resource(resource)
        yield from (Statement(*said) for said in of_resource(resource))


def _of_resource(resource: Resource) -> Iterator[Statement]:
    span, spec = resource.name_span, resource.node.mapping("spec")
    match resource.group, resource.kind:
        case "", "Service":
            selector = pairs(spec.mapping("selector")) if spec else {}
            if selector:
                labels = tuple(sorted(selector.items()))
                yield Statement(ServiceSelector, span, (resource.namespace, labels, _targets(spec)))
        case "", "ServiceAccount":
            mounts = resource.node.scalar("automountServiceAccountToken")
            mounted = mounts is None or is_true(mounts)
            yield Statement(ServiceAccount, span, (resource.namespace, resource.name, mounted))
        case "", "LimitRange":
            limits, requests = _defaults(spec)
            if limits or requests:
                yield Statement(LimitRange, span, (resource.namespace, limits, requests))
        case "", "ConfigMap" if _dumps(resource.node.mapping("data")):
            yield Statement(Backup, span, (resource.namespace,))
        case _, kind if kind in _SECRET_KINDS:
            name = resource.node.mapping("spec", "target") if kind == "ExternalSecret" else None
            named = (name and name.text("name")) or resource.name
            if named:
                yield Statement(SecretKeys, span, (resource.namespace, named, _secret_keys(resource)))
    if isinstance(resource, Workload):
        yield from _of_workload(resource)
    elif _is_backup(resource, spec):
        yield Statement(Backup, span, (resource.namespace,))


def _defaults(limit_range: Mapping | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(resources with a limit, with a request) of a LimitRange: the API server derives one value from another."""
    limits, requests = set[str](), set[str]()
    for one in limit_range.mappings("limits") if limit_range else ():
        if one.text("type") in ("Container", ""):
            limits |= _named(one, "max") | _named(one, "default")
            requests |= _named(one, "min") | _named(one, "defaultRequest")
    return tuple(sorted(limits)), tuple(sorted(requests | limits))


def _named(item: Mapping, key: str) -> set[str]:
    """The resources with a value under the key; both if it cannot be read."""
    values = item.mapping(key)
    if values is None:
        return {"cpu", "memory"} if item.get(key) is not None else set()
    return {entry.key.value for entry in values.entries if isinstance(entry.key, Scalar)}


def _targets(service: Mapping | None) -> tuple[str, ...]:
    """The TCP target ports of a Service spec, as numbers or names."""
    ports = service.mappings("ports") if service is not None else ()
    tcp = (port for port in ports if port.text("protocol") in ("", "TCP"))
    return tuple(filter(None, (port.text("targetPort") or port.text("port") for port in tcp)))


def _of_workload(workload: Workload) -> Iterator[Statement]:
    backup = False
    for container in workload.containers:
        image = container.image
        if image is not None and image.literal:
            reference = ImageReference.parse(image.value)
            backup = backup or "backup" in reference.base
            if reference.tag and not reference.floats and not reference.variable and not reference.digest:
                yield Statement(ImageUse, workload.document.content(image), (image.value,))
        backup = backup or any(_DUMP.search(word.value) for word in container.words)
    if backup:
        yield Statement(Backup, workload.name_span, (workload.namespace,))


def _is_backup(resource: Resource, spec: Mapping | None) -> bool:
    """Whether an operator's object backs up a database, or is a database with a section for backups."""
    if _BACKUP_KIND.fullmatch(resource.kind) or (resource.group == "velero.io" and resource.kind == "Schedule"):
        return True
    return (
        spec is not None and resource.group != "" and any(spec.get(name) is not None for name in ("backup", "backups"))
    )


def _dumps(data: Mapping | None) -> bool:
    return any(_DUMP.search(value) for value in pairs(data).values())


def _secret_keys(resource: Resource) -> tuple[str, ...]:
    """The keys of the resulting Secret; an ExternalSecret lists them as `secretKey`."""
    node = resource.node
    found: list[str] = []
    for mapping in (node.mapping("data"), node.mapping("stringData"), node.mapping("spec", "encryptedData")):
        found += [entry.key.value for entry in (mapping.entries if mapping else ()) if isinstance(entry.key, Scalar)]
    spec = node.mapping("spec")
    found += [one.text("secretKey") for one in (spec.mappings("data") if spec else ())]
    return tuple(dict.fromkeys(key for key in found if key))


def _overlay(root: Mapping) -> Iterator[Statement]:
    """A kustomization, a skaffold.yaml, or a chart by its `Chart.yaml`. Paths are relative to the file's folder."""
    span = Span(root.start, root.start)
    if root.text("kind") in ("Kustomization", "Component") or (not root.text("kind") and _is_kustomization(root)):
        patches = [one.text("path") for key in ("patches", "patchesJson6902") for one in root.mappings(key)]
        patches += [one.value for one in root.scalars("patchesStrategicMerge") if "\n" not in one.value]
        images = [one.text("name") for one in root.mappings("images")]
        renamed = [(one.text("name"), one.text("newName")) for one in root.mappings("images")]
        generated = [one.text("name") for one in root.mappings("secretGenerator")]
        replaced = tuple(pair for pair in renamed if all(pair))
        yield Statement(Overlay, span, (tuple(filter(None, patches)), tuple(filter(None, images)), replaced))
        yield from (Statement(*said) for said in of_kustomization(root))
        for name in filter(None, generated):
            yield Statement(SecretKeys, span, (root.text("namespace"), name, ()))
    elif (
        not root.text("kind") and root.text("apiVersion") in ("v1", "v2") and root.text("name") and root.text("version")
    ):
        yield Statement(Overlay, span, (("templates/",), ()))
    elif root.text("apiVersion").startswith("skaffold/"):
        builds = [one.mapping("build") for one in (root, *root.mappings("profiles"))]
        images = [one.text("image") for build in builds for one in (build.mappings("artifacts") if build else ())]
        yield Statement(Overlay, span, ((), tuple(filter(None, images))))
        yield from (Statement(*said) for said in of_skaffold(root))


def _is_kustomization(root: Mapping) -> bool:
    """Whether the file lists other files: the `kind` of a kustomization is optional."""
    return bool(root.scalars("resources") or root.scalars("bases") or root.scalars("components"))


def _within(folder: str, path: str) -> str:
    """The path from the project root of a path relative to `folder`; one outside the project matches nothing."""
    joined = posixpath.normpath(posixpath.join(folder, path))
    return joined + "/" if path.endswith("/") else joined
