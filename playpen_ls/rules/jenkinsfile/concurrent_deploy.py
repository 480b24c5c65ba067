from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from playpen_ls.api.file_view import each
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.model.region import Region
from playpen_ls.languages.jenkinsfile.parts import WholeFile
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.text.span import Span

_WORDS = ("kubectl", "helm", "kustomize", "terraform", "ansible-playbook", "oc")
_DEPLOYS = {
    "kubectl": ("apply", "set", "rollout", "replace", "patch"),
    "oc": ("apply", "set", "rollout"),
    "helm": ("upgrade", "install"),
    "terraform": ("apply",),
    "ansible-playbook": (),
}
_SERIALIZES = ("lock", "milestone", "disableConcurrentBuilds", "throttle", "throttleJobProperty")


def pipeline(deploy: str, options: str = "") -> str:
    stage = f"        stage('Deploy') {{\n            steps {{\n                {deploy}\n            }}\n        }}\n"
    return f"pipeline {{\n    agent any\n{options}    stages {{\n{stage}    }}\n}}\n"


@rule(
    severity=Severity.HINT,
    practice="+",
    enabled=False,
    bad=[
        pipeline("sh '«kubectl» apply -f k8s/'"),
        pipeline("sh 'make && «helm» upgrade --install web chart/'"),
        pipeline("sh '«terraform» apply -auto-approve'\n                sh 'kubectl rollout restart deploy/web'"),
    ],
    good=[
        pipeline("lock('production') { sh 'kubectl apply -f k8s/' }"),
        pipeline("sh 'kubectl apply -f k8s/'", "    options { disableConcurrentBuilds() }\n"),
        pipeline("milestone 1\n                sh 'kubectl apply -f k8s/'"),
        pipeline("sh 'kubectl get pods && kubectl apply --dry-run=client -f k8s/'"),
    ],
)
def concurrent_deploy(whole: WholeFile) -> Iterator[Finding]:
    """Two builds can deploy at the same time.

    An older build can finish last and undo the newer one. Deploy inside `lock('name')`, or set
    `disableConcurrentBuilds()` in `options`. Reported once for a pipeline, at its first deployment.
    """
    found = whole.file.ask(each, deployments)
    if any(one.serializes for one in found):
        return
    for number, one in enumerate(found):
        for name, span in one.commands[:1]:
            message = f"`{name}` deploys without `lock` or `disableConcurrentBuilds()`: two builds can run it at once"
            yield Finding(span, message, chunk=number)
            return


class Deployments(NamedTuple):
    """The commands of a region that deploy, and whether it keeps builds from running at the same time."""

    commands: tuple[tuple[str, Span], ...] = ()
    serializes: bool = False


def deployments(parsed: Parsed) -> Deployments:
    region = Region(parsed)
    commands = tuple(
        (command.name, command.words[0].span)
        for step in region.steps_with(_WORDS)
        for command in step.commands
        if command.name in _DEPLOYS
        and (not _DEPLOYS[command.name] or any(word.text in _DEPLOYS[command.name] for word in command.operands[:1]))
        and not any(word.text.startswith("--dry-run") for word in command.words)
    )
    return Deployments(commands, bool(region.named(*_SERIALIZES)))
