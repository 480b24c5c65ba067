"""Secrets in fields other than the variables and commands of a workload's containers: most are in custom resources."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.languages.kubernetes.model.resources import Resource, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Node, Scalar, Sequence, content
from playpen_ls.rules.kubernetes._secrets import place, severity_of
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.secret_lines import embedded, secrets_in_lines
from playpen_ls.vocabulary.secret_shapes import may_hold_key
from playpen_ls.vocabulary.secrets import is_named_secret, is_secret_name

# Secrets and ConfigMaps have rules of their own; a definition only describes fields; what is sealed is encrypted.
_OTHER_KINDS = frozenset(("Secret", "ConfigMap", "CustomResourceDefinition", "SealedSecret"))
_CONTAINERS = frozenset(("containers", "initContainers", "ephemeralContainers"))
_TEXTS = frozenset(("labels", "annotations"))  # with checksums of Secrets, and the names of their keys
_HINT = regex(r"pas|pwd|token|secret|key|cred|auth|pat|://", re.IGNORECASE)
# The name of another object, a key in it, or a path in a store of secrets.
_REFERENCE = regex(r"[a-z0-9]+(?:[-_./:][a-z0-9]+)*")


def in_fields(resource: Resource) -> Iterator[Finding]:
    text = resource.document.text
    keyed = may_hold_key(text)
    if resource.kind in _OTHER_KINDS or not (keyed or _HINT.search(text)):
        return
    for name, scalar, named in _fields(resource):
        value = scalar.value
        if not (keyed or "\n" in value or "://" in value or "=" in value or (named and _HINT.search(name))):
            continue
        for span, severity in _secrets(resource, name if named else "", scalar):
            what = f"`{name}` of {resource.display_name}" if name else resource.display_name
            yield Finding(span, f"hard-coded secret in {what}", severity=severity)


def _fields(resource: Resource) -> Iterator[tuple[str, Scalar, bool]]:
    """(key, value, whether the key names the value); also of entries `{name: …, value: …}`."""
    stack: list[tuple[Node, bool]] = [(resource.node, True)]
    while stack:
        node, named = stack.pop()
        if isinstance(node, Sequence):
            stack += [(item, named) for item in node.items]
            yield from (("", item, False) for item in node.items if isinstance(item, Scalar) and item.literal)
        if not isinstance(node, Mapping):
            continue
        given = node.text("name")
        for entry in node.entries:
            key = entry.key.value if isinstance(entry.key, Scalar) else ""
            if isinstance(entry.value, Scalar):
                if entry.value.literal and not entry.value.null:
                    yield (given if key == "value" and given else key), entry.value, named
            elif not (key in _CONTAINERS and isinstance(resource, Workload)):
                stack.append((entry.value, named and key not in _TEXTS))


def _secrets(resource: Resource, name: str, scalar: Scalar) -> Iterator[tuple[Span, Severity | None]]:
    document, value = resource.document, scalar.value
    if "\n" in value.strip() and scalar.style in ("|", ">"):
        start, end = content(document.text, scalar)
        written = document.text[start:end]
        for one in secrets_in_lines(written):
            plain = Severity.WARNING if one.plain else severity_of("", written[one.span.start : one.span.end])
            yield one.span.shifted(start), plain
    elif is_secret_name(name) and is_named_secret(name, value):
        if not _REFERENCE.fullmatch(value):
            yield document.content(scalar), severity_of(name, value)
    else:
        for span in embedded(value):
            yield place(document, scalar, span), severity_of("", value[span.start : span.end])
