"""From a place to what it means: its definitions, and the references that mean the same.

A reference leads to places (`Reference.targets`). Two references mean the same if they are of one kind and name and
lead to a common place; files that cannot have such a reference are not read.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from importlib import import_module

from playpen_ls.api.fact_types import EnvironmentRead, Probed, ServiceSelector
from playpen_ls.api.facts import Fact
from playpen_ls.languages.model import Model
from playpen_ls.session.references.reference import OBJECTS, START, Access, Kind, Reference, Target
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.pause import pause
from playpen_ls.text.span import Span

_LOCAL = frozenset((Kind.STAGE, Kind.ARGUMENT, Kind.VOLUME, Kind.BINDING))
"""Kinds of names that only their own file knows."""
_LANGUAGES: dict[Kind, tuple[str, ...]] = {
    Kind.FILE: ("dockerfile", "jenkinsfile", "kubernetes"),
    Kind.PORT: ("kubernetes",),
    Kind.VARIABLE: ("kubernetes",),
    Kind.CONFIG_MAP: ("kubernetes",),
    Kind.SECRET: ("kubernetes",),
    Kind.SERVICE_ACCOUNT: ("kubernetes",),
    Kind.KEY: ("kubernetes",),
    Kind.STEP: ("jenkinsfile",),
    Kind.CREDENTIAL: ("jenkinsfile",),
    Kind.REVISION: ("python",),
    Kind.SERVICE: ("kubernetes",),
    Kind.SERVICE_PORT: ("kubernetes",),
    Kind.ROLE: ("kubernetes",),
    Kind.CLAIM: ("kubernetes",),
    Kind.VALUE: ("kubernetes", "configuration"),
    Kind.TEMPLATE: ("kubernetes", "configuration"),
}
"""The languages whose files can have a reference of the kind; the facts say more of the others."""
_STATING: dict[Kind, type[Fact]] = {Kind.ROUTE: Probed, Kind.PODS: ServiceSelector}


@dataclass(frozen=True)
class Definition:
    """`span` is that of the name in its own file; `targets` are not empty and have no duplicates."""

    span: Span
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Found:
    """A reference in the file at `path`."""

    path: str
    reference: Reference

    @property
    def target(self) -> Target:
        return Target(self.path, self.reference.span)


def references(model: Model, workspace: Workspace, offset: int | None = None, word: str = "") -> Iterator[Reference]:
    """The references of a file, not in text order; with an offset, those there or near it.

    With a `word`, those of parts without it may be left out.
    """
    # Imported at the first request about the language: the modules of the others import their rules.
    if model.language in ("dockerfile", "jenkinsfile", "kubernetes", "python"):
        language = import_module(f"{__package__}.{model.language}")
        yield from language.references(model, workspace, offset, word)
    path, text = model.source.path, model.source.text
    if model.language == "configuration" or (model.language == "kubernetes" and "{{" in text):
        from playpen_ls.session.references import charts, rendered

        files = workspace.context(path).files
        if model.language == "kubernetes":
            yield from rendered.of_template(path, text, files, offset)
        is_template = model.language == "kubernetes" or path.endswith(".tpl")
        yield from (charts.of_template if is_template else charts.of_values)(path, text, files, offset, word)


def at(workspace: Workspace, path: str, offset: int) -> Iterator[Reference]:
    """The references of an open file at an offset."""
    for one in references(workspace.model(path), workspace, offset):
        if one.span.start <= offset <= one.span.end:
            yield one


def definition_at(workspace: Workspace, path: str, offset: int, *, only_across: bool = False) -> Definition | None:
    """Where what stands at an offset of an open file is defined; None if nothing there is known to be defined.

    With `only_across`, another server answers for names that only their own file knows.
    """
    for one in at(workspace, path, offset):
        if only_across and one.kind in _LOCAL:
            continue
        targets = tuple(dict.fromkeys(one.targets()))
        if one.place is not None and one.access is Access.READ:  # code that reads a variable: who sets it
            targets = tuple(other.target for other in related(workspace, path, one) if other.reference.place is None)
        if not targets and one.place is not None and one.access is Access.WRITE:
            targets = (one.place,)
        if targets:
            return Definition(one.span, _nearest(path, targets))
    return None


def _nearest(path: str, targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """Those in the file itself, else those of its folder, else all: variants of an object have their own folders."""
    folder = posixpath.dirname(path)
    own = tuple(one for one in targets if one.path == path)
    return own or tuple(one for one in targets if posixpath.dirname(one.path) == folder) or targets


def references_at(workspace: Workspace, path: str, offset: int, definitions: bool) -> tuple[Target, ...] | None:
    """The places that mean the same as what stands at an offset of an open file, by path; None if that is nothing.

    `definitions` says whether those that define it are among them; a whole file is not.
    """
    for one in at(workspace, path, offset):
        meant = one.meant()
        if not meant:
            continue
        found = related(workspace, path, one)
        places = [other.target for other in found if definitions or other.reference.access is Access.READ]
        if definitions:
            defined = {other.reference.place for other in found}
            places += [place for place in meant if place not in defined and place.span != START]
        return tuple(dict.fromkeys(sorted(places)))
    return None


def highlights_at(workspace: Workspace, path: str, offset: int) -> tuple[Reference, ...] | None:
    """The references of the same file that mean the same, in text order; None if at the offset there is none."""
    for one in at(workspace, path, offset):
        meant = one.meant()
        if meant:
            found = _meaning(workspace, path, one, meant)
            return tuple(sorted({other.span: other for other in found}.values(), key=lambda other: other.span))
    return None


def related(workspace: Workspace, path: str, one: Reference, meant: frozenset[Target] | None = None) -> list[Found]:
    """The references of the project that mean the same as one of the file at `path`, which is among them.

    `meant` are the places that it means, if they are more than it leads to itself.
    """
    meant = one.meant() if meant is None else meant
    paths = dict.fromkeys([path, *(target.path for target in meant)])
    if one.kind not in _LOCAL:
        paths.update(dict.fromkeys(_candidates(workspace, path, one, meant)))
    return [Found(other, found) for other in paths for found in _meaning(workspace, other, one, meant)]


def _meaning(workspace: Workspace, path: str, one: Reference, meant: frozenset[Target]) -> Iterator[Reference]:
    """The references of a file that mean the same."""
    pause()
    model = workspace.model_at(path)
    for other in references(model, workspace) if model is not None else ():
        if (
            other.kind is one.kind
            and (not one.name or not other.name or one.name in other.name or other.name in one.name)
            and other.leads_to(meant)
        ):
            yield other


def _candidates(workspace: Workspace, path: str, one: Reference, meant: Iterable[Target]) -> Iterator[str]:
    """The other files that can have references of the same meaning."""
    facts = workspace.context("").facts
    if one.folder:
        inside = posixpath.join(one.folder, "")
        yield from (other for other in workspace.paths_of("kubernetes", "{{") if other.startswith(inside))
        return
    if one.kind is Kind.IMAGE:
        from playpen_ls.session.references import dockerfile

        for target in meant:
            yield from dockerfile.using(target.path, workspace.context(""))
    elif one.kind in _STATING:
        paths = dict.fromkeys(fact.place.path for fact in facts(_STATING[one.kind]))
        yield from (other for other in paths if one.word in (workspace.text(other) or ""))
    if one.kind is Kind.VARIABLE:
        yield from dict.fromkeys(fact.place.path for fact in facts(EnvironmentRead) if fact.name == one.name)
    if one.kind is Kind.PODS:
        yield from workspace.paths_of("kubernetes", "scaleTargetRef")
    for language in _LANGUAGES.get(one.kind, ()):
        for word in {one.word, *(_text(workspace, target) for target in meant if one.kind in OBJECTS.values())}:
            yield from workspace.paths_of(language, word)


def _text(workspace: Workspace, target: Target) -> str:
    """What is written at a place: the name of an object without what a kustomization adds to it."""
    return (workspace.text(target.path) or "")[target.span.start : target.span.end]
