"""Fixes for a missing probe: an HTTP probe, a probe without HTTP, or both probes at once.

A path is written only if something in the project shows it. The platform's paths are written for images that the
project builds from a web application whose paths cannot be determined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from playpen_ls.api.finding import Fix, Refused
from playpen_ls.languages.kubernetes.edits.insert import put_all
from playpen_ls.languages.kubernetes.model.resources import Container
from playpen_ls.languages.kubernetes.syntax.writer import Value
from playpen_ls.project.services import answers, probe_paths
from playpen_ls.rules.kubernetes._application import is_readiness
from playpen_ls.rules.kubernetes._probes import (
    LIVENESS,
    READINESS,
    NoPath,
    NotServed,
    Probe,
    ProbeContext,
    ProbePort,
    SeveralPorts,
    add,
    port_of,
    probe_value,
    probed_port,
)
from playpen_ls.rules.kubernetes._programs import KNOWN_PORTS
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.vocabulary.images import ImageReference

_CHOICES = 4  # maximum number of alternatives that are offered
_POSTGRES = frozenset("postgres postgresql postgis timescaledb".split())


@dataclass(frozen=True)
class Candidate:
    """One possible HTTP probe; `why` is the source of its path."""

    path: str
    why: str
    port: ProbePort

    @property
    def on_port(self) -> str:
        return f"port {self.port.value} ({self.port.why})"

    def value(self, probe: Probe) -> Value:
        return probe_value(probe, self.path, self.port)


def fixes(
    container: Container, key: str, probes: tuple[Probe, Probe], context: ProbeContext, both: bool
) -> tuple[Fix, ...]:
    """All fixes are unsafe: nothing shows that the program answers the probe in time.

    `probes` are the platform's for liveness and readiness; `both` means that the other probe is missing, too.
    """
    probe = probes[0] if key == LIVENESS else probes[1]
    try:
        candidates, reason = _candidates(container, key, probe, context)
    except NotServed as refusal:
        return (Fix(f"Add a `{key}`", partial(_refuse, str(refusal))),)
    except Refused as refusal:
        return tuple(_without_http(container, key, probe, refusal))
    one = [
        Fix(
            f"Add a `{key}` for `{candidate.path}` ({candidate.why}) on {candidate.on_port}",
            partial(add, container, key, candidate.value(probe)),
            preferred=len(candidates) == 1 and not candidate.port.assumed,
        )
        for candidate in candidates
    ]
    if len(candidates) > 1:
        # The first fix is the default, which cannot be determined here; the user chooses among the others.
        return (Fix(f"Add a `{key}`", partial(_refuse, reason)), *(one if len(one) <= _CHOICES else ()))
    return (*one, *(_both(container, probes, context) if both else ()))


def _both(container: Container, probes: tuple[Probe, Probe], context: ProbeContext) -> Iterator[Fix]:
    try:
        live, _ = _candidates(container, LIVENESS, probes[0], context)
        ready, _ = _candidates(container, READINESS, probes[1], context)
    except Refused:
        return
    if len(live) == len(ready) == 1:
        (first,), (second,) = live, ready
        if (first.path, first.port.value) == (second.path, second.port.value):
            return
        source = f" ({first.why})" if first.why != second.why else ""
        title = f"Add both probes, for `{first.path}`{source} and `{second.path}` ({second.why})"
        values = first.value(probes[0]), second.value(probes[1])
        yield Fix(f"{title} on {first.on_port}", partial(_add_both, container, *values))


def _candidates(
    container: Container, key: str, probe: Probe, context: ProbeContext
) -> tuple[tuple[Candidate, ...], str]:
    """(possible HTTP probes, why there are several). Raises Refused, or NotServed."""
    ports, reason = _ports(container, probe, context)
    paths = _paths(key, probe, context)
    if not paths:
        raise NoPath(tuple(port for port in ports if not port.assumed), reason)
    if len(paths) > 1:
        reason = f"the application serves {' and '.join(f'`{path}`' for path, _ in paths)}"
    return tuple(Candidate(path, why, port) for path, why in paths for port in ports), reason


def _ports(container: Container, probe: Probe, context: ProbeContext) -> tuple[tuple[ProbePort, ...], str]:
    try:
        return (port_of(container, probe.port, context),), ""
    except SeveralPorts as several:
        if len(several.ports) == 1:  # the other ports use other protocols, so this one is not certain to be HTTP
            raise Refused(str(several)) from None
        return several.ports, str(several)


def _paths(key: str, probe: Probe, context: ProbeContext) -> list[tuple[str, str]]:
    """(served path, its source) pairs; empty if they are unknown."""
    application = context.application
    default = [(probe.path, "the platform's default")]
    if application is None or not application.apps:
        shown = [(path, why) for one, path, why in context.shown if one == key]
        return shown or (default if application is not None and application.is_web else [])
    certain = [one for one in application.served if one.whole]
    for one in certain:
        if answers((one,), (), probe.path):
            return [(probe.path, f"the platform's default, served by `{one.route.place.path}`")]
    if answers(application.served, application.apps, probe.path):
        return default
    # A liveness route does not report readiness, nor a readiness route liveness.
    found = [path for path in probe_paths(certain, probe.path) if (key == READINESS) == is_readiness(path)]
    if not found:
        kind = "liveness" if key == LIVENESS else "readiness"
        raise NotServed(f"the application in `{application.apps[0].place.path}` has no {kind} route; add one first")
    places = {one.path: one.route.place.path for one in certain}
    return [(path, f"a route in `{places[path]}`") for path in found]


def _without_http(container: Container, key: str, probe: Probe, reason: Refused) -> Iterator[Fix]:
    """An `exec` probe, or `tcpSocket` probes for each port that can be meant."""
    delays = {"initialDelaySeconds": probe.initialDelaySeconds, "periodSeconds": probe.periodSeconds}
    image = container.image
    base = ImageReference.parse(image.value).base if image is not None and image.literal else ""
    if base in _POSTGRES:
        command = _pg_isready(container)
        value: Value = {"exec": {"command": command}, **delays}
        yield Fix(f"Add a `{key}` that runs `pg_isready`", partial(add, container, key, value))
        return
    unknown = "; no path is known" if isinstance(reason, NoPath) else ""
    ports = reason.ports if isinstance(reason, NoPath) else ()
    if not ports and (port := _open_port(container, base)) is not None:
        ports = (port,)
    if len(ports) != 1:
        yield Fix(f"Add a `{key}`", partial(_refuse, str(reason)))
    for port in ports if len(ports) <= _CHOICES else ():
        title = f"Add a `{key}` that connects to port {port.value} ({port.why}{unknown})"
        yield Fix(title, partial(add, container, key, {"tcpSocket": {"port": port.value}, **delays}))


def _pg_isready(container: Container) -> Sequence[str]:
    """The command with the user of the database, so that its log does not fill with failed logins."""
    user = container.environment.get("POSTGRES_USER", "")
    given = any(one.text("name") == "POSTGRES_USER" for one in container.node.mappings("env"))
    if user.isidentifier():
        return ["pg_isready", "-U", user]
    if given or container.node.items("envFrom"):
        return ["sh", "-c", 'pg_isready -U "${POSTGRES_USER:-postgres}"']
    return ["pg_isready", "-U", "postgres"]


def _open_port(container: Container, base: str) -> ProbePort | None:
    probed = probed_port(container)
    if probed is not None:
        return probed
    tcp = [port for port in container.ports if port.protocol == "TCP" and port.number.isdigit()]
    if len(container.ports) == 1 and tcp:
        return ProbePort(tcp[0].name or int(tcp[0].number), "the only declared port")
    if not container.ports and base in KNOWN_PORTS and not container.words:
        return ProbePort(KNOWN_PORTS[base], f"the default of `{base}`")
    return None


def _refuse(reason: str) -> list[Edit]:
    raise Refused(reason)


def _add_both(container: Container, live: Value, ready: Value) -> list[Edit]:
    return put_all(container.document, container.node, ((LIVENESS, live), (READINESS, ready)), container.head)
