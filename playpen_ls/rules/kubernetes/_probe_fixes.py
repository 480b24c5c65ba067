"""Fixes for a missing probe: the platform's HTTP probe, a probe without HTTP, or both probes at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from playpen_ls.api.finding import Fix, Refused
from playpen_ls.languages.kubernetes.edits.insert import put_all
from playpen_ls.languages.kubernetes.model.resources import Container
from playpen_ls.languages.kubernetes.syntax.writer import Value
from playpen_ls.project.services import answers, probe_paths
from playpen_ls.rules.kubernetes._application import Application
from playpen_ls.rules.kubernetes._probes import (
    LIVENESS,
    READINESS,
    NotServed,
    Probe,
    ProbePort,
    SeveralPorts,
    Told,
    add,
    port_of,
    probe_value,
)
from playpen_ls.rules.kubernetes._programs import KNOWN_PORTS
from playpen_ls.text.edit import Edit
from playpen_ls.vocabulary.images import ImageReference

_CHOICES = 4  # maximum number of alternatives that are offered
_READY = re.compile(r"/[^/]*read(?:y|iness)[^/]*/?$", re.IGNORECASE)
_POSTGRES = frozenset("postgres postgresql postgis timescaledb".split())


@dataclass(frozen=True)
class Way:
    """One possible HTTP probe; `why` is the source of its path."""

    path: str
    why: str
    port: ProbePort

    def value(self, probe: Probe) -> Value:
        return probe_value(probe, self.path, self.port)


def fixes(container: Container, key: str, probes: tuple[Probe, Probe], told: Told, both: bool) -> tuple[Fix, ...]:
    """All fixes are unsafe: nothing shows that the program answers the probe in time.

    `probes` are the platform's for liveness and readiness; `both` means that the other probe is missing, too.
    """
    probe = probes[0] if key == LIVENESS else probes[1]
    try:
        ways, reason = _ways(container, key, probe, told)
    except NotServed as refusal:
        return (Fix(f"Add a `{key}`", partial(_refuse, str(refusal))),)
    except Refused as refusal:
        return (_without_http(container, key, probe, str(refusal)),)
    one = [
        Fix(
            f"Add a `{key}` for `{way.path}` ({way.why}) on port {way.port.value} ({way.port.why})",
            partial(add, container, key, way.value(probe)),
            preferred=len(ways) == 1 and not way.port.assumed,
        )
        for way in ways
    ]
    if len(ways) > 1:
        # The first fix is the default, which cannot be determined here; the user chooses among the others.
        return (Fix(f"Add a `{key}`", partial(_refuse, reason)), *(one if len(one) <= _CHOICES else ()))
    return (*one, *(_both(container, probes, told) if both else ()))


def _both(container: Container, probes: tuple[Probe, Probe], told: Told) -> Iterator[Fix]:
    try:
        live, _ = _ways(container, LIVENESS, probes[0], told)
        ready, _ = _ways(container, READINESS, probes[1], told)
    except Refused:
        return
    if len(live) == len(ready) == 1:
        (first,), (second,) = live, ready
        if (first.path, first.port.value) == (second.path, second.port.value):
            return
        source = f" ({first.why})" if first.why != second.why else ""
        title = f"Add both probes, for `{first.path}`{source} and `{second.path}` ({second.why})"
        values = first.value(probes[0]), second.value(probes[1])
        ports = f"port {first.port.value} ({first.port.why})"
        yield Fix(f"{title} on {ports}", partial(_add_both, container, *values))


def _ways(container: Container, key: str, probe: Probe, told: Told) -> tuple[tuple[Way, ...], str]:
    """(possible HTTP probes, why there are several). Raises Refused, or NotServed."""
    ports, reason = _ports(container, probe, told)
    paths = _paths(key, probe, told.application)
    if len(paths) > 1:
        reason = f"the application serves {' and '.join(f'`{path}`' for path, _ in paths)}"
    return tuple(Way(path, why, port) for path, why in paths for port in ports), reason


def _ports(container: Container, probe: Probe, told: Told) -> tuple[tuple[ProbePort, ...], str]:
    try:
        return (port_of(container, probe.port, told),), ""
    except SeveralPorts as several:
        if len(several.ports) == 1:  # the other ports use other protocols, so this one is not certain to be HTTP
            raise Refused(str(several)) from None
        return several.ports, str(several)


def _paths(key: str, probe: Probe, application: Application | None) -> list[tuple[str, str]]:
    """(served path, its source) pairs; the platform's path if the served paths are unknown."""
    default = [(probe.path, "the platform's default")]
    if application is None or not application.apps:
        return default
    certain = [one for one in application.served if one.whole]
    for one in certain:
        if answers((one,), (), probe.path):
            return [(probe.path, f"the platform's default, served by `{one.route.place.path}`")]
    if answers(application.served, application.apps, probe.path):
        return default
    # A liveness route does not report readiness, nor a readiness route liveness.
    found = [
        path for path in probe_paths(certain, probe.path) if (key == READINESS) == (_READY.search(path) is not None)
    ]
    if not found:
        kind = "liveness" if key == LIVENESS else "readiness"
        raise NotServed(f"the application in `{application.apps[0].place.path}` has no {kind} route; add one first")
    places = {one.path: one.route.place.path for one in certain}
    return [(path, f"a route in `{places[path]}`") for path in found]


def _without_http(container: Container, key: str, probe: Probe, reason: str) -> Fix:
    """An `exec` or `tcpSocket` probe for a program that does not serve HTTP, if the program is known."""
    delays = {"initialDelaySeconds": probe.initialDelaySeconds, "periodSeconds": probe.periodSeconds}
    image = container.image
    base = ImageReference.parse(image.value).base if image is not None and image.literal else ""
    if base in _POSTGRES:
        command = _pg_isready(container)
        value: Value = {"exec": {"command": command}, **delays}
        return Fix(f"Add a `{key}` that runs `pg_isready`", partial(add, container, key, value))
    port = _open_port(container, base)
    if port is None:
        return Fix(f"Add a `{key}`", partial(_refuse, reason))
    title = f"Add a `{key}` that connects to port {port.value} ({port.why})"
    return Fix(title, partial(add, container, key, {"tcpSocket": {"port": port.value}, **delays}))


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
