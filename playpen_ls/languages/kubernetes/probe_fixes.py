"""What to offer where a probe is missing: the platform's, one without HTTP, or both probes at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from playpen_ls.facts import Exposed
from playpen_ls.finding import Fix, Refused
from playpen_ls.languages.kubernetes.insertion import put_all
from playpen_ls.languages.kubernetes.probes import (
    LIVENESS,
    READINESS,
    Probe,
    ProbePort,
    add,
    port_of,
    probe_value,
)
from playpen_ls.languages.kubernetes.rendering import Value
from playpen_ls.languages.kubernetes.resources import Container
from playpen_ls.source import Edit
from playpen_ls.vocabulary.images import ImageReference

_POSTGRES = frozenset("postgres postgresql postgis timescaledb".split())
# The ports that these programs listen on unless they are told otherwise; only for images that declare no port.
_KNOWN_PORTS = {
    "redis": 6379, "valkey": 6379, "mysql": 3306, "mariadb": 3306, "percona": 3306, "mongo": 27017, "mongodb": 27017,
    "memcached": 11211, "rabbitmq": 5672, "zookeeper": 2181, "cassandra": 9042, "nats": 4222, "mosquitto": 1883,
}  # fmt: skip


def fixes(
    container: Container, key: str, probes: tuple[Probe, Probe], exposed: Iterable[Exposed], both: bool
) -> tuple[Fix, ...]:
    """All of them unsafe: nothing shows that the program answers, and soon enough.

    `probes` are the platform's for liveness and readiness; `both` means that the other one is missing too.
    """
    kind, probe = ("liveness", probes[0]) if key == LIVENESS else ("readiness", probes[1])
    exposed = tuple(exposed)
    try:
        ports = tuple(port_of(container, one.port, exposed) for one in probes)
    except Refused as reason:
        return (_without_http(container, key, kind, probe, str(reason)),)
    port = ports[0] if key == LIVENESS else ports[1]
    title = f"Add a {kind} probe of `{probe.path}` (the platform's path) on port {port.value} ({port.why})"
    one = Fix(title, partial(add, container, key, probe_value(probe, port)))
    if not both:
        return (one,)
    paths = " and ".join(f"`{each.path}`" for each in probes)
    return (
        one,
        Fix(
            f"Add both probes, of {paths} (the platform's paths) on port {port.value} ({port.why})",
            partial(_add_both, container, probe_value(probes[0], ports[0]), probe_value(probes[1], ports[1])),
        ),
    )


def _without_http(container: Container, key: str, kind: str, probe: Probe, reason: str) -> Fix:
    """A command or an open port for a program that does not speak HTTP, where it is certain which one it is."""
    delays = {"initialDelaySeconds": probe.initialDelaySeconds, "periodSeconds": probe.periodSeconds}
    image = container.image
    base = ImageReference.parse(image.value).base if image is not None and image.literal else ""
    if base in _POSTGRES:
        command = _pg_isready(container)
        value: Value = {"exec": {"command": command}, **delays}
        return Fix(f"Add a {kind} probe that runs `pg_isready`", partial(add, container, key, value))
    port = _open_port(container, base)
    if port is None:
        return Fix(f"Add a {kind} probe", partial(_refuse, reason))
    title = f"Add a {kind} probe that connects to port {port.value} ({port.why})"
    return Fix(title, partial(add, container, key, {"tcpSocket": {"port": port.value}, **delays}))


def _pg_isready(container: Container) -> Sequence[str]:
    """With the user that the database has, so that its log does not fill with failed logins."""
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
        return ProbePort(tcp[0].name or int(tcp[0].number), "its only port")
    if not container.ports and base in _KNOWN_PORTS and not container.words:
        return ProbePort(_KNOWN_PORTS[base], f"`{base}` listens there")
    return None


def _refuse(reason: str) -> list[Edit]:
    raise Refused(reason)


def _add_both(container: Container, live: Value, ready: Value) -> list[Edit]:
    return put_all(container.document, container.node, ((LIVENESS, live), (READINESS, ready)), container.head)
