"""References in Dockerfiles: stages, variables, images that are built here, files of the build context, routes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from playpen_ls.api.rule import RuleContext, given_as
from playpen_ls.languages.dockerfile.build_context.locate import context_of
from playpen_ls.languages.dockerfile.build_context.sources import is_there, local_sources
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model import references as variables
from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.model.variables import assignments_before
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import (
    Argument,
    Assigning,
    Cmd,
    Entrypoint,
    Environment,
    Healthcheck,
    Run,
    ShellForm,
    Transfer,
)
from playpen_ls.project.image_evidence import Certainty, Use
from playpen_ls.project.services import WebFacts, answers
from playpen_ls.rules.dockerfile._serving import Programs
from playpen_ls.session.project_images import ProjectImages
from playpen_ls.session.references.reference import Access, Kind, Reference, Target, file_at, last_word, nothing
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.pause import pause
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_ASKED = regex(r"https?://[^/\s'\"]+(/[^\s'\",)?]*)")
_MOUNTED_FROM = regex(r"\bfrom=([^,\s]+)")


@dataclass(frozen=True)
class _Knowledge:
    images: ProjectImages
    web: WebFacts


def references(model: DockerfileModel, workspace: Workspace, offset: int | None, word: str) -> Iterator[Reference]:
    """The references of the stage at the offset, None is the whole file, if it has the word in any case."""
    context = workspace.context(model.source.path)
    for number, chunk in enumerate(model.chunks):
        near = offset is None or chunk.begins <= offset <= chunk.begins + len(chunk.content.text)
        if near and word.lower() in chunk.content.text.lower():
            pause()
            at = offset - chunk.begins if offset is not None else None
            yield from _InStage(model, number, context, at, word.lower()).references()


def using(dockerfile: str, context: RuleContext) -> Iterator[str]:
    """The files whose pods run an image of this Dockerfile, and the Dockerfiles of the project."""
    known = given_as(_Knowledge, context)
    yield from (pods.place.path for pods, _ in known.images.running(dockerfile))
    yield from (recipe.place.path for recipe in known.images.recipes)


class _InStage:
    """The references of a chunk: of a stage, or, with number 0, of the text above the first one."""

    def __init__(self, model: DockerfileModel, number: int, context: RuleContext, at: int | None, word: str) -> None:
        self._model = model
        self._at = at
        self._word = word
        self._path = model.source.path
        self._number = number
        self._outline = model.outline
        self._starts = [chunk.begins for chunk in model.chunks]
        self._context = context
        self._known = given_as(_Knowledge, context)

    def references(self) -> Iterator[Reference]:
        if not self._number:
            for argument in queries.arguments_of(self._outline.content(0)):
                yield from self._assigned(argument)
            return
        stage = self._model.stage(self._number)
        yield from self._started(stage)
        for instruction in stage.instructions:
            if self._at is not None and not instruction.span.start <= self._at <= instruction.span.end:
                continue
            if self._word not in instruction.logical.lower():
                continue
            if isinstance(instruction, (Argument, Environment)):
                yield from self._assigned(instruction)
            yield from self._variables(stage, instruction)
            if isinstance(instruction, Transfer) and instruction.origin is not None:
                yield from self._from(instruction.origin.value, instruction.origin.value_span)
            elif isinstance(instruction, Run):
                for mount in instruction.mounts:
                    named = _MOUNTED_FROM.search(stage.text, mount.flag.span.start, mount.flag.span.end)
                    if named is not None and named[1] == mount.origin:
                        yield from self._from(mount.origin, Span(*named.span(1)))
            elif isinstance(instruction, Healthcheck):
                yield from self._asked(stage, instruction)
        for word, path in local_sources(stage):
            yield self._reference(Kind.FILE, word.span, "", partial(self._source, path), word=posixpath.basename(path))

    def _reference(
        self, kind: Kind, span: Span, name: str, targets: Callable[[], Iterable[Target]], word: str = ""
    ) -> Reference:
        return Reference(span.shifted(self._starts[self._number]), kind, name, targets, word=word or name)

    def _place(self, span: Span) -> Target:
        return Target(self._path, span.shifted(self._starts[self._number]))

    # Stages and images

    def _started(self, stage: Stage) -> Iterator[Reference]:
        image, name = stage.image, stage.start.stage_name
        if name is not None:
            place = self._place(name.span)
            yield Reference(place.span, Kind.STAGE, stage.name, nothing, place, Access.WRITE)
        if self._number == len(self._model.chunks) - 1:
            keyword = self._place(stage.start.keyword_span)
            yield Reference(keyword.span, Kind.IMAGE, "", nothing, Target(self._path), Access.TEXT)
        if image is not None and image.literal:
            if image.stage is not None and image.stage.number is not None:
                targets = partial(self._stage, image.stage.number)
                yield self._reference(Kind.STAGE, image.span, image.word.text.lower(), targets)
            elif image.external:
                yield self._reference(Kind.IMAGE, image.span, "", partial(self._image, image.word.text))
        yield from self._variables(stage, stage.start)

    def _from(self, text: str, span: Span) -> Iterator[Reference]:
        """The stage that `--from` or a mount names, else the Dockerfile of the image."""
        number = queries.find_stage(self._outline, text)
        if number is not None and number < self._number:
            name = "" if text.isdigit() else text.lower()
            yield self._reference(Kind.STAGE, span, name, partial(self._stage, number))
        elif number is None:
            yield self._reference(Kind.IMAGE, span, "", partial(self._image, text))

    def _stage(self, number: int) -> Iterator[Target]:
        """The name of a stage, else its FROM."""
        start = self._model.stage(number).start
        span = start.stage_name.span if start.stage_name is not None else start.keyword_span
        yield Target(self._path, span.shifted(self._starts[number]))

    def _image(self, image: str) -> Iterator[Target]:
        link = self._known.images.linker.link(Use(image, self._path))
        if link is not None and link.certainty is Certainty.CERTAIN and link.dockerfile != self._path:
            yield Target(link.dockerfile)

    # Variables

    def _assigned(self, assigning: Assigning) -> Iterator[Reference]:
        """The names that an ARG or ENV defines. An ARG of a stage without a value has that of the global one."""
        for pair in assigning.pairs:
            place, above = self._place(pair.name_span), nothing
            if self._number and isinstance(assigning, Argument) and pair.value is None:
                above = partial(self._global, pair.name)
            yield Reference(place.span, Kind.ARGUMENT, pair.name, above, place, Access.WRITE)

    def _variables(self, stage: Stage, instruction: Instruction) -> Iterator[Reference]:
        for variable in (*variables.references(instruction), *self._in_shell(instruction)):
            targets = partial(self._variable, instruction, variable.name, instruction is stage.start)
            yield self._reference(Kind.ARGUMENT, variable.span, variable.name, targets)

    def _in_shell(self, instruction: Instruction) -> Iterator[variables.Reference]:
        """The variables in a shell script, without those that the script sets."""
        if isinstance(instruction, ShellForm) and instruction.vector is None:
            for one in variables.references_in_shell(instruction):
                if not re.search(rf"\b{one.name}=|\b(?:for|read)\b[^\n;]*\b{one.name}\b", instruction.logical):
                    yield one

    def _variable(self, instruction: Instruction, name: str, of_start: bool) -> Iterator[Target]:
        """The nearest ENV or ARG in scope; of a FROM the global ARG. What runs the container knows no ARG."""
        if of_start:
            yield from self._global(name)
            return
        for assigning in assignments_before(instruction):
            if isinstance(assigning, Argument) and isinstance(instruction, (Cmd, Entrypoint, Healthcheck)):
                continue
            for pair in reversed(assigning.pairs):
                if pair.name == name:
                    number = assigning.scope.number if isinstance(assigning.scope, Stage) else None
                    start = self._starts[self._number if number is None else number]
                    yield Target(self._path, pair.name_span.shifted(start))
                    return

    def _global(self, name: str) -> Iterator[Target]:
        above = [pair for one in queries.arguments_of(self._outline.content(0)) for pair in one.pairs]
        for pair in [one for one in above if one.name == name][-1:]:
            yield Target(self._path, pair.name_span.shifted(self._starts[0]))

    # Files and routes

    def _source(self, path: str) -> Iterator[Target]:
        context, files = self._context, self._context.files
        folders = context_of(self._path, context.platform.build_context, self._known.images.builds, files).folders
        for folder in [one for one in folders if path and is_there(path, one, files)][:1]:
            yield from file_at(folder, path, files)

    def _asked(self, stage: Stage, instruction: Healthcheck) -> Iterator[Reference]:
        for match in _ASKED.finditer(stage.text, instruction.span.start, instruction.span.end):
            targets = partial(self._route, stage, match[1])
            yield self._reference(Kind.ROUTE, Span(*match.span(1)), "", targets, word=last_word(match[1]))

    def _route(self, stage: Stage, path: str) -> Iterator[Target]:
        """The routes of the application in the image that answer the path."""
        program = given_as(Programs, self._context).of(stage)
        for served in self._known.web.of(program.code)[1] if program is not None else ():
            if answers([served], [], path):
                yield Target(served.route.place.path, served.route.place.span)
