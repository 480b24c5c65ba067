"""What a kustomization says about objects that are elsewhere: images, generated objects and inline patches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.languages.kubernetes.model.resources import Resource, YamlDocument
from playpen_ls.languages.kubernetes.syntax.documents import ParsedDocument
from playpen_ls.languages.kubernetes.syntax.nodes import Entry, Mapping, Scalar, Sequence, content
from playpen_ls.text.dataclass import dataclass

_GENERATED = (("configMapGenerator", "ConfigMap", "data"), ("secretGenerator", "Secret", "stringData"))


@dataclass(frozen=True, eq=False)
class SetImage:
    """An image that a kustomization sets: `scalar` is the tag of an entry of `images`, or the value of a JSON patch.

    `reference` is the image as the containers get it. Without `whole`, the scalar is only its tag.
    """

    document: YamlDocument
    scalar: Scalar
    reference: str
    whole: bool


class InlinePatch(ParsedDocument):
    """A patch that is written in a kustomization. Its text has blanks for all that is around it: offsets are those of
    the kustomization."""

    patches = True


def is_kustomization(root: Mapping) -> bool:
    """Whether the root of a document is a kustomization or a component, whose `kind` is optional.

    The Kustomization of Flux is an object that names one.
    """
    if root.text("kind"):
        return root.text("kind") in ("Kustomization", "Component") and not is_of_flux(root)
    lists = any(root.scalars(key) for key in ("resources", "bases", "components"))
    return lists or any(root.mappings(key) for key in ("configMapGenerator", "secretGenerator"))


def is_of_flux(root: Mapping) -> bool:
    """Whether the root of a document is a Kustomization of Flux, which names the folder of a kustomization."""
    return root.text("kind") == "Kustomization" and root.text("apiVersion").startswith("kustomize.toolkit.fluxcd.io/")


def kustomizations(parsed: ParsedDocument) -> Iterator[Mapping]:
    for root in parsed.roots:
        if isinstance(root, Mapping) and is_kustomization(root):
            yield root


def set_images(document: YamlDocument) -> Iterator[SetImage]:
    for root in kustomizations(document.parsed):
        for entry in root.mappings("images"):
            tag, name = entry.scalar("newTag"), entry.text("newName") or entry.text("name")
            if tag is not None and tag.literal and name and not entry.text("digest"):
                yield SetImage(document, tag, f"{name}:{tag.value}", False)
    for patch in document.parsed.derived(inline_patches):
        operations = [one for root in patch.roots if isinstance(root, Sequence) for one in root.items]
        for operation in operations:
            if isinstance(operation, Mapping) and operation.text("path").endswith("/image"):
                value = operation.scalar("value")
                if value is not None and value.literal:
                    yield SetImage(document, value, value.value, True)


def inline_patches(parsed: ParsedDocument) -> tuple[InlinePatch, ...]:
    """The patches in block scalars (`|`), which have the text of the file without escapes."""
    found = []
    for root in kustomizations(parsed):
        patches = [one.scalar("patch") for key in ("patches", "patchesJson6902") for one in root.mappings(key)]
        for scalar in (*patches, *root.scalars("patchesStrategicMerge")):
            if scalar is not None and scalar.style == "|":
                start, end = content(parsed.text, scalar)
                found.append(InlinePatch(re.sub(r"[^\r\n]", " ", parsed.text[:start]) + parsed.text[start:end]))
    return tuple(found)


def generated(document: YamlDocument) -> Iterator[Resource]:
    """The ConfigMaps and Secrets of generators, with the literals that are written here as their data."""
    for root in kustomizations(document.parsed):
        for key, kind, field in _GENERATED:
            for entry in root.mappings(key):
                name = entry.scalar("name")
                found = [_literal(document.text, one) for one in entry.scalars("literals")]
                literals = [one for one in found if one is not None]
                if name is None or not literals:
                    continue
                data = Mapping(entry.start, entry.end, False, tuple(literals), False)
                metadata = Mapping(name.start, name.end, False, (Entry(_text("name", name), name),), False)
                entries = (
                    Entry(_text("kind", name), _text(kind, name)),
                    Entry(_text("metadata", name), metadata),
                    Entry(_text(field, name), data),
                )
                yield Resource(document, Mapping(entry.start, entry.end, False, entries, False), kind, "")


def _literal(text: str, scalar: Scalar) -> Entry | None:
    """The key and the value of `KEY=value`, each at its place; None if escapes hide where that is."""
    start, end = content(text, scalar)
    key, separator, value = scalar.value.partition("=")
    if not scalar.literal or text[start:end] != scalar.value or not key or not separator:
        return None
    at = start + len(key) + 1
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        at, value = at + 1, value[1:-1]
    return Entry(Scalar(start, at - 1, False, key, ""), Scalar(at, at + len(value), False, value, ""))


def _text(value: str, like: Scalar) -> Scalar:
    return Scalar(like.start, like.start, False, value, "")
