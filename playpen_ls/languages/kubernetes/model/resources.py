"""The Kubernetes objects of a document: their names, and the pods that they describe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import field
from itertools import pairwise
from typing import TypeVar

from playpen_ls.api.file_view import FileView
from playpen_ls.languages.kubernetes.syntax.documents import DocumentPart, ParsedDocument
from playpen_ls.languages.kubernetes.syntax.nodes import UNKNOWN, Mapping, Node, Scalar, Sequence, content, resolved
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

T = TypeVar("T")

_API_VERSION = regex(r"v\d\w*|[\w.-]+/v\d\w*")
_LONGEST_EXPRESSION = 60  # characters that a message shows
_LISTS = 3  # nesting of Lists; one List inside another is already unusual
_POD_SPECS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): ("spec",),
    ("", "ReplicationController"): ("spec", "template", "spec"),
    ("apps", "Deployment"): ("spec", "template", "spec"),
    ("apps", "ReplicaSet"): ("spec", "template", "spec"),
    ("apps", "StatefulSet"): ("spec", "template", "spec"),
    ("apps", "DaemonSet"): ("spec", "template", "spec"),
    ("batch", "Job"): ("spec", "template", "spec"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template", "spec"),
}
PATCHED = {kind: group for group, kind in (*_POD_SPECS, ("", "ConfigMap"), ("", "Secret"))}
"""The groups of the kinds that are also read without an `apiVersion`: kustomize patches that have a `target`."""
# API groups of files that look like Kubernetes objects but are not.
_FOREIGN_GROUPS = frozenset(("kustomize.config.k8s.io", "kind.x-k8s.io", "skaffold", "eksctl.io", "kubeadm.k8s.io"))


@dataclass(frozen=True, eq=False)
class YamlDocument:
    """A document (or an item of a List) in its file. Offsets are relative to its text.

    The rest of the `file` is read by queries only. Without a `file`, only what the text states by itself is known.
    A template can be edited if it is `verified`: if what it is rendered to is compared before and after the edit.
    """

    parsed: ParsedDocument
    file: FileView | None = None
    verified: bool = False

    def ask(self, query: Callable[..., T], *key: object) -> T:
        """The answer of a query about the file, recorded as a dependency of the findings; see `FileView.ask`."""
        return self._in_file.ask(query, *key)

    @property
    def path(self) -> str:
        """The path of the file."""
        return self._in_file.path

    @property
    def start(self) -> int:
        """The offset of the document in the file. Only for the change of a fix, as `newline`."""
        return self._in_file.start

    @property
    def newline(self) -> str:
        """The line end that the file uses. Only for the change of a fix: raises UnrecordedRead while a rule runs."""
        return self._in_file.model.source.newline  # type: ignore[no-any-return]

    @property
    def _in_file(self) -> FileView:
        if self.file is None:
            raise LookupError("a document without a file has no path and no other documents")
        return self.file

    @property
    def text(self) -> str:
        return self.parsed.text

    @property
    def template(self) -> bool:
        return self.parsed.result.template

    def span(self, node: Node) -> Span:
        """Where a node stands, with its quotes."""
        return Span(node.start, node.end)

    def content(self, scalar: Scalar) -> Span:
        """Where a scalar's own text stands, without quotes or `|`."""
        return Span(*content(self.text, scalar))

    def expression(self, scalar: Scalar | None) -> str:
        """A name that a template computes as it is written, `{{ .Chart.Name }}`; "" for a long one, and if unknown."""
        if scalar is None or scalar.literal:
            return ""
        whole = self.content(scalar)
        written = " ".join(self.text[whole.start : whole.end].split())
        shown = len(written) <= _LONGEST_EXPRESSION and "`" not in written and UNKNOWN not in written
        return written if shown else ""

    def part(self, scalar: Scalar, start: int, end: int) -> Span:
        """The range of `scalar.value[start:end]`; the whole content where escapes hide which that is."""
        whole = self.content(scalar)
        written, words = self.text[whole.start : whole.end], scalar.value[start:end]
        if written == scalar.value:
            return Span(whole.start + start, whole.start + end)
        # Indentation and folding change only whitespace, so the words occur equally often and in the same order.
        if words and not re.search(r"\s", words):
            meant, there = (_starts(words, text) for text in (scalar.value, written))
            if len(meant) == len(there) and start in meant:
                at = whole.start + there[meant.index(start)]
                return Span(at, at + len(words))
        return whole

    def masks(self, node: Node) -> bool:
        """Whether a half-typed line inside the node is masked, so that no absence in it can be concluded."""
        return any(span.start <= node.end + 1 and node.start <= span.end for span in self.parsed.result.masked)

    def depends(self, node: Node, on: Node) -> bool:
        """Whether the node is under a template condition that does not cover the object `on`."""
        return self.depends_at(node.start, on)

    def depends_at(self, offset: int, on: Node) -> bool:
        """Whether an offset is under such a condition."""
        for span in self.parsed.result.conditional:  # asked for each key: `any` would take twice as long
            if span.start <= offset < span.end and not span.start <= on.start < span.end:
                return True
        return False


