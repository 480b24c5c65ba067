"""Annotations that suppress checks of kube-linter, kube-score, Polaris and Checkov for an object."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.languages.kubernetes.model.resources import Resource, Workload, YamlDocument, pairs, resources
from playpen_ls.languages.kubernetes.syntax.documents import ParsedDocument
from playpen_ls.languages.model import Exemption
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_LINTER_CHECK = "ignore-check.kube-linter.io/"
_POLARIS = "polaris.fairwinds.com/"
_NAMED = regex(r"[\w.-]+")
_SKIPPED = regex(r"checkov\.io/skip\d*")


def exemptions(parsed: ParsedDocument) -> tuple[Exemption, ...]:
    """Exemptions in the order of the objects. Each covers its whole object, also if the pod template has it."""
    return tuple(_exemptions(YamlDocument(parsed)))


def _exemptions(document: YamlDocument) -> Iterator[Exemption]:
    for resource in resources(document):
        span = document.span(resource.node)
        # Include a finding on the last value of the object.
        covered = Span(span.start, span.end + 1)
        for name, value in _annotations(resource):
            yield from (Exemption(covered, tool, codes) for tool, codes in _read(name, value.strip()))


def _annotations(resource: Resource) -> Iterator[tuple[str, str]]:
    yield from resource.annotations.items()
    if isinstance(resource, Workload) and resource.pod_metadata is not resource.metadata:
        yield from pairs(resource.pod_metadata.mapping("annotations")).items()


def _read(name: str, value: str) -> Iterator[tuple[str, frozenset[str]]]:
    """(tool, its checks in lower case); an empty set means all checks."""
    if name.startswith(_LINTER_CHECK):
        yield "kube-linter", frozenset((name.removeprefix(_LINTER_CHECK).lower(),))
    elif name == "kube-linter.io/ignore-all":
        yield "kube-linter", frozenset()
    elif name == "kube-score/ignore":
        checks = frozenset(_NAMED.findall(value.lower()))
        if checks or "*" in value:
            yield "kube-score", frozenset() if "*" in value else checks
    elif name == f"{_POLARIS}exempt" and value.lower() == "true":
        yield "polaris", frozenset()
    elif name.startswith(_POLARIS) and name.endswith("-exempt") and value.lower() == "true":
        yield "polaris", frozenset((name.removeprefix(_POLARIS).removesuffix("-exempt").lower(),))
    elif _SKIPPED.fullmatch(name):
        yield "checkov", frozenset((value.partition("=")[0].strip().lower(),))
