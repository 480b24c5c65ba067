"""References in Dockerfiles: stages, variables, images that are built here, files of the build context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from playpen_ls.api.fact_types import ChartValue, ImageBuilt, Pods, Recipe
from playpen_ls.api.facts import Facts
from playpen_ls.api.rule import RuleContext, given_as
from playpen_ls.languages.dockerfile.build_context.locate import context_of
from playpen_ls.languages.dockerfile.build_context.sources import is_there, local_sources
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model import references as variables
from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.model.variables import assignments_before
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import Transfer
from playpen_ls.project.image_links import Use, linker
from playpen_ls.session.definitions.reference import Reference, Target, file_at
from playpen_ls.text.span import Span


@dataclass(frozen=True)
class _Knowledge:
    recipes: Facts[Recipe]
    builds: Facts[ImageBuilt]
    pods: Facts[Pods]
    values: Facts[ChartValue]


def references(model: DockerfileModel, context: RuleContext, offset: int) -> Iterator[Reference]:
    """The references of the stage at the offset."""
    for number, chunk in enumerate(model.chunks):
        if number and chunk.begins <= offset <= chunk.begins + len(chunk.content.text):
            yield from _InStage(model, number, context).references()


class _InStage:
    def __init__(self, model: DockerfileModel, number: int, context: RuleContext) -> None:
        self.stage = model.stage(number)
        self._model = model
        self._path = model.source.path
        self._number = number
        self._outline = model.outline
        self._starts = [chunk.begins for chunk in model.chunks]
        self._context = context
        self._known = given_as(_Knowledge, context)

    def references(self) -> Iterator[Reference]:
        image = self.stage.image
        if image is not None and image.literal:
            if image.stage is not None and image.stage.number is not None:
                yield self._reference(image.span, partial(self._stage, image.stage.number))
            elif image.external:
                yield self._reference(image.span, partial(self._image, image.word.text))
        for instruction in (self.stage.start, *self.stage.instructions):
            for variable in variables.references(instruction):
                yield self._reference(variable.span, partial(self._variable, instruction, variable.name))
            origin = instruction.origin if isinstance(instruction, Transfer) else None
            if origin is not None:
                yield self._reference(origin.value_span, partial(self._origin, origin.value))
        for word, path in local_sources(self.stage):
            yield self._reference(word.span, partial(self._source, path))

    def _reference(self, span: Span, targets: partial[Iterator[Target]]) -> Reference:
        return Reference(span.shifted(self._starts[self._number]), targets)

    def _stage(self, number: int) -> Iterator[Target]:
        """The name of a stage, else its FROM."""
        start = self._model.stage(number).start
        span = start.stage_name.span if start.stage_name is not None else start.keyword_span
        yield Target(self._path, span.shifted(self._starts[number]))

    def _origin(self, text: str) -> Iterator[Target]:
        """The stage that `--from` names, else the Dockerfile of the image."""
        number = queries.find_stage(self._outline, text)
        if number is not None and number < self._number:
            yield from self._stage(number)
        elif number is None:
            yield from self._image(text)

    def _image(self, image: str) -> Iterator[Target]:
        known = self._known
        images = frozenset((pods.place.path, one) for pods in known.pods for one in pods.images)
        link = linker(known.recipes, known.builds, images, known.values).link(Use(image, self._path))
        if link is not None and link.dockerfile != self._path:
            yield Target(link.dockerfile)

    def _variable(self, instruction: Instruction, name: str) -> Iterator[Target]:
        """The nearest ENV or ARG in scope; of a FROM the global ARG."""
        if instruction is self.stage.start:
            above = [pair for one in queries.arguments_of(self._outline.content(0)) for pair in one.pairs]
            for pair in [one for one in above if one.name == name][-1:]:
                yield Target(self._path, pair.name_span.shifted(self._starts[0]))
            return
        for assigning in assignments_before(instruction):
            for pair in reversed(assigning.pairs):
                if pair.name == name:
                    number = assigning.scope.number if isinstance(assigning.scope, Stage) else None
                    start = self._starts[self._number if number is None else number]
                    yield Target(self._path, pair.name_span.shifted(start))
                    return

    def _source(self, path: str) -> Iterator[Target]:
        context, files = self._context, self._context.files
        folders = context_of(self._path, context.platform.build_context, self._known.builds, files).folders
        for folder in [one for one in folders if path and is_there(path, one, files)][:1]:
            yield from file_at(folder, path, files)
