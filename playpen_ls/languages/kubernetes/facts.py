"""What objects tell other files for the sake of links: pods, configuration, and what tools make of manifests."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.facts import ConfigMapKeys, Fact, ImageBuilt, Pods, Probed, Relabelled
from playpen_ls.languages.kubernetes.resources import Container, Resource, Workload, pairs
from playpen_ls.languages.kubernetes.tree import Mapping, Scalar
from playpen_ls.source import Span
from playpen_ls.vocabulary.images import ImageReference

Said = tuple[type[Fact], Span, tuple[object, ...]]


def of_resource(resource: Resource) -> Iterator[Said]:
    """(kind, span relative to the document, values)."""
    span = resource.name_span
    if isinstance(resource, Workload):
        containers = [one for one in resource.containers if one.role != "init"]
        ports = _ports(containers) if not resource.partial else None
        images = tuple(_name(one) for one in containers)
        labels = tuple(sorted(resource.pod_labels.items()))
        yield Pods, span, (resource.kind, resource.name, resource.namespace, labels, ports, images)
        for container in containers:
            for key in ("livenessProbe", "readinessProbe", "startupProbe"):
                asked = container.node.mapping(key, "httpGet")
                if asked is not None and asked.text("path"):
                    yield Probed, span, (asked.text("path"),)
    elif (resource.group, resource.kind) == ("", "ConfigMap") and resource.name:
        yield ConfigMapKeys, span, (resource.namespace, resource.name, _keys(resource.node))
    elif (template := resource.node.mapping("spec", "template", "metadata")) is not None:
        labels = tuple(sorted(pairs(template.mapping("labels")).items()))
        yield Pods, span, (resource.kind, resource.name, resource.namespace, labels, None, ())


def of_kustomization(root: Mapping) -> Iterator[Said]:
    span, namespace = Span(root.start, root.start), root.text("namespace")
    for one in root.mappings("configMapGenerator"):
        if one.text("name"):
            yield ConfigMapKeys, span, (namespace, one.text("name"), None)
    labels = list(pairs(root.mapping("commonLabels")))
    for entry in root.mappings("labels"):
        labels += pairs(entry.mapping("pairs"))
    renames = any(root.get(name) is not None for name in ("namePrefix", "nameSuffix"))
    if labels or renames or namespace:
        yield Relabelled, span, (tuple(sorted(labels)), renames, namespace)


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


def _name(container: Container) -> str:
    image = container.image
    return ImageReference.parse(image.value).repository if image is not None and image.literal else ""


def _keys(node: Mapping) -> tuple[str, ...] | None:
    """None where a template or a merge may add some."""
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
