from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.parts import Call, Region, ShellStep, StringLiteral
from playpen_ls.languages.shell.parser import Command
from playpen_ls.text.regex import regex

_SOCKET = regex(r"/(?:var/)?run/(?:docker|containerd/containerd|crio/crio|podman/podman)\.sock")
_ENGINES = frozenset(("docker", "podman", "nerdctl"))


def agent(text: str) -> str:
    return f"pipeline {{\n    agent {{\n        {text}\n    }}\n    stages {{ }}\n}}\n"


@rule(
    severity=Severity.WARNING,
    practice="Least privilege",
    bad=[
        agent("docker { image 'docker:27'; args '-v «/var/run/docker.sock»:/var/run/docker.sock' }"),
        agent('dockerfile { args "--group-add 999 -v=«/var/run/docker.sock»:/var/run/docker.sock -u ${UID}" }'),
        "node {\n    docker.image('docker:27').inside('-v «/run/docker.sock»:/run/docker.sock') { sh 'x' }\n}\n",
        "node {\n    sh 'docker run --rm -v «/var/run/docker.sock»:/var/run/docker.sock aquasec/trivy image x'\n}\n",
        "podTemplate(volumes: [hostPathVolume(hostPath: '«/run/docker.sock»', mountPath: '/run/docker.sock')]) { }\n",
    ],
    good=[
        agent("docker { image 'maven:3.9'; args '-v $HOME/.m2:/root/.m2' }"),
        "node {\n    sh 'ls -l /var/run/docker.sock'\n    sh 'docker run --rm web'\n}\n",
        "node {\n    echo '-v /var/run/docker.sock:/var/run/docker.sock'\n}\n",
    ],
)
def docker_socket(region: Region) -> Iterator[Finding]:
    """Container gets the socket of the host's container runtime.

    A process with this socket can start privileged containers and so controls the host and all containers on it. Build
    images with a tool that needs no daemon, such as Kaniko or Buildah. Reported for the containers of agents, those of
    `docker.image(…).inside`, and those that a script starts.
    """
    if ".sock" not in region.text:
        return
    for call in region.named("args", "inside", "withRun", "run", "hostPathVolume"):
        if _mounts(call):
            given = [one for one in call.arguments if one.name in (None, "hostPath")]
            for literal in (one for argument in given for one in argument.strings):
                yield from _found(call, literal, literal.fragment.text)
    for step in region.steps_with((".sock",)):
        yield from _in_script(step)


def _mounts(call: Call) -> bool:
    if call.name == "args":
        around = next(call.enclosing, None)
        return around is not None and around.name in ("docker", "dockerfile")
    return call.name == "hostPathVolume" or call.receiver.startswith("docker.image") or "image" in call.receiver.lower()


def _found(call: Call, literal: StringLiteral, text: str) -> Iterator[Finding]:
    match = _SOCKET.search(text)
    if match:
        span = literal.fragment.span(*match.span())
        yield Finding(span, f"`{call.name}` mounts `{match[0]}`, which gives the container control over the host")


def _in_script(step: ShellStep) -> Iterator[Finding]:
    for command in step.commands:
        if command.name in _ENGINES and any(word.text in ("run", "create") for word in command.operands[:2]):
            yield from _in_command(command)


def _in_command(command: Command) -> Iterator[Finding]:
    for option in command.options:
        if option.name in ("-v", "--volume", "--mount") and option.value is not None:
            match = _SOCKET.search(option.value.text)
            if match:
                message = f"`{command.name} run` mounts `{match[0]}`, which gives the container control over the host"
                yield Finding(option.value.part(*match.span()), message)
                return
