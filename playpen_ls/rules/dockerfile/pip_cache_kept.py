from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.locate import layers_ship
from playpen_ls.languages.dockerfile.model.variables import is_set_before
from playpen_ls.languages.dockerfile.parts import Instruction, Run, Stage, Transfer
from playpen_ls.languages.shell.parser import Command, Word
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

# pip accepts any unambiguous prefix of an option.
_SETTING = regex(
    r"\bset\s+[\"']?(?:global|install)\.no-cache-dir[\"']?\s+[\"']?(?:true|yes|on|1)\b"
    r"|no-cache-dir\s*=\s*(?:true|yes|on|1)\b"
)
_CACHE_OPTIONS = ("--no-cache-dir", "--no-cache-di", "--no-cache-d", "--no-cache-", "--no-cache", "--cache-dir")


@rule(
    severity=Severity.INFORMATION,
    practice="Layer caching",
    needs_index=False,
    like={"hadolint": ["DL3042"]},
    bad=[
        example(
            "FROM python:3.12\nRUN pip «install» -r requirements.txt\n",
            fixed="FROM python:3.12\nRUN pip install --no-cache-dir -r requirements.txt\n",
        ),
        example(
            "FROM python:3.12\nRUN apt-get update \\\n    # the driver\n"
            "    && python3 -m pip «install» \\\n       psycopg2\n",
            fixed="FROM python:3.12\nRUN apt-get update \\\n    # the driver\n"
            "    && python3 -m pip install --no-cache-dir \\\n       psycopg2\n",
        ),
        example(
            "FROM python:3.12\nRUN pip «install» a\n"
            'RUN ["pip", "«install»", "flask"]\nRUN ["sh", "-c", "pip «install» flask"]\n',
            fixed="FROM python:3.12\nRUN pip install --no-cache-dir a\n"
            'RUN ["pip", "install", "--no-cache-dir", "flask"]\n'
            'RUN ["sh", "-c", "pip install --no-cache-dir flask"]\n',
        ),
        example(
            "FROM python:3.12\nRUN <<EOF\nset -e\npip3.12 «install» flask\nEOF\n",
            fixed="FROM python:3.12\nRUN <<EOF\nset -e\npip3.12 install --no-cache-dir flask\nEOF\n",
        ),
        # The final stage continues it.
        example(
            "FROM python:3.12 AS base\nRUN pip «install» a\nFROM base\n",
            fixed="FROM python:3.12 AS base\nRUN pip install --no-cache-dir a\nFROM base\n",
        ),
        example(
            "FROM python:3.12\nRUN bash -c 'pip «install» a' && sudo pip «install» b\n",
            fixed="FROM python:3.12\nRUN bash -c 'pip install --no-cache-dir a' && sudo pip install --no-cache-dir b\n",
        ),
    ],
    good=[
        "FROM python:3.12\nRUN pip install --no-cache-dir -r requirements.txt\n",
        "FROM python:3.12 AS builder\nRUN pip install --user -r requirements.txt\nFROM python:3.12\n",
        "FROM python:3.12\nRUN --mount=type=cache,target=/root/.cache/pip pip install flask\n",
        "FROM python:3.12\nRUN --mount=type=cache,target=/root/.cache pip install flask\n",
        "FROM python:3.12\nENV PIP_NO_CACHE_DIR=1\nRUN pip install flask\n",
        "FROM python:3.12 AS base\nENV PIP_NO_CACHE_DIR=off\nFROM base\nRUN pip install flask\n",
        "FROM python:3.12\nRUN PIP_NO_CACHE_DIR=1 pip install flask\n",
        "FROM python:3.12\nRUN export PIP_NO_CACHE_DIR=1 && pip install flask\n",
        "FROM python:3.12\nRUN pip install flask && rm -rf ~/.cache/pip\n",
        "FROM python:3.12\nRUN pip install flask \\\n && rm -rf /tmp/x /root/.cache\n",
        "FROM python:3.12\nRUN pip install flask && pip cache purge\n",
        "FROM python:3.12\nRUN pip install --no-cache /wheels/*\n",
        "FROM python:3.12\nRUN uv pip install flask\n",
        "FROM python:3.12\nRUN echo 'pip install flask'\n",
        "FROM python:3.12\nRUN pip config set global.no-cache-dir true && pip install b\nRUN pip install c\n",
        "FROM python:3.12 AS a\nRUN printf '[global]\\nno-cache-dir = true' > /etc/pip.conf\n"
        "FROM a\nRUN pip install b\n",
        "FROM python:3.12\nCOPY pip.conf /etc/pip.conf\nRUN pip install b\n",
        "FROM python:3.12\nRUN pip --no-cache-dir install flask\n",
        "FROM python:3.12\nRUN cat <<EOF > /install.sh\npip install flask\nEOF\n",
        "FROM python:3.12\nONBUILD RUN pip install flask\n",
    ],
)
def pip_cache_kept(stage: Stage, files: Files, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """pip's download cache stays in the image.

    pip stores its downloads under `~/.cache/pip` in the layer, where no later build uses them; they
    only make the image larger. `--no-cache-dir` disables the cache. Not reported in build stages, with
    a cache or tmpfs mount, with `PIP_NO_CACHE_DIR` or `PIP_CACHE_DIR`, and where the same `RUN` deletes
    the cache.
    """
    if not stage.mentions(stage.text, ("pip",)) or not layers_ship(stage, builds, files):
        return
    below = (one for each in stage.ancestors[1:] for one in each.instructions)
    configured = any(map(_configures, below))
    for one in stage.instructions:
        configured = configured or _configures(one)
        if not configured and isinstance(one, Run) and stage.mentions(one.whole_text, ("pip",)):
            yield from _kept_by(one)


def _kept_by(run: Run) -> Iterator[Finding]:
    installs = [word for command in run.commands if (word := _caching_install(command))]
    if not installs or _is_mounted(run) or _is_removed(run.commands):
        return
    if is_set_before(run, "PIP_NO_CACHE_DIR") or is_set_before(run, "PIP_CACHE_DIR"):
        return
    for command, word in ((command, _caching_install(command)) for command in run.commands):
        if word is not None:
            edit = _insertion(run, command, word)
            fix = Fix("Add `--no-cache-dir` to `pip install`", partial(list, [edit]), safe=True)
            message = "`pip install` without `--no-cache-dir` leaves pip's download cache in the image"
            yield Finding(word.span, message, (fix,))


def _configures(instruction: Instruction) -> bool:
    """A command or a copied file, whose content is unknown, can disable the cache in pip's configuration."""
    if isinstance(instruction, Run):
        text = instruction.whole_text
        return "no-cache-dir" in text and ("pip.conf" in text or " config " in text) and bool(_SETTING.search(text))
    return isinstance(instruction, Transfer) and "pip.conf" in instruction.logical


def _caching_install(command: Command) -> Word | None:
    """The word `install` of a pip command that writes to the cache."""
    if not command.runs("pip", "install") or command.has(*_CACHE_OPTIONS):
        return None
    if any(word.text.startswith(("PIP_NO_CACHE_DIR=", "PIP_CACHE_DIR=")) for word in command.assignments):
        return None
    return command.operands[0]


def _insertion(run: Run, command: Command, install: Word) -> Edit:
    at = install.span.end
    if run.vector is not None and command.depth == 0:
        return Edit(at + 1, at + 1, ', "--no-cache-dir"')
    return Edit(at, at, " --no-cache-dir")


def _is_mounted(run: Run) -> bool:
    return any(
        mount.type in ("cache", "tmpfs") and ("pip" in mount.target or mount.target.rstrip("/").endswith("/.cache"))
        for mount in run.mounts
    )


def _is_removed(commands: Iterable[Command]) -> bool:
    for command in commands:
        if command.runs("pip", "cache", "purge"):
            return True
        if command.name == "rm" and any(
            re.search(r"/\.cache|\.pip\b|pip/cache", word.text) for word in command.operands
        ):
            return True
        if command.name == "export" and any(word.text.startswith("PIP_NO_CACHE_DIR=") for word in command.operands):
            return True
    return False
