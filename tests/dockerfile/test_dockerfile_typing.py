"""Stages are looked at again only where something changed: what is found is what a fresh look would find."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source

TEXT = """\
# syntax=docker/dockerfile:1
ARG BASE=python:3.12
ARG TAG
FROM golang:latest AS tools
RUN apt-get install gcc
ENV API_TOKEN=k3y-with-0ther-w0rds
FROM ${BASE} AS base
WORKDIR /app
ARG NPM_TOKEN
COPY . .
RUN pip install -r requirements.txt
FROM base AS build
COPY --from=tols /bin/x /bin/x
USER root
RUN npm ci && echo $NPM_TOKEN
FROM base
COPY --from=build /app /app
RUN pip install flask && apt-get install -y make
CMD python app.py
"""
PIECES = [
    "\n",
    "FROM ",
    "FROM a AS b\n",
    "AS ",
    "latest",
    " root",
    "#",
    "\\\n",
    "USER app\n",
    "gosu ",
    "<<EOF\n",
    "EOF\n",
    "ARG X\n",
    "ARG BASE=nginx:latest\nARG NPM_TOKEN=${BASE}k3y\n",
    "{{ x }}\n",
    "# escape=`\n",
    'SHELL ["cmd"]\n',
    "--from=build",
    "ONBUILD ",
]


def found(workspace: Workspace) -> list[tuple[str, int, int, str]]:
    diagnostics = workspace.check("Dockerfile").diagnostics
    return [
        (diagnostic.rule.id, diagnostic.span.start, diagnostic.span.end, diagnostic.finding.message)
        for diagnostic in diagnostics
    ]


@pytest.mark.parametrize("seed", [7, 8])
def test_findings_while_typing_are_those_of_a_fresh_look(tmp_path: Path, seed: int):
    rng = random.Random(seed)
    for name in ("requirements.txt", "package.json", "app/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("flask\n")
    compose = "services: {a: {build: {context: ., target: build}}, b: {build: {context: ., target: base}}}\n"
    (tmp_path / "compose.yaml").write_text(compose)
    typed = Workspace(tmp_path)
    typed.index.complete = True
    source = Source("Dockerfile", TEXT)
    typed.open(source, "dockerfile")
    seen = set()
    for _ in range(400):
        start = rng.randrange(len(source.text) + 1)
        end = min(len(source.text), start + rng.choice((0, 0, 1, 7, 30)))
        edit = Edit(start, end, rng.choice(PIECES) if rng.random() < 0.6 else "")
        source = source.edited([edit])
        typed.edit("Dockerfile", source, [edit])
        fresh = Workspace(tmp_path)
        fresh.index.complete = True
        fresh.open(source, "dockerfile")
        assert found(typed) == found(fresh)
        seen |= {rule for rule, *_ in found(fresh)}
        if len(source.text) < 200:
            typed.edit("Dockerfile", source := Source("Dockerfile", TEXT))
    assert len(seen) > 8  # else the texts were too poor to tell
