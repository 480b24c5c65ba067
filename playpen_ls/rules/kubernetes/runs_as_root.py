from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.finding import Finding, Severity
from playpen_ls.languages.kubernetes import Workload
from playpen_ls.languages.kubernetes.privileges import root_users
from playpen_ls.rule import rule

HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n"
CONTAINER = "  containers:\n    - name: web\n      image: web:1.0\n"
CONTEXT = HEAD + CONTAINER + "      securityContext:\n"


@rule(
    severity=Severity.WARNING,
    practice="Least privilege",
    like={
        "kube-linter": ["run-as-non-root"],
        "kube-score": ["container-security-context", "container-security-context-user-group-id"],
        "polaris": ["runAsRootAllowed"],
        "checkov": ["CKV_K8S_23", "CKV_K8S_40"],
    },
    bad=[
        CONTEXT + "        «runAsUser: 0»\n",
        CONTEXT + "        «runAsNonRoot: false»\n",
        HEAD + "  securityContext: {«runAsUser: 0»}\n" + CONTAINER,
    ],
    good=[
        HEAD + CONTAINER,
        CONTEXT + "        runAsUser: 1000\n        runAsNonRoot: false\n",
        CONTEXT.replace("spec:\n", "spec:\n  securityContext: {runAsUser: 0}\n") + "        runAsUser: 1000\n",
        CONTEXT + "        runAsUser: '{{ .Values.user }}'\n",
    ],
)
def runs_as_root(workload: Workload) -> Iterator[Finding]:
    """The container runs as root by order of its manifest.

    A process that breaks out of its container is then root on the node. Only what is written counts:
    a missing securityContext leaves it to the image. A hint for init containers, which often prepare
    a volume.
    """
    for span, text, init in root_users(workload):
        yield Finding(span, f"`{text}` lets it run as root", (), Severity.HINT if init else None)
