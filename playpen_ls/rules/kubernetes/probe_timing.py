from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import put, replace_scalar
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping
from playpen_ls.rules.kubernetes._completeness import Absence

_DEFAULTS = {
    "initialDelaySeconds": 0, "periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3, "successThreshold": 1,
}  # fmt: skip
_SOON = 15  # seconds
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def probed(numbers: str, key: str = "livenessProbe", more: str = "") -> str:
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: shop}\nspec:\n  containers:\n    - name: shop\n"
        f"      image: nexus:5000/shop:1.0.0\n{more}      {key}:\n        httpGet: {{path: /health, port: 8000}}\n"
        f"{numbers}"
    )


@rule(
    severity=Severity.WARNING,
    practice="Health probes",
    reports_absence=True,
    bad=[
        example(
            probed("        initialDelaySeconds: 30\n        failureThreshold: «1»\n"),
            fixed=probed("        initialDelaySeconds: 30\n        failureThreshold: 3\n"),
        ),
        example(
            probed("        periodSeconds: 5\n        timeoutSeconds: «10»\n", "readinessProbe"),
            fixed=probed("        periodSeconds: 5\n        timeoutSeconds: 5\n", "readinessProbe"),
        ),
        example(
            probed("        initialDelaySeconds: «5»\n        periodSeconds: 3\n"),
            fixed=probed("        initialDelaySeconds: 30\n        periodSeconds: 3\n"),
        ),
        example(
            probed("        periodSeconds: 2\n").replace("livenessProbe", "«livenessProbe»"),
            fixed=probed("        periodSeconds: 2\n        initialDelaySeconds: 30\n"),
        ),
        example(
            probed("        successThreshold: «2»\n"),
            fixed=probed("        successThreshold: 1\n"),
        ),
    ],
    good=[
        probed(""),
        probed("        initialDelaySeconds: 30\n        periodSeconds: 10\n"),
        probed("        initialDelaySeconds: 5\n        periodSeconds: 5\n", "readinessProbe"),
        probed("        failureThreshold: 1\n        successThreshold: 2\n", "readinessProbe"),
        probed("        periodSeconds: 2\n", more="      startupProbe: {httpGet: {path: /health, port: 8000}}\n"),
        probed("        periodSeconds: 5\n        timeoutSeconds: 5\n"),
        probed("        periodSeconds: {{ .Values.period }}\n        timeoutSeconds: 20\n"),
    ],
)
def probe_timing(container: Container, absence: Absence, platform: Platform) -> Iterator[Finding]:
    """Timing of a probe restarts the container at once, or does not work as written.

    A `livenessProbe` with `failureThreshold: 1` restarts the container after a single slow answer. Without a
    `startupProbe`, one that fails within 15 seconds of the start (`initialDelaySeconds` and `failureThreshold` times
    `periodSeconds`) can restart a program that is only starting (a hint). A `timeoutSeconds` above `periodSeconds`
    delays the next probe (a hint; a warning with `failureThreshold: 1`). The API server rejects a `successThreshold`
    other than 1 for `livenessProbe` and `startupProbe`.
    """
    document = container.document
    for key in _PROBES:
        entry, probe = container.node.entry(key), container.node.mapping(key)
        if entry is None or probe is None or probe.merges:
            continue
        numbers = {name: _number(probe, name) for name in _DEFAULTS}
        threshold, period, timeout = (numbers[name] for name in ("failureThreshold", "periodSeconds", "timeoutSeconds"))
        success = probe.scalar("successThreshold")
        what = f"`{key}` of {container.display_name}"
        if success is not None and key != "readinessProbe" and (numbers["successThreshold"] or 1) != 1:
            fix = Fix("Set `successThreshold: 1`", partial(replace_scalar, document, success, "1"))
            message = f"`successThreshold` of {what} must be 1"
            yield Finding(document.content(success), message, (fix,), Severity.ERROR)
        limit = probe.scalar("failureThreshold")
        if limit is not None and key == "livenessProbe" and threshold == 1:
            fix = Fix("Set `failureThreshold: 3`", partial(replace_scalar, document, limit, "3"))
            yield Finding(document.content(limit), f"{what} restarts it after a single failure", (fix,))
        elif key == "livenessProbe" and absence.is_certain(container):
            yield from _early(container, probe, numbers, platform.liveness.initialDelaySeconds)
        wait = probe.scalar("timeoutSeconds")
        if wait is not None and timeout is not None and period is not None and timeout > period:
            fix = Fix(f"Set `timeoutSeconds: {period}`", partial(replace_scalar, document, wait, str(period)))
            message = f"`timeoutSeconds` of {what} exceeds its `periodSeconds`, {period}"
            yield Finding(document.content(wait), message, (fix,), None if threshold == 1 else Severity.HINT)


def _early(container: Container, probe: Mapping, numbers: dict[str, int | None], delay: int) -> Iterator[Finding]:
    first, threshold, period = (numbers[name] for name in ("initialDelaySeconds", "failureThreshold", "periodSeconds"))
    if first is None or threshold is None or period is None or container.node.get("startupProbe") is not None:
        return
    after = first + threshold * period
    if after >= _SOON:
        return
    document, written = container.document, probe.scalar("initialDelaySeconds")
    if written is not None:
        change = partial(replace_scalar, document, written, str(delay))
        span = document.content(written)
    else:
        change = partial(put, document, probe, ("initialDelaySeconds",), delay)
        span = document.span(container.node.entry("livenessProbe").key)  # type: ignore[union-attr]
    message = f"`livenessProbe` of {container.display_name} can restart it {after} seconds after its start"
    yield Finding(span, message, (Fix(f"Set `initialDelaySeconds: {delay}`", change),), Severity.HINT)


def _number(probe: Mapping, name: str) -> int | None:
    """The default if it is not set, None if it is not a number."""
    value = probe.get(name)
    if value is None:
        return _DEFAULTS[name]
    text = probe.text(name)
    return int(text) if text.isdecimal() else None
