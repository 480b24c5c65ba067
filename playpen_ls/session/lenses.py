"""Code lenses: what other files of the project make of an image or a route, in words above its line.

| where | what |
|---|---|
| Dockerfile, first line | how many containers run its image |
| manifest, image of a container | the Dockerfile that it is built from |
| Jenkinsfile, build of an image | the same |
| Python, route | the probes that request it |

Links that are only possible have none.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from playpen_ls.api.fact_types import Probed, Route
from playpen_ls.api.facts import Facts
from playpen_ls.api.rule import given_as
from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.kubernetes.model.manifests import Manifests
from playpen_ls.languages.python.model.module import PythonModel
from playpen_ls.project.image_evidence import Certainty, Link, Use, code_of
from playpen_ls.project.services import Served, WebFacts, answers
from playpen_ls.session.inspection import links_of
from playpen_ls.session.project_images import ProjectImages
from playpen_ls.session.references.reference import START, Target
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.pause import pause
from playpen_ls.text.span import Span


@dataclass(frozen=True)
class Lens:
    """`title` is shown above the line of `span` and leads to the targets, of which there is at least one."""

    span: Span
    title: str
    targets: tuple[Target, ...]


def lenses(workspace: Workspace, path: str) -> Iterator[Lens]:
    """The lenses of an open file, in text order; none until all files of the project are known."""
    if not workspace.index.complete:
        return
    model = workspace.model(path)
    if isinstance(model, Manifests):
        for span, link in links_of(model, workspace.context(path)):
            pause()
            if link.certainty is not Certainty.POSSIBLE:
                yield Lens(span, f"built from {_told(link)}", (Target(link.dockerfile),))
        return
    known = given_as(_Knowledge, workspace.context(""))
    if isinstance(model, DockerfileModel):
        yield from known.containers(path)
    elif isinstance(model, Jenkinsfile):
        yield from known.built(path)
    elif isinstance(model, PythonModel):
        yield from known.probed_routes(path)


def _told(link: Link) -> str:
    return link.dockerfile if link.certainty is Certainty.CERTAIN else f"{link.dockerfile} ({link.certainty.label})"


@dataclass(frozen=True)
class _Knowledge:
    images: ProjectImages
    routes: Facts[Route]
    probes: Facts[Probed]
    web: WebFacts

    def containers(self, dockerfile: str) -> Iterator[Lens]:
        """How many containers run the image of a Dockerfile."""
        count, workloads = 0, list[Target]()
        for pods, links in self.images.running(dockerfile):
            running = sum(link.certainty is not Certainty.POSSIBLE for link in links)
            if running:
                count += running
                workloads.append(Target(pods.place.path, pods.place.span))
        if count:
            title = "1 container runs this image" if count == 1 else f"{count:,} containers run this image"
            yield Lens(START, title, tuple(dict.fromkeys(workloads)))

    def built(self, pipeline: str) -> Iterator[Lens]:
        """The Dockerfiles that a pipeline builds."""
        images = self.images.linker
        for fact in sorted(self.images.builds.of(pipeline), key=lambda fact: fact.place.span):
            dockerfile = images.built_from(fact)
            if dockerfile:
                yield Lens(fact.place.span, f"built from {dockerfile}", (Target(dockerfile),))

    def probed_routes(self, module: str) -> Iterator[Lens]:
        """The probes that request the routes of a module."""
        own = self.routes.of(module)
        served: dict[str, list[Served]] = {}
        found: dict[Span, dict[Target, None]] = {}
        for probe in self.probes if own else ():
            pause()
            code = self._code(probe)
            if code is None or not any(map(code.holds, own)):
                continue
            if code.dockerfile not in served:
                served[code.dockerfile] = [one for one in self.web.of(code)[1] if one.route.place.path == module]
            for one in served[code.dockerfile]:
                if answers([one], [], probe.path):
                    places = found.setdefault(one.route.place.span, {})
                    places[Target(probe.place.path, probe.place.span)] = None
        for span, places in sorted(found.items()):
            yield Lens(span, _probed_by(places), tuple(places))

    def _code(self, probe: Probed) -> Link | None:
        """The code that a probe or a HEALTHCHECK requests."""
        path = probe.place.path
        if probe.image:
            link = self.images.linker.link(Use(probe.image, path))
            return link if link is not None and link.certainty is not Certainty.POSSIBLE else None
        recipes = self.images.recipes
        own = recipes.of(path)
        return code_of(own[0], posixpath.dirname(path), recipes) if own else None


def _probed_by(places: Iterable[Target]) -> str:
    files = sorted({place.path for place in places})
    return f"probed by {files[0]}" if len(files) == 1 else f"probed by {len(files):,} files"
