"""The facts that a Dockerfile provides to other files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from playpen_ls.api.fact_types import Exposed, ImageUse, Probed, Recipe
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Place
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.model.user import plain_user
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

if TYPE_CHECKING:
    from playpen_ls.languages.dockerfile.model.dockerfile import Dockerfile

_ASKED = re.compile(r"https?://[^/\s'\"]+(/[^\s'\",)]*)?")


def facts(document: Dockerfile) -> Iterator[Fact]:
    path = document.source.path
    for stage in document.stages:
        reference = stage.pulled_by_name
        if reference is not None and reference.tag and not reference.floats:
            yield _image_use(path, stage, reference.text)
    if not document.stages:
        return
    final = document.stages[-1]
    variables: dict[str, str] = {}
    for one in (one for stage in reversed(final.lineage) for one in stage.instructions):
        if isinstance(one, Environment):
            variables |= {pair.name: pair.value or "" for pair in one.pairs}
    for instruction in final.instructions:
        if isinstance(instruction, Expose):
            for word in instruction.words:
                port = number_of(word.text.partition("/")[0])
                if port:
                    yield Exposed(Place(path, word.span), port)
        elif isinstance(instruction, Healthcheck):
            for asked in _ASKED.finditer(instruction.whole_text):
                yield Probed(Place(path, instruction.span), asked[1] or "/")
    start = _start(final)
    words = _words(final, start) if start is not None else ()
    program = program_of(words)
    yield from _served(path, start, program, variables)
    stages = tuple(stage.name for stage in document.stages if stage.name)
    place = Place(path, (start or final.start).span)
    user = plain_user(final)
    yield Recipe(place, program.name, tuple(variables), stages, user, program.target, _entrypoint(start))


def _image_use(path: str, stage: Stage, reference: str) -> ImageUse:
    """Cached by path and offset, so that unchanged facts are the same object and compare fast."""
    cut, start = stage.cut, stage.document.starts[stage.index + 1]
    kept: tuple[str, int, ImageUse] | None = cut.made.get("use")
    if kept is None or kept[:2] != (path, start):
        place = Place(path, stage.heading.span.shifted(start - cut.start))
        kept = cut.made["use"] = (path, start, ImageUse(place, reference))
    return kept[2]


def _start(final: Stage) -> ShellForm | None:
    """The CMD or ENTRYPOINT that starts the program; a CMD combined with an ENTRYPOINT is only its arguments."""
    return _last(final, Entrypoint) or _last(final, Cmd)


def _last(final: Stage, kind: type[ShellForm]) -> ShellForm | None:
    for stage in final.lineage:
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


def _served(path: str, start: ShellForm | None, program: Program, variables: dict[str, str]) -> Iterator[Exposed]:
    if start is None or "GUNICORN_CMD_ARGS" in variables:
        return
    for told in ports_told(program, variables):
        span = told.word.after(told.word.text.removesuffix(told.text)) if told.word else start.span
        yield Exposed(Place(path, span), told.port, True, told.variables)
