from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.rules.kubernetes._links import Images, linked
from playpen_ls.rules.kubernetes._privileges import root_users

HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n"
CONTAINER = "  containers:\n    - name: web\n      image: web:1.0\n"
CONTEXT = HEAD + CONTAINER + "      securityContext:\n"
DOCKERFILE = 'FROM python:3.12-slim\nUSER 1000:1000\nCMD ["python", "app.py"]\n'


@rule(
    severity=Severity.WARNING,
    needs_index=False,
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
        example(
            {"app.yaml": CONTEXT + "        «runAsNonRoot: false»  # why\n", "web/Dockerfile": DOCKERFILE},
            fixed=CONTEXT + "        runAsNonRoot: true  # why\n",
        ),
        example(
            {"app.yaml": CONTEXT + "        «runAsUser: 0»\n", "web/Dockerfile": DOCKERFILE},
            fixed=CONTEXT + "        runAsUser: 1000\n",
        ),
        # The image uses /root, which only root can read; a user name does not show the numeric id.
        {
            "app.yaml": CONTEXT + "        «runAsUser: 0»\n",
            "web/Dockerfile": DOCKERFILE + "ENV PATH=/root/.local/bin\n",
        },
        {"app.yaml": CONTEXT + "        «runAsUser: 0»\n", "web/Dockerfile": DOCKERFILE.replace("1000", "app")},
        {
            "app.yaml": CONTEXT + "        «runAsUser: 0»\n",
            "web/Dockerfile": DOCKERFILE + "RUN <<EOF\ncp x /root/y\nEOF\n",
        },
        # Only the final stage counts, and the stages that it is built from.
        {"app.yaml": CONTEXT + "        «runAsUser: 0»\n", "web/Dockerfile": DOCKERFILE + "FROM python:3.12-slim\n"},
        {"app.yaml": CONTEXT + "        «runAsUser: 0»\n", "web/Dockerfile": DOCKERFILE + "# USER 2000\nUSER root\n"},
        example(
            {
                "app.yaml": CONTEXT + "        «runAsUser: 0»\n",
                "web/Dockerfile": "FROM python:3.12-slim AS base\n"
                + DOCKERFILE.partition("\n")[2]
                + "FROM base\nCOPY <<EOF /notes\nUSER 2000\nEOF\n",
            },
            fixed=CONTEXT + "        runAsUser: 1000\n",
        ),
    ],
    good=[
        HEAD + CONTAINER,
        CONTEXT + "        runAsUser: 1000\n        runAsNonRoot: false\n",
        CONTEXT.replace("spec:\n", "spec:\n  securityContext: {runAsUser: 0}\n") + "        runAsUser: 1000\n",
        CONTEXT + "        runAsUser: '{{ .Values.user }}'\n",
    ],
)
def runs_as_root(workload: Workload, images: Images) -> Iterator[Finding]:
    """`securityContext` makes the container run as root, or allows it.

    A root process that escapes from its container is root on the node. Only explicit settings are reported: without
    a `securityContext`, the image decides. Reported as a hint for init containers, which often prepare a volume. A fix
    is offered if the image's Dockerfile is in the project, sets a numeric user and does not use `/root`.
    """
    for one in root_users(workload):
        made_of = [linked(container, images) for container in one.containers]
        users = {image.recipe.user if image is not None else "" for image in made_of}
        user = users.pop() if len(users) == 1 else ""
        better, title = ("true", f"Set `runAsNonRoot: true` (the image runs as user {user})")
        if one.text.startswith("runAsUser"):
            better, title = user, f"Set `runAsUser: {user}` (the user of the image)"
        fixes = (Fix(title, partial(replace_scalar, workload.document, one.value, better)),) if user else ()
        severity = Severity.HINT if one.containers and one.only_init else None
        subject = one.containers[0].display_name if len(one.containers) == 1 else workload.display_name
        effect = f"makes {subject} run as root" if one.text.startswith("runAsUser") else f"lets {subject} run as root"
        yield Finding(one.span, f"`{one.text}` {effect}", fixes, severity)
