"""The `transformers:` of a kustomization, as far as they are kustomize's own; others are programs."""

from __future__ import annotations

from collections.abc import Iterable

from playpen_ls.languages.kubernetes.kustomize.field_specs import FieldSpec
from playpen_ls.languages.kubernetes.kustomize.files import Layer, mappings, scalars
from playpen_ls.languages.kubernetes.kustomize.objects import pairs
from playpen_ls.languages.kubernetes.kustomize.transform import Objects, affixed, patched, with_entries
from playpen_ls.languages.kubernetes.kustomize.tree import (
    CannotBuild,
    Placed,
    PlacedMapping,
    PlacedScalar,
    documents,
    inline,
    is_null,
    made,
)


def with_transformers(objects: Objects, layer: Layer, root: PlacedMapping, incomplete: bool) -> Objects:
    """The objects after the transformers; all are uncertain after one that is not known. Raises CannotBuild."""
    for entry in scalars(root.value("transformers")):
        for document in _documents(layer, entry):
            changed = _applied(objects, layer, document, incomplete) if isinstance(document, PlacedMapping) else None
            objects = changed if changed is not None else [one.uncertain() for one in objects]
    return objects


def _documents(layer: Layer, entry: PlacedScalar) -> Iterable[Placed | None]:
    if "\n" in entry.value:
        return inline(entry, "settings")
    file = layer.file(entry.value)
    return (
        documents(file.path, file.text, "settings") if file.text is not None else (None,)
    )  # a folder, or a remote one


def _applied(objects: Objects, layer: Layer, one: PlacedMapping, incomplete: bool) -> Objects | None:
    """None if it is a program, or one of kustomize's with settings that are not known here."""
    if one.text("apiVersion") != "builtin":
        return None
    specs = tuple(_spec(each) for each in mappings(one.value("fieldSpecs")))
    match one.text("kind"):
        case "LabelTransformer":
            return with_entries(objects, pairs(one.value("labels")), specs)
        case "AnnotationsTransformer":
            return with_entries(objects, pairs(one.value("annotations")), specs)
        case "PatchTransformer" if is_null(one.value("path")):
            return patched(objects, layer, one, incomplete)
        case "PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer":
            return _with_affixes(objects, one, specs)
    return None


def _spec(one: PlacedMapping) -> FieldSpec:
    path = tuple(one.text("path").split("/"))
    return FieldSpec(path, one.text("kind"), one.text("group"), one.text("version"), one.true("create"))


def _with_affixes(objects: Objects, one: PlacedMapping, specs: Iterable[FieldSpec]) -> Objects | None:
    prefix, suffix = one.text("prefix"), one.text("suffix")

    def change(node: Placed) -> Placed:
        if not isinstance(node, PlacedScalar):
            raise CannotBuild("a prefix for what is no text")
        return made(prefix + node.value + suffix, node)

    for spec in specs:
        if spec.path == ("metadata", "name"):
            return None
        objects = affixed(objects, spec, change)
    return objects
