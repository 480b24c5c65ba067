from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.parts import Environment, Run, Stage
from playpen_ls.languages.shell.insecure import NAMES, VARIABLES, insecure_word


@rule(
    severity=Severity.INFORMATION,
    practice="+",
    preset="hardened",
    like={"checkov": ["CKV2_DOCKER_2", "CKV2_DOCKER_3", "CKV2_DOCKER_4"]},
    bad=[
        "FROM debian:12\nRUN curl «-k» -O https://nexus/a.tgz\n",
        "FROM debian:12\nRUN a && curl «-fsSLk» https://nexus/a.tgz | tar xz\n",
        "FROM debian:12\nRUN wget «--no-check-certificate» https://nexus/a.tgz\n",
        "FROM python:3.12\nRUN pip install «--trusted-host» nexus -r requirements.txt\n",
        "FROM debian:12\nRUN git config --global «http.sslVerify» false\n",
        "FROM node:22\nENV «NODE_TLS_REJECT_UNAUTHORIZED»=0\n",
        # Once a stage.
        "FROM debian:12\nRUN curl «--insecure» -O https://nexus/a.tgz && curl -k -O https://nexus/b.tgz\n",
    ],
    good=[
        "FROM debian:12\nRUN curl -fsSLO https://nexus/a.tgz\n",
        "FROM debian:12\nRUN curl --cacert /etc/ca.pem -o k https://nexus/a.tgz\n",
        "FROM debian:12\nRUN curl -ok https://nexus/a.tgz\n",
        "FROM node:22\nENV NODE_TLS_REJECT_UNAUTHORIZED=1\n",
        "FROM debian:12\nRUN echo curl -k\n",
    ],
)
def insecure_transport(stage: Stage) -> Iterator[Finding]:
    """Download does not check the certificate of the server.

    Who stands between the build and the server can replace what is downloaded. Copy the certificate of the internal
    authority into the image instead (`--cacert`, `update-ca-certificates`). Reported once a stage.
    """
    for one in stage.instructions:
        if isinstance(one, Environment):
            for pair in one.pairs:
                values = VARIABLES.get(pair.name, ())
                if values is None or (pair.value is not None and pair.value.lower() in values):
                    message = f"`{pair.name}` turns off the check of certificates"
                    yield Finding(pair.name_span, message)
                    return
        elif isinstance(one, Run) and stage.mentions(one.whole_text, NAMES):
            for command in one.commands:
                word = insecure_word(command)
                if word is not None:
                    yield Finding(word.span, f"`{command.name}` does not check the certificate of the server")
                    return
