"""References from manifests: probe endpoints, object references, and the pods that Services select."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator

from playpen_ls.api.fact_types import (
    ConfigMapKeys,
    DotenvVariable,
    Exposed,
    ImageBuilt,
    Listens,
    Overlay,
    Pods,
    Recipe,
    SecretKeys,
    tagged_by,
)
from playpen_ls.api.facts import Facts
from playpen_ls.languages.kubernetes.helm.installs import chart_of
from playpen_ls.languages.kubernetes.helm.text import HOLE
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere, images_of
from playpen_ls.languages.kubernetes.model.resources import Container, Resource, YamlDocument
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.project.image_evidence import Link, Use, exposes
from playpen_ls.project.image_links import Linker, common_folders, linker
from playpen_ls.project.links import meant
from playpen_ls.project.services import Ports, ports_of
from playpen_ls.rules.kubernetes._command import as_set, override_of
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._namespaces import Namespaces, name_of
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.images import ImageReference

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


@dataclass(frozen=True)
class Images:
    """Facts about the images that containers run."""

    absence: Absence
    overlays: Facts[Overlay]
    recipes: Facts[Recipe]
    builds: Facts[ImageBuilt]
    pods: Facts[Pods]
    exposed: Facts[Exposed]
    values: Facts[DotenvVariable]

    def link(self, container: Container) -> Link | None:
        """The Dockerfile that builds the container's image, or None; whatever program the container runs."""
        for use in self.uses(container):
            found = self.linker(container.document).link(use)
            if found is not None:
                return exposes(found, self.exposed, use.ports)
        return None

    def uses(self, container: Container) -> list[Use]:
        """The image as written, then as the project's kustomizations rename it, if the nearest agree on one name."""
        written = self.image_of(container)
        if not written:
            return []
        repository = ImageReference.parse(written).repository
        path = container.document.path
        renaming: defaultdict[int, set[str]] = defaultdict(set)
        for one in self.overlays.having(tagged_by, repository):
            renaming[common_folders(path, one.place.path)].update(new for old, new in one.renamed if old == repository)
        names = renaming[max(renaming)] if renaming else set()
        ports = frozenset(int(port.number) for port in container.ports if port.number.isdigit())
        called = tuple(filter(None, (container.name, container.workload.name)))
        images = [written, *(names if len(names) == 1 else ())]
        alone = len(container.workload.containers) == 1
        chart = posixpath.basename(chart_of(path) or "") if alone else ""
        return [Use(image, path, called, ports, chart, alone) for image in images]

    def image_of(self, container: Container) -> str:
        """The image; in a template, as the chart is installed, where HOLE stands for what is not known."""
        image = container.image
        if image is None:
            return ""
        if image.literal:
            return image.value
        form = self.absence.charts.installed(container)
        return form.image.value if form is not None and form.image is not None else HOLE

    def linker(self, document: YamlDocument) -> Linker:
        """The linker of the project as this file is now."""
        if not self.recipes and not self.builds:  # nothing can be linked, so a change of an image concerns nobody
            return linker(self.recipes, self.builds, frozenset(), self.values)
        own = document.ask(images_of)
        return linker(self.recipes, self.builds, self.pods.derived(_all_images, document.path, own), self.values)


def _all_images(pods: Facts[Pods], path: str, own: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """(path, image) of all manifests: those of other files, and `own`."""
    others = {(one.place.path, image) for one in pods for image in one.images}
    return frozenset(others.union((path, image) for image in own))


@dataclass(frozen=True)
class Openings:
    """Facts about the ports that programs listen on."""

    exposed: Facts[Exposed]
    listens: Facts[Listens]

    def of(self, image: Link) -> Ports:
        return ports_of(image, self.exposed, self.listens)


def linked(container: Container, images: Images) -> Link | None:
    """The link of a container on which a finding can rely, and that runs the program of its Dockerfile; else None."""
    image = container.image
    if image is None or not image.literal or container.role == "init":
        return None
    if not images.absence.is_certain(container):
        return None
    found = images.link(container)
    if found is None or not found.supports_findings:
        return None
    override = override_of(container, found.recipe)
    return found if override is None or override.is_of(found.recipe) else None


def listening(container: Container, image: Link, openings: Openings) -> Ports:
    """The ports of a linked container's program; `served` is empty if they come from an unknown source."""
    ports = openings.of(image)
    if any(
        not entry.text("name") or entry.text("name") == "GUNICORN_CMD_ARGS" for entry in container.node.mappings("env")
    ):
        return Ports(frozenset(), ports.open, None)
    override = override_of(container, image.recipe)
    return as_set(container, ports) if override is None else override.ports(ports)


@dataclass(frozen=True)
class Endpoint:
    """The endpoint of a probe; `path` only for `httpGet`. A probe with `host` asks another machine and has none."""

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
    """Whether the node is written in the container itself, not in an alias."""
    return container.node.start <= node.start < container.node.end


_NAME = regex(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


def is_name(text: str) -> bool:
    """Whether the text is a valid object or port name; `${NAME}`, `NAME` and `<name>` are placeholders."""
    return _NAME.fullmatch(text) is not None


def number_of(container: Container, port: Scalar | None) -> int | None:
    """The number of a port that is referenced by number or name, or None."""
    if port is None or not port.literal:
        return None
    if port.value.isdigit():
        return int(port.value)
    numbers = [one.number for one in container.ports if one.name == port.value]
    return int(numbers[0]) if len(numbers) == 1 and numbers[0].isdigit() else None


@dataclass(frozen=True)
class Settings:
    """ConfigMaps and Secrets of the project; a rule takes it as one parameter."""

    configs: Facts[ConfigMapKeys]
    secrets: Facts[SecretKeys]
    namespaces: Namespaces


@dataclass(frozen=True)
class Selectable:
    """The project's pods; a rule takes it as one parameter."""

    pods: Facts[Pods]
    namespaces: Namespaces

    def meant(self, service: Resource, found: Iterable[Pods]) -> list[Pods]:
        """Those of `found` in the Service's namespace, without variants that belong to another Service."""
        near = [one for one in found if self.namespaces.share(one, service)]
        return meant(service.document.path, near, lambda one: self._of_its_name(one, service))

    def _of_its_name(self, one: Pods, service: Resource) -> Iterator[Pods]:
        for other in facts_everywhere(self.pods, service.document, name_of, one.name):
            if self.namespaces.share(other, service):
                yield other


def selected(service: Resource, selectable: Selectable) -> list[Pods]:
    """The pods that a Service selects."""
    spec = service.node.mapping("spec", "selector")
    labels = {(e.key.value, e.value.value) for e in (spec.entries if spec else ())
              if isinstance(e.key, Scalar) and isinstance(e.value, Scalar)}  # fmt: skip
    if not labels:
        return []
    every = facts_everywhere(selectable.pods, service.document, labels_of, min(labels))
    return selectable.meant(service, (one for one in every if labels <= set(one.labels)))


def labels_of(pods: Pods) -> tuple[tuple[str, str], ...]:
    """Lookup keys: the labels of the pods."""
    return pods.labels
