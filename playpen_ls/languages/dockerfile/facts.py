"""The facts that a Dockerfile provides to other files."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.fact_types import Exposed, ImageUse, Probed, Recipe
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Place
from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel, model_of
from playpen_ls.languages.dockerfile.model.program import started
from playpen_ls.languages.dockerfile.model.queries import bases, heading, stage_names, start_of
from playpen_ls.languages.dockerfile.model.stage import Stage, stage_of
from playpen_ls.languages.dockerfile.model.user import plain_user
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import Expose, Healthcheck
from playpen_ls.languages.shell.servers import number_of, workers_of
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_ASKED = regex(r"https?://[^/\s'\"]+(/[^\s'\",)]*)?")


def facts(model: DockerfileModel) -> Iterator[Fact]:
    yield from _image_uses(model)
    if len(model.chunks) > 1:
        yield from _of_final(model.stage(-1), model.outline.ask(stage_names))


def _image_uses(model: DockerfileModel) -> Iterator[Fact]:
    outline, path = model.outline, model.source.path
    for chunk, one, base in zip(model.chunks, outline.each(heading), outline.ask(bases), strict=True):
        if base is None and one.reference is not None and one.reference.tag and not one.reference.floats:
            start = start_of(chunk.content)
            span = start.image.span if start.image is not None else start.span
            yield ImageUse(Place(path, span.shifted(chunk.begins)), one.reference.text)


def _of_final(final: Stage, stages: tuple[str, ...]) -> Iterator[Fact]:
    for instruction in final.instructions:
        if isinstance(instruction, Expose):
            for word in instruction.words:
                port = number_of(word.text.partition("/")[0])
                if port:
                    yield Exposed(_place(instruction, word.span), port)
        elif isinstance(instruction, Healthcheck):
            for asked in _ASKED.finditer(instruction.whole_text):
                yield Probed(_place(instruction, instruction.span), asked[1] or "/")
    found = started(final)
    start = found.instruction
    for one in found.ports:
        assert start is not None
        span = one.word.after(one.word.text.removesuffix(one.text)) if one.word else start.span
        yield Exposed(_place(start, span), one.port, True, one.variables)
    first, base = start or final.start, final.external_base
    yield Recipe(
        _place(first, first.span),
        found.program.name,
        tuple(found.variables),
        stages,
        plain_user(final),
        found.program.target,
        found.entrypoint,
        workers_of(found.program.name, [one.text for one in found.program.words], found.variables),
        found.words,
        base.reference.text if base is not None and base.known else "",
    )


def _place(instruction: Instruction, span: Span) -> Place:
    """The place of a range of the instruction's chunk in the file."""
    stage = stage_of(instruction)
    begins = (
        model_of(instruction.file).chunks[stage.number].begins
        if stage is not None and stage.number
        else instruction.file.start
    )
    return Place(instruction.file.path, span.shifted(begins))