@dataclass(frozen=True, eq=False)
class Resource:
    """One object: a document, or an item of a List. Names are "" if the manifest does not set them."""

    document: YamlDocument
    node: Mapping
    kind: str
    group: str

    @cached_property
    def metadata(self) -> Mapping:
        return self.node.mapping("metadata") or Mapping(0, 0, False, (), False)

    @property
    def name(self) -> str:
        """ "" also for `generateName`: nothing can reference such a name."""
        return self.metadata.text("name")

    @property
    def namespace(self) -> str:
        """ "" is unknown, not `default`: kustomize or `kubectl -n` can set it."""
        return self.metadata.text("namespace")

    @property
    def display_name(self) -> str:
        """Kind and name as messages show them: "Deployment `web`"."""
        name = self.name or self.document.expression(self.metadata.scalar("name"))
        return f"{self.kind} `{name}`" if name else self.kind

    @property
    def labels(self) -> dict[str, str]:
        return pairs(self.metadata.mapping("labels"))

    @property
    def annotations(self) -> dict[str, str]:
        return pairs(self.metadata.mapping("annotations"))

    @property
    def name_span(self) -> Span:
        """The span of the name, else of the kind."""
        scalar = self.metadata.scalar("name") or self.metadata.scalar("generateName") or self.node.scalar("kind")
        return self.document.content(scalar) if scalar else self.document.span(self.node)


@dataclass(frozen=True, eq=False)
class Workload(Resource):
    """An object that runs pods; `pod` is the pod spec."""

    pod: Mapping = field(kw_only=True)
    pod_path: tuple[str, ...] = field(kw_only=True)

    @cached_property
    def pod_metadata(self) -> Mapping:
        template = self.node.mapping(*self.pod_path[:-1]) if len(self.pod_path) > 1 else self.node
        return (template and template.mapping("metadata")) or Mapping(0, 0, False, (), False)

    @property
    def pod_labels(self) -> dict[str, str]:
        return pairs(self.pod_metadata.mapping("labels"))

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """Main, init and sidecar containers in text order, each once; without ephemeral containers."""
        found: dict[int, Container] = {}
        for key in ("initContainers", "containers"):
            for node in self.pod.mappings(key):
                keeps_running = node.text("restartPolicy") == "Always"
                role = "main" if key == "containers" else "sidecar" if keeps_running else "init"
                found.setdefault(id(node), Container(self, node, role))
        return tuple(sorted(found.values(), key=lambda container: container.node.start))

    @cached_property
    def partial(self) -> bool:
        """Whether it is a patch or template, so that missing keys can be set elsewhere."""
        if self.document.template or self.document.parsed.patches or not self.node.text("apiVersion"):
            return True
        needs_selector = self.group == "apps" and self.node.text("apiVersion") == "apps/v1"
        if needs_selector and not isinstance(self.node.get("spec"), Mapping):
            return True
        if needs_selector and self.node.mapping("spec", "selector") is None:
            return True
        return not self.containers or any(one.node.get("image") is None for one in self.containers)

    @property
    def runs_on_windows(self) -> bool:
        """Whether the pod names Windows as its system, which has no Linux capabilities and privileges."""
        system = self.pod.mapping("os")
        return system is not None and system.text("name") == "windows"

    @property
    def runs_to_its_end(self) -> bool:
        """Whether the pod is meant to finish: Jobs, Pods that are not restarted, and Jenkins agents."""
        if self.group == "batch" or self.pod.text("restartPolicy") in ("Never", "OnFailure"):
            return True
        return self.kind == "Pod" and any(one.text("name") == "jnlp" for one in self.pod.mappings("containers"))

    @property
    def is_hook(self) -> bool:
        """Whether it is a Helm or Argo CD hook, which runs once, possibly before other objects are created."""
        annotations = self.annotations | pairs(self.pod_metadata.mapping("annotations"))
        return any(name in annotations for name in ("helm.sh/hook", "argocd.argoproj.io/hook"))

    @property
    def managed(self) -> bool:
        """Whether a controller or the kubelet created the object, so that this manifest is an exported copy."""
        names = ("kubernetes.io/config.mirror", "kubernetes.io/config.source")
        return self.metadata.get("ownerReferences") is not None or any(name in self.annotations for name in names)


