"""References in manifests: images, ports, probe paths, ConfigMaps, Secrets and their keys, variables, selectors."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from playpen_ls.api.fact_types import ConfigMapKeys, Named, Pods, SecretKeys, ServiceAccount
from playpen_ls.api.facts import Fact, Facts
from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.api.rule import RuleContext, given_as
from playpen_ls.languages.kubernetes.kustomize.tree import content_of
from playpen_ls.languages.kubernetes.model import references as names
from playpen_ls.languages.kubernetes.model.manifests import DocumentChunk, Manifests
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.model.resources import Container, Resource, Workload, YamlDocument, resources
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar, resolved
from playpen_ls.languages.model import Model
from playpen_ls.project.image_evidence import Certainty
from playpen_ls.project.services import answers
from playpen_ls.rules.kubernetes._application import Code, application_in
from playpen_ls.rules.kubernetes._environment import Variables
from playpen_ls.rules.kubernetes._links import Selectable, endpoints, selected
from playpen_ls.rules.kubernetes._namespaces import Namespaces, name_of
from playpen_ls.session.references import rendered
from playpen_ls.session.references.objects import BACKENDS, entries_at, names_by
from playpen_ls.session.references.reference import (
    OBJECTS,
    Access,
    Kind,
    Reference,
    Target,
    file_at,
    last_word,
    nothing,
)
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.pause import pause
from playpen_ls.text.span import Span

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_DATA = ("data", "stringData", "binaryData")
_RBAC = "rbac.authorization.k8s.io"
_WITH_KEYS = ("ConfigMap", "Secret", "ServiceAccount")
_GROUPS = {"Role": _RBAC, "ClusterRole": _RBAC}
_GENERATORS = (("configMapGenerator", Kind.CONFIG_MAP), ("secretGenerator", Kind.SECRET))
_LISTED = ("resources", "bases", "components", "crds", "configurations", "patchesStrategicMerge", "generators")


@dataclass(frozen=True)
class _Knowledge:
    code: Code
    variables: Variables
    selectable: Selectable
    configs: Facts[ConfigMapKeys]
    secrets: Facts[SecretKeys]
    accounts: Facts[ServiceAccount]
    named: Facts[Named]
    pods: Facts[Pods]
    namespaces: Namespaces


def references(model: Manifests, workspace: Workspace, offset: int | None, word: str) -> Iterator[Reference]:
    """The references at the offset, or of the documents of the file that have the word if it is None."""
    outline, context = Outline(model.source.path, model.chunks), workspace.context(model.source.path)
    for number, chunk in enumerate(model.chunks):
        if (offset is None or chunk.start <= offset <= chunk.end) and word in chunk.content.text:
            pause()
            document = YamlDocument(chunk.parsed, FileView(outline, number))
            yield from _Document(model, chunk, document, context, workspace.model_at, offset).references()


class _Document:
    def __init__(
        self,
        model: Manifests,
        chunk: DocumentChunk,
        document: YamlDocument,
        context: RuleContext,
        model_at: Callable[[str], Model | None],
        offset: int | None,
    ) -> None:
        self.model = model
        self.path = model.source.path
        self.start = chunk.start
        self.document = document
        self.context = context
        self.known = given_as(_Knowledge, context)
        self._model_at = model_at
        self._at = offset - chunk.start if offset is not None else None

    def references(self) -> Iterator[Reference]:
        if posixpath.basename(self.path) in KUSTOMIZATIONS:
            yield from self._kustomization()
        for resource in resources(self.document):
            if isinstance(resource, Workload):
                yield from self._workload(resource)
            elif resource.kind in OBJECTS and resource.group == _GROUPS.get(resource.kind, ""):
                yield from self._defines(resource, OBJECTS[resource.kind])
                if resource.kind == "Service":
                    yield from self._service(resource)
            elif resource.kind == "Ingress":
                yield from self._ingress(resource)
            for kind, entry in names_by(resource.node):
                name = resolved(entry.value)
                own = isinstance(resource, Workload) and kind in _WITH_KEYS  # with their keys
                if kind in OBJECTS and isinstance(name, Scalar) and not own:
                    targets = partial(self._object, resource, kind)
                    yield from self._reference(OBJECTS[kind], name, targets, "" if OBJECTS[kind] is Kind.PODS else None)

    def _reference(
        self,
        kind: Kind,
        scalar: Scalar | None,
        targets: Callable[[Scalar], Iterator[Target]],
        name: str | None = None,
        word: str = "",
    ) -> Iterator[Reference]:
        """`name` is the text of the scalar if it is None."""
        if scalar is not None and self._is_wanted(scalar):
            named = scalar.value if name is None else name
            yield Reference(self._span(scalar), kind, named, partial(targets, scalar), word=word or named)

    def _definition(self, kind: Kind, scalar: Scalar | None, name: str | None = None) -> Iterator[Reference]:
        """A name that is defined where it stands."""
        if scalar is not None and self._is_wanted(scalar):
            place = Target(self.path, self._span(scalar))
            named = scalar.value if name is None else name
            yield Reference(place.span, kind, named, nothing, place, Access.WRITE, named)

    def _is_wanted(self, scalar: Scalar) -> bool:
        """Whether it is a literal where references are asked for."""
        return (self._at is None or scalar.start <= self._at <= scalar.end) and scalar.literal

    def _span(self, scalar: Scalar) -> Span:
        return self.document.content(scalar).shifted(self.start)

    def _here(self, scalar: Scalar) -> Iterator[Target]:
        """A place in the same document."""
        yield Target(self.path, self._span(scalar))

    def _stated(self, fact: Fact) -> Iterator[Target]:
        """The place of a fact; those of the same file do not know theirs."""
        if fact.place.path:
            yield Target(fact.place.path, fact.place.span)
        elif (span := self.model.span_of(fact)) is not None:
            yield Target(self.path, span)

    def _defines(self, resource: Resource, kind: Kind) -> Iterator[Reference]:
        yield from self._definition(kind, resource.metadata.scalar("name"))
        for values in filter(None, map(resource.node.mapping, _DATA)):
            for entry in values.entries:
                if isinstance(entry.key, Scalar):
                    yield from self._definition(Kind.KEY, entry.key)

    def _workload(self, workload: Workload) -> Iterator[Reference]:
        yield from self._definition(Kind.PODS, workload.metadata.scalar("name"), "")
        for container in workload.containers:
            if self._at is not None and not container.node.start <= self._at <= container.node.end:
                continue
            yield from self._reference(Kind.IMAGE, container.image, partial(self._dockerfile, container), "")
            for port in container.ports:
                for key in ("name", "containerPort"):
                    yield from self._definition(Kind.PORT, port.node.scalar(key))
            for probe in endpoints(container):
                yield from self._reference(Kind.PORT, probe.port, partial(self._port, container))
                if probe.path is not None:
                    word = last_word(probe.path.value)
                    yield from self._reference(Kind.ROUTE, probe.path, partial(self._route, container), "", word)
            for entry in container.node.mappings("env"):
                yield from self._reference(Kind.VARIABLE, entry.scalar("name"), partial(self._reads, container))
            for key in ("volumeMounts", "volumeDevices"):
                for mount in container.node.mappings(key):
                    yield from self._reference(Kind.VOLUME, mount.scalar("name"), partial(self._volume, workload))
        for volume in self._volumes(workload):
            yield from self._definition(Kind.VOLUME, volume)
        listed = list(_items(workload))
        partly = {id(one.name) for one in listed}
        for one in names.references(workload, optional=True):
            for made in self._reference(OBJECTS[one.kind], one.name, partial(self._object, workload, one.kind)):
                yield replace(made, whole=one.key is None and id(one.name) not in partly)
            yield from self._reference(Kind.KEY, one.key, partial(self._key, workload, one))
        for one in listed:
            yield from self._reference(Kind.KEY, one.key, partial(self._key, workload, one))

    def _dockerfile(self, container: Container, _: Scalar) -> Iterator[Target]:
        link = self.known.code.images.link(container)
        if link is not None and link.certainty is not Certainty.POSSIBLE:
            yield Target(link.dockerfile)

    def _port(self, container: Container, port: Scalar) -> Iterator[Target]:
        for one in _ports(container, port):
            yield from self._here(one)

    def _route(self, container: Container, path: Scalar) -> Iterator[Target]:
        link = self.known.code.images.link(container)
        if link is not None:
            application = application_in(container, link, self.known.code)
            for served in application.served:
                if served.path == path.value or answers([served], [], path.value):
                    yield from self._stated(served.route)

    def _reads(self, container: Container, name: Scalar) -> Iterator[Target]:
        link = self.known.code.images.link(container)
        for read in link.of(self.known.variables.reads) if link is not None else ():
            if read.name == name.value:
                yield from self._stated(read)

    def _volume(self, workload: Workload, name: Scalar) -> Iterator[Target]:
        for volume in self._volumes(workload):
            if volume.value == name.value:
                yield from self._here(volume)

    def _volumes(self, workload: Workload) -> Iterator[Scalar]:
        claims = (workload.node.mapping("spec") or workload.node).mappings("volumeClaimTemplates")
        for one in (*workload.pod.mappings("volumes"), *(claim.mapping("metadata") for claim in claims)):
            if one is not None and (name := one.scalar("name")) is not None:
                yield name

    def _defined(self, resource: Resource, kind: str, name: str) -> list[Any]:
        """The facts about the objects of this kind and name that can be in the namespace of the resource."""
        every: dict[str, Facts[Any]] = {
            "ConfigMap": self.known.configs, "Secret": self.known.secrets, "ServiceAccount": self.known.accounts,
        }  # fmt: skip
        facts = every.get(kind, self.known.pods if OBJECTS[kind] is Kind.PODS else self.known.named)
        found = facts_everywhere(facts, self.document, name_of, name)
        return [
            one for one in found if getattr(one, "kind", kind) == kind and self.known.namespaces.share(one, resource)
        ]

    def _nearest(self, found: list[Any]) -> list[Any]:
        """Those of the file, else those of its folder, else all: other applications have objects of the same name."""
        own = [one for one in found if one.place.path in ("", self.path)]
        folder = posixpath.dirname(self.path)
        return own or [one for one in found if posixpath.dirname(one.place.path) == folder] or found

    def _object(self, resource: Resource, kind: str, name: Scalar) -> Iterator[Target]:
        found = self._nearest(self._defined(resource, kind, name.value))
        for fact in found:
            yield from self._stated(fact)
        if not found:  # with the prefix or the hash of a kustomization, or as a chart makes it, perhaps
            yield from self._built(kind, name.value)

    def _built(self, kind: str, name: str) -> Iterator[Target]:
        absence = self.known.code.images.absence
        found = absence.builds.named(self.document, kind, name)
        places = {Target(one.source.path, content_of(one)) for one in found if one.source.exact}
        yield from sorted(places)
        folder = absence.charts.folder(self.path)
        if folder is not None:
            yield from rendered.named(folder, kind, name, self.context.files)

    def _key(self, workload: Workload, reference: names.Reference, key: Scalar) -> Iterator[Target]:
        """The key where it is written; the object where a generator or a controller gives it its keys."""
        defined = self._defined(workload, reference.kind, reference.name.value)
        having = [one for one in defined if one.keys and key.value in one.keys]
        for fact in self._nearest(having):
            path = fact.place.path or self.path
            keys = list(self._written_keys(path, reference.kind, fact.name, key.value))
            yield from keys or self._stated(fact)

    def _written_keys(self, path: str, kind: str, name: str, key: str) -> Iterator[Target]:
        for start, resource in self._objects(path):
            if resource.kind == kind and resource.name == name:
                for part in _DATA:
                    values = resource.node.mapping(part)
                    entry = values.entry(key) if values is not None else None
                    if entry is not None and isinstance(entry.key, Scalar):
                        yield Target(path, resource.document.content(entry.key).shifted(start))

    def _objects(self, path: str) -> Iterator[tuple[int, Resource]]:
        """The objects of a file, each with the offset of its document."""
        model = self.model if path == self.path else self._model_at(path)
        for chunk in model.chunks if isinstance(model, Manifests) else ():
            for resource in resources(YamlDocument(chunk.parsed)):
                yield chunk.start, resource

    def _service(self, service: Resource) -> Iterator[Reference]:
        selector = service.node.mapping("spec", "selector")
        for entry in selector.entries if selector is not None else ():
            if isinstance(entry.value, Scalar):
                yield from self._reference(Kind.PODS, entry.value, partial(self._pods, service), "")
        for port in (service.node.mapping("spec") or service.node).mappings("ports"):
            for key in ("name", "port"):
                yield from self._definition(Kind.SERVICE_PORT, port.scalar(key))
            yield from self._reference(Kind.PORT, port.scalar("targetPort"), partial(self._target_port, service))

    def _ingress(self, ingress: Resource) -> Iterator[Reference]:
        for path in BACKENDS:
            for holder, _ in entries_at(ingress.node, path):
                service = holder.mapping("service") or holder
                name, port = service.scalar("name"), service.mapping("port")
                if name is not None and port is not None:
                    for key in ("name", "number"):
                        targets = partial(self._service_port, ingress, name)
                        yield from self._reference(Kind.SERVICE_PORT, port.scalar(key), targets)

    def _service_port(self, ingress: Resource, name: Scalar, port: Scalar) -> Iterator[Target]:
        """The port of that name or number of the Service of that name."""
        for fact in self._nearest(self._defined(ingress, "Service", name.value)):
            path = fact.place.path or self.path
            for start, resource in self._objects(path):
                if (resource.kind, resource.name) == ("Service", name.value):
                    for one in (resource.node.mapping("spec") or resource.node).mappings("ports"):
                        for scalar in (one.scalar("name"), one.scalar("port")):
                            if scalar is not None and scalar.value == port.value:
                                yield Target(path, resource.document.content(scalar).shifted(start))

    def _pods(self, service: Resource, _: Scalar) -> Iterator[Target]:
        for pods in selected(service, self.known.selectable):
            yield from self._stated(pods)

    def _target_port(self, service: Resource, port: Scalar) -> Iterator[Target]:
        """The ports of that name or number of the pods that the Service selects."""
        for pods in selected(service, self.known.selectable):
            path = pods.place.path or self.path
            for start, resource in self._objects(path):
                if isinstance(resource, Workload) and (resource.kind, resource.name) == (pods.kind, pods.name):
                    for one in (one for container in resource.containers for one in _ports(container, port)):
                        yield Target(path, resource.document.content(one).shifted(start))

    def _kustomization(self) -> Iterator[Reference]:
        for root in self.document.parsed.roots:
            if isinstance(root, Mapping):
                for scalar in (one for key in _LISTED for one in root.scalars(key)):
                    yield from self._listed(scalar)
                for patch in root.mappings("patches"):
                    yield from self._listed(patch.scalar("path"))
                for key, kind in _GENERATORS:
                    for generator in root.mappings(key):
                        yield from self._definition(kind, generator.scalar("name"))

    def _listed(self, scalar: Scalar | None) -> Iterator[Reference]:
        word = posixpath.basename(scalar.value.rstrip("/")) if scalar is not None else ""
        yield from self._reference(Kind.FILE, scalar, self._file, "", word)

    def _file(self, scalar: Scalar) -> Iterator[Target]:
        """The file, or the kustomization of the folder."""
        folder, files = posixpath.dirname(self.path), self.context.files
        yield from file_at(folder, scalar.value, files)
        for name in KUSTOMIZATIONS:
            yield from file_at(folder, posixpath.join(scalar.value, name), files)


def _items(workload: Workload) -> Iterator[names.Reference]:
    """The keys of ConfigMaps and Secrets that volumes list."""
    for volume in workload.pod.mappings("volumes"):
        sources = (volume, *(volume.mapping("projected") or workload.metadata).mappings("sources"))
        for source in sources:
            for part, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                one = source.mapping(part)
                name = (one.scalar("name") or one.scalar("secretName")) if one is not None else None
                for item in one.mappings("items") if one is not None and name is not None else ():
                    if name is not None and name.literal and item.scalar("key") is not None:
                        yield names.Reference(kind, name, item.scalar("key"))


def _ports(container: Container, port: Scalar) -> Iterator[Scalar]:
    """The names or numbers of the container's ports that a name or number means."""
    for one in container.ports:
        if port.value in (one.name, one.number):
            scalar = one.node.scalar("name" if one.name == port.value else "containerPort")
            if scalar is not None:
                yield scalar
