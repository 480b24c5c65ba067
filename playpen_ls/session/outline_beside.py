"""The outline of manifests and Python files, beside servers for YAML and Python: only things that these cannot name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from playpen_ls.api.fact_types import Revision, Route
from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.languages.kubernetes.model.manifests import Manifests
from playpen_ls.languages.kubernetes.model.resources import Container, Resource, Workload, YamlDocument, resources
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping
from playpen_ls.languages.model import Model
from playpen_ls.languages.python.model.module import PythonModel
from playpen_ls.languages.python.model.parts import EngineCall
from playpen_ls.languages.python.syntax.known_names import ENGINES
from playpen_ls.languages.registry import model_facts
from playpen_ls.session.outline import Kind, Symbol
from playpen_ls.text.pause import pause
from playpen_ls.text.span import Span

_PROBES = {"startupProbe": "startup", "readinessProbe": "readiness", "livenessProbe": "liveness"}


def symbols_beside(model: Model) -> tuple[Symbol, ...]:
    """The objects of a manifest, the routes, engines and migrations of a Python file; in text order."""
    if isinstance(model, Manifests):
        return tuple(_objects(model))
    if isinstance(model, PythonModel):
        return tuple(sorted(_of_module(model), key=lambda one: one.span))
    return ()


# Manifests


def _objects(model: Manifests) -> Iterator[Symbol]:
    outline = Outline(model.source.path, model.chunks)
    for number, chunk in enumerate(model.chunks):
        pause()
        for resource in resources(YamlDocument(chunk.parsed, FileView(outline, number))):
            yield _object(resource, chunk.start)


def _object(resource: Resource, start: int) -> Symbol:
    if isinstance(resource, Workload):
        children = [_container(one, start) for one in resource.containers]
    else:
        ports = resource.node.mapping("spec")
        is_service = (resource.group, resource.kind) == ("", "Service") and ports is not None
        children = [*_ports(resource.document, ports.mappings("ports"), "port", start)] if is_service and ports else []
    name = resource.display_name.replace("`", "")
    return Symbol(
        name, "", Kind.OBJECT, *_spans(resource.document, resource.node, resource.name_span, start), tuple(children)
    )


def _container(container: Container, start: int) -> Symbol:
    document, image = container.document, container.image
    children = [*_ports(document, (port.node for port in container.ports), "containerPort", start)]
    for key, kind in _PROBES.items():
        probe = container.node.mapping(key)
        if probe is not None:
            spans = _spans(document, probe, document.span(probe), start)
            children.append(Symbol(f"{kind} {_requested(probe)}".rstrip(), "", Kind.PROBE, *spans))
    return Symbol(
        container.display_name.replace("`", ""),
        image.value if image is not None and image.literal else "",
        Kind.CONTAINER,
        *_spans(document, container.node, container.span, start),
        tuple(sorted(children, key=lambda one: one.span)),
    )


def _ports(document: YamlDocument, ports: Iterable[Mapping], key: str, start: int) -> Iterator[Symbol]:
    for port in ports:
        number = port.scalar(key)
        if number is not None and number.literal:
            spans = _spans(document, port, document.content(number), start)
            yield Symbol(f"port {number.value}", port.text("name"), Kind.PORT, *spans)


def _requested(probe: Mapping) -> str:
    """What a probe asks; commands can hold secrets."""
    for action, key in (("httpGet", "path"), ("tcpSocket", "port"), ("grpc", "port")):
        inner = probe.mapping(action)
        if inner is not None:
            return inner.text(key) or ("/" if key == "path" else "")
    return "command" if probe.mapping("exec") is not None else ""


def _spans(document: YamlDocument, node: Mapping, name: Span, start: int) -> tuple[Span, Span]:
    whole = document.span(node)
    return Span(min(whole.start, name.start), max(whole.end, name.end)).shifted(start), name.shifted(start)


# Python


def _of_module(model: PythonModel) -> Iterator[Symbol]:
    for fact in model_facts(model):
        span = fact.place.span
        if isinstance(fact, Route):
            yield Symbol(f"{'/'.join(fact.methods)} {fact.path}".strip(), "", Kind.ROUTE, span, span)
        elif isinstance(fact, Revision) and fact.id:
            yield Symbol(f"migration {fact.id}", "", Kind.MIGRATION, span, span)
    if not any(name in model.source.text for name in ENGINES):
        return
    outline = Outline(model.source.path, model.chunks)
    for number, chunk in enumerate(model.chunks):
        pause()
        for part in chunk.parts(FileView(outline, number)):
            if isinstance(part, EngineCall):
                span = part.span.shifted(chunk.begins)
                yield Symbol("database engine", "", Kind.ENGINE, span, span)  # its URL can hold a password
