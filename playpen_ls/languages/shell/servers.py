"""Web servers started by images and manifests: the program of a command, and the ports of its options or defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from playpen_ls.languages.shell.commands import Word
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

SERVERS = frozenset(("uvicorn", "gunicorn", "hypercorn", "flask", "fastapi"))
_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh"))
_PORT_OPTIONS = {
    "uvicorn": frozenset(("--port",)),
    "gunicorn": frozenset(("-b", "--bind")),  # -p is --pid of gunicorn and hypercorn
    "hypercorn": frozenset(("-b", "--bind", "--insecure-bind")),
    "flask": frozenset(("-p", "--port")),
    "fastapi": frozenset(("--port",)),
}
_WORKER_OPTIONS = {
    "gunicorn": ("-w", "--workers"),
    "hypercorn": ("-w", "--workers"),
    "uvicorn": ("--workers",),
    "fastapi": ("--workers",),
}
# The default ports, and the variables that override them.
_OWN_PORTS = {"uvicorn": 8000, "flask": 5000, "fastapi": 8000}
_OWN_VARIABLES = {"uvicorn": ("UVICORN_PORT",), "flask": ("FLASK_RUN_PORT",), "fastapi": ("PORT", "UVICORN_PORT")}
_ELSEWHERE = ("-c", "--config", "--uds", "--fd", "--env-file")  # can set the port elsewhere, or replace it by a socket
_RUNNERS = {"poetry": 2, "uv": 2, "pipenv": 2, "pdm": 2, "rye": 2, "hatch": 2, "opentelemetry-instrument": 1,
            "ddtrace-run": 1, "newrelic-admin": 2, "tini": 1, "dumb-init": 1}  # fmt: skip
_APPLICATION = regex(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(?:\([^()]*\))?")
_DEFAULT = regex(r"\$\{(\w+):?-(\d+)\}$")
_VARIABLE = regex(r"\$(?:\{(\w+)\}|\((\w+)\)|(\w+))$")
_LONGEST_PORT = 5  # digits


@dataclass(frozen=True)
class Program:
    """The program that a command starts (`uvicorn`) and its target (`main:app`); each is "" if unknown."""

    name: str
    target: str
    words: tuple[Word, ...]


@dataclass(frozen=True)
class PortTold:
    """A port that a server listens on. `word` is the argument that sets it, None for the server's default.

    `variables` are environment variables that can set another port; `port` is 0 if only they determine it.
    """

    port: int
    word: Word | None
    text: str = ""
    variables: tuple[str, ...] = ()


def program_of(words: Sequence[Word]) -> Program:
    """The program that `words` start, behind runners such as `poetry run` and behind `python -m`."""
    left = list(words)
    while left and (name := _base(left[0].text)) in _RUNNERS and len(left) > _RUNNERS[name]:
        left = left[_RUNNERS[name] :]
        while left and left[0].text.startswith("-"):
            left = left[1:]
    if len(left) > 2 and _base(left[0].text).startswith("python") and left[1].text == "-m":
        left = left[2:]
    if not left or "$" in left[0].text:
        return Program("", "", tuple(left))
    name = re.sub(r"^python[\d.]*$", "python", _base(left[0].text))
    return Program("" if name in _SHELLS else name, _target(name, left[1:]), tuple(left))


def _base(text: str) -> str:
    return text.rpartition("/")[2]


def _target(name: str, words: Sequence[Word]) -> str:
    if name in ("uvicorn", "gunicorn", "hypercorn"):
        return next((word.text for word in words if _APPLICATION.fullmatch(word.text)), "")
    return " ".join(word.text for word in words if not word.text.startswith("-"))[:200] if name not in SERVERS else ""


def workers_of(program: str, words: Sequence[str], variables: Mapping[str, str]) -> int | None:
    """The worker processes that a command starts; None if they are unknown. `variables` are those that are set."""
    options = _WORKER_OPTIONS.get(program)
    if options is None:
        return 1 if program in ("python", "flask") else None
    before = ""
    for word in words:
        name, equals, value = word.partition("=")
        if before in options:
            return number_of(word) or None
        if equals and name in options:
            return number_of(value) or None
        if word[:2] in options and word[2:].isdigit():
            return number_of(word[2:]) or None
        before = word
    if any(word.partition("=")[0] in ("-c", "--config") for word in words):
        return None
    return number_of(variables.get("WEB_CONCURRENCY", "1")) or None


def ports_told(program: Program, variables: Mapping[str, str]) -> Iterator[PortTold]:
    """The ports of a server's command; none if they are unknown. `variables` are the `ENV` of the image."""
    if program.name not in SERVERS:
        return
    told = list(_options(program))
    if told:
        found = [_port(word, text, variables) for word, text in told]
        if all(one.port or one.variables for one in found):
            yield from found
        return
    texts = [word.text for word in program.words]
    if any(text.partition("=")[0] in _ELSEWHERE or "$" in text for text in texts):
        return
    own = _OWN_VARIABLES.get(program.name, ())
    if program.name in _OWN_PORTS and not any(name in variables for name in own):
        yield PortTold(_OWN_PORTS[program.name], None, variables=own)


def _options(program: Program) -> Iterator[tuple[Word, str]]:
    """(argument, value) of the options that set a port."""
    options, before = _PORT_OPTIONS[program.name], ""
    for word in program.words:
        name, equals, value = word.text.partition("=")
        if before in options:
            yield word, word.text
        elif equals and name in options:
            yield word, value
        elif word.text[:2] in options and word.text[2:3].isdigit() and word.text[1] != "-":
            yield word, word.text[2:]
        before = word.text


def _port(word: Word, text: str, variables: Mapping[str, str]) -> PortTold:
    """The port of `0.0.0.0:8000`, of `${PORT:-8000}` or of a variable that the image sets; 0 if unknown."""
    number = number_of(text.rpartition(":")[2])
    if number:
        return PortTold(number, word, text)
    default = _DEFAULT.search(text)
    if default:
        return PortTold(number_of(variables.get(default[1], default[2])), word, text, (default[1],))
    named = _VARIABLE.search(text)
    name = next(filter(None, named.groups())) if named else ""
    return PortTold(number_of(variables.get(name, "")), word, text, (name,) if name else ())


def number_of(text: str) -> int:
    """A decimal port number, or 0 for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_PORT else 0
