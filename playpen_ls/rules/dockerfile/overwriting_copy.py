from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.model.container_paths import destination_of, working_directory
from playpen_ls.languages.dockerfile.model.queries import is_template
from playpen_ls.languages.dockerfile.parts import Run, Stage, Transfer
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

_FILE = regex(r"(?:.*/)?(?:[\w-][\w.-]*\.[A-Za-z]\w{0,9}|Makefile|Pipfile|Gemfile|LICENSE|README|go\.(?:mod|sum))")
_SYSTEM = regex(
    r"/|/(?:bin|boot|dev|etc|home|lib|lib64|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)(?:/(?:local|share|lib|src"
    r"|bin|sbin|log|cache|tmp|www|opt|include|conf\.d|profile\.d|init\.d|cron\.d|html|run|spool))*"
)
"""Folders that base images have."""


@rule(
    severity=Severity.INFORMATION,
    practice="+",
    like={"hadolint": ["DL3021"]},
    bad=[
        example(
            "FROM debian:12\nCOPY a.txt b.txt «/data»\n",
            fixed="FROM debian:12\nCOPY a.txt b.txt /data/\n",
        ),
        example(
            "FROM node:22\nWORKDIR /app\nCOPY package.json package-lock.json «web»\n",
            fixed="FROM node:22\nWORKDIR /app\nCOPY package.json package-lock.json web/\n",
        ),
        example("FROM scratch\nCOPY a.txt b.txt «/etc»\n", fixed="FROM scratch\nCOPY a.txt b.txt /etc/\n"),
        'FROM debian:12\nCOPY ["a.txt", "b.txt", «"/data"»]\n',
    ],
    good=[
        "FROM debian:12\nCOPY a.txt b.txt /data/\n",
        "FROM debian:12\nWORKDIR /app\nCOPY a.txt b.txt .\nCOPY c.txt d.txt ./\nCOPY e.txt f.txt /app\n",
        "FROM debian:12\nCOPY a.txt b.txt /etc\n",
        "FROM debian:12\nRUN mkdir -p /data\nCOPY a.txt b.txt /data\n",
        "FROM debian:12\nCOPY x.txt /data/x.txt\nCOPY a.txt b.txt /data\n",
        "FROM debian:12\nVOLUME /data\nCOPY a.txt b.txt /data\n",
        "FROM debian:12\nCOPY a.txt b.txt $HOME\n",
        # Directories are merged.
        "FROM debian:12\nCOPY src lib /data\n",
        "FROM debian:12\nCOPY a.txt src /data\n",
        "FROM debian:12\nCOPY a.txt /data\n",
        "FROM debian:12\nCOPY *.txt /data\n",
    ],
)  # fmt: skip
def overwriting_copy(stage: Stage) -> Iterator[Finding]:
    """Several files are copied to a path that is not a directory.

    BuildKit writes each over the one before, so that only the last remains, at the path of the directory; Kaniko and
    the classic builder stop. A destination is a directory if it ends in `/`, is the working directory, a folder of
    Linux, or made by an earlier line. A directory of the base image cannot be known: it is information, and a warning
    only in a stage from `scratch`. The fix adds the `/`.
    """
    if stage.file.ask(is_template):
        return
    for one in stage.instructions:
        if isinstance(one, Transfer) and one.destination is not None and one.flag("parents") is None:
            if len(one.sources) < 2 or sum(_FILE.fullmatch(word.text) is not None for word in one.sources) < 2:
                continue
            empty = stage.external_base is not None and stage.external_base.reference.text == "scratch"
            if _is_folder(one, stage, empty):
                continue
            word = one.destination
            at = word.span.end
            fixes = () if one.json is not None else (Fix("Add `/`", partial(list, [Edit(at, at, "/")])),)
            message = f"`{one.keyword}` writes several files to `{word.text}`, which is not known to be a directory"
            yield Finding(word.span, message, fixes, Severity.WARNING if empty else None)


def _is_folder(transfer: Transfer, stage: Stage, empty: bool) -> bool:
    text, path = transfer.destination.text, destination_of(transfer)  # type: ignore[union-attr]
    if text.endswith(("/", "\\")) or text in (".", "..") or text.endswith(("/.", "/..")) or path is None:
        return True
    if path.startswith("?$") or "$" in path or path == working_directory(transfer):
        return True
    if not empty and _SYSTEM.fullmatch(path):
        return True
    name = posixpath.basename(path)
    for owner in stage.ancestors:
        if any(working_directory(later).startswith(path.rstrip("/") + "/") or working_directory(later) == path
               for later in owner.instructions if isinstance(later, Transfer | Run)):  # fmt: skip
            return True
        for one in owner.instructions:
            if owner is stage and one.index >= transfer.index:
                break
            if isinstance(one, Transfer):
                other = destination_of(one)
                below = other is not None and (other.startswith(path.rstrip("/") + "/") or other == path)
                if below and (other != path or (one.destination is not None and one.destination.text.endswith("/"))):
                    return True
                if other == path and not all(_FILE.fullmatch(word.text) for word in one.sources):
                    return True
            elif name and name in one.logical and not isinstance(one, Transfer):
                return True  # `mkdir`, `VOLUME`, a program that makes it
    return False