@dataclass(frozen=True, eq=False)
class Port:
    """`number` is "" if it is not a literal."""

    node: Mapping
    number: str
    name: str
    protocol: str


@dataclass(frozen=True, eq=False)
class Container:
    """`role` is `main`, `init`, or `sidecar` for an init container that keeps running."""

    workload: Workload
    node: Mapping
    role: str

    @property
    def document(self) -> YamlDocument:
        return self.workload.document

    @property
    def name(self) -> str:
        return self.node.text("name")

    @property
    def display_name(self) -> str:
        """Role and name as messages show them: "init container `migrate`"."""
        kind = "container" if self.role == "main" else f"{self.role} container"
        name = self.name or self.document.expression(self.node.scalar("name"))
        return f"{kind} `{name}`" if name else f"unnamed {kind}"

    @property
    def span(self) -> Span:
        """The span of the name, else of the first key."""
        scalar = self.node.scalar("name")
        if scalar is not None:
            return self.document.content(scalar)
        return self.document.span(self.node.entries[0].key if self.node.entries else self.node)

    @property
    def image(self) -> Scalar | None:
        return self.node.scalar("image")

    @property
    def head(self) -> tuple[str, ...]:
        """The keys after which probes and `resources` are inserted; the first present key counts."""
        keys = [entry.key.value for entry in self.node.entries if isinstance(entry.key, Scalar)]
        named_last = ("image", "name") in pairwise(keys)
        return ("ports", "name", "image") if named_last else ("ports", "image", "name")

    @cached_property
    def ports(self) -> tuple[Port, ...]:
        return tuple(
            Port(port, port.text("containerPort"), port.text("name"), port.text("protocol") or "TCP")
            for port in self.node.mappings("ports")
        )

    @cached_property
    def words(self) -> tuple[Scalar, ...]:
        """`command` and `args`."""
        return (*self.node.scalars("command"), *self.node.scalars("args"))

    @property
    def environment(self) -> dict[str, str]:
        """The variables that have a literal value."""
        return {
            entry.text("name"): value.value
            for entry in self.node.mappings("env")
            if (value := entry.scalar("value")) is not None and value.literal
        }


def _starts(words: str, text: str) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(words), text)]


def pairs(mapping: Mapping | None) -> dict[str, str]:
    """The literal scalars of a mapping such as labels."""
    if mapping is None:
        return {}
    return {
        entry.key.value: value.value
        for entry in mapping.entries
        if isinstance(entry.key, Scalar) and isinstance(value := resolved(entry.value), Scalar) and value.literal
    }


def resources(document: YamlDocument) -> Iterator[Resource]:
    """The Kubernetes objects of a document; none for other YAML."""
    part = document.parsed.part
    for root in document.parsed.roots:
        if isinstance(root, Mapping) and part is DocumentPart.WHOLE:
            yield from _resources(document, root, _LISTS)
        elif isinstance(root, Sequence) and part is DocumentPart.ITEM:
            for item in root.items:
                if isinstance(item, Mapping):
                    yield from _resources(document, item, _LISTS - 1)


def as_resource(document: YamlDocument, node: Mapping) -> Resource | None:
    """An object of a document in another form: as a build makes it."""
    return next(_resources(document, node, 0), None)


def _resources(document: YamlDocument, node: Mapping, lists: int) -> Iterator[Resource]:
    kind, version = node.text("kind"), node.text("apiVersion")
    group = version.rpartition("/")[0]
    if not version and kind in PATCHED and node.mapping("metadata") is not None and node.get("apiVersion") is None:
        group = PATCHED[kind]  # a kustomize patch that has a target does not need one
    elif not kind or not _API_VERSION.fullmatch(version):
        return
    if kind.endswith("List") and isinstance(node.get("items"), Sequence):
        for item in node.mappings("items") if lists else ():
            yield from _resources(document, item, lists - 1)
        return
    if group in _FOREIGN_GROUPS or kind in ("Kustomization", "Component") or (group == "" and kind == "Config"):
        return
    group = "apps" if group == "extensions" else group
    path = _POD_SPECS.get((group, kind))
    pod = node.mapping(*path) if path else None
    if path and pod is not None:
        yield Workload(document, node, kind, group, pod=pod, pod_path=path)
    else:
        yield Resource(document, node, kind, group)
