"""What a Dockerfile tells other files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from playpen_ls.facts import Exposed, Fact, ImageUse, Probed, Recipe
from playpen_ls.finding import Place
from playpen_ls.languages.dockerfile.kinds import Cmd, Entrypoint, Environment, Expose, Healthcheck, ShellForm
from playpen_ls.languages.dockerfile.stages import Stage
from playpen_ls.languages.dockerfile.users import plain_user
from playpen_ls.languages.shell import Command, Word

if TYPE_CHECKING:
    from playpen_ls.languages.dockerfile.model import Dockerfile

_SERVERS = frozenset(("uvicorn", "gunicorn", "hypercorn", "flask", "fastapi"))
_PORT_OPTIONS = ("--port", "-b", "--bind", "-p")
# The port that a server takes when its command does not say; gunicorn and uvicorn listen on the loopback only then.
_OWN_PORTS = {"flask": 5000, "fastapi": 8000, "uvicorn": 8000, "gunicorn": 8000, "hypercorn": 8000}
_RUNNERS = {"poetry": 2, "uv": 2, "pipenv": 2, "opentelemetry-instrument": 1, "ddtrace-run": 1, "newrelic-admin": 2}
_DEFAULT = re.compile(r"\$\{PORT:?-(\d+)\}")
_ASKED = re.compile(r"https?://[^/\s'\"]+(/[^\s'\",)]*)?")
_LONGEST_PORT = 5  # digits


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
                port = _port(word.text.partition("/")[0])
                if port:
                    yield Exposed(Place(path, word.span), port)
        elif isinstance(instruction, Healthcheck):
            for asked in _ASKED.finditer(instruction.whole_text):
                yield Probed(Place(path, instruction.span), asked[1] or "/")
    start = _start(final)
    command = _command(start) if start is not None else None
    if start is not None and command is not None:
        yield from _served(path, start, command, variables)
    stages = tuple(stage.name for stage in document.stages if stage.name)
    place = Place(path, (start or final.start).span)
    yield Recipe(place, _program(command), tuple(variables), stages, plain_user(final))


def _image_use(path: str, stage: Stage, reference: str) -> ImageUse:
    """The same object while it stands at the same place: whoever compares them need not look into it."""
    cut, start = stage.cut, stage.document.starts[stage.index + 1]
    kept: tuple[str, int, ImageUse] | None = cut.made.get("use")
    if kept is None or kept[:2] != (path, start):
        place = Place(path, stage.heading.span.shifted(start - cut.start))
        kept = cut.made["use"] = (path, start, ImageUse(place, reference))
    return kept[2]


def _start(final: Stage) -> ShellForm | None:
    """The CMD or ENTRYPOINT that counts in the end; a CMD beside an ENTRYPOINT only gives it arguments."""
    for kind in (Entrypoint, Cmd):
        for stage in final.lineage:
            found = [one for one in stage.instructions if isinstance(one, kind)]
            if found:
                return found[-1]
    return None


def _command(start: ShellForm) -> Command | None:
    """The program that keeps running: the last one of a shell's commands."""
    commands = start.commands
    return commands[-1] if commands else None


def _program(command: Command | None) -> str:
    if command is None or not command.words or "$" in command.words[0].text:
        return ""
    return _behind_runner(command)[0]


def _behind_runner(command: Command) -> tuple[str, list[str]]:
    """The program and its words, without `poetry run` and the like."""
    words = [word.text for word in command.words]
    while words and words[0] in _RUNNERS and len(words) > _RUNNERS[words[0]]:
        words = words[_RUNNERS[words[0]] :]
    if len(words) > 2 and words[0].startswith("python") and words[1] == "-m" and words[2] in _SERVERS:
        words = words[2:]
    name = re.sub(r"^python[\d.]*$", "python", words[0].rpartition("/")[2]) if words else ""
    return name, words


def _served(path: str, start: ShellForm, command: Command, variables: dict[str, str]) -> Iterator[Exposed]:
    program, words = _behind_runner(command)
    if program not in _SERVERS:
        return
    for word, value in _options(command):
        port = _port(value.rpartition(":")[2]) or _variable_port(value, variables)
        if port:
            yield Exposed(Place(path, word.after(word.text.removesuffix(value))), port, True)
        return
    told = " ".join(words)
    unknown = "-c" in words or "--config" in told or "GUNICORN_CMD_ARGS" in variables or "$" in told
    named = any(name in variables for name in ("UVICORN_PORT", "FLASK_RUN_PORT", "PORT"))
    given = isinstance(start, Entrypoint) and any(isinstance(one, Cmd) for one in _final(start))
    if not (unknown or named or given) and program in ("fastapi", "flask", "uvicorn"):
        yield Exposed(Place(path, start.span), _OWN_PORTS[program], True)


def _final(start: ShellForm) -> Iterator[object]:
    """What stands in the stages that end in the final one."""
    for stage in start.stage.lineage if start.stage else ():
        yield from stage.instructions


def _options(command: Command) -> Iterator[tuple[Word, str]]:
    """(the word, the value in it) of the options that name a port, wherever they stand behind a runner."""
    before = ""
    for word in command.words:
        name, equals, value = word.text.partition("=")
        if before in _PORT_OPTIONS:
            yield word, word.text
        elif equals and name in _PORT_OPTIONS:
            yield word, value
        before = word.text


def _variable_port(text: str, variables: dict[str, str]) -> int:
    """`${PORT:-8000}`, or a variable that the image sets."""
    given = _DEFAULT.search(text)
    if given:
        return _port(given[1])
    name = re.search(r"\$\{?(\w+)\}?$", text)
    return _port(variables.get(name[1], "")) if name else 0


def _port(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_PORT else 0
