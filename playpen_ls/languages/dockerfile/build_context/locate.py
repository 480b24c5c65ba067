"""The build context of a Dockerfile: the folder of the project from which COPY copies."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Place
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.stage import Stage, is_for_developing
from playpen_ls.languages.yaml_loader import yaml_loader
from playpen_ls.text.span import Span

_COMPOSE = re.compile(r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml")
_WORKFLOWS = ".github/workflows"
_RECIPES = frozenset(("Jenkinsfile", "Makefile", ".gitlab-ci.yml", "Taskfile.yml", "justfile"))
_BAKE = re.compile(r"docker-bake(?:\.override)?\.(?:hcl|json)")
_HCL_TARGET = re.compile(r'^target\s+"[^"]*"\s*\{(?P<body>.*?)^\}', re.MULTILINE | re.DOTALL)
_HCL_VALUE = re.compile(r'^\s*(?P<key>context|dockerfile|target)\s*=\s*"(?P<value>[^"]*)"', re.MULTILINE)


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

    Targets that are named like stages for development are ignored.
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
    """The builds of the Dockerfile in pipelines, compose files and bake files."""
    return [*builds.having(_dockerfiles, posixpath.normpath(path)), *_builds_in_files(path, files)]


def _clean(folder: str) -> str:
    made = posixpath.normpath(folder or ".")
    return "" if made == "." else made


def _dockerfiles(build: ImageBuilt) -> tuple[str, ...]:
    if build.dockerfile:
        return (posixpath.normpath(build.dockerfile),)
    return () if build.context is None else (posixpath.normpath(posixpath.join(build.context, "Dockerfile")),)


def _builds_in_files(path: str, files: Files) -> list[ImageBuilt]:
    """The builds of the Dockerfile in compose and bake files in its folder or in parent folders."""
    found = []
    for folder in _folders_above(path):
        for name in _build_definitions(files.names(folder or ".")):
            text = files.text(posixpath.join(folder, name)) or ""
            for context, dockerfile, target in _builds_in(name, text):
                place = posixpath.normpath(posixpath.join(folder, context))
                if posixpath.normpath(posixpath.join(place, dockerfile)) == posixpath.normpath(path):
                    found.append(ImageBuilt(Place(path, Span(0, 0)), "", place, path, target))
    return found


@lru_cache(maxsize=64)
def _build_definitions(names: tuple[str, ...]) -> tuple[str, ...]:
    """The compose and bake files of a folder. Cached, since all Dockerfiles of a project look in its root."""
    return tuple(name for name in names if _COMPOSE.fullmatch(name) or _BAKE.fullmatch(name))


def _builds_in(name: str, text: str) -> Iterator[tuple[str, str, str]]:
    """(context, Dockerfile relative to it, target) of each build in a compose or bake file."""
    if name.endswith(".hcl"):
        for target in _HCL_TARGET.finditer(text):
            values = {match["key"]: match["value"] for match in _HCL_VALUE.finditer(target["body"])}
            yield values.get("context", "."), values.get("dockerfile", "Dockerfile"), values.get("target", "")
        return
    if "build" not in text and "target" not in text:
        return
    document = _loaded(name, text)
    group = document.get("target" if name.endswith(".json") else "services")
    for one in group.values() if isinstance(group, dict) else ():
        build = one if name.endswith(".json") else one.get("build") if isinstance(one, dict) else None
        if isinstance(build, str):
            yield build, "Dockerfile", ""
        elif isinstance(build, dict):
            context, dockerfile = build.get("context", "."), build.get("dockerfile", "Dockerfile")
            target = build.get("target", "")
            if isinstance(context, str) and isinstance(dockerfile, str) and isinstance(target, str):
                yield context, dockerfile, target


def _loaded(name: str, text: str) -> dict[Any, Any]:
    import yaml

    try:
        made = json.loads(text) if name.endswith(".json") else yaml.load(text, Loader=yaml_loader())
    except (ValueError, yaml.YAMLError, RecursionError):
        return {}
    return made if isinstance(made, dict) else {}
