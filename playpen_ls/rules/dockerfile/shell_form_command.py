from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.locate import ships
from playpen_ls.languages.dockerfile.model.stage import stage_of
from playpen_ls.languages.dockerfile.parts import Cmd, Entrypoint
from playpen_ls.rules.dockerfile._json_form import malformed_json
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

_SCRIPT = regex(r"\./.*|.*\.sh")  # only a shell can start it if it has no shebang
_BUILTINS = frozenset(
    ". : [ alias cd command eval exec exit export read set shift source test trap ulimit umask".split()
)


@rule(
    severity=Severity.INFORMATION,
    practice="+",
    needs_index=False,
    like={"hadolint": ["DL3025"], "docker": ["JSONArgsRecommended"]},
    bad=[
        example("FROM python:3.12\nCMD «python app.py»\n", fixed='FROM python:3.12\nCMD ["python", "app.py"]\n'),
        example(
            "FROM python:3.12\nENTRYPOINT  «serve --quiet»\n",
            fixed='FROM python:3.12\nENTRYPOINT  ["serve", "--quiet"]\n',
        ),
        "FROM python:3.12\nENTRYPOINT «./start.sh»\n",
        example("FROM node:20\ncmd «node \\\n  app.js»\n", fixed='FROM node:20\ncmd ["node", "app.js"]\n'),
        "FROM python:3.12\nCMD «uvicorn app:app --port $PORT»\n",
        "FROM python:3.12\nCMD «migrate && serve»\n",
        "FROM python:3.12\nCMD «echo 'a b'»\n",
        "FROM python:3.12\nCMD «exec serve»\n",
        'FROM python:3.12\nSHELL ["/bin/sh", "-ec"]\nCMD «serve»\n',
        'FROM python:3.12\nENTRYPOINT ["./start"]\nCMD «serve»\n',
    ],
    good=[
        'FROM python:3.12\nCMD ["python", "app.py"]\n',
        "FROM python:3.12 AS b\nCMD serve\nFROM python:3.12\n",
        'FROM python:3.12\nSHELL ["/bin/bash", "-c"]\nCMD serve\n',
        "FROM python:3.12\nHEALTHCHECK CMD curl localhost\n",
        "FROM python:3.12\nCMD\n",
        "FROM python:3.12\nCMD []\n",
        "FROM python:3.12\nCMD ['serve', 'x']\n",
    ],
)
def shell_form_command(command: Cmd | Entrypoint, files: Files, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """`CMD` or `ENTRYPOINT` in shell form runs the program under a shell.

    In shell form the command runs under `/bin/sh -c`, which does not forward signals. While the shell
    is process 1, the program does not receive `SIGTERM` and is killed after the grace period. The JSON
    (exec) form starts the program without a shell. The fix is offered only for plain words, since
    variables, quotes and operators need the shell, and not where `CMD` and `ENTRYPOINT` are combined.
    A hint where `exec` replaces the shell with the program. Not reported in build stages, and where
    `SHELL` sets a shell other than `sh`, and not for text that is meant to be JSON (`malformed-json-form`).
    """
    stage = stage_of(command)
    if malformed_json(command) is not None:
        return
    if stage is None or command.json is not None or not command.arguments or not ships(stage, builds, files):
        return
    shell = stage.shell_at(command)
    if shell is not None and not (shell.json and posixpath.basename(shell.json[0].text) == "sh"):
        return
    fixes: tuple[Fix, ...] = ()
    # The form changes how they combine: an ENTRYPOINT in shell form ignores CMD, one in JSON form gets it as arguments.
    beside = any((Entrypoint if isinstance(command, Cmd) else Cmd) in each.kinds for each in stage.ancestors)
    words = [word.text for word in command.words]
    plain = all(re.fullmatch(r"[\w./:@%+,-]+|--?[\w-]+=[\w./:@%+,-]+", word) for word in words)
    if (
        plain
        and shell is None
        and words[0] not in _BUILTINS
        and not _SCRIPT.fullmatch(words[0])
        and not beside
        and not _has_comment(command)
    ):
        span = command.arguments_span
        text = json.dumps(words, ensure_ascii=False)
        title = f"Convert `{command.keyword}` to the JSON form"
        fixes = (Fix(title, lambda: [Edit(span.start, span.end, text)], safe=True),)
    if words[0] == "exec":
        message = f"`{command.keyword}` in shell form needs a shell in the image, even though `exec` replaces it"
        yield Finding(command.arguments_span, message, severity=Severity.HINT)
        return
    message = f"`{command.keyword}` in shell form runs under `/bin/sh -c`, which does not forward signals"
    yield Finding(command.arguments_span, message, fixes)


def _has_comment(command: Cmd | Entrypoint) -> bool:
    """The instruction contains a comment line, which the fix would delete."""
    span = command.arguments_span
    return any(span.contains(comment.span.start) for comment in command.syntax.comments)
