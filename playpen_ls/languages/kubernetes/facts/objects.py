"""Facts that link files: pods, configuration keys, and the changes that kustomize and Skaffold make."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.api.fact_types import ConfigMapKeys, ImageBuilt, Kustomized, Pods, Probed, Relabelled
from playpen_ls.api.facts import Fact
from playpen_ls.languages.kubernetes.model.resources import Container, Resource, Workload, pairs
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Node, Scalar, Sequence
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference

_NUMBER = re.compile(r"(?<![\d.])\d{2,5}(?![\d.])")
_DEEP = 12  # levels; a Rollout's template is at 1, a JobSet's at 5
Said = tuple[type[Fact], Span, tuple[object, ...]]


def of_resource(resource: Resource) -> Iterator[Said]:
    """(kind, span relative to the document, values)."""
    span = resource.name_span
    if isinstance(resource, Workload):
        containers = [one for one in resource.containers if one.role != "init"]
        ports = _ports(containers) if not resource.partial else None
        images = tuple(_name(one) for one in containers)
        labels = tuple(sorted(resource.pod_labels.items()))
        mentioned = _mentioned(containers, ports) if ports else ()
        yield Pods, span, (resource.kind, resource.name, resource.namespace, labels, ports, images, mentioned)
        for container in containers:
            for key in ("livenessProbe", "readinessProbe", "startupProbe"):
                asked = container.node.mapping(key, "httpGet")
                if asked is not None and asked.text("path"):
                    yield Probed, span, (asked.text("path"),)
    elif (resource.group, resource.kind) == ("", "ConfigMap") and resource.name:
        yield ConfigMapKeys, span, (resource.namespace, resource.name, _keys(resource.node))
    elif (spec := resource.node.mapping("spec")) is not None and "." in resource.group:
        for labels in sorted(set(_templates(spec))):
            yield Pods, span, (resource.kind, resource.name, resource.namespace, labels, None, ())


def of_kustomization(root: Mapping) -> Iterator[Said]:
    span, namespace = Span(root.start, root.start), root.text("namespace")
    for one in root.mappings("configMapGenerator"):
        if one.text("name"):
            yield ConfigMapKeys, span, (namespace, one.text("name"), None)
    labels = list(pairs(root.mapping("commonLabels")))
    for entry in root.mappings("labels"):
        labels += pairs(entry.mapping("pairs"))
    if labels:
        yield Relabelled, span, (tuple(sorted(labels)),)
    # A component can set the namespace of the kustomization that includes it.
    told = namespace or ("" if root.items("components") else None)
    for key in ("resources", "bases", "components"):
        for listed in root.scalars(key):
            if listed.literal and "://" not in listed.value and not listed.value.startswith("git@"):
                yield Kustomized, span, (listed.value, told)


def of_skaffold(root: Mapping) -> Iterator[Said]:
    for build in (one.mapping("build") for one in (root, *root.mappings("profiles"))):
        for artifact in build.mappings("artifacts") if build else ():
            image = artifact.scalar("image")
            if image is not None and image.literal:
                docker = artifact.mapping("docker")
                context = artifact.text("context") or "."
                file = docker.text("dockerfile") if docker else ""
                dockerfile = f"{context}/{file}" if file else ""
                span = Span(image.start, image.end)
                yield ImageBuilt, span, (image.value, context, dockerfile, docker.text("target") if docker else "")


def _ports(containers: list[Container]) -> tuple[tuple[str, str], ...] | None:
    if not containers or not all(one.ports for one in containers):
        return None
    return tuple((port.name, port.number) for one in containers for port in one.ports)


def _mentioned(containers: list[Container], ports: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    texts = [word.value for one in containers for word in one.words]
    texts += [value for one in containers for value in one.environment.values()]
    for one in containers:
        for key in ("livenessProbe", "readinessProbe", "startupProbe"):
            probe = one.node.mapping(key)
            texts += [asked.text("port") for kind in ("httpGet", "tcpSocket", "grpc")
                      if probe is not None and (asked := probe.mapping(kind)) is not None]  # fmt: skip
    found = {number for text in texts for number in _NUMBER.findall(text)}
    return tuple(sorted(found.difference(number for _, number in ports)))


def _templates(node: Node, depth: int = 0) -> Iterator[tuple[tuple[str, str], ...]]:
    """The labels of the pod templates of a custom resource, at any depth: `leaderTemplate.metadata.labels`."""
    if isinstance(node, Mapping) and depth < _DEEP:
        metadata = node.mapping("metadata")
        labels = metadata.mapping("labels") if metadata is not None else None
        if labels is not None:
            yield tuple(sorted(pairs(labels).items()))
        for entry in node.entries:
            yield from _templates(entry.value, depth + 1)
    elif isinstance(node, Sequence) and depth < _DEEP:
        for item in node.items:
            yield from _templates(item, depth + 1)


def _name(container: Container) -> str:
    image = container.image
    return ImageReference.parse(image.value).repository if image is not None and image.literal else ""


def _keys(node: Mapping) -> tuple[str, ...] | None:
    """None if a template or a merge can add keys."""
    found: list[str] = []
    for name in ("data", "binaryData"):
        data = node.mapping(name)
        if data is None:
            if node.get(name) is not None and not getattr(node.get(name), "null", False):
                return None
            continue
        if data.merges:
            return None
        found += [entry.key.value for entry in data.entries if isinstance(entry.key, Scalar)]
    return tuple(found)
