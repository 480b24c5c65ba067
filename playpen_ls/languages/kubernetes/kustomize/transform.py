"""What a kustomization does to its objects: patches, namespace, prefixes, labels, annotations, replicas, images."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from playpen_ls.languages.kubernetes.kustomize import json_patch
from playpen_ls.languages.kubernetes.kustomize.field_specs import (
    CLAIM_LABELS,
    METADATA_LABELS,
    Configuration,
    FieldSpec,
)
from playpen_ls.languages.kubernetes.kustomize.files import Layer, mappings, scalars
from playpen_ls.languages.kubernetes.kustomize.merge import merged
from playpen_ls.languages.kubernetes.kustomize.objects import (
    Built,
    as_texts,
    id_of,
    objects_of,
    pairs,
    renamed,
    select,
    with_metadata,
)
from playpen_ls.languages.kubernetes.kustomize.tree import (
    CannotBuild,
    Placed,
    PlacedMapping,
    PlacedScalar,
    PlacedSequence,
    Role,
    at_path,
    documents,
    empty_mapping,
    empty_sequence,
    inline,
    is_null,
    made,
    with_written_nulls,
)

Objects = list[Built]
_CONTAINERS = ("containers", "initContainers")
_UNPREFIXED = frozenset((("", "CustomResourceDefinition"), ("apiregistration.k8s.io", "APIService"), ("", "Namespace")))


def transformed(
    objects: Objects, layer: Layer, root: PlacedMapping, configuration: Configuration, incomplete: bool
) -> Objects:
    """The objects after the transformers of a kustomization, in kustomize's order. Raises CannotBuild.

    `incomplete`: there are other objects, so that what a patch is for need not be among these.
    """
    for text in scalars(root.value("patchesStrategicMerge")):
        inlined = "\n" in text.value or ": " in text.value
        for patch in objects_of(_parsed(layer, text, inlined, "patch")):
            objects = _merge_by_name(objects, _as_copied(patch), incomplete)
    for entry in mappings(root.value("patches")):
        objects = patched(objects, layer, entry, incomplete)
    objects = _set_namespace(objects, root.value("namespace"), configuration)
    objects = _name(objects, root.value("namePrefix"), root.value("nameSuffix"))
    for entry in mappings(root.value("labels")):
        objects = with_entries(objects, pairs(entry.value("pairs")), _label_specs(entry, configuration))
    objects = with_entries(objects, pairs(root.value("commonLabels")), configuration.common_labels)
    objects = with_entries(objects, pairs(root.value("commonAnnotations")), configuration.annotations)
    for entry in mappings(root.value("patchesJson6902")):
        objects = patched(objects, layer, entry, incomplete, remembers=False)
    for entry in mappings(root.value("replicas")):
        objects = _set_replicas(objects, entry, configuration, incomplete)
    for key in ("images", "imageTags"):
        for entry in mappings(root.value(key)):
            objects = _set_image(objects, entry, configuration)
    return objects


# Patches


def _parsed(layer: Layer, written: PlacedScalar, inlined: bool, role: Role) -> tuple[Placed, ...]:
    """The documents of a patch that is written in the kustomization, or in the file of that path."""
    if inlined:
        return inline(written, role)
    file = layer.file(written.value)
    if file.text is None:
        raise CannotBuild("a patch is missing")
    return documents(file.path, file.text, role)


def patched(objects: Objects, layer: Layer, entry: PlacedMapping, incomplete: bool, remembers: bool = True) -> Objects:
    text, path = entry.value("patch"), entry.value("path")
    inlined = isinstance(text, PlacedScalar) and bool(text.value.strip())
    if inlined == (isinstance(path, PlacedScalar) and not path.null):
        raise CannotBuild("a patch without a text or a path, or with both")
    written = text if inlined else path
    assert isinstance(written, PlacedScalar)
    roots = _parsed(layer, written, inlined, "patch")
    target = entry.value("target")
    if not roots:
        raise CannotBuild("a patch is empty")
    if isinstance(roots[0], PlacedSequence):
        if not isinstance(target, PlacedMapping):
            raise CannotBuild("a JSON patch has no target")
        _refuse_flow_yaml(written.value.strip() if inlined else layer.file(written.value).text or "")
        operations = mappings(_parsed(layer, written, inlined, "settings")[0])
        chosen = set(select(objects, target))
        return [
            _json_patched(one, operations, remembers) if number in chosen else one for number, one in enumerate(objects)
        ]
    patches = tuple(objects_of(roots))
    options = entry.mapping("options")
    renames = options is not None and options.true("allowNameChange")
    kinds = options is not None and options.true("allowKindChange")
    if isinstance(target, PlacedMapping):
        if len(patches) > 1:
            raise CannotBuild("several patches have one target")
        chosen = set(select(objects, target))
        copied = _as_copied(patches[0]) if patches else None
        result = [
            _merged(one, copied, renames, kinds) if copied is not None and number in chosen else one
            for number, one in enumerate(objects)
        ]
        return [one for one in result if one is not None]
    for patch in patches:
        objects = _merge_by_name(objects, patch, incomplete, renames, kinds)
    return objects


def _refuse_flow_yaml(text: str) -> None:
    """What begins with a bracket is read as JSON, not as YAML."""
    if text.startswith("["):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            raise CannotBuild("a JSON patch is not JSON") from None


def _json_patched(one: Built, operations: Iterable[PlacedMapping], remembers: bool) -> Built:
    if remembers:
        one = one.remembering()
    if not one.certain:
        return one
    node = one.node
    metadata = node.value("metadata")
    if (one.previous or one.hashed) and isinstance(metadata, PlacedMapping) and is_null(metadata.value("annotations")):
        # kustomize keeps its own notes there, so that a patch can always add to it.
        node = with_metadata(node, "annotations", empty_mapping(metadata))
    return one.with_node(with_written_nulls(json_patch.patched(node, operations)))


def _as_copied(patch: PlacedMapping) -> PlacedMapping:
    """A strategic merge patch for selected objects. kustomize copies it, and thereby makes texts of its nulls."""
    for name in ("labels", "annotations"):
        metadata = patch.value("metadata")
        values = metadata.value(name) if isinstance(metadata, PlacedMapping) else None
        if values is not None:
            patch = with_metadata(patch, name, as_texts(values))
    return patch


def _merge_by_name(
    objects: Objects, patch: PlacedMapping, incomplete: bool, renames: bool = False, kinds: bool = False
) -> Objects:
    wanted = id_of(patch)
    found = [number for number, one in enumerate(objects) if any(each.equals(wanted) for each in one.ids)]
    if len(found) != 1:
        if incomplete and not found:
            return objects
        raise CannotBuild(f"a patch is for {len(found)} objects, not for one")
    (number,) = found
    changed = _merged(objects[number], patch, renames, kinds)
    return [*objects[:number], *([changed] if changed is not None else []), *objects[number + 1 :]]


def _merged(one: Built, patch: PlacedMapping, renames: bool, kinds: bool) -> Built | None:
    """The object with a strategic merge patch; None if the patch deletes it."""
    if not one.certain:
        return one
    before = one.node
    node = merged(before, patch)
    if node is None:
        return None
    if renames or kinds:
        one = one.remembering()
    metadata, kind = before.value("metadata"), before.value("kind")
    assert isinstance(metadata, PlacedMapping)
    assert kind is not None
    if not kinds:
        node = node.having("kind", kind)
    if not renames:
        node = with_metadata(node, "name", metadata.value("name"))
    return one.with_node(with_metadata(node, "namespace", metadata.value("namespace")))


# Namespace, names


def _set_namespace(objects: Objects, namespace: Placed | None, configuration: Configuration) -> Objects:
    if not isinstance(namespace, PlacedScalar) or namespace.null:
        return objects
    result = []
    for one in objects:
        one = one.remembering()
        result.append(one.with_node(_in_namespace(one, namespace, configuration)))
    seen: list[tuple[str, ...]] = [(*one.current[:4], one.current.effective_namespace) for one in result]
    if len(set(seen)) != len(seen):
        raise CannotBuild("two objects have the same name in the namespace")
    return result


def _in_namespace(one: Built, namespace: PlacedScalar, configuration: Configuration) -> PlacedMapping:
    node, current = one.node, one.current
    value = made(namespace.value, namespace)

    def change(old: Placed) -> Placed:
        return old if isinstance(old, PlacedScalar) and old.value == value.value and not is_null(old) else value

    if not current.is_cluster_scoped:
        node = with_metadata(node, "namespace", change(node.mapping("metadata").value("namespace") or namespace)  # type: ignore[union-attr]
                             if _namespace_of(node) is not None else value)  # fmt: skip
    if current.kind in ("RoleBinding", "ClusterRoleBinding"):
        subjects = node.value("subjects")
        if isinstance(subjects, PlacedSequence):
            items = [
                item.having("namespace", value)
                if isinstance(item, PlacedMapping) and item.text("name") == "default"
                else item
                for item in subjects.items
            ]
            node = node.having("subjects", subjects.having(items))
    if current.kind == "Namespace" and (current.group, current.version) == ("", "v1"):
        node = with_metadata(node, "name", value)
    return _at(node, configuration.namespace, one, lambda _: value, "scalar")


def _namespace_of(node: PlacedMapping) -> Placed | None:
    metadata = node.value("metadata")
    return metadata.value("namespace") if isinstance(metadata, PlacedMapping) else None


def _name(objects: Objects, prefix: Placed | None, suffix: Placed | None) -> Objects:
    for affix, before in ((prefix, True), (suffix, False)):
        if not isinstance(affix, PlacedScalar) or affix.null:
            continue
        result = []
        for one in objects:
            group, kind = one.original.group, one.original.kind
            if ("", kind) in _UNPREFIXED or (group, kind) in _UNPREFIXED:
                result.append(one)
                continue
            one = one.remembering()
            name = affix.value + one.current.name if before else one.current.name + affix.value
            if before:
                one = replace(one, prefixes=(*one.prefixes, affix.value))
            else:
                one = replace(one, suffixes=(*one.suffixes, affix.value))
            result.append(one.with_node(renamed(one.node, name, _name_scalar(one.node))))
        objects = result
    return objects


def _name_scalar(node: PlacedMapping) -> Placed:
    metadata = node.value("metadata")
    name = metadata.value("name") if isinstance(metadata, PlacedMapping) else None
    return name or node


# Labels, annotations, replicas


def _label_specs(entry: PlacedMapping, configuration: Configuration) -> tuple[FieldSpec, ...]:
    given = tuple(
        FieldSpec(tuple(one.text("path").split("/")), one.text("kind"), one.text("group"), one.text("version"),
                  one.true("create"))
        for one in mappings(entry.value("fields"))
    )  # fmt: skip
    specs = (*given, *configuration.labels)
    if entry.true("includeSelectors"):
        return (*specs, *configuration.common_labels)
    if entry.true("includeTemplates"):
        specs = (*specs, *configuration.template_labels)
    if entry.true("includeVolumeClaimTemplates"):
        specs = (*specs, *CLAIM_LABELS)
    return (*specs, *METADATA_LABELS)


def with_entries(objects: Objects, values: dict[str, PlacedScalar], specs: Iterable[FieldSpec]) -> Objects:
    """Labels or annotations."""
    if not values:
        return objects
    written = {name: made(value.value, value) for name, value in values.items()}

    def change(node: Placed) -> Placed:
        if not isinstance(node, PlacedMapping):
            raise CannotBuild("labels or annotations are no mapping")
        for name, value in written.items():
            old = node.value(name)
            if not (isinstance(old, PlacedScalar) and old.style and old.value == value.value):
                node = node.having(name, value)
        return node

    unique = tuple(dict.fromkeys(specs))
    return [one.with_node(_at(one.node, unique, one, change, "mapping")) for one in objects]


def _at(
    node: PlacedMapping, specs: Iterable[FieldSpec], one: Built, change: Callable[[Placed], Placed], create: str
) -> PlacedMapping:
    for spec in specs:
        if spec.fits(one.current):
            found = at_path(node, spec.path, change, create if spec.create else "")
            assert isinstance(found, PlacedMapping)
            node = found
    return node


def affixed(objects: Objects, spec: FieldSpec, change: Callable[[Placed], Placed]) -> Objects:
    """The objects with a field changed where it is there."""
    return [one.with_node(_at(one.node, (spec,), one, change, "scalar")) if one.certain else one for one in objects]


def _set_replicas(objects: Objects, entry: PlacedMapping, configuration: Configuration, incomplete: bool) -> Objects:
    name, count = entry.text("name"), entry.value("count")
    value = made(count.value if isinstance(count, PlacedScalar) else "0", count or entry, "")
    result, found = list(objects), False
    for spec in configuration.replicas:
        for number, one in enumerate(result):
            if any(each.name == name and spec.fits(each) for each in one.ids):
                found = True
                result[number] = one.with_node(_at(one.node, (spec,), one, lambda _: value, "scalar"))
    if not found and not incomplete:
        raise CannotBuild("`replicas` names no object")
    return result


# Images


def _set_image(objects: Objects, entry: PlacedMapping, configuration: Configuration) -> Objects:
    name = entry.text("name")
    pattern = _image(name)

    def change(node: Placed) -> Placed:
        if not isinstance(node, PlacedScalar):
            raise CannotBuild("an image is no text")
        if pattern.fullmatch(node.value) is None:
            return node
        return _replaced(node, entry)

    def in_object(one: Built) -> Built:
        if one.current.kind == "CustomResourceDefinition":
            return one
        node = _in_containers(one.node, change)
        assert isinstance(node, PlacedMapping)
        return one.with_node(_at(node, configuration.images, one, change, ""))

    return [in_object(one) for one in objects]


def _image(name: str) -> re.Pattern[str]:
    """What `name:` of an entry matches: it is a pattern, which names of images rarely make use of."""
    if re.fullmatch(r"[\w./:@-]*", name) is None:
        raise CannotBuild("a pattern as the name of an image")
    return re.compile(rf"(?:{name})(?::[a-zA-Z0-9_.{{}}-]*)?(?:@sha256:[a-zA-Z0-9_.{{}}-]*)?")


def _replaced(image: PlacedScalar, entry: PlacedMapping) -> PlacedScalar:
    name, tag, digest = _split(image.value)
    by: Placed = image
    new_name, new_tag = entry.value("newName"), entry.value("newTag")
    new_digest, suffix = entry.value("digest"), entry.value("tagSuffix")
    if isinstance(new_name, PlacedScalar) and new_name.value:
        name, by = new_name.value, new_name
    if isinstance(new_tag, PlacedScalar) and new_tag.value:
        tag, by = new_tag.value, new_tag
        digest = new_digest.value if isinstance(new_digest, PlacedScalar) else ""
    elif isinstance(new_digest, PlacedScalar) and new_digest.value:
        tag, digest, by = "", new_digest.value, new_digest
    elif isinstance(suffix, PlacedScalar) and suffix.value:
        tag, digest, by = tag + suffix.value, "", suffix
    text = name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    return made(text, by, image.style) if text != image.value else image


def _split(image: str) -> tuple[str, str, str]:
    """(name, tag, digest), as kustomize cuts an image reference."""
    slash = max(image.find("/"), 0)
    at, colon = image.find("@", slash), image.find(":", slash)
    if at < 0 and colon < 0:
        return image, "", ""
    if at >= 0 and (at < colon or colon < 0):
        return image[:at], "", image[at + 1 :]
    if at >= 0:
        return image[:colon], image[colon + 1 : at], image[at + 1 :]
    return image[:colon], image[colon + 1 :], ""


def _in_containers(node: Placed, change: Callable[[Placed], Placed]) -> Placed:
    """The tree with the images of all containers changed, at any depth."""
    if isinstance(node, PlacedSequence):
        return _mapped(node, lambda item: _in_containers(item, change))
    if not isinstance(node, PlacedMapping):
        return node
    for entry in node.entries:
        name: str = entry.key.value  # type: ignore[attr-defined]
        value = _in_containers(entry.value, change)  # type: ignore[arg-type]
        if name in _CONTAINERS and isinstance(value, PlacedSequence):
            value = _mapped(value, lambda item: _with_image(item, change))
        elif name in _CONTAINERS and is_null(value):
            value = empty_sequence(value)
        if value is not entry.value:
            node = node.having(name, value)
    return node


def images_in(node: Placed) -> Iterator[PlacedScalar]:
    """The images of the containers in a tree, at any depth."""
    if isinstance(node, PlacedSequence):
        for item in node.items:
            yield from images_in(item)
    elif isinstance(node, PlacedMapping) and node.text("kind") != "CustomResourceDefinition":
        for entry in node.entries:
            value: Placed = entry.value  # type: ignore[assignment]
            if isinstance(value, PlacedScalar):
                continue
            if entry.key.value in _CONTAINERS:  # type: ignore[attr-defined]
                for one in mappings(value):
                    image = one.value("image")
                    if isinstance(image, PlacedScalar):
                        yield image
            yield from images_in(value)


def _mapped(node: PlacedSequence, change: Callable[[Placed], Placed]) -> PlacedSequence:
    items = [change(item) for item in node.items]
    same = all(new is old for new, old in zip(items, node.items, strict=True))
    return node if same else node.having(items)


def _with_image(item: Placed, change: Callable[[Placed], Placed]) -> Placed:
    image = item.value("image") if isinstance(item, PlacedMapping) else None
    if image is None or is_null(image):
        return item
    assert isinstance(item, PlacedMapping)
    return item.having("image", change(image))
