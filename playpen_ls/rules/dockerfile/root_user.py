from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Change, Finding, Fix, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.locate import ships
from playpen_ls.languages.dockerfile.build_context.sources import script_drops_root, script_needs_root
from playpen_ls.languages.dockerfile.edits.image import registry_of
from playpen_ls.languages.dockerfile.edits.user import user_edit, user_of
from playpen_ls.languages.dockerfile.model.stage import stage_of
from playpen_ls.languages.dockerfile.model.user import (
    drops_root,
    is_built_upon,
    is_root,
    last_user,
    needs_root,
    runs_as_root,
    starts_something,
    uses_home_of_root,
)
from playpen_ls.languages.dockerfile.parts import Stage
from playpen_ls.rules.dockerfile._dev_servers import starts_dev_server


@rule(
    severity=Severity.WARNING,
    practice="Least privilege",
    needs_index=False,
    reports_absence=True,
    like={"hadolint": ["DL3002"]},
    bad=[
        example(
            'FROM «node:20»\nCOPY . .\nCMD ["node", "server.js"]\n',
            fixed='FROM node:20\nCOPY . .\nUSER 1000:1000\nCMD ["node", "server.js"]\n',
        ),
        example(
            {
                "Dockerfile": "FROM node:20 AS web\nUSER «root»\nFROM web AS dev\nUSER node\n",
                "docker-bake.hcl": 'target "web" {\n  target = "web"\n}\n',
            },
            fixed="FROM node:20 AS web\nUSER 1000:1000\nFROM web AS dev\nUSER node\n",
        ),
        # A stage that a compose file builds for development is not the stage that ships.
        example(
            {
                "Dockerfile": "FROM node:20 AS dev\nCMD npm start\nFROM «nginx:1.27»\n",
                "compose.yaml": "services: {web: {build: {context: ., target: dev}}}\n",
            }
        ),
        example(
            'FROM team/base:1\nUSER «root»\nRUN apt-get update\n\n# start it\nENTRYPOINT ["./start"]\nCMD serve\n',
            fixed="FROM team/base:1\nUSER root\nRUN apt-get update\n\nUSER 1000:1000\n\n"
            '# start it\nENTRYPOINT ["./start"]\nCMD serve\n',
        ),
        example(
            "FROM team/base:1\nRUN make\nUSER «0:0»\nCMD serve\n",
            fixed="FROM team/base:1\nRUN make\nUSER 1000:1000\nCMD serve\n",
        ),
        example(
            "FROM node:20 AS web\nUSER node\nUSER «root»\nFROM web\n",
            fixed="FROM node:20 AS web\nUSER node\nUSER root\nFROM web\nUSER 1000:1000\n",
        ),
        example(
            "from «debian:12»\nrun make\ncmd serve\n", fixed="from debian:12\nrun make\nuser 1000:1000\ncmd serve\n"
        ),
        # Others build upon it, or work in it.
        "FROM «debian:12»\nRUN make\n",
        # A port that not every node lets other users have, a volume of root, a job of cron, a script that installs.
        "FROM «node:20»\nCOPY . .\nEXPOSE 443/tcp\nCMD node a.js\n",
        "FROM «mcr.microsoft.com/dotnet/aspnet:6.0»\nCOPY x /x\nCMD dotnet /x\n",
        'FROM «alpine:3»\nVOLUME /var/lib/a\nCOPY a /\nCMD ["/a"]\n',
        example(
            'FROM «alpine:3»\nVOLUME /data\nRUN chown 1000 /data\nCOPY a /\nCMD ["/a"]\n',
            fixed='FROM alpine:3\nVOLUME /data\nRUN chown 1000 /data\nCOPY a /\nUSER 1000\nCMD ["/a"]\n',
        ),
        "FROM «debian:12»\nCOPY a.cron /etc/cron.d\nCMD /start.sh\n",
        {
            "Dockerfile": 'FROM «debian:12»\nCOPY start.sh /\nENTRYPOINT ["/start.sh"]\n',
            "start.sh": "set -e\nrpm -ivh build/*.rpm\n",
        },
        {
            "Dockerfile": 'FROM «node:20»\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./start.sh"]\n',
            "start.sh": "npx nest build\nexec node dist/main.js\n",
        },
        "FROM «debian:12»\nRUN apt-get install -y debootstrap\nCMD /build\n",
        # The build arguments are not declared in the stage, so the user is empty.
        "ARG uid=1000\nARG gid=1000\nFROM debian:12\nUSER «${uid}:${gid}»\nCMD serve\n",
        'FROM team/base:1\nENV APP_USER=root\nUSER «$APP_USER»\nCMD ["/a"]\n',
        # A development server writes into the project's folder.
        {
            "Dockerfile": "FROM «node:20»\nCOPY . .\nCMD npm run local\n",
            "package.json": '{"scripts": {"local": "npm run dev", "dev": "vite --host"}}',
        },
        "FROM «python:3.12»\nCOPY . .\nCMD python manage.py runserver 0.0.0.0:8000\n",
        example(
            {
                "Dockerfile": "FROM «node:20»\nCOPY --chown=1001:0 . .\nCMD npm start\n",
                "package.json": '{"scripts": {"start": "vite preview"}}',
            },
            fixed="FROM node:20\nCOPY --chown=1001:0 . .\nUSER 1001:0\nCMD npm start\n",
        ),
        # Other users cannot read the home directory of root.
        "FROM «debian:12»\nCOPY start.sh /root/\nENTRYPOINT /root/start.sh\n",
        'FROM «debian:12»\nRUN git config --global --add safe.directory "*"\nCMD ["/a"]\n',
        example(
            'FROM «debian:12»\nRUN make && rm -rf /root/.cache\nCMD ["/a"]\n',
            fixed='FROM debian:12\nRUN make && rm -rf /root/.cache\nUSER 1000:1000\nCMD ["/a"]\n',
        ),
        # Programs that must start as root.
        "FROM «php:8-fpm»\nCOPY . .\nCMD php-fpm\n",
        'FROM «centos:7»\nRUN yum install -y systemd\nCMD ["/usr/sbin/init"]\n',
        'FROM «debian:12»\nRUN apt-get install -y docker.io\nCMD ["/run.sh"]\n',
        "FROM «alpine:3»\nCMD crond -f\n",
        example(
            'FROM «debian:12»\nRUN useradd -r -m app\nCMD ["/a"]\n',
            fixed='FROM debian:12\nRUN useradd -r -m app\nUSER app\nCMD ["/a"]\n',
        ),
        example(
            'FROM «alpine:3»\nRUN adduser -D -u 1001 app\nCMD ["/a"]\n',
            fixed='FROM alpine:3\nRUN adduser -D -u 1001 app\nUSER 1001\nCMD ["/a"]\n',
        ),
        example(
            'FROM «gcr.io/distroless/base»\nCOPY x /x\nCMD ["/x"]\n',
            fixed='FROM gcr.io/distroless/base\nCOPY x /x\nUSER 1000:1000\nCMD ["/x"]\n',
        ),
        example(
            'FROM «mcr.microsoft.com/dotnet/aspnet:6.0»\nEXPOSE 5000\nCMD ["/x"]\n',
            fixed='FROM mcr.microsoft.com/dotnet/aspnet:6.0\nEXPOSE 5000\nUSER 1000:1000\nCMD ["/x"]\n',
        ),
        # These servers write to folders of root, and have separate images for other users.
        "FROM «nginx:1.27»\nCOPY dist /usr/share/nginx/html\n",
        "FROM «php:8.3-apache»\n",
        'FROM «ubuntu:24.04»\nRUN apt-get install -y nginx\nCMD ["nginx", "-g", "daemon off;"]\n',
        example(
            'FROM golang:1.22 AS b\nFROM «scratch»\nCOPY --from=b /a /\nENTRYPOINT ["/a"]\n',
            fixed='FROM golang:1.22 AS b\nFROM scratch\nCOPY --from=b /a /\nUSER 1000:1000\nENTRYPOINT ["/a"]\n',
        ),
        example(
            "FROM golang:1.22 AS build\nFROM «alpine:3.20»\nCMD serve\n",
            fixed="FROM golang:1.22 AS build\nFROM alpine:3.20\nUSER 1000:1000\nCMD serve\n",
        ),
    ],
    good=[
        # The compose file builds a stage other than the last one.
        {
            "Dockerfile": "FROM node:20 AS web\nUSER node\nFROM web AS dev\nUSER root\n",
            "compose.yaml": "services: {web: {build: {context: ., target: web}}}\n",
        },
        # The builder's image is pushed for its cache.
        {
            "Dockerfile": "FROM node:20 AS builder\nFROM node:20\nCOPY --from=builder /app /app\nUSER node\n",
            "build.sh": "docker build --target builder -t web:builder .\ndocker build -t web:1.0 .\n",
        },
        "FROM playpen/python-base:latest\nCMD serve\n",
        "FROM node:20\nUSER node\n",
        "FROM node:20\nUSER root\nRUN make\nUSER node\n",
        "FROM team/base:1\nUSER $APP_USER\n",
        "FROM debian:12\nARG uid=1000\nUSER ${uid}\n",
        "FROM debian:12\nARG uid=0\nUSER ${uid}\n",
        "FROM debian:12\nUSER ${uid:-1000}:${gid:-0}\n",
        "FROM debian:12\nENV uid=1000\nUSER ${uid}\n",
        "FROM node:20 AS build\nUSER root\nFROM playpen/python-base:latest\n",
        "FROM node:20 AS base\nUSER node\nFROM base\n",
        "FROM scratch\nCOPY app /\n",
        "FROM nginxinc/nginx-unprivileged:1.27\n",
        "FROM team/tool:1\n",
        "FROM postgres:16\n",
        'FROM gcr.io/distroless/base:nonroot\nCOPY x /x\nCMD ["/x"]\n',
        'FROM gcr.io/distroless/base:debug-nonroot\nCOPY x /x\nCMD ["/x"]\n',
        {
            "Dockerfile": 'FROM debian:12\nCOPY start.sh /\nENTRYPOINT ["/start.sh"]\nCMD ["serve"]\n',
            "start.sh": 'chown app /data\nexec gosu app "$@"\n',
        },
        {
            "Dockerfile": 'FROM debian:12\nCOPY . .\nENTRYPOINT ["bin/start.sh"]\n',
            "bin/start.sh": 'exec gosu app "$@"\n',
        },
        'FROM debian:12\nRUN apt-get install -y gosu\nENTRYPOINT ["gosu", "app", "serve"]\n',
        # The stage that ships gets the program from another one.
        "FROM debian:12 AS tools\nRUN apt-get install -y gosu\nFROM debian:12\nCOPY --from=tools /usr/sbin /sbin\n",
    ],
)
def root_user(stage: Stage, platform: Platform, files: Files, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """Container runs as root.

    An attacker who takes over the process is root in the container and can change every file in it;
    without user namespaces, it is also UID 0 on the node if it escapes. Reported where the last stage,
    or a stage that a build names as its target, ends with `USER root`, or has no `USER` and its public
    base image is known to run as root. A hint for programs in `scratch`, and for images that only start
    a shell or an interpreter or contain no files of their own: they are meant as base images. Not
    reported for platform images and unknown images without a `USER`, and where the Dockerfile mentions
    a program that drops root at startup, such as gosu, or its entrypoint script calls one.
    """
    if not ships(stage, builds, files):
        return
    severity = Severity.HINT if is_built_upon(stage) else None
    user = last_user(stage)
    if user is not None:
        if is_root(user) and not drops_root(stage) and not script_drops_root(stage, files):
            message = f"`USER {user.user}` makes the container run as root"
            fixes = _fixes(stage, files)
            if "$" in user.arguments:
                message = f"`USER {user.arguments}` expands to root or to no user, so the container runs as root"
                fixes = ()
            # Of a base stage, the range counts from the start of that one.
            owner = stage_of(user)
            chunk = owner.number if owner is not None else None
            yield Finding(user.arguments_span, message, fixes, severity, chunk=chunk)
        return
    image, start = stage.external_base, stage.image
    if image is None or start is None:
        return
    if image.reference.text == "scratch":
        if starts_something(stage):
            message = "base image `scratch` runs as root by default, and no `USER` is set"
            yield Finding(start.span, message, _fixes(stage, files), Severity.HINT)
        return
    if not image.external or platform.owns(image.reference) or drops_root(stage):
        return
    if script_drops_root(stage, files):
        return
    if runs_as_root(image.reference, registry_of(image.reference)):
        message = f"base image `{image.reference.name}` runs as root by default, and no `USER` is set"
        # What is built upon it, or run in it by hand, can need root.
        fixes = _fixes(stage, files) if starts_something(stage) else ()
        yield Finding(start.span, message, fixes, severity)


def _fixes(stage: Stage, files: Files) -> tuple[Fix, ...]:
    if needs_root(stage) or uses_home_of_root(stage) or starts_dev_server(stage, files):
        return ()
    if script_needs_root(stage, files):
        return ()
    return (Fix(f"Set `USER {user_of(stage)}`", partial(_set_user, stage)),)


def _set_user(stage: Stage) -> Change:
    return Change({stage.file.path: (user_edit(stage).shifted(stage.file.start),)})
