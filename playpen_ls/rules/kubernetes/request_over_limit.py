from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.rules.kubernetes._limits import quantities
from playpen_ls.rules.kubernetes._quantity import amount


def pod(resources: str) -> str:
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n"
    return f"{head}      image: web:1.0\n      resources:\n{resources}"


@rule(
    severity=Severity.ERROR,
    practice="Resource limits",
    like={},
    reports_absence=True,
    in_pipelines=True,
    bad=[
        pod("        requests: {memory: «1Gi»}\n        limits: {memory: 512Mi}\n"),
        pod("        requests:\n          cpu: «'1.5'»\n          memory: 1Gi\n        limits:\n          cpu: 500m\n"),
    ],
    good=[
        pod("        requests: {memory: 1Gi, cpu: 500m}\n        limits: {memory: 1024Mi, cpu: 0.5}\n"),
        pod("        requests: {memory: 1Gi}\n"),
        pod("        requests: {memory: 1Gi}\n        limits: {memory: '{{ .Values.memory }}'}\n"),
        pod("        requests: {memory: lots}\n        limits: {memory: 1Gi}\n"),
    ],
)
def request_over_limit(container: Container) -> Iterator[Finding]:
    """Resource request exceeds the limit.

    The API server rejects such a manifest.
    """
    limits = {name: scalar for kind, name, scalar in quantities(container) if kind == "limits"}
    for kind, name, scalar in quantities(container):
        limit = limits.get(name)
        if kind != "requests" or limit is None:
            continue
        ours, theirs = amount(scalar.value), amount(limit.value)
        if ours is not None and theirs is not None and ours > theirs:
            what = f"{name.replace('cpu', 'CPU')} request `{scalar.value}` of {container.display_name}"
            message = f"{what} exceeds its limit `{limit.value}`"
            yield Finding(container.document.span(scalar), message)
