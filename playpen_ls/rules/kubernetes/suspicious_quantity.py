from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.rules.kubernetes._limits import quantities
from playpen_ls.rules.kubernetes._quantity import amount, unit

MEBIBYTE = 1024 * 1024
_BYTES = ("memory", "ephemeral-storage")


def pod(resources: str) -> str:
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n"
    return f"{head}      image: web:1.0\n      resources:\n{resources}"


@rule(
    severity=Severity.WARNING,
    practice="Resource limits",
    reports_absence=True,
    in_pipelines=True,
    bad=[
        example(pod("        limits: {memory: «512m»}\n"), fixed=pod("        limits: {memory: 512Mi}\n")),
        example(
            pod('        limits:\n          memory: "«512m»"  # x\n'),
            fixed=pod('        limits:\n          memory: "512Mi"  # x\n'),
        ),
        pod("        requests: {memory: «512m»}\n        limits: {memory: 256Mi}\n"),
        pod("        limits: {memory: «512MB»}\n"),
        pod("        limits: {memory: «512»}\n"),
        pod("        limits: {cpu: «500Mi»}\n"),
        pod("        limits: {cpu: «-1»}\n"),
        pod("        limits: {cpu: «lots»}\n"),
    ],
    good=[
        pod("        limits: {memory: 512Mi, cpu: 500m}\n"),
        pod("        limits: {memory: 1000000000000m, cpu: 1}\n"),
        pod("        limits: {memory: 1e9, cpu: 0.5}\n"),
        pod("        limits: {memory: '{{ .Values.memory }}'}\n"),
        pod("        limits: {memory: ${MEMORY}, cpu: 0}\n"),
    ],
)
def suspicious_quantity(container: Container) -> Iterator[Finding]:
    """Resource quantity is probably not what was intended.

    The suffix `m` means thousandths, so `memory: 512m` is about half a byte. `MB` is not a Kubernetes unit, and `Mi`
    is a unit of bytes, not of CPUs. Memory and ephemeral storage of less than one mebibyte are reported, too.
    """
    written = list(quantities(container))
    for kind, name, scalar in written:
        problem = _problem(name, scalar.value)
        if problem:
            fixes: tuple[Fix, ...] = ()
            if name == "memory" and unit(scalar.value) == "m":
                better = scalar.value.strip()[:-1] + "Mi"
                other = [one.value for other, same, one in written if same == name and other != kind]
                if not any(_crosses(kind, better, value) for value in other):
                    fixes = (Fix(f"Change to `{better}`", partial(replace_scalar, container.document, scalar, better)),)
            what = f"{name.replace('cpu', 'CPU')} {kind[:-1]} `{scalar.value}` of {container.display_name}"
            yield Finding(container.document.content(scalar), f"{what} {problem}", fixes)


def _problem(name: str, text: str) -> str:
    if any(mark in text for mark in "$<{%") or not text.strip():
        return ""
    value, letters = amount(text), unit(text)
    if value is None:
        return "is not a valid quantity" + (f"; `{letters}` is not a unit" if letters in ("MB", "GB", "KB") else "")
    if value < 0:
        return "is negative"
    if name == "cpu" and letters.endswith("i"):
        return f"uses the byte unit `{letters}`"
    if name in _BYTES and 0 < value < MEBIBYTE:
        return "is less than one mebibyte" + ("; `m` means thousandths" if letters == "m" else "")
    return ""


def _crosses(kind: str, text: str, other: str) -> bool:
    ours, theirs = amount(text), amount(other)
    if ours is None or theirs is None or theirs < MEBIBYTE:
        return False
    return ours > theirs if kind == "requests" else ours < theirs
