from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.file_view import each
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.model.pods import agents, container_uses, containers_in
from playpen_ls.languages.jenkinsfile.parts import WholeFile
from playpen_ls.text.edit import Edit
from playpen_ls.vocabulary.names import nearest

POD = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - {name: maven, image: 'maven:3.9'}\n"


def pipeline(steps: str, agent: str = f'yaml """\n{POD}"""') -> str:
    head = f"pipeline {{\n    agent {{\n        kubernetes {{\n            {agent}\n        }}\n    }}\n"
    stage = f"        stage('A') {{\n            steps {{\n                {steps}\n            }}\n        }}\n"
    return f"{head}    stages {{\n{stage}    }}\n}}\n"


@rule(
    severity=Severity.WARNING,
    practice="+",
    bad=[
        example(
            pipeline("container('«mavn»') { sh 'mvn verify' }"),
            fixed=pipeline("container('maven') { sh 'mvn verify' }"),
        ),
        pipeline("container(name: '«kaniko»') { sh 'x' }"),
        {
            "ci/Jenkinsfile": pipeline("container('«kaniko»') { sh 'x' }", "yamlFile 'ci/pod.yaml'"),
            "ci/pod.yaml": POD,
        },
    ],
    good=[
        pipeline("container('maven') { sh 'x' }\n                container('jnlp') { sh 'y' }"),
        pipeline("container('kaniko') { sh 'x' }", f"inheritFrom 'base'\n            yaml '''\n{POD}'''"),
        pipeline("container('kaniko') { sh 'x' }", "yaml podOf('kaniko')"),
        pipeline("container('kaniko') { sh 'x' }", "yamlFile 'missing.yaml'"),
        pipeline("container(\"${NAME}\") { sh 'x' }"),
        pipeline("container('kaniko') { }").replace("steps {", "agent { label 'k' }\n            steps {"),
        "node('pods') {\n    container('kaniko') { sh 'x' }\n}\n",
    ],
)
def unknown_container(whole: WholeFile, files: Files) -> Iterator[Finding]:
    """Step runs in a container that the agent's pod does not have.

    `container('x')` fails unless the pod has a container `x`; a container `jnlp` is added to every pod. Reported
    only if all pods of the pipeline are described in the file, or in one that `yamlFile` names, and inherit nothing.
    """
    uses = [(number, one) for number, some in enumerate(whole.file.ask(each, container_uses)) for one in some]
    described = whole.file.ask(each, agents) if uses else ()
    if not any(one.pods for one in described) or not all(one.known for one in described):
        return
    names = {"jnlp"}.union(*(one.containers for one in described))
    for path in (path for one in described for path, _ in one.files):
        text = files.text(path)
        inside = containers_in(text) if text is not None else None
        if inside is None:
            return
        names |= inside
    for number, use in uses:
        if use.name not in names:
            meant = nearest(use.name, sorted(names))
            edit = Edit(use.span.start, use.span.end, meant or "")
            fixes = (Fix(f"Change the container to `{meant}`", partial(list, (edit,))),) if meant else ()
            hint = f"; did you mean `{meant}`?" if meant else ""
            yield Finding(use.span, f"the agent's pod has no container `{use.name}`{hint}", fixes, chunk=number)
