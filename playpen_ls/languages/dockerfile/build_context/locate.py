"""The build context of a Dockerfile: the folder of the project from which COPY copies."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.stage import Stage, is_for_developing
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

_COMPOSE = regex(r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml")
_WORKFLOWS = ".github/workflows"
_RECIPES = frozenset(("Jenkinsfile", "Makefile", ".gitlab-ci.yml", "Taskfile.yml", "justfile"))
_BAKE = regex(r"docker-bake(?:\.override)?\.(?:hcl|json)")


@dataclass(frozen=True)
class Context:
    """`folders` are the candidates for the build context, most likely first, "" for the project root.

    `stated` is True if the profile or a build names them, False if they are a guess. `folders` is empty
    if a build names a context that contains variables.
    """

    folders: tuple[str, ...]
    stated: bool


def context_of(path: str, configured: Mapping[str, str], builds: Facts[ImageBuilt], files: Files) -> Context:
    """`configured` is `build_context` of the profile, `builds` are the image builds of pipelines."""
    if path in configured:
        return Context((_clean(configured[path]),), True)
    stated = [build.context for build in _builds_of(path, builds, files)]
    if stated:
        known = [_clean(folder) for folder in stated if folder is not None and "$" not in folder]
        return Context(tuple(dict.fromkeys(known)) if len(known) == len(stated) else (), True)
    folder = posixpath.dirname(path)
    return Context((folder, "") if folder else ("",), False)


def ships(stage: Stage, builds: Facts[ImageBuilt], files: Files) -> bool:
    """Whether the stage is built into an image that is used: a target that a build names, else the last stage.

    Targets that are named like stages for development are ignored, and those from which the last stage copies, if that
    is built too: they are built for the cache or for tests.
    """
    named, last = _shipped(stage, builds, files)
    return stage.name in named or (last and stage.final)


def layers_ship(stage: Stage, builds: Facts[ImageBuilt], files: Files) -> bool:
    """Whether the layers of the stage are in an image that is used: it `ships`, or a stage that continues it does."""
    named, last = _shipped(stage, builds, files)
    return stage.file.ask(queries.is_layer_of, named, last)


def _shipped(stage: Stage, builds: Facts[ImageBuilt], files: Files) -> tuple[tuple[str, ...], bool]:
    """The names of the stages that are built into images, and whether the last stage is."""
    ask = stage.file.ask
    if ask(queries.has_several_stages):
        targets = {build.target.lower() for build in _builds_of(stage.file.path, builds, files)}
        named = {target for target in targets if target and "$" not in target and not is_for_developing(target)}
        if named and "" in targets:
            named -= ask(queries.feed_last)
        found = tuple(target for target in sorted(named) if ask(queries.has_stage, target))
        if found:
            return found, "" in targets
    return (), True


def may_be_named(name: str, path: str, files: Files) -> bool:
    """Whether a build can define an additional context of this name (`additional_contexts`, `--build-context`)."""
    given = re.compile(rf"(?<![\w-]){re.escape(name)}[\"']?\s*[:=]")
    return not files.known or any("context" in text and given.search(text) for text in _build_files(path, files))


def is_substituted(path: str, files: Files) -> bool:
    """Whether a script or pipeline runs envsubst on the Dockerfile."""
    name = posixpath.basename(path)
    return any("envsubst" in text and name in text for text in _build_files(path, files))


def _build_files(path: str, files: Files) -> Iterator[str]:
    """The texts of compose and bake files, pipelines and scripts that can build the Dockerfile."""
    for folder in (*_folders_above(path), _WORKFLOWS):
        for name in files.names(folder or "."):
            kinds = (_COMPOSE.fullmatch(name), _BAKE.fullmatch(name), name in _RECIPES, name.endswith(".sh"))
            if any(kinds) or folder == _WORKFLOWS:
                yield files.text(posixpath.join(folder, name)) or ""


def _folders_above(path: str) -> Iterator[str]:
    """The Dockerfile's folder first, "" last."""
    while path not in ("", "/"):
        path = posixpath.dirname(path)
        yield path


def _builds_of(path: str, builds: Facts[ImageBuilt], files: Files) -> list[ImageBuilt]:
    """The builds of the Dockerfile in pipelines, scripts, compose files and bake files.

    Their contexts are relative to the project.
    """
    found, wanted = [], posixpath.normpath(path)
    for build in builds.having(_dockerfiles, wanted):
        there = ((base, one) for base in _bases(build) for one in _from(base, build) if files.exists(one))
        base, meant = next(there, ("", ""))
        if meant == wanted:
            context = (
                build.context if build.context is None else posixpath.normpath(posixpath.join(base, build.context))
            )
            found.append(replace(build, context=context))
    return found


def _clean(folder: str) -> str:
    made = posixpath.normpath(folder or ".")
    return "" if made == "." else made


def _dockerfiles(build: ImageBuilt) -> Iterator[str]:
    """Lookup keys: the paths that the Dockerfile can have."""
    for base in _bases(build):
        yield from _from(base, build)


def _bases(build: ImageBuilt) -> Iterator[str]:
    """The folders that the paths of the build can be relative to, the most likely first."""
    if build.builder == "docker":
        yield ""
        yield from (reversed([*_folders_above(build.place.path)][:-1]) if build.in_workspace else ())


def _from(base: str, build: ImageBuilt) -> list[str]:
    return [posixpath.normpath(posixpath.join(base, one)) for one in build.dockerfiles]
