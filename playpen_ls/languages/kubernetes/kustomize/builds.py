"""Builds a kustomization in memory."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from playpen_ls.api.fact_types import Kustomized, listed_path
from playpen_ls.api.facts import Fact, Facts, Files
from playpen_ls.languages.kubernetes.kustomize.field_specs import DEFAULT, Configuration, configured
from playpen_ls.languages.kubernetes.kustomize.files import (
    FIELDS,
    NAMES,
    REACHES_ITSELF,
    REACHES_TOO_MUCH,
    File,
    Layer,
    Remote,
    layer_at,
    root_of,
    scalars,
)
from playpen_ls.languages.kubernetes.kustomize.generators import content_hash, generated
from playpen_ls.languages.kubernetes.kustomize.names import with_new_names
from playpen_ls.languages.kubernetes.kustomize.objects import (
    LOCAL,
    Built,
    as_texts,
    id_of,
    objects_of,
    pairs,
    renamed,
    with_metadata,
)
from playpen_ls.languages.kubernetes.kustomize.replacements import replaced
from playpen_ls.languages.kubernetes.kustomize.transform import images_in, transformed
from playpen_ls.languages.kubernetes.kustomize.transformers import with_transformers
from playpen_ls.languages.kubernetes.kustomize.tree import (
    CannotBuild,
    Placed,
    PlacedMapping,
    PlacedScalar,
    PlacedSequence,
    TooMuch,
    documents,
)
from playpen_ls.languages.language import BuildSummary
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.text_cache import cached_by_text

MOST_OBJECTS = 5_000
_NEEDS_HASH = "internal.config.kubernetes.io/needsHashSuffix"
# What changes objects in a way that is not known here.
_UNKNOWN_CHANGES = ("crds", "openapi", "buildMetadata")
# What gives objects that are not known here.
_UNKNOWN_OBJECTS = ("generators", "helmCharts", "helmChartInflationGenerator")


@dataclass(frozen=True, eq=False)
class Rendered:
    """What a kustomization gives.

    `objects` are those that are known to exist; nothing else may be concluded from one that is not `certain`. There
    are others unless `complete`. `refused` says why nothing is known, "" if the kustomization can be built.
    """

    layer: Layer
    objects: tuple[Built, ...] = ()
    complete: bool = False
    refused: str = ""
    limited: bool = False
    """It is refused because of a limit."""

    @cached_property
    def images(self) -> tuple[PlacedScalar, ...]:
        """The images of all containers of the objects that are certain."""
        return tuple(image for one in self.objects if one.certain for image in images_in(one.node))


@dataclass(frozen=True)
class _FileReader:
    files: Files

    def read(self, path: str) -> File:
        return File(path, self.files.text(path))

    def is_unread(self, path: str) -> bool:
        return self.files.exists(path) and not self.files.names(path)


def built_objects(path: str, files: Files, facts: Callable[[type[Fact]], Facts[Any]]) -> BuildSummary:
    """What the kustomization at a path gives; nothing for one that another kustomization lists, unless in a circle."""
    folder, name = posixpath.split(path)
    if name not in NAMES:
        return BuildSummary()
    layer = layer_at(folder, _FileReader(files))
    if layer is None or _kind(layer) == "Component":
        return BuildSummary()
    if facts(Kustomized).having(listed_path, folder or "."):
        is_first = layer.path == min(_circle(layer, layer.path), default="")
        return BuildSummary(0, REACHES_ITSELF, True) if is_first else BuildSummary()
    made = rendered(layer)
    return BuildSummary(len(made.objects), made.refused if made.limited else "", made.refused == REACHES_ITSELF)


def _circle(layer: Layer, path: str) -> set[str]:
    """The paths of the kustomizations by which a layer reaches the one at a path, with its own; none if it does not."""
    found = set[str]()
    for one in (*layer.resources, *layer.components):
        if isinstance(one, Layer):
            found |= {path} if one.refused and one.path == path else _circle(one, path)
    return found | {layer.path} if found else found


@dataclass(frozen=True, eq=False)
class _Accumulated:
    objects: tuple[Built, ...]
    configuration: Configuration
    variables: tuple[str, ...]
    complete: bool
    part: bool
    """Of some file, only one document was read."""


@cached_by_text(1_000_000)
def rendered(layer: Layer) -> Rendered:
    """The objects of a kustomization as `kustomize build` would write them. A pure function that never raises."""
    try:
        found = _accumulated(layer)
        objects = [_with_hash(one) for one in found.objects]
        objects = with_new_names(objects, found.configuration.references)
        objects = [_without_variables(one, found.variables) for one in objects]
        kept = tuple(_tidied(one) for one in objects if not _is_local(one))
    except CannotBuild as refusal:
        return Rendered(layer, refused=str(refusal), limited=isinstance(refusal, TooMuch))
    except RecursionError:
        return Rendered(layer, refused="it is nested too deeply", limited=True)
    return Rendered(layer, kept, found.complete)


@cached_by_text(1_000_000)
def _accumulated(layer: Layer) -> _Accumulated:
    return _with_layer(_Accumulated((), DEFAULT, (), True, False), layer)


def _with_layer(before: _Accumulated, layer: Layer) -> _Accumulated:
    """What a component, or a kustomization on its own, makes of the objects that are there."""
    root = root_of(layer.path, layer.text)
    if layer.refused in (REACHES_ITSELF, REACHES_TOO_MUCH):
        raise TooMuch(layer.refused)
    if layer.refused or root is None:
        raise CannotBuild(layer.refused or "it is not valid YAML")
    if not FIELDS.issuperset(root.keys()) or root.text("kind") not in ("", "Kustomization", "Component"):
        raise CannotBuild("a kustomization has an unknown field")
    objects, configuration = list(before.objects), before.configuration
    variables, complete, part = list(before.variables), before.complete, before.part
    for listed in layer.resources:
        if isinstance(listed, Remote):
            complete = False
        elif isinstance(listed, File):
            objects += _of_file(listed)
            part = part or listed.part
        else:
            found = _of_base(listed)
            objects += found.objects
            configuration = configuration.merged(found.configuration)
            variables += found.variables
            complete, part = complete and found.complete, part or found.part
        if len(objects) > MOST_OBJECTS:
            raise TooMuch("it has too many objects")
    _refuse_duplicates(objects)
    for path in scalars(root.value("configurations")):
        configuration = _configured(configuration, layer, path)
    for one in generated(layer, root):
        _absorb(objects, one, complete and not part)
    complete = complete and not any(root.value(key) is not None for key in _UNKNOWN_OBJECTS)
    so_far = _Accumulated(tuple(objects), configuration, tuple(variables), complete, part)
    certain = True
    for component in layer.components:
        if isinstance(component, Remote):
            certain = False
            so_far = replace(so_far, complete=False)
        else:
            if _kind(component) != "Component":
                raise CannotBuild("a component is none")
            so_far = _with_layer(so_far, component)
    objects, part = list(so_far.objects), so_far.part
    if not certain or any(root.value(key) is not None for key in _UNKNOWN_CHANGES):
        objects = [one.uncertain() for one in objects]
    objects = transformed(objects, layer, root, so_far.configuration, part or not so_far.complete)
    objects = replaced(objects, layer, root)
    objects = with_transformers(objects, layer, root, part or not so_far.complete)
    names = tuple(one.text("name") for one in root.mappings("vars"))
    return replace(so_far, objects=tuple(objects), variables=(*so_far.variables, *names))


def _kind(layer: Layer) -> str:
    root = root_of(layer.path, layer.text)
    return root.text("kind") if root is not None else ""


def _of_file(file: File) -> Iterator[Built]:
    if file.text is None:
        raise CannotBuild(f"`{file.path}` is missing or no text")
    roots = documents(file.path, file.text, "object")
    if file.part:  # an item of a List is a sequence
        roots = tuple(each for one in roots for each in (one.items if isinstance(one, PlacedSequence) else (one,)))
    for node in objects_of(roots):
        hashed = _annotations_of(node).get(_NEEDS_HASH)
        yield Built(node, id_of(node), file.path, hashed=hashed is not None and hashed.value == "enabled")


def _of_base(layer: Layer) -> _Accumulated:
    if _kind(layer) == "Component":
        raise CannotBuild("a resource is a component")
    return _accumulated(layer)


def _refuse_duplicates(objects: list[Built]) -> None:
    seen = set()
    for one in objects:
        key = (*one.current[:4], one.current.effective_namespace)
        if key in seen:
            raise CannotBuild("two objects have the same name")
        seen.add(key)


def _configured(configuration: Configuration, layer: Layer, path: PlacedScalar) -> Configuration:
    file = layer.file(path.value)
    if file.text is None:
        raise CannotBuild("a file of `configurations` is missing")
    roots = documents(file.path, file.text, "settings")
    return configured(configuration, roots[0]) if roots and isinstance(roots[0], PlacedMapping) else configuration


def _absorb(objects: list[Built], one: Built, complete: bool) -> None:
    """Add what a generator gives, or merge it with the object of that name."""
    found = [number for number, other in enumerate(objects) if any(each.equals(one.current) for each in other.ids)]
    if one.behavior not in ("merge", "replace"):
        if found:
            raise CannotBuild("two objects have the same name")
        objects.append(one)
        return
    if len(found) != 1:
        if not found and not complete:
            objects.append(one.uncertain())
            return
        raise CannotBuild("a generator changes an object that does not exist")
    (number,) = found
    old = objects[number]
    node = _with_metadata_of(one.node, old.node)
    if one.behavior == "merge":
        for key in ("data", "binaryData"):
            mine, theirs = node.value(key), old.node.value(key)
            if isinstance(theirs, PlacedMapping):
                merged = theirs
                for name, value in pairs(mine).items():
                    merged = merged.having(name, value)
                node = node.having(key, merged)
    objects[number] = replace(
        old, node=node, hashed=one.hashed and old.hashed, behavior=one.behavior, certain=one.certain and old.certain
    )


def _with_metadata_of(node: PlacedMapping, old: PlacedMapping) -> PlacedMapping:
    """Name and namespace of the object that is changed, and its labels and annotations below the new ones."""
    metadata, before = node.value("metadata"), old.value("metadata")
    assert isinstance(metadata, PlacedMapping)
    assert isinstance(before, PlacedMapping)
    for key in ("name", "namespace"):
        metadata = metadata.having(key, before.value(key))
    for key in ("labels", "annotations"):
        theirs = before.value(key)
        if isinstance(theirs, PlacedMapping):
            for name, value in pairs(metadata.value(key)).items():
                theirs = theirs.having(name, value)
            metadata = metadata.having(key, theirs)
    return node.having("metadata", metadata)


def _with_hash(one: Built) -> Built:
    if not one.hashed:
        return one
    name = f"{one.current.name}-{content_hash(one.node)}"
    metadata = one.node.value("metadata")
    written = metadata.value("name") if isinstance(metadata, PlacedMapping) else None
    return one.remembering().with_node(renamed(one.node, name, written or one.node))


def _without_variables(one: Built, variables: tuple[str, ...]) -> Built:
    """An object with `$(NAME)` of a variable of the kustomization, whose value is not worked out, is not certain."""
    if variables and any(_mentions(one.node, f"$({name})") for name in variables):
        return one.uncertain()
    return one


def _mentions(node: Placed, text: str) -> bool:
    if isinstance(node, PlacedScalar):
        return text in node.value
    if isinstance(node, PlacedSequence):
        return any(_mentions(item, text) for item in node.items)
    return any(_mentions(entry.value, text) for entry in node.entries)  # type: ignore[arg-type]


def _tidied(one: Built) -> Built:
    """kustomize keeps its own notes in annotations: when it removes them, the others are texts."""
    metadata = one.node.value("metadata")
    annotations = metadata.value("annotations") if isinstance(metadata, PlacedMapping) else None
    if annotations is None:
        return one
    return one.with_node(with_metadata(one.node, "annotations", as_texts(annotations, without=(_NEEDS_HASH,))))


def _annotations_of(node: PlacedMapping) -> dict[str, PlacedScalar]:
    metadata = node.mapping("metadata")
    return pairs(metadata.get("annotations") if metadata is not None else None)  # type: ignore[arg-type]


def _is_local(one: Built) -> bool:
    local = _annotations_of(one.node).get(LOCAL)
    return local is not None and local.value != "false"
