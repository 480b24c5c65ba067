from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile import Stage
from playpen_ls.languages.dockerfile.build_context.locate import ships
from playpen_ls.languages.dockerfile.edits.image import stands_in
from playpen_ls.languages.dockerfile.edits.user import USER, user_edit
from playpen_ls.languages.dockerfile.model.user import (
    drops_root,
    is_built_upon,
    is_root,
    last_user,
    needs_root,
    runs_as_root,
    starts_something,
)


@rule(
    severity=Severity.WARNING,
    practice="Least privilege",
    waits=False,
    absent=True,
    like={"hadolint": ["DL3002"]},
    bad=[
        example(
            {
                "Dockerfile": "FROM node:20 AS web\nUSER «root»\nFROM web AS dev\nUSER node\n",
                "docker-bake.hcl": 'target "web" {\n  target = "web"\n}\n',
            },
            fixed="FROM node:20 AS web\nUSER 1000:1000\nFROM web AS dev\nUSER node\n",
        ),
        # What a compose file starts for work on the project is not what ships.
        example(
            {
                "Dockerfile": "FROM node:20 AS dev\nCMD npm start\nFROM «nginx:1.27»\n",
                "compose.yaml": "services: {web: {build: {context: ., target: dev}}}\n",
            }
        ),
        example(
            'FROM «node:20»\nCOPY . .\nCMD ["node", "a.js"]\n',
            fixed='FROM node:20\nCOPY . .\nUSER 1000:1000\nCMD ["node", "a.js"]\n',
        ),
        example(
            'FROM a\nUSER «root»\nRUN apt-get update\n\n# start it\nENTRYPOINT ["a"]\nCMD b\n',
            fixed='FROM a\nUSER root\nRUN apt-get update\n\nUSER 1000:1000\n\n# start it\nENTRYPOINT ["a"]\nCMD b\n',
        ),
        example("FROM a\nRUN x\nUSER «0:0»\nCMD b\n", fixed="FROM a\nRUN x\nUSER 1000:1000\nCMD b\n"),
        example(
            "FROM node:20 AS web\nUSER node\nUSER «root»\nFROM web\n",
            fixed="FROM node:20 AS web\nUSER node\nUSER root\nFROM web\nUSER 1000:1000\n",
        ),
        example("from «debian:12»\nrun x\n", fixed="from debian:12\nrun x\nuser 1000:1000\n"),
        # These servers write where only root may, and have images of their own for other users.
        "FROM «nginx:1.27»\nCOPY dist /usr/share/nginx/html\n",
        "FROM «php:8.3-apache»\n",
        'FROM «ubuntu:24.04»\nRUN apt-get install -y nginx\nCMD ["nginx", "-g", "daemon off;"]\n',
        example(
            'FROM golang:1.22 AS b\nFROM «scratch»\nCOPY --from=b /a /\nENTRYPOINT ["/a"]\n',
            fixed='FROM golang:1.22 AS b\nFROM scratch\nCOPY --from=b /a /\nUSER 1000:1000\nENTRYPOINT ["/a"]\n',
        ),
        example("FROM a AS b\nFROM «alpine:3.20»\n", fixed="FROM a AS b\nFROM alpine:3.20\nUSER 1000:1000\n"),
    ],
    good=[
        # The compose file builds another stage than the last.
        {
            "Dockerfile": "FROM node:20 AS web\nUSER node\nFROM web AS dev\nUSER root\n",
            "compose.yaml": "services: {web: {build: {context: ., target: web}}}\n",
        },
        "FROM playpen/python-base:latest\nCMD x\n",
        "FROM node:20\nUSER node\n",
        "FROM node:20\nUSER root\nRUN x\nUSER node\n",
        "FROM node:20\nUSER $APP_USER\n",
        "FROM node:20 AS build\nUSER root\nFROM playpen/python-base:latest\n",
        "FROM node:20 AS base\nUSER node\nFROM base\n",
        "FROM scratch\nCOPY app /\n",
        "FROM nginxinc/nginx-unprivileged:1.27\n",
        "FROM team/tool:1\n",
        "FROM postgres:16\n",
        'FROM debian:12\nRUN apt-get install -y gosu\nENTRYPOINT ["gosu", "app", "x"]\n',
    ],
)
def root_user(stage: Stage, platform: Platform, files: Files, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """The container runs as root.

    Whoever breaks out of the process is root in the container, may write everything in it, and is
    one kernel bug away from the node. Reported where the image that ships ends with `USER root`, or
    has no USER and its public base image is known to run as root. A hint for programs in `scratch`, and
    for images that start a shell or an interpreter, or nothing of their own: they are for others to
    begin with. Silent for the platform's images and for unknown ones, and where a program such as
    gosu changes the user at the start.
    """
    if not ships(stage, builds, files):
        return
    severity = Severity.HINT if is_built_upon(stage) else None
    fixes = () if needs_root(stage) else (Fix(f"Run as `USER {USER}`", lambda: [user_edit(stage)]),)
    user = last_user(stage)
    if user is not None:
        if is_root(user) and not drops_root(stage):
            yield Finding(user.arguments_span, f"the container runs as `{user.user}`", fixes, severity)
        return
    image, start = stage.pulled, stage.image
    if image is None or start is None:
        return
    if image.reference.text == "scratch":
        if starts_something(stage):
            yield Finding(start.span, "`scratch` has no user but root, and no `USER` follows", fixes, Severity.HINT)
        return
    if not image.external or platform.owns(image.reference) or drops_root(stage):
        return
    if runs_as_root(image.reference, stands_in(image.reference)):
        yield Finding(start.span, f"`{image.reference.name}` runs as root, and no `USER` follows", fixes, severity)
