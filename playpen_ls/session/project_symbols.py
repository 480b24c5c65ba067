"""The symbols of a project by name: objects, routes, images, stages, and environment variables that code reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from itertools import islice

from playpen_ls.api.fact_types import (
    ConfigMapKeys,
    EnvironmentRead,
    ImageBuilt,
    Pods,
    Recipe,
    Route,
    SecretKeys,
    ServiceAccount,
)
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.session.outline import Kind as OutlineKind
from playpen_ls.session.outline import Symbol, symbols
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.span import Span

MOST = 512
_OBJECTS = {ConfigMapKeys: "ConfigMap", SecretKeys: "Secret", ServiceAccount: "ServiceAccount"}


class Sort(Enum):
    """What a symbol of the project is."""

    OBJECT = "object"
    ROUTE = "route"
    IMAGE = "image"
    STAGE = "stage"
    VARIABLE = "variable"


@dataclass(frozen=True)
class ProjectSymbol:
    """A name at a place; `path` is that of its file."""

    name: str
    sort: Sort
    path: str
    span: Span


def project_symbols(workspace: Workspace, query: str) -> list[ProjectSymbol]:
    """At most 512 symbols with the letters of the query in this order; objects and routes if it is empty."""
    wanted = re.compile(".*".join(map(re.escape, query)), re.IGNORECASE)
    found = (one for one in _every(workspace, wanted if query else None) if wanted.search(one.name))
    return sorted(islice(found, MOST), key=lambda one: (len(one.name), one.name, one.path))


def _every(workspace: Workspace, wanted: re.Pattern[str] | None) -> Iterator[ProjectSymbol]:
    facts = workspace.context("").facts
    for pods in facts(Pods):
        if pods.name:
            yield ProjectSymbol(f"{pods.kind} {pods.name}", Sort.OBJECT, pods.place.path, pods.place.span)
    for kind, label in _OBJECTS.items():
        for one in facts(kind):
            if one.name:
                yield ProjectSymbol(f"{label} {one.name}", Sort.OBJECT, one.place.path, one.place.span)
    for route in facts(Route):
        yield ProjectSymbol(f"{'/'.join(route.methods)} {route.path}", Sort.ROUTE, route.place.path, route.place.span)
    if wanted is not None:
        yield from _images_and_stages(workspace, wanted)
        seen = set[tuple[str, str]]()
        for read in facts(EnvironmentRead):
            if (read.name, read.place.path) not in seen:
                seen.add((read.name, read.place.path))
                yield ProjectSymbol(read.name, Sort.VARIABLE, read.place.path, read.place.span)


def _images_and_stages(workspace: Workspace, wanted: re.Pattern[str]) -> Iterator[ProjectSymbol]:
    facts = workspace.context("").facts
    for built in facts(ImageBuilt):
        yield ProjectSymbol(built.reference, Sort.IMAGE, built.place.path, built.place.span)
    for recipe in facts(Recipe):
        for name in filter(None, recipe.stages):
            text = workspace.text(recipe.place.path) or ""
            found = re.search(
                rf"^[ \t]*FROM\s.*\sAS\s+({re.escape(name)})[ \t\r]*$", text, re.IGNORECASE | re.MULTILINE
            )
            if found is not None:
                yield ProjectSymbol(found[1], Sort.STAGE, recipe.place.path, Span(*found.span(1)))
    for path in workspace.paths_of("jenkinsfile", "stage"):
        model = workspace.model_at(path)
        for one in symbols(model) or () if isinstance(model, Jenkinsfile) else ():
            for stage in _stages(one):
                yield ProjectSymbol(stage.name, Sort.STAGE, path, stage.name_span)


def _stages(one: Symbol) -> Iterator[Symbol]:
    if one.kind is OutlineKind.STAGE:
        yield one
    for child in one.children:
        yield from _stages(child)
