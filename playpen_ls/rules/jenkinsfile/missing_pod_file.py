from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.file_view import each
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.model.pods import agents
from playpen_ls.languages.jenkinsfile.parts import WholeFile
from playpen_ls.text.edit import Edit
from playpen_ls.vocabulary.names import nearest


def agent(path: str) -> str:
    return f"pipeline {{\n    agent {{ kubernetes {{ yamlFile '{path}' }} }}\n    stages {{ }}\n}}\n"


@rule(
    severity=Severity.WARNING,
    practice="+",
    bad=[
        example(
            {"ci/Jenkinsfile": agent("«pod.yaml»"), "ci/pod.yaml": "kind: Pod\n"},
            fixed=agent("ci/pod.yaml"),
        ),
        example(
            {"Jenkinsfile": agent("«ci/pods.yaml»"), "ci/pod.yaml": "kind: Pod\n"},
            fixed=agent("ci/pod.yaml"),
        ),
        {"Jenkinsfile": agent("«pod.yaml»"), "src/a.txt": ""},
    ],
    good=[
        {"ci/Jenkinsfile": agent("ci/pod.yaml"), "ci/pod.yaml": "kind: Pod\n"},
        {"Jenkinsfile": agent("${ENV}.yaml"), "a.txt": ""},
        {"Jenkinsfile": agent("main/ci/pod.yaml"), "ci/pod.yaml": "kind: Pod\n"},
        {"Jenkinsfile": "yamlFile = 'pod.yaml'\n", "a.txt": ""},
    ],
)
def missing_pod_file(whole: WholeFile, files: Files) -> Iterator[Finding]:
    """File that `yamlFile` names does not exist.

    The Kubernetes plugin reads the manifest of the agent's pod from the root of the repository, also for a Jenkinsfile
    in a subfolder.
    """
    if not files.known:
        return
    for number, described in enumerate(whole.file.ask(each, agents)):
        for path, span in described.files:
            if "$" in path or path.startswith("/") or files.exists(posixpath.normpath(path)):
                continue
            if "/" in path and files.exists(path.partition("/")[2]):
                continue  # the job can check the repository out into a subfolder
            meant = _meant(path, posixpath.dirname(whole.file.path), files)
            edit = Edit(span.start, span.end, meant)
            fixes = (Fix(f"Change the path to `{meant}`", partial(list, (edit,))),) if meant else ()
            message = f"pod manifest `{path}` does not exist in the root of the repository"
            yield Finding(span, message, fixes, chunk=number)


def _meant(path: str, here: str, files: Files) -> str:
    """The file that is meant: beside the Jenkinsfile, or one of a similar name; "" if there is none."""
    beside = posixpath.normpath(posixpath.join(here, path))
    if here and not beside.startswith("..") and files.exists(beside):
        return beside
    folder, _, name = posixpath.normpath(path).rpartition("/")
    manifests = [one for one in files.names(folder) if one.endswith((".yaml", ".yml"))]
    close = nearest(name, manifests)
    return posixpath.join(folder, close) if close else ""
