"""Where a manifest points to something: its probes' endpoints, its references, its Services' ports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from playpen_ls.facts import ConfigMapKeys, Exposed, Facts, ImageBuilt, Listens, Overlay, Pods, Recipe, SecretKeys
from playpen_ls.languages.kubernetes.judgement import Namespaces, is_whole, name_of
from playpen_ls.languages.kubernetes.resources import Container, Resource, Workload
from playpen_ls.languages.kubernetes.running import as_set, override_of
from playpen_ls.languages.kubernetes.tree import Mapping, Scalar
from playpen_ls.linking import Built, built, meant, tagged_by
from playpen_ls.serving import Ports, ports_of
from playpen_ls.vocabulary.images import ImageReference

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


@dataclass(frozen=True)
class Images:
    """What the project says of the images that containers run."""

    overlays: Facts[Overlay]
    recipes: Facts[Recipe]
    builds: Facts[ImageBuilt]

    def recipe_of(self, image: str, path: str) -> Built | None:
        """What an image is made of that a manifest at `path` names."""
        found = built(image, path, self.recipes, self.builds)
        if found is not None:
            return found
        written = ImageReference.parse(image).repository
        renaming = (pair for one in self.overlays.having(tagged_by, written) for pair in one.renamed)
        names = {new for old, new in renaming if old == written}
        return built(names.pop(), path, self.recipes, self.builds) if len(names) == 1 else None


@dataclass(frozen=True)
class Openings:
    """What the project says of the ports that programs listen on."""

    exposed: Facts[Exposed]
    listens: Facts[Listens]

    def of(self, image: Built) -> Ports:
        return ports_of(image, self.exposed, self.listens)


def linked(container: Container, images: Images) -> Built | None:
    """What the container's image is made of, where the container runs the program that its Dockerfile starts."""
    image = container.image
    if image is None or not image.literal or container.role == "init" or container.document.template:
        return None
    if not is_whole(container.workload, images.overlays) or container.document.masks(container.node):
        return None
    found = images.recipe_of(image.value, container.document.path)
    override = override_of(container, found.recipe) if found is not None else None
    return found if override is None or (found is not None and override.is_of(found.recipe)) else None


def listening(container: Container, image: Built, openings: Openings) -> Ports:
    """The ports of a linked container's program; none are served where they come from something unknown."""
    ports = openings.of(image)
    if any(
        not entry.text("name") or entry.text("name") == "GUNICORN_CMD_ARGS" for entry in container.node.mappings("env")
    ):
        return Ports(frozenset(), ports.open, None)
    override = override_of(container, image.recipe)
    return as_set(container, ports) if override is None else override.ports(ports)


@dataclass(frozen=True)
class Endpoint:
    """A probe that asks a port: `path` only for `httpGet`, whose own `host` is another machine."""

    key: str
    port: Scalar | None
    path: Scalar | None


def endpoints(container: Container) -> Iterator[Endpoint]:
    for key in PROBES:
        probe = container.node.mapping(key)
        for kind in ("httpGet", "tcpSocket", "grpc"):
            asked = probe.mapping(kind) if probe is not None else None
            if asked is None or asked.text("host") or not _inside(container, asked):
                continue
            path = asked.scalar("path") if kind == "httpGet" else None
            yield Endpoint(key, asked.scalar("port"), path)


def _inside(container: Container, node: Mapping) -> bool:
    """Written in the container itself, not behind an alias."""
    return container.node.start <= node.start < container.node.end


_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


def is_name(text: str) -> bool:
    """It can be the name of an object or a port; `${NAME}`, `NAME` and `<name>` are filled in by a tool."""
    return _NAME.fullmatch(text) is not None


def number_of(container: Container, port: Scalar | None) -> int | None:
    """The number of a port that is given by number or by name."""
    if port is None or not port.literal:
        return None
    if port.value.isdigit():
        return int(port.value)
    numbers = [one.number for one in container.ports if one.name == port.value]
    return int(numbers[0]) if len(numbers) == 1 and numbers[0].isdigit() else None


@dataclass(frozen=True)
class Reference:
    """The name of another object that a workload needs; `key` is the key in it, if it asks for one."""

    kind: str
    name: Scalar
    key: Scalar | None = None


def references(workload: Workload) -> Iterator[Reference]:
    """Those that must be there, each place once."""
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


@dataclass(frozen=True)
class Settings:
    """What manifests hold for programs to read; a rule takes it as one parameter."""

    configs: Facts[ConfigMapKeys]
    secrets: Facts[SecretKeys]
    namespaces: Namespaces


@dataclass(frozen=True)
class Selectable:
    """The project's pods; a rule takes it as one parameter."""

    pods: Facts[Pods]
    namespaces: Namespaces

    def meant(self, service: Resource, found: Iterable[Pods]) -> list[Pods]:
        """Those of `found` that the Service may mean: in its namespace, and no variants that are for another place."""
        near = [one for one in found if self.namespaces.share(one, service)]
        return meant(service.document.path, near, lambda one: self._of_its_name(one, service))

    def _of_its_name(self, one: Pods, service: Resource) -> Iterator[Pods]:
        for other in (*self.pods.having(name_of, one.name), *service.document.beside(Pods, name_of, one.name)):
            if other.name == one.name and self.namespaces.share(other, service):
                yield other


def selected(service: Resource, selectable: Selectable) -> list[Pods]:
    """The pods that a Service sends requests to."""
    spec = service.node.mapping("spec", "selector")
    labels = {(e.key.value, e.value.value) for e in (spec.entries if spec else ())
              if isinstance(e.key, Scalar) and isinstance(e.value, Scalar)}  # fmt: skip
    if not labels:
        return []
    label = next(iter(labels))
    every = (*selectable.pods.having(labels_of, label), *service.document.beside(Pods, labels_of, label))
    return selectable.meant(service, (one for one in every if labels <= set(one.labels)))


def labels_of(pods: Pods) -> tuple[tuple[str, str], ...]:
    """Keys for tables of pods."""
    return pods.labels
