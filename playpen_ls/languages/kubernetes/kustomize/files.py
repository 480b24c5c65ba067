"""What a build reads: the kustomization of a folder, and all files and kustomizations that it reaches.

Reading is apart from building, so that a build is a pure function of what was read.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import field, replace
from typing import Protocol

from playpen_ls.languages.kubernetes.kustomize.tree import (
    CannotBuild,
    Placed,
    PlacedMapping,
    PlacedScalar,
    PlacedSequence,
    documents,
)
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
FIELDS = frozenset(
    "apiVersion kind metadata openapi namePrefix nameSuffix namespace commonLabels labels commonAnnotations "
    "patchesStrategicMerge patchesJson6902 patches images imageTags replacements replicas vars sortOptions resources "
    "components crds bases configMapGenerator secretGenerator helmGlobals helmCharts helmChartInflationGenerator "
    "generatorOptions configurations generators transformers validators buildMetadata".split()
)
REACHES_ITSELF, REACHES_TOO_MUCH = "it reaches itself", "it reaches too many files"
_SPELLED = {name.lower(): name for name in FIELDS}
MOST_LAYERS = 300  # of one build, counted each time they are reached
MOST_FILES = 3_000
DEEPEST = 30  # kustomizations in kustomizations
_REMOTE = regex(
    r"(?:[a-z+]+::)?(?:https?://|ssh://|git@|file://|github\.com[/:])|[^?]*\?(?:ref|version|timeout)=|[\w-]+\.[\w.-]+/"
)


@dataclass(frozen=True)
class File:
    """A file of the project; `text` is None if it is missing or no text.

    `part`: the text is that of one document, or of one item of a List. There are other objects in the file.
    """

    path: str
    text: str | None
    part: bool = False


class FileReader(Protocol):
    """Reads files of the project."""

    def read(self, path: str) -> File:
        """A file by its path from the root of the project."""

    def is_unread(self, path: str) -> bool:
        """Whether there is a file without a text: it is too large, or binary."""


@dataclass(frozen=True)
class Remote:
    """Something that is not in the project, or that is not read."""


@dataclass(frozen=True)
class Layer:
    """A kustomization with all that it reads, in the order of its lists."""

    path: str
    text: str
    resources: tuple[Layer | File | Remote, ...]
    components: tuple[Layer | Remote, ...]
    files: tuple[File, ...]
    """Patches, and what generators, configurations and replacements read."""
    refused: str = ""
    """Why it cannot be built, if that is known without building it."""
    _hash: int = field(default=0, compare=False)

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.path)

    def __hash__(self) -> int:
        return self._hash

    def __post_init__(self) -> None:
        parts = (self.path, self.text, self.resources, self.components, self.files, self.refused)
        object.__setattr__(self, "_hash", hash(parts))

    def file(self, path: str) -> File:
        """A file that it names, by the path as written."""
        whole = joined(self.folder, path)
        return next((one for one in self.files if one.path == whole), File(whole, None))


def root_of(path: str, text: str) -> PlacedMapping | None:
    """The mapping of a kustomization; None if it is not valid."""
    try:
        found = documents(path, text, "settings")
    except CannotBuild:
        return None
    return _with_names(found[0]) if found and isinstance(found[0], PlacedMapping) else None


def _with_names(root: PlacedMapping) -> PlacedMapping:
    """The mapping with the fields as kustomize spells them: it reads them in upper and lower case."""
    for name in set(root.keys()) - FIELDS:
        spelled = _SPELLED.get(name.lower())
        if spelled is not None and root.value(spelled) is None:
            root = root.having(spelled, root.value(name)).having(name, None)
    return root


def joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def layer_at(folder: str, texts: FileReader) -> Layer | None:
    """The kustomization of a folder ("" is the project); None if it has none, or more than one."""
    return _Reader(texts).layer(folder, ())


def focused(layer: Layer) -> Layer:
    """The kustomization with what the `part` of a file needs alone, so that an edit of it costs little.

    The other objects are left out, unless values are copied between objects.
    """
    return layer if _has_replacements(layer) else _only_part(layer)


def _has_replacements(layer: Layer) -> bool:
    root = root_of(layer.path, layer.text)
    inner = (one for one in (*layer.resources, *layer.components) if isinstance(one, Layer))
    return (root is not None and root.value("replacements") is not None) or any(map(_has_replacements, inner))


def _only_part(layer: Layer) -> Layer:
    resources: list[Layer | File | Remote] = []
    for one in layer.resources:
        if isinstance(one, Layer) and _has_part(one):
            resources.append(_only_part(one))
        elif isinstance(one, Remote) or (isinstance(one, File) and one.part):
            resources.append(one)
    components = tuple(_only_part(one) if isinstance(one, Layer) else one for one in layer.components)
    return replace(layer, resources=tuple(resources), components=components)


def _has_part(layer: Layer) -> bool:
    return bool(layer.refused) or any(
        one.part if isinstance(one, File) else isinstance(one, Layer) and _has_part(one)
        for one in (*layer.resources, *layer.components)
    )


class _Reader:
    def __init__(self, texts: FileReader) -> None:
        self._texts = texts
        self._layers = 0
        self._files = 0
        self._known: dict[str, File] = {}

    def layer(self, folder: str, inside: tuple[str, ...]) -> Layer | None:
        found = [(path, text) for name in NAMES
                 if (text := self._texts.read(path := joined(folder, name)).text) is not None]  # fmt: skip
        if len(found) != 1:
            return None
        (path, text) = found[0]
        self._layers += 1
        if folder in inside:
            return Layer(path, text, (), (), (), REACHES_ITSELF)
        if len(inside) >= DEEPEST or self._layers > MOST_LAYERS or self._files > MOST_FILES:
            return Layer(path, text, (), (), (), REACHES_TOO_MUCH)
        root = root_of(path, text)
        if root is None:
            return Layer(path, text, (), (), (), "it is not valid YAML")
        inside = (*inside, folder)
        resources = tuple(
            self._listed(folder, one, inside) for key in ("resources", "bases") for one in _texts_of(root, key)
        )
        components = tuple(self._component(folder, one, inside) for one in _texts_of(root, "components"))
        files = tuple(self.file(joined(folder, one)) for one in dict.fromkeys(_files_of(root)))
        return Layer(path, text, resources, components, files)

    def file(self, path: str) -> File:
        known = self._known.get(path)
        if known is None:
            self._files += 1
            known = File(path, None)
            if self._files <= MOST_FILES and not path.startswith(".."):
                known = self._texts.read(path)
            self._known[path] = known
        return known

    def _listed(self, folder: str, entry: str, inside: tuple[str, ...]) -> Layer | File | Remote:
        path = joined(folder, entry)
        if not path.startswith(".."):
            file = self.file(path)
            if file.text is not None:
                return file
            layer = self.layer("" if path == "." else path, inside)
            if layer is not None:
                return layer
            if self._texts.is_unread(path):
                return Remote()
        return Remote() if _REMOTE.match(entry) else File(path, None)

    def _component(self, folder: str, entry: str, inside: tuple[str, ...]) -> Layer | Remote:
        path = joined(folder, entry)
        layer = self.layer("" if path == "." else path, inside) if not path.startswith("..") else None
        return layer or Remote()


def _texts_of(root: PlacedMapping, key: str) -> tuple[str, ...]:
    return tuple(one.value for one in root.scalars(key))


def _files_of(root: PlacedMapping) -> Iterator[str]:
    """The paths of files that are no resources, as written."""
    for key in ("patches", "patchesJson6902", "replacements"):
        yield from (one.text("path") for one in root.mappings(key) if one.text("path"))
    for key in ("patchesStrategicMerge", "configurations", "transformers"):
        yield from (one.value for one in root.scalars(key) if "\n" not in one.value)
    for key in ("configMapGenerator", "secretGenerator"):
        for one in root.mappings(key):
            yield from (source.value.partition("=")[2] or source.value for source in one.scalars("files"))
            yield from (source.value for source in one.scalars("envs"))
            if one.text("env"):
                yield one.text("env")


def scalars(node: Placed | None) -> tuple[PlacedScalar, ...]:
    if not isinstance(node, PlacedSequence):
        return ()
    return tuple(one for one in node.items if isinstance(one, PlacedScalar))


def mappings(node: Placed | None) -> tuple[PlacedMapping, ...]:
    if not isinstance(node, PlacedSequence):
        return ()
    return tuple(one for one in node.items if isinstance(one, PlacedMapping))
