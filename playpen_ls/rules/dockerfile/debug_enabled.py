from __future__ import annotations

import posixpath
from collections.abc import Iterator

from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.locate import layers_ship
from playpen_ls.languages.dockerfile.parts import Cmd, Entrypoint, Environment, Stage
from playpen_ls.languages.shell.parser import Command, Word
from playpen_ls.vocabulary.debugging import is_debug_setting
from playpen_ls.vocabulary.purposes import is_for_development

_WORDS = ("debug", "--reload", "runserver", "fastapi")


@rule(
    severity=Severity.WARNING,
    practice="Environment variables",
    needs_index=False,
    bad=[
        "FROM python:3.12\nENV «FLASK_DEBUG»=1\nCMD gunicorn app:app\n",
        "FROM python:3.12\nENV «DEBUG»=True\n",
        'FROM python:3.12\nCMD ["flask", "run", "--host=0.0.0.0", "«--debug»"]\n',
        "FROM python:3.12\nCMD flask «--debug» run\n",
        "FROM python:3.12\nCMD uvicorn app:app --host 0.0.0.0 «--reload»\n",
        'FROM python:3.12\nENTRYPOINT ["python", "manage.py", "«runserver»", "0.0.0.0:8000"]\n',
        "FROM python:3.12\nCMD fastapi «dev» main.py\n",
    ],
    good=[
        "FROM python:3.12\nENV FLASK_DEBUG=0 DEBUG=\nCMD flask run\n",
        "FROM node:22\nENV DEBUG=express:*\n",
        "FROM python:3.12\nCMD fastapi run main.py\n",
        "FROM python:3.12\nCMD gunicorn app:app\n",
        "FROM python:3.12 AS development\nENV DEBUG=1\nCMD flask run --debug\n",
        {"Dockerfile.dev": "FROM python:3.12\nENV DEBUG=1\nCMD flask run --debug\n"},
        "FROM python:3.12 AS build\nENV DEBUG=1\nFROM python:3.12\n",
    ],
)
def debug_enabled(stage: Stage, files: Files, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """Image starts its program in debug or development mode.

    Debug mode shows stack traces and settings to clients, and Flask's debugger runs code for those who reach it;
    `--reload`, `runserver` and `fastapi dev` are servers for development. Set the mode where the program is developed,
    not in its image. `DEBUG` is a hint, as its meaning depends on the program. Not reported in stages and files for
    development and tests.
    """
    if not stage.mentions(stage.text, _WORDS):
        return
    if is_for_development(stage.name or "") or is_for_development(posixpath.basename(stage.file.path)):
        return
    if not layers_ship(stage, builds, files):
        return
    for one in stage.instructions:
        if isinstance(one, Environment):
            for pair in one.pairs:
                if pair.value is not None and is_debug_setting(pair.name, pair.value):
                    severity = Severity.HINT if pair.name == "DEBUG" else None
                    message = f"`{pair.name}` turns on debug mode in the image"
                    yield Finding(pair.name_span, message, (), severity)
        elif isinstance(one, Cmd | Entrypoint):
            for command in one.commands:
                word = _mode(command)
                if word is not None:
                    yield Finding(word.span, f"image starts `{command.name}` in development mode (`{word.text}`)")


def _mode(command: Command) -> Word | None:
    """The word by which a command starts a server for development."""
    words = {word.text: word for word in command.words[1:]}
    if command.runs("flask") or command.name == "flask":
        return words.get("--debug") if "--no-debug" not in words else None
    if any(command.runs(name) or command.name == name for name in ("uvicorn", "gunicorn", "hypercorn")):
        return words.get("--reload")
    if command.name == "fastapi":
        return words.get("dev")
    if any(text.endswith("manage.py") for text in words) or command.name in ("manage.py", "django-admin"):
        return words.get("runserver")
    return None
