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
from playpen_ls.languages.dockerfile import Cmd, Entrypoint
from playpen_ls.languages.dockerfile.build_context.locate import ships
from playpen_ls.text.edit import Edit

_SCRIPT = re.compile(r"\./.*|.*\.sh")  # without a shebang only a shell starts it
_BUILTINS = frozenset(
    ". : [ alias cd command eval exec exit export read set shift source test trap ulimit umask".split()
)


@rule(
    severity=Severity.INFORMATION,
    practice="+",
    waits=False,
    like={"hadolint": ["DL3025"], "docker": ["JSONArgsRecommended"]},
    bad=[
        example("FROM a\nCMD «python app.py»\n", fixed='FROM a\nCMD ["python", "app.py"]\n'),
        example("FROM a\nENTRYPOINT  «serve --quiet»\n", fixed='FROM a\nENTRYPOINT  ["serve", "--quiet"]\n'),
        "FROM a\nENTRYPOINT «./start.sh»\n",
        example("FROM a\ncmd «node \\\n  a.js»\n", fixed='FROM a\ncmd ["node", "a.js"]\n'),
        "FROM a\nCMD «uvicorn app:app --port $PORT»\n",
        "FROM a\nCMD «migrate && serve»\n",
        "FROM a\nCMD «echo 'a b'»\n",
        "FROM a\nCMD «exec serve»\n",
        'FROM a\nSHELL ["/bin/sh", "-ec"]\nCMD «serve»\n',
        'FROM a\nENTRYPOINT ["x"]\nCMD «y»\n',
        "FROM a\nCMD «['serve', 'x']»\n",
    ],
    good=[
        'FROM a\nCMD ["python", "app.py"]\n',
        "FROM a AS b\nCMD x\nFROM a\n",
        'FROM a\nSHELL ["/bin/bash", "-c"]\nCMD x\n',
        "FROM a\nHEALTHCHECK CMD curl localhost\n",
        "FROM a\nCMD\n",
        "FROM a\nCMD []\n",
    ],
)
def shell_form_command(command: Cmd | Entrypoint, files: Files, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """A shell stands between the container and its program.

    In shell form `/bin/sh -c` is process 1: it does not pass signals on, so the program is killed
    after the grace period instead of stopping by itself. The JSON form starts the program itself.
    The fix is there for plain words only; variables, quotes and operators need the shell. A hint where
    `exec` puts the program in the shell's place.
    """
    stage = command.stage
    if stage is None or command.json is not None or not command.arguments or not ships(stage, builds, files):
        return
    shell = stage.shell_at(command)
    if shell is not None and not (shell.json and posixpath.basename(shell.json[0].text) == "sh"):
        return
    fixes: tuple[Fix, ...] = ()
    # Together they mean something else: a shell form ENTRYPOINT ignores CMD, a JSON one gets it as arguments.
    beside = any((Entrypoint if isinstance(command, Cmd) else Cmd) in each.kinds for each in stage.lineage)
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
        fixes = (Fix("Use the JSON form", lambda: [Edit(span.start, span.end, text)], safe=True),)
    if words[0] == "exec":
        message = f"`{command.keyword}` in shell form needs a shell in the image, though `exec` takes its place"
        yield Finding(command.arguments_span, message, severity=Severity.HINT)
        return
    message = f"`{command.keyword}` in shell form runs under `sh`, which does not pass signals on"
    yield Finding(command.arguments_span, message, fixes)


def _has_comment(command: Cmd | Entrypoint) -> bool:
    """A comment between its lines would be lost."""
    span = command.arguments_span
    return any(span.contains(comment.span.start) for comment in command.document.comments())
