"""The facts that a Dockerfile provides to other files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.api.fact_types import Exposed, ImageUse, Probed, Recipe
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Place
from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel, model_of
from playpen_ls.languages.dockerfile.model.queries import bases, heading, stage_names, start_of
from playpen_ls.languages.dockerfile.model.stage import Stage, stage_of
from playpen_ls.languages.dockerfile.model.user import plain_user
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import (
    Cmd,
    Entrypoint,
    Environment,
    Expose,
    Healthcheck,
    ShellForm,
)
from playpen_ls.languages.shell.parser import Word
from playpen_ls.languages.shell.servers import Program, number_of, ports_told, program_of
from playpen_ls.text.span import Span

_ASKED = re.compile(r"https?://[^/\s'\"]+(/[^\s'\",)]*)?")


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
    variables: dict[str, str] = {}
    for one in (one for stage in reversed(final.ancestors) for one in stage.instructions):
        if isinstance(one, Environment):
            variables |= {pair.name: pair.value or "" for pair in one.pairs}
    for instruction in final.instructions:
        if isinstance(instruction, Expose):
            for word in instruction.words:
                port = number_of(word.text.partition("/")[0])
                if port:
                    yield Exposed(_place(instruction, word.span), port)
        elif isinstance(instruction, Healthcheck):
            for asked in _ASKED.finditer(instruction.whole_text):
                yield Probed(_place(instruction, instruction.span), asked[1] or "/")
    start = _start(final)
    words = _words(final, start) if start is not None else ()
    program = program_of(words)
    yield from _served(start, program, variables)
    first = start or final.start
    user = plain_user(final)
    place = _place(first, first.span)
    yield Recipe(place, program.name, tuple(variables), stages, user, program.target, _entrypoint(start))


def _place(instruction: Instruction, span: Span) -> Place:
    """The place of a range of the instruction's chunk in the file."""
    stage = stage_of(instruction)
    begins = (
        model_of(instruction.file).chunks[stage.number].begins
        if stage is not None and stage.number
        else instruction.file.start
    )
    return Place(instruction.file.path, span.shifted(begins))


def _start(final: Stage) -> ShellForm | None:
    """The CMD or ENTRYPOINT that starts the program; a CMD combined with an ENTRYPOINT is only its arguments."""
    return _last(final, Entrypoint) or _last(final, Cmd)


def _last(final: Stage, kind: type[ShellForm]) -> ShellForm | None:
    for stage in final.ancestors:
        found = [one for one in stage.instructions if isinstance(one, kind)]
        if found:
            return found[-1]
    return None


def _words(final: Stage, start: ShellForm) -> tuple[Word, ...]:
    """The words of the long-running program, which is the last command of a shell script; empty if unknown."""
    commands = start.commands
    if not commands or not isinstance(start, Entrypoint) or start.vector is None:
        return commands[-1].words if commands else ()
    arguments = _last(final, Cmd)
    if arguments is None or arguments.vector is None:
        return commands[-1].words if arguments is None else ()
    if len(commands) > 1:  # a shell script gets the arguments as `$0`, `$1` …
        return ()
    more = arguments.commands
    return (*commands[0].words, *(more[0].words if more else ()))


def _entrypoint(start: ShellForm | None) -> tuple[str, ...] | None:
    """The words before a manifest's `args`; None for the shell form, which ignores them."""
    if not isinstance(start, Entrypoint):
        return ()
    return tuple(word.text for word in start.vector) if start.vector is not None else None


def _served(start: ShellForm | None, program: Program, variables: dict[str, str]) -> Iterator[Exposed]:
    if start is None or "GUNICORN_CMD_ARGS" in variables:
        return
    for one in ports_told(program, variables):
        span = one.word.after(one.word.text.removesuffix(one.text)) if one.word else start.span
        yield Exposed(_place(start, span), one.port, True, one.variables)
