from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Change, Finding, Fix, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.dockerignore import ignore_of
from playpen_ls.languages.dockerfile.build_context.locate import context_of
from playpen_ls.languages.dockerfile.build_context.sources import local_sources
from playpen_ls.languages.dockerfile.parts import Stage

_UNWANTED = (".git", ".env", "venv", ".venv", "node_modules")


@rule(
    severity=Severity.INFORMATION,
    practice="Layer caching",
    bad=[
        example(
            {"Dockerfile": "FROM python:3.12\nCOPY «.» .\n", ".env": "A=1\n", "venv/x": "", "app.py": ""},
            fixed="FROM python:3.12\nCOPY . .\n",
            creates={".dockerignore": ".env\nvenv\n"},
        ),
        example(
            {"web/Dockerfile": "FROM python:3.12\nADD --chown=1 «./» /app\nCOPY . /src\n", "web/node_modules/a": ""},
            fixed="FROM python:3.12\nADD --chown=1 ./ /app\nCOPY . /src\n",
            creates={"web/.dockerignore": "node_modules\n"},
        ),
        # A file that is also copied by name is intended.
        example(
            {"Dockerfile": "FROM python:3.12\nCOPY .env /\nCOPY «.» .\n", ".env": "A=1\n", ".git/x": ""},
            fixed="FROM python:3.12\nCOPY .env /\nCOPY . .\n",
            creates={".dockerignore": ".git\n"},
        ),
    ],
    good=[
        {"Dockerfile": "FROM python:3.12\nCOPY . .\n", "app.py": ""},
        {"Dockerfile": "FROM python:3.12\nCOPY . .\n", ".env": "", ".dockerignore": "x\n"},
        {"Dockerfile": "FROM python:3.12\nCOPY . .\n", ".env": "", "Dockerfile.dockerignore": "x\n"},
        {"Dockerfile": "FROM python:3.12\nCOPY src .\nCOPY --from=b . .\n", ".env": "", "src/a": ""},
        {"web/Dockerfile": "FROM python:3.12\nCOPY . .\n", ".env": "", "web/a": ""},
        {"Dockerfile": "FROM python:3.12\nCOPY .env /\nCOPY . .\n", ".env": "", "a": ""},
        "FROM python:3.12\nCOPY . .\n",
    ],
)
def no_dockerignore(stage: Stage, files: Files, platform: Platform, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """Whole build context is copied without a `.dockerignore`.

    Without a `.dockerignore`, `COPY . .` also copies the history in `.git`, passwords in `.env`,
    virtual environments, and `node_modules` installed on another system. They make the image larger,
    put secrets into it, and invalidate its cached layers when they change. Reported where one of these
    files or folders exists, or where the build context is larger than 20 MB.
    """
    if not files.known or not stage.mentions("copy add", ("copy", "add")):
        return
    sources = list(local_sources(stage))
    whole = next((word for word, path in sources if not path), None)
    if whole is None:
        return
    dockerfile = stage.document.source.path
    context = context_of(dockerfile, platform.build_context, builds, files)
    if not context.folders or ignore_of(dockerfile, context.folders[0], files) is not None:
        return
    folder = context.folders[0]
    wanted = {path.partition("/")[0] for _, path in sources}
    there = [one for one in _UNWANTED if one not in wanted and files.exists(posixpath.join(folder, one))]
    if there:
        names = " and ".join(f"`{one}`" for one in there[:2]) + (f" and {len(there) - 2} more" if there[2:] else "")
        creates = {posixpath.join(folder, ".dockerignore"): "".join(f"{one}\n" for one in there)}
        fix = Fix(f"Create `.dockerignore` with {names}", partial(Change, {}, creates), kind="refactor.rewrite")
        message = f"`{whole.text}` includes {names}; the build context has no `.dockerignore`"
        yield Finding(whole.span, message, (fix,))
    elif files.is_large(folder or "."):
        message = f"`{whole.text}` includes more than 20 MB of files; the build context has no `.dockerignore`"
        yield Finding(whole.span, message)
