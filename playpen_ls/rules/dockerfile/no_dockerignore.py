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
from playpen_ls.languages.dockerfile import Stage
from playpen_ls.languages.dockerfile.build_context.dockerignore import ignore_of
from playpen_ls.languages.dockerfile.build_context.locate import context_of
from playpen_ls.languages.dockerfile.build_context.sources import local_sources

_UNWANTED = (".git", ".env", "venv", ".venv", "node_modules")


@rule(
    severity=Severity.INFORMATION,
    practice="Layer caching",
    bad=[
        example(
            {"Dockerfile": "FROM a\nCOPY «.» .\n", ".env": "A=1\n", "venv/x": "", "app.py": ""},
            fixed="FROM a\nCOPY . .\n",
            creates={".dockerignore": ".env\nvenv\n"},
        ),
        example(
            {"web/Dockerfile": "FROM a\nADD --chown=1 «./» /x\nCOPY . /y\n", "web/node_modules/a": ""},
            fixed="FROM a\nADD --chown=1 ./ /x\nCOPY . /y\n",
            creates={"web/.dockerignore": "node_modules\n"},
        ),
        # What is copied by name is wanted.
        example(
            {"Dockerfile": "FROM a\nCOPY .env /\nCOPY «.» .\n", ".env": "A=1\n", ".git/x": ""},
            fixed="FROM a\nCOPY .env /\nCOPY . .\n",
            creates={".dockerignore": ".git\n"},
        ),
    ],
    good=[
        {"Dockerfile": "FROM a\nCOPY . .\n", "app.py": ""},
        {"Dockerfile": "FROM a\nCOPY . .\n", ".env": "", ".dockerignore": "x\n"},
        {"Dockerfile": "FROM a\nCOPY . .\n", ".env": "", "Dockerfile.dockerignore": "x\n"},
        {"Dockerfile": "FROM a\nCOPY src .\nCOPY --from=b . .\n", ".env": "", "src/a": ""},
        {"web/Dockerfile": "FROM a\nCOPY . .\n", ".env": "", "web/a": ""},
        {"Dockerfile": "FROM a\nCOPY .env /\nCOPY . .\n", ".env": "", "a": ""},
        "FROM a\nCOPY . .\n",
    ],
)
def no_dockerignore(stage: Stage, files: Files, platform: Platform, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """The whole folder is sent to the build, with what nobody wants in an image.

    Without a `.dockerignore`, `COPY . .` also takes the history in `.git`, passwords in `.env`,
    virtual environments and `node_modules` of another system. The image grows, may hold secrets, and
    its layers are built again although nothing that matters changed. Reported where one of these is
    there, or more than 20 MB are.
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
        yield Finding(whole.span, f"this also copies {names}: there is no `.dockerignore`", (fix,))
    elif files.is_large(folder or "."):
        yield Finding(whole.span, "this copies more than 20 MB: there is no `.dockerignore`")
