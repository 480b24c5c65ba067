"""The parts that rules check: objects, containers, images, environment entries and arguments."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.languages.kubernetes.model.kustomizations import generated, inline_patches, set_images
from playpen_ls.languages.kubernetes.model.resources import Container, Workload, YamlDocument, resources
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.text.dataclass import dataclass


@dataclass(frozen=True, eq=False)
class ContainerImage:
    """The `image` of a container. `direct` means that it is written there, not in an alias."""

    container: Container
    scalar: Scalar
    direct: bool
    whole = True

    @property
    def document(self) -> YamlDocument:
        return self.container.document

    @property
    def reference(self) -> str:
        return self.scalar.value


@dataclass(frozen=True, eq=False)
class EnvironmentEntry:
    """An entry of `env` that has a literal `value`."""

    container: Container
    node: Mapping
    name: str
    value: Scalar

    @property
    def document(self) -> YamlDocument:
        return self.container.document


@dataclass(frozen=True, eq=False)
class Argument:
    """A word of `command` or `args`."""

    container: Container
    scalar: Scalar

    @property
    def document(self) -> YamlDocument:
        return self.container.document


def parts(document: YamlDocument) -> Iterator[object]:
    """All parts of a document, each once."""
    yield from set_images(document)
    yield from generated(document)
    for patch in document.parsed.derived(inline_patches):
        yield from _parts_of_objects(YamlDocument(patch, document.file))
    yield from _parts_of_objects(document)


def _parts_of_objects(document: YamlDocument) -> Iterator[object]:
    seen: set[int] = set()
    for resource in resources(document):
        yield resource
        if not isinstance(resource, Workload):
            continue
        for container in resource.containers:
            if id(container.node) in seen:
                continue
            seen.add(id(container.node))
            yield container
            yield from _container_parts(container, seen)


def _container_parts(container: Container, seen: set[int]) -> Iterator[object]:
    image = container.image
    if image is not None and image.literal and id(image) not in seen:
        seen.add(id(image))
        entry = container.node.entry("image")
        yield ContainerImage(container, image, entry is not None and entry.value is image)
    for node in container.node.mappings("env"):
        value = node.scalar("value")
        if value is not None and value.literal and id(value) not in seen:
            seen.add(id(value))
            yield EnvironmentEntry(container, node, node.text("name"), value)
    for word in container.words:
        if word.literal and id(word) not in seen:
            seen.add(id(word))
            yield Argument(container, word)
