"""Completion in manifests: values that name something of the project. Keys are left to the schema's server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from playpen_ls.api.fact_types import ConfigMapKeys, SecretKeys, ServiceAccount
from playpen_ls.api.facts import Facts
from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.api.rule import RuleContext, given_as
from playpen_ls.languages.kubernetes.model.manifests import Manifests
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.model.resources import Container, Workload, YamlDocument, resources
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Node, Scalar, Sequence
from playpen_ls.rules.kubernetes._application import Code, application_in
from playpen_ls.rules.kubernetes._environment import Variables
from playpen_ls.rules.kubernetes._links import Selectable, selected
from playpen_ls.rules.kubernetes._namespaces import Namespaces, name_of
from playpen_ls.session.completion.item import Item, Proposals, Sort
from playpen_ls.session.completion.names import images
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_EMPTY = regex(r"[ \t]*:[ \t]+[\"']?")
_HOLE = regex(r"[{<]")
_SECRETS = frozenset(("secretKeyRef", "secretRef", "imagePullSecrets", "secret"))
_CONFIGS = frozenset(("configMapKeyRef", "configMapRef", "configMap"))


@dataclass(frozen=True)
class _Knowledge:
    code: Code
    variables: Variables
    selectable: Selectable
    configs: Facts[ConfigMapKeys]
    secrets: Facts[SecretKeys]
    accounts: Facts[ServiceAccount]
    namespaces: Namespaces


@dataclass(frozen=True)
class _Place:
    """A value in a document: the keys on the way to it, its mappings, innermost last, and its range."""

    keys: tuple[str, ...]
    around: tuple[Mapping, ...]
    span: Span


def proposals(model: Manifests, workspace: Workspace, offset: int) -> Proposals | None:
    """What can stand at the offset."""
    outline = Outline(model.source.path, model.chunks)
    for number, chunk in reversed([*enumerate(model.chunks)]):
        if chunk.start <= offset <= chunk.end:
            document = YamlDocument(chunk.parsed, FileView(outline, number))
            place = _place(document, offset - chunk.start)
            if place is not None:
                context = workspace.context(model.source.path)
                items = _Values(document, place, context).items()
                return Proposals.of(place.span.shifted(chunk.start), items)
    return None


def _place(document: YamlDocument, offset: int) -> _Place | None:
    """The value at an offset; None on a key, in a text of several lines, and elsewhere."""
    for root in document.parsed.roots:
        if root.start <= offset and (found := _inside(document, root, offset)) is not None:
            return found
    return None


def _inside(document: YamlDocument, root: Node, offset: int) -> _Place | None:
    keys, around, node = list[str](), list[Mapping](), root
    while True:
        if isinstance(node, Sequence):
            items = [one for one in node.items if one.start <= offset]
            if not items:
                return None
            node = items[-1]
        elif isinstance(node, Mapping):
            entries = [one for one in node.entries if one.key.start <= offset]
            if not entries or not isinstance(entries[-1].key, Scalar):
                return None
            key, value = entries[-1].key, entries[-1].value
            around.append(node)
            keys.append(key.value)
            if isinstance(value, Scalar) and (value.null or value.start <= offset):
                span = _value(document, key, value, offset)
                return _Place(tuple(keys), tuple(around), span) if span is not None else None
            if value.start > offset:
                return None
            node = value
        else:
            return None


def _value(document: YamlDocument, key: Scalar, value: Scalar, offset: int) -> Span | None:
    """The range that a proposal replaces: the value, or nothing behind the colon of an empty one."""
    text = document.text
    if value.null and value.start == value.end:
        return Span(offset, offset) if _EMPTY.fullmatch(text, key.end, offset) else None
    span = document.content(value)
    written = text[span.start : span.end]
    on_key_line = not re.search(r"[\r\n]", text[key.end : span.end])
    return span if span.start <= offset <= span.end and on_key_line and "{{" not in written else None


class _Values:
    def __init__(self, document: YamlDocument, place: _Place, context: RuleContext) -> None:
        self._document = document
        self._place = place
        self._context = context
        self._known = given_as(_Knowledge, context)

    def items(self) -> Iterator[Item]:
        keys = self._place.keys
        last, parent = keys[-1], keys[-2] if len(keys) > 1 else ""
        resource = next((one for one in resources(self._document) if one.node is self._place.around[0]), None)
        if resource is None:
            resource = next((one for one in resources(self._document) if one.node in self._place.around), None)
        if isinstance(resource, Workload):
            yield from self._of_workload(resource, last, parent)
        elif resource is not None and resource.kind == "Service" and last == "targetPort":
            for pods in selected(resource, self._known.selectable):
                yield from (Item(name, Sort.VALUE, f"port of {pods.name}") for name, _ in pods.ports or () if name)

    def _of_workload(self, workload: Workload, last: str, parent: str) -> Iterator[Item]:
        keys, node = self._place.keys, self._place.around[-1]
        container = next((one for one in workload.containers if one.node in self._place.around), None)
        if last == "serviceAccountName":
            yield from self._objects(workload, self._known.accounts)
        elif last == "secretName" or (last == "name" and parent in _SECRETS):
            yield from self._objects(workload, self._known.secrets)
        elif last == "name" and parent in _CONFIGS:
            yield from self._objects(workload, self._known.configs)
        elif last == "key" and parent in ("secretKeyRef", "configMapKeyRef"):
            facts = self._known.secrets if parent == "secretKeyRef" else self._known.configs
            yield from self._keys(workload, facts, node.text("name"))
        elif container is None:
            return
        elif last == "image" and node is container.node:
            yield from images(self._context, as_base=False)
        elif last == "name" and parent == "volumeMounts":
            for volume in workload.pod.mappings("volumes"):
                yield Item(volume.text("name"), Sort.VALUE, "volume of the pod")
        elif last == "port" and any(one in keys for one in (*_PROBES, "httpGet", "tcpSocket")):
            yield from (Item(port.name, Sort.VALUE, f"port {port.number}") for port in container.ports if port.name)
        elif last == "path" and parent == "httpGet":
            yield from self._paths(container)
        elif last == "name" and parent == "env":
            yield from self._variables(container)

    def _objects(self, workload: Workload, facts: Facts[Any]) -> Iterator[Item]:
        for fact in facts_everywhere(facts, self._document):
            if fact.name and self._known.namespaces.share(fact, workload):
                yield Item(fact.name, Sort.VALUE, f"in {fact.place.path or 'this file'}", int(bool(fact.place.path)))

    def _keys(self, workload: Workload, facts: Facts[Any], name: str) -> Iterator[Item]:
        for fact in facts_everywhere(facts, self._document, name_of, name):
            if self._known.namespaces.share(fact, workload):
                yield from (Item(key, Sort.VALUE, f"key of {name}") for key in fact.keys or ())

    def _paths(self, container: Container) -> Iterator[Item]:
        link = self._known.code.images.link(container)
        if link is not None:
            for one in application_in(container, link, self._known.code).served:
                if one.whole and "GET" in one.route.methods and not _HOLE.search(one.path):
                    yield Item(one.path, Sort.VALUE, f"route in {one.route.place.path}")

    def _variables(self, container: Container) -> Iterator[Item]:
        """What the code reads, and nothing sets yet."""
        link = self._known.code.images.link(container)
        if link is not None:
            given = {entry.text("name") for entry in container.node.mappings("env")}
            own = set(link.recipe.variables)
            for read in link.of(self._known.variables.reads):
                if read.name not in given:
                    detail = f"read in {read.place.path}"
                    rank = 2 if read.name in own else 0 if read.required else 1
                    yield Item(read.name, Sort.VARIABLE, detail, rank)
