"""What is known of each container of a manifest: its image's Dockerfile, with the evidence, and the program in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from playpen_ls.api.fact_types import EnvironmentRead
from playpen_ls.api.facts import Facts
from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.api.rule import RuleContext, given_as
from playpen_ls.languages.kubernetes.model.manifests import Manifests
from playpen_ls.languages.kubernetes.model.resources import Container, Workload, YamlDocument, resources
from playpen_ls.project.image_links import Link
from playpen_ls.rules.kubernetes._application import Code, application_in
from playpen_ls.rules.kubernetes._links import listening
from playpen_ls.vocabulary.image_names import HOLE


@dataclass(frozen=True)
class InspectedContainer:
    """`offset` is that of the image, else of the container, in its file; `why_not` is "" if there is a link.

    `routes` are (method, path) pairs, None if they are not all known. `sets` and `reads` are names of environment
    variables: of the manifest, and of the program's code.
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


@dataclass(frozen=True)
class _Knowledge:
    code: Code
    environment: Facts[EnvironmentRead]


def inspected(model: Manifests, context: RuleContext) -> Iterator[InspectedContainer]:
    """The containers of a file of manifests, in text order."""
    known = given_as(_Knowledge, context)
    outline = Outline(model.source.path, model.chunks)
    for number, chunk in enumerate(model.chunks):
        document = YamlDocument(chunk.parsed, FileView(outline, number))
        for resource in resources(document):
            if isinstance(resource, Workload):
                for container in resource.containers:
                    yield _of_container(container, chunk.start, known)


def _of_container(container: Container, start: int, known: _Knowledge) -> InspectedContainer:
    images, workload = known.code.images, container.workload
    image = container.image
    written = images.image_of(container).replace(HOLE, "?")
    span = container.document.content(image) if image is not None else container.span
    sets = tuple(dict.fromkeys(filter(None, (entry.text("name") for entry in container.node.mappings("env")))))
    facts = (container.document.path, span.start + start, workload.kind, workload.name, container.name, written)
    link = images.link(container) if image is not None else None
    if link is None:
        uses = images.uses(container)
        why = images.linker(container.document).why_not(uses[0]) if uses else "the container has no image"
        return InspectedContainer(*facts, None, why, sets=sets)
    application = application_in(container, link, known.code)
    routes = None
    if application.apps:
        routes = tuple(
            sorted({(method, one.path) for one in application.served if one.whole for method in one.route.methods})
        )
    return InspectedContainer(
        *facts,
        link,
        "",
        " ".join(filter(None, (link.recipe.program, link.recipe.target))),
        tuple(sorted(listening(container, link, known.code.openings).served)),
        routes,
        sets,
        tuple(sorted({one.name for one in link.of(known.environment)})),
    )
