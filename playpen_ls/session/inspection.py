"""What is known of each container of a manifest: its image's Dockerfile, with the evidence, and the program in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.api.finding import Place
from playpen_ls.api.rule import RuleContext, given_as
from playpen_ls.languages.kubernetes.model.manifests import Manifests
from playpen_ls.languages.kubernetes.model.resources import Container, Workload, YamlDocument, resources
from playpen_ls.languages.kubernetes.syntax.nodes import UNKNOWN, Scalar
from playpen_ls.languages.shell.servers import SERVERS
from playpen_ls.project.image_evidence import Link
from playpen_ls.rules.kubernetes._application import Code, application_in
from playpen_ls.rules.kubernetes._builds import Builds, container_in
from playpen_ls.rules.kubernetes._charts import Charts
from playpen_ls.rules.kubernetes._command import override_of
from playpen_ls.rules.kubernetes._environment import Variables, given, unset
from playpen_ls.rules.kubernetes._links import listening
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.image_names import HOLE


class Deployment(NamedTuple):
    """What a kustomization that no other one lists makes of a container: the names in the cluster.

    `name` is that of the workload; `?` is what is not known of a text. `namespace` is "" if none is set.
    """

    kustomization: str
    name: str
    namespace: str
    image: str


@dataclass(frozen=True)
class InspectedContainer:
    """`offset` is that of the image, else of the container, in its file; `why_not` is "" if there is a link.

    `routes` are (method, path) pairs, None if they are not all known. `sets`, `reads` and `lacks` are names of
    environment variables: of the manifest, of the program's code, and those of them that it requires and nothing sets.
    """

    path: str
    offset: int
    kind: str
    workload: str
    container: str
    image: str
    link: Link | None
    why_not: str
    program: str = ""
    ports: tuple[int, ...] = ()
    routes: tuple[tuple[str, str], ...] | None = None
    sets: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    deployments: tuple[Deployment, ...] = ()


@dataclass(frozen=True)
class _Knowledge:
    code: Code
    variables: Variables


def inspected(model: Manifests, context: RuleContext) -> Iterator[InspectedContainer]:
    """The containers of a file of manifests, in text order."""
    known = given_as(_Knowledge, context)
    for container, start in _containers(model):
        yield _of_container(container, start, known)


def inspected_at(model: Manifests, context: RuleContext, offset: int) -> tuple[InspectedContainer, Span] | None:
    """The container whose name or image is at the offset, and the range of that name or image."""
    for container, start in _containers(model):
        for scalar in (container.node.scalar("name"), container.image):
            span = container.document.content(scalar).shifted(start) if scalar is not None else None
            if span is not None and span.start <= offset <= span.end:
                return _of_container(container, start, given_as(_Knowledge, context)), span
    return None


def links_of(model: Manifests, context: RuleContext) -> Iterator[tuple[Span, Link]]:
    """The images of a file of manifests that have a link, in text order, each with its range."""
    images = given_as(_Knowledge, context).code.images
    for container, start in _containers(model):
        link = images.link(container) if container.image is not None else None
        if container.image is not None and link is not None:
            yield container.document.content(container.image).shifted(start), link


def _containers(model: Manifests) -> Iterator[tuple[Container, int]]:
    """Each container with the offset of its document."""
    outline = Outline(model.source.path, model.chunks)
    for number, chunk in enumerate(model.chunks):
        document = YamlDocument(chunk.parsed, FileView(outline, number))
        for resource in resources(document):
            if isinstance(resource, Workload):
                for container in resource.containers:
                    yield container, chunk.start


def _of_container(container: Container, start: int, known: _Knowledge) -> InspectedContainer:
    images, workload = known.code.images, container.workload
    image = container.image
    written = images.image_of(container).replace(HOLE, "?")
    span = container.document.content(image) if image is not None else container.span
    written_here = tuple(filter(None, (entry.text("name") for entry in container.node.mappings("env"))))
    sets = tuple(dict.fromkeys((*written_here, *sorted(given(container, known.variables.settings) or ()))))
    name = workload.name or _name_in_chart(workload, images.absence.charts)
    facts = (container.document.path, span.start + start, workload.kind, name, container.name, written)
    deployments = tuple(_deployments(container, images.absence.builds))
    link = images.link(container) if image is not None else None
    if link is None:
        uses = images.uses(container)
        why = images.linker(container.document).why_not(uses[0]) if uses else "the container has no image"
        return InspectedContainer(*facts, None, why, sets=sets, deployments=deployments)
    override = override_of(container, link.recipe)
    own = override is None or override.is_of(link.recipe)
    program = (link.recipe.program, link.recipe.target)
    if override is not None:
        program = (override.program.name, override.program.target)
    application = application_in(container, link, known.code)
    routes = None
    if own and application.apps:
        routes = tuple(
            sorted({(method, one.path) for one in application.served if one.whole for method in one.route.methods})
        )
    return InspectedContainer(
        *facts,
        link,
        "",
        _program(*program),
        tuple(sorted(listening(container, link, known.code.openings).served)),
        routes,
        sets,
        tuple(sorted({one.name for one in link.of(known.variables.reads)})),
        tuple(sorted(one.name for one in unset(container, link, known.variables) if one.required)) if own else (),
        deployments,
    )


def _deployments(container: Container, builds: Builds) -> Iterator[Deployment]:
    for form in builds.forms(container.workload) or ():
        built = container_in(form, container)
        if built is not None:
            metadata = form.resource.metadata
            yield Deployment(
                form.build, *map(_shown, (metadata.scalar("name"), metadata.scalar("namespace"), built.image))
            )


def _name_in_chart(workload: Workload, charts: Charts) -> str:
    """The name of a template's workload if all ways to install the chart in which it is known give it the same one."""
    names = {_shown(one.metadata.scalar("name")) for one in charts.forms(workload) if one is not None}
    return names.pop() if len(names) == 1 else ""


