"""How loud a finding is: a rule's own severity, or a quieter one where the text leaves room for doubt."""

from __future__ import annotations

import pytest

from examples import Project
from playpen_ls.api.example import Example
from playpen_ls.engine.registry import rules_of

RULES = {rule.name: rule for rule in rules_of("dockerfile")}
APP = {"app.py": ""}
CASES = [
    # A bare name that Docker Hub has no official image of was built on this machine.
    ("moving-tag", "FROM debian\n", ["warning"]),
    ("moving-tag", "FROM team/tool\n", ["warning"]),
    ("moving-tag", "FROM our-base\n", ["hint"]),
    # What starts by itself, and what others begin with.
    ("root-user", "FROM python:3.12\nCMD python app.py\n", ["warning"]),
    ("root-user", "FROM python:3.12\nCOPY app.py /\n", ["warning"]),
    ("root-user", "FROM nginx:1.27\nRUN x\n", ["warning"]),
    ("root-user", 'FROM debian:12\nCMD ["bash", "-c", "serve"]\n', ["warning"]),
    ("root-user", "FROM a\nUSER root\nCOPY x /\n", ["warning"]),
    ("root-user", 'FROM debian:12\nCOPY start.sh /\nENTRYPOINT ["/start.sh"]\nCMD ["python3"]\n', ["hint"]),
    ("root-user", "FROM debian:12\nCMD /bin/bash -l\n", ["hint"]),
    ("root-user", "FROM alpine:3.20\nRUN apk add curl\n", ["hint"]),
    ("root-user", "FROM golang:1.22 AS base\nFROM base\nRUN go vet\n", ["hint"]),
    ("root-user", "FROM node:20 AS base\nCOPY . .\nFROM base\nRUN x\n", ["warning"]),
    ("root-user", "FROM golang:1.22\nCOPY go.mod .\nRUN go install tool\n", ["hint"]),
    ("root-user", "FROM golang:1.22\nCOPY a .\nCMD go run .\n", ["warning"]),
    ("root-user", "FROM alpine:3.20 AS gen\nCOPY a .\nFROM gen AS validate\nRUN check\n", ["hint"]),
    ("root-user", 'FROM scratch\nCMD ["/a"]\n', ["hint"]),
    # What a step before the build may make.
    ("missing-source", {"Dockerfile": "FROM a\nCOPY app.py b.py /\n"} | APP, ["warning"]),
    ("missing-source", {"Dockerfile": "FROM a\nCOPY app.py dist /\n"} | APP, ["hint"]),
    ("missing-source", {"Dockerfile": "FROM a\nCOPY app.py b.py /\n", ".gitignore": "b.py"} | APP, ["hint"]),
    ("missing-source", {"Dockerfile": "FROM a\nCOPY app.py tool /\n", "main.go": ""} | APP, ["hint"]),
    ("missing-source", {"Dockerfile": "FROM a\nCOPY app.py b.py /\n", "Makefile": "b.py: x\n"} | APP, ["hint"]),
    ("missing-source", {"Dockerfile": "FROM a\nCOPY app.py lib /\n", "make.sh": "cp -r ../lib .\n"} | APP, ["hint"]),
    ("missing-source", {"Dockerfile": "FROM a\nCOPY app.py secrets/ tls/a.key /\n"} | APP, ["hint", "hint"]),
    # git reads every folder from the root down to the file's.
    (
        "missing-source",
        {
            "suite/dev/Dockerfile": "FROM a\nCOPY tls/site.conf /\nCOPY tls/site.crt /\n",
            "suite/.gitignore": "dev/tls/*.crt\n",
            "suite/dev/tls/site.conf": "",
        },
        ["hint"],
    ),
    # It can be appended to another one.
    ("invalid", {"debug/Tools.Dockerfile": "RUN yum -y install bind-utils\n"}, ["hint"]),
    ("invalid", "RUN yum -y install bind-utils\n", ["error"]),
    # BuildKit only warns.
    ("invalid", "FROM a AS b\nFROM a AS B\n", ["warning"]),
    ("invalid", "FROM a\nEXPOSE 8080:80\n", ["warning"]),
    ("invalid", "FROM a\nEXPOSE 80:x\n", ["error"]),
    ("undefined-variable", "FROM a:$X\n", ["error"]),
    ("undefined-variable", "FROM a$X\n", ["warning"]),
    # The program takes the shell's place.
    ("shell-form-command", "FROM a\nCMD exec serve --port $PORT\n", ["hint"]),
    ("shell-form-command", "FROM a\nCMD serve --port $PORT\n", ["information"]),
    # A value that may be public, and one that stands there.
    ("secret-in-image", "FROM a\nARG NPM_TOKEN\nRUN echo $NPM_TOKEN\n", ["hint"]),
    ("secret-in-image", "FROM a\nARG NPM_TOKEN=npm9f8e7d6c5b4a\n", ["error"]),
    ("secret-in-image", "FROM a\nENV DB=postgres://web:web@db/web\n", ["warning"]),
    ("secret-in-image", "FROM a\nENV DB=postgres://web:Zebra-9912@db/web\n", ["error"]),
    # A certificate has the same extension.
    ("secret-in-image", "FROM a\nCOPY conjur.pem /etc/\n", ["hint"]),
    (
        "secret-in-image",
        {"Dockerfile": "FROM a\nCOPY a.pem /etc/\n", "a.pem": "-----BEGIN PRIVATE KEY-----"},
        ["error"],
    ),
    ("secret-in-image", "FROM a\nCOPY privkey.pem /etc/\nCOPY web.key /etc/\n", ["error", "error"]),
    # The image is meant for building.
    ("single-stage-build", "FROM debian:12\nRUN apt-get install -y build-essential devscripts\nCMD bash\n", ["hint"]),
    ("single-stage-build", "FROM debian:12\nRUN apt-get install -y gcc\nCMD serve\n", ["information"]),
    # Recommended packages may be wanted.
    ("apt-leftovers", "FROM a\nRUN apt-get install curl && rm -rf /var/lib/apt/lists/*\n", ["information", "hint"]),
    ("apt-leftovers", "FROM a\nRUN apt-get install -y --no-install-recommends curl\n", ["information"]),
]


@pytest.mark.parametrize(("name", "files", "severities"), CASES)
def test_a_finding_is_as_loud_as_it_is_sure(name: str, files: str | dict[str, str], severities: list[str]):
    files = {"Dockerfile": files} if isinstance(files, str) else files
    look = Project(RULES[name], Example(files)).look()
    assert [diagnostic.severity.label for diagnostic in look.diagnostics] == severities
