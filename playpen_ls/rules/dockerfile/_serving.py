"""The program of an image, its ports and its code, as rules for the Dockerfile see them."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.fact_types import Exposed, ImageBuilt, Listens, Recipe
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Place
from playpen_ls.api.platform import Platform
from playpen_ls.languages.dockerfile.build_context.locate import context_of, ships
from playpen_ls.languages.dockerfile.build_context.sources import context_with_sources
from playpen_ls.languages.dockerfile.model.program import Started, started
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.syntax.instruction_types import Expose
from playpen_ls.languages.shell.servers import number_of
from playpen_ls.project.image_evidence import Link, code_of
from playpen_ls.project.services import Ports, ports_of
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

# Programs that listen for the application, or run others beside it.
_BESIDE = regex(r"\b(?:nginx|caddy|haproxy|traefik|envoy|apache2|httpd|supervisord?|supervisorctl|s6|runit|honcho)\b")


@dataclass(frozen=True)
class Program:
    """The program of an image; `code` is that of its build context, without the folders of other Dockerfiles."""

    started: Started
    code: Link
    ports: Ports


@dataclass(frozen=True)
class Programs:
    """What tells the program of a Dockerfile's image; a rule takes it as one parameter."""

    platform: Platform
    files: Files
    builds: Facts[ImageBuilt]
    recipes: Facts[Recipe]
    listens: Facts[Listens]

    def of(self, stage: Stage) -> Program | None:
        """The only program of the image that is built from the stage; None if that is not known."""
        if not self.files.known or not stage.final or not ships(stage, self.builds, self.files):
            return None
        found = started(stage)
        if found.instruction is None or not found.program.name:
            return None
        if any(_BESIDE.search(each.text) for each in stage.ancestors):
            return None
        if any(command.after == "&" for command in found.instruction.commands):
            return None
        path = stage.file.path
        contexts = context_of(path, self.platform.build_context, self.builds, self.files).folders
        folder = context_with_sources(stage, contexts, self.files)
        if folder is None:
            return None
        place = Place(path, Span(0, 0))
        recipe = Recipe(place, found.program.name, tuple(found.variables), (), "", found.program.target)
        code = code_of(recipe, folder, self.recipes)
        exposed = [Exposed(place, one.port, True, one.variables) for one in found.ports]
        exposed += [Exposed(place, port) for port in exposed_ports(stage) if port]
        return Program(found, code, ports_of(code, exposed, self.listens))


def exposed_ports(stage: Stage) -> Iterator[int]:
    """The ports of all EXPOSE instructions of the image; 0 for each that is not a literal port."""
    words = (word for one in stage.all_of(Expose) for word in one.words)
    return (number_of(word.text.removesuffix("/tcp")) for word in words)