def _shown(scalar: Scalar | None) -> str:
    return _UNKNOWNS.sub("?", scalar.value) if scalar is not None else ""


_UNKNOWNS = regex(f"{UNKNOWN}+")


_RUNNING_FILES = frozenset("python python3 node java ruby php dotnet deno bun npm yarn".split())


def _program(name: str, target: str) -> str:
    """The program and the application that it runs, without other arguments, which can be secrets."""
    if name.startswith("-") or "=" in name:  # an argument: the program is that of an image that nobody knows
        return ""
    first = target.partition(" ")[0] if name in SERVERS | _RUNNING_FILES else ""
    return f"{name} {first}".strip()


_MOST_DEPLOYMENTS = 3
_MOST_EVIDENCE = 4
_MOST_ROUTES = 8
_MOST_VARIABLES = 12


def described(one: InspectedContainer, shown: Callable[[str], str], text: Callable[[str], str | None]) -> list[str]:
    """What is known of a container: at most 15 lines, with names in backticks; evidence is indented.

    `shown` gives a path as the user knows it, `text` that of the file.
    """
    lines = [_deployed(made, one, shown) for made in one.deployments[:_MOST_DEPLOYMENTS]]
    if len(one.deployments) > _MOST_DEPLOYMENTS:
        lines.append(f"and by {len(one.deployments) - _MOST_DEPLOYMENTS} other kustomizations")
    if one.link is None:
        lines.append(f"not linked to a Dockerfile: {one.why_not}")
        return [*lines, *_listed("variables set", one.sets, _MOST_VARIABLES)]
    lines.append(f"built from `{shown(one.link.dockerfile)}` ({one.link.certainty.label})")
    evidence = one.link.evidence
    listed = len(evidence) if len(evidence) <= _MOST_EVIDENCE else _MOST_EVIDENCE - 1
    for reason in evidence[:listed]:
        place = reason.place
        lines.append(f"  `{shown(place.path)}:{line_of(place, text(place.path))}`: {place.message}")
    if len(evidence) > listed:
        lines.append(f"  and {len(evidence) - listed} more")
    lines += _listed("program", (one.program,) if one.program else (), 1)
    lines += _listed("ports", [str(port) for port in one.ports], _MOST_ROUTES)
    if one.routes is not None:
        lines += _listed("routes", [" ".join(route) for route in one.routes], _MOST_ROUTES) or ["routes: none"]
    lines += _listed("variables set", one.sets, _MOST_VARIABLES)
    lines += _listed("variables required but not set", one.lacks, _MOST_VARIABLES)
    return lines


def _deployed(made: Deployment, one: InspectedContainer, shown: Callable[[str], str]) -> str:
    line = f"deployed by `{shown(made.kustomization)}` as {one.kind} `{made.name}`"
    if made.namespace:
        line += f" in namespace `{made.namespace}`"
    return f"{line} with image `{made.image}`" if made.image else line


def line_of(place: Place, text: str | None) -> int:
    """The line of a place, from 1."""
    known = text or ""
    return Source(place.path, known).line_of(min(place.span.start, len(known))) + 1


def _listed(name: str, values: Sequence[str], most: int) -> list[str]:
    """One line with the values; none if there are none."""
    if not values:
        return []
    told = ", ".join(f"`{value}`" for value in values[:most])
    return [f"{name}: {told}" + (f" and {len(values) - most} more" if len(values) > most else "")]
