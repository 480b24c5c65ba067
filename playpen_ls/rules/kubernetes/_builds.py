"""The builds of kustomizations that an object of a manifest is part of, and what they make of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from playpen_ls.api.fact_types import KustomizeBuild, Kustomized, built_folders, listed_path
from playpen_ls.api.facts import Facts, Files
from playpen_ls.languages.kubernetes.kustomize.files import NAMES, File, focused, joined, layer_at, root_of
from playpen_ls.languages.kubernetes.kustomize.objects import id_of
from playpen_ls.languages.kubernetes.kustomize.tree import PlacedMapping, PlacedScalar
from playpen_ls.languages.kubernetes.model.resources import Container, Resource, Workload, YamlDocument, as_resource
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass

if TYPE_CHECKING:
    from playpen_ls.languages.kubernetes.kustomize.builds import Rendered

MOST_BUILDS = 40  # of one file that are looked at; a base of more is judged by these


class Form(NamedTuple):
    """An object as a build makes it; `build` is the path of the kustomization, "" for the object as written."""

    resource: Resource
    build: str


@dataclass(frozen=True)
class Builds:
    """The kustomizations of the project; a rule takes it as one parameter.

    **A build** is a kustomization that no other one lists, or that a script, a pipeline or the like names. A component
    is none: it changes what others list. A base is part of the builds that reach it, through any number of
    kustomizations.
    """

    files: Files
    kustomized: Facts[Kustomized]
    stated: Facts[KustomizeBuild]

    def forms(self, resource: Resource) -> tuple[Form, ...] | None:
        """The object as the builds make it that reach its file, without those that delete it; None if none reaches it.

        Builds that cannot be worked out are left out, so the result can be empty: then nothing is known.
        """
        if not self.kustomized.items:
            return None
        document = resource.document
        key = (document.path, document.text, id_of(resource.node))
        found = self._forms.get(key)
        if key not in self._forms:
            found = self._forms[key] = self._built(resource)
        return found

    def named(self, document: YamlDocument, kind: str, name: str) -> Iterator[PlacedScalar]:
        """The names of the objects of this kind that builds of the document give this name.

        Each has the place where its manifest, or a generator, has the name without prefix and hash.
        """
        texts = _FileReader(self.files, document.path, document.text)
        for build in self.of(document.path)[:MOST_BUILDS]:
            made = self._rendered(build, texts)
            for one in made.objects if made is not None else ():
                metadata = one.node.value("metadata")
                found = metadata.value("name") if isinstance(metadata, PlacedMapping) else None
                if one.current.kind == kind and one.current.name == name and isinstance(found, PlacedScalar):
                    yield found

    def use(self, document: YamlDocument, image: Scalar) -> bool | None:
        """Whether a container of some build has the image, or the tag, that is written in the document.

        A patch or the `images` of a kustomization can override it. None if that is not known: no build reaches the
        file, or one of them cannot be worked out.
        """
        found: bool | None = None
        texts = _FileReader(self.files, document.path, document.text)
        for build in self.of(document.path)[:MOST_BUILDS]:
            made = self._rendered(build, texts, whole=posixpath.basename(document.path) in NAMES)
            if made is None:
                continue
            if any(_is_from(one, document, image) for one in made.images):
                return True
            if not made.complete or not all(one.certain for one in made.objects):
                return None
            found = False
        return found

    def is_build(self, path: str) -> bool:
        """Whether the kustomization at this path is built by itself."""
        return path in self.of(path)

    def of(self, path: str) -> tuple[str, ...]:
        """The paths of the kustomizations whose builds reach a file, sorted. Some may be components."""
        waiting = [one.place.path for one in self.kustomized.having(listed_path, path)]
        if posixpath.basename(path) in NAMES:
            waiting = [path]  # what it lists are facts of its own file, which are not among these
        found, reached = self._above(waiting)
        if reached and not found:
            return (min(self._above(reached[-1:])[1]),)  # the first one of a circle, which cannot be built
        return tuple(sorted(found))

    def _above(self, waiting: list[str]) -> tuple[set[str], list[str]]:
        """(the builds that reach kustomizations, these and all on the way)."""
        found, seen = set[str](), dict[str, None]()
        while waiting:
            here = waiting.pop()
            if here in seen or len(seen) > 20 * MOST_BUILDS:
                continue
            seen[here] = None
            folder = posixpath.dirname(here) or "."
            above = [one.place.path for one in self.kustomized.having(listed_path, folder) if one.place.path != here]
            waiting += above
            if not above or self._is_stated(folder):
                found.add(here)
        return found, list(seen)

    def _is_stated(self, folder: str) -> bool:
        """Whether a file says that the kustomization of this folder is built, and cannot mean another one."""
        return any(
            not any(self._has_kustomization(other) for other in one.folders if other != folder)
            for one in self.stated.having(built_folders, folder)
        )

    def _has_kustomization(self, folder: str) -> bool:
        return any(self.files.exists(joined(folder, name)) for name in NAMES)

    @cached_property
    def _forms(self) -> dict[object, tuple[Form, ...] | None]:
        return {}

    def _built(self, resource: Resource) -> tuple[Form, ...] | None:
        document, wanted = resource.document, id_of(resource.node)
        forms: list[Form] = []
        reached = False
        own = _FileReader(self.files, document.path, document.text)
        for build in self.of(document.path)[:MOST_BUILDS]:
            made = self._rendered(build, own, whole=False)
            if made is None:
                continue
            reached = True
            for one in made.objects:
                if one.certain and one.path == document.path and one.origin == wanted:
                    found = as_resource(document, one.node)
                    if found is not None:
                        forms.append(Form(found, build))
        return tuple(forms) if reached else None

    def _rendered(self, build: str, own: _FileReader, whole: bool = True) -> Rendered | None:
        """The build of a kustomization; None if it is a component."""
        layer = layer_at(posixpath.dirname(build), own)
        root = root_of(layer.path, layer.text) if layer is not None else None
        if layer is None or (root is not None and root.text("kind") == "Component"):
            return None
        from playpen_ls.languages.kubernetes.kustomize.builds import rendered  # takes long, and most have none

        return rendered(layer if whole else focused(layer))


def _is_from(image: PlacedScalar, document: YamlDocument, scalar: Scalar) -> bool:
    source = image.source
    if source.path != document.path or source.text != document.text:
        return False
    return image.start == scalar.start if source.exact else image.start <= scalar.start < image.end


@dataclass(frozen=True)
class _FileReader:
    """The texts of the project's files. Of the file that is checked, only one document is read: the one that asks.

    So what is found for a document does not depend on the other ones of its file.
    """

    files: Files
    path: str
    document: str

    def read(self, path: str) -> File:
        if path == self.path:
            return File(path, self.document, part=True)
        return File(path, self.files.text(path))

    def is_unread(self, path: str) -> bool:
        return self.files.exists(path) and not self.files.names(path)


def container_in(form: Form, container: Container) -> Container | None:
    """The container of that name in a form of its workload."""
    if not isinstance(form.resource, Workload):
        return None
    return next((one for one in form.resource.containers if one.name == container.name), None)


def names(builds: Iterator[str]) -> str:
    """The folders of kustomizations, as messages show them."""
    folders = [f"`{posixpath.dirname(one) or '.'}`" for one in builds]
    if len(folders) > 2:
        return f"{folders[0]} and {len(folders) - 1} other overlays"
    return " and ".join(folders)
