from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes import Container
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
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
    absent=True,
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
    """A quantity is not what it looks like.

    `m` means thousandths, so `memory: 512m` is half a byte; `MB` is no unit of Kubernetes; CPUs have
    no `Mi`. Less than one mebibyte of memory is no room for any process.
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
                    fixes = (Fix(f"Write `{better}`", partial(replace_scalar, container.document, scalar, better)),)
            yield Finding(container.document.content(scalar), problem, fixes)


def _problem(name: str, text: str) -> str:
    if any(mark in text for mark in "$<{%") or not text.strip():
        return ""
    value, letters = amount(text), unit(text)
    if value is None:
        return f"`{text}` is no quantity" + (f": there is no unit `{letters}`" if letters in ("MB", "GB", "KB") else "")
    if value < 0:
        return f"`{text}` is negative"
    if name == "cpu" and letters.endswith("i"):
        return f"`{letters}` is a unit of bytes, not of CPUs"
    if name in _BYTES and 0 < value < MEBIBYTE:
        return f"`{text}` of {name} is less than one mebibyte" + (": `m` means thousandths" if letters == "m" else "")
    return ""


def _crosses(kind: str, text: str, other: str) -> bool:
    ours, theirs = amount(text), amount(other)
    if ours is None or theirs is None or theirs < MEBIBYTE:
        return False
    return ours > theirs if kind == "requests" else ours < theirs
