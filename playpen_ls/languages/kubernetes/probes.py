"""Liveness and readiness: where a probe is missing, and which one would be right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from playpen_ls.facts import Facts, Overlay
from playpen_ls.finding import Refused, Severity
from playpen_ls.languages.kubernetes.application import Application
from playpen_ls.languages.kubernetes.insertion import put
from playpen_ls.languages.kubernetes.judgement import Selections, is_selected, lacks
from playpen_ls.languages.kubernetes.rendering import Value
from playpen_ls.languages.kubernetes.resources import Container, Port
from playpen_ls.source import Edit
from playpen_ls.vocabulary.images import ImageReference

LIVENESS, READINESS = "livenessProbe", "readinessProbe"
_HTTP_NAMES = ("http", "web", "api")
# Port names as Istio and Kubernetes' appProtocol have them: their first part is the protocol.
_OTHER_NAME = re.compile(
    r"(?:grpc|tcp|udp|tls|https|amqp|mqtt|postgres\w*|psql|pgsql|mysql|mariadb|redis|mongo\w*|kafka|smtp|ldap|ssh|dns"
    r"|db|database|client|peer|transport|backend|nats|stomp|cql|thrift|nfs|mountd|rpcbind|nlockmgr|statd|rquotad)(?:-.*)?"
)
_OTHER_PORTS = {
    "5432": "PostgreSQL", "3306": "MySQL", "6379": "Redis", "27017": "MongoDB", "11211": "memcached", "5672": "AMQP",
    "9092": "Kafka", "2181": "ZooKeeper", "9042": "Cassandra", "50051": "gRPC", "22": "SSH", "25": "SMTP", "53": "DNS",
    "443": "TLS", "8443": "TLS", "6443": "TLS", "1883": "MQTT", "389": "LDAP", "1433": "SQL Server",
}  # fmt: skip
_OTHER_IMAGES = frozenset(
    "postgres postgresql postgis timescaledb pgbouncer redis valkey mysql mariadb percona mongo mongodb memcached "
    "rabbitmq kafka zookeeper cassandra etcd nats mosquitto busybox alpine pause".split()
)
# Who listens on one of these beside other ports is that program, and its other ports are its own too.
_SERVERS = frozenset("PostgreSQL MySQL Redis MongoDB memcached AMQP Kafka ZooKeeper Cassandra".split())
# Their stock images answer every path but those of their own sites with 404.
_SITE_SERVERS = frozenset("nginx httpd tomcat haproxy traefik caddy envoy".split())
_PORT_WORD = re.compile(r"(?:--port|--bind|-b)(?:=|\s+)(?:[\w.\[\]:]*:)?(\d{2,5})(?!\S)")
# `--host=127.0.0.1`, `--web.listen-address=localhost:9101`; `--upstream=http://127.0.0.1:80` is what it calls.
_LOOPBACK = re.compile(
    r"(?<!\S)(?:--?[\w.-]{0,40}(?:host|listen|bind|addr)[\w.-]{0,40}|-b)(?:=|\s+)[\"']?"
    r"(?:127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)(?![\w.])"
)


class Probe(Protocol):
    """An HTTP probe as the platform recommends it; delays and periods in seconds."""

    @property
    def path(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def initialDelaySeconds(self) -> int: ...
    @property
    def periodSeconds(self) -> int: ...


@dataclass(frozen=True)
class ProbePort:
    """`value` is a number or a port's name, `why` says where it comes from; `number` is 0 where it is not known."""

    value: int | str
    why: str
    number: int = 0
    assumed: bool = False


class NotServed(Refused):
    """The application is known, and would not answer."""


class SeveralPorts(Refused):
    """Each of `ports` may be the one that answers HTTP."""

    def __init__(self, reason: str, ports: tuple[ProbePort, ...]) -> None:
        super().__init__(reason)
        self.ports = ports


def missing(container: Container, key: str, selections: Selections, overlays: Facts[Overlay]) -> Severity | None:
    """How much it matters that the container has no such probe; None if it needs none."""
    workload = container.workload
    if container.role == "init" or workload.managed or workload.is_hook or not lacks(container, key, overlays):
        return None
    if workload.runs_to_its_end:
        is_job = workload.group == "batch"
        return Severity.HINT if container.role == "sidecar" and is_job else None
    if container.ports:
        return Severity.WARNING
    if _is_beside_server(container):
        return Severity.HINT
    if key == LIVENESS or workload.kind == "StatefulSet" or is_selected(workload, selections):
        return Severity.WARNING
    return Severity.HINT


def probe_value(probe: Probe, path: str, port: ProbePort) -> Value:
    """The platform's probe, but of this path and port."""
    return {
        "httpGet": {"path": path, "port": port.value},
        "initialDelaySeconds": probe.initialDelaySeconds,
        "periodSeconds": probe.periodSeconds,
    }


def add(container: Container, key: str, value: Value) -> list[Edit]:
    """Insert a probe. Raises Refused."""
    behind = (LIVENESS, *container.head) if key == READINESS else container.head
    return put(container.document, container.node, (key,), value, behind)


def port_of(container: Container, default: int, application: Application | None) -> ProbePort:
    """The port that answers HTTP. Raises Refused where there is none, SeveralPorts where there is no telling which."""
    image = container.image
    reference = ImageReference.parse(image.value) if image is not None and image.literal else None
    if reference is not None and reference.base in _OTHER_IMAGES:
        raise Refused(f"`{reference.base}` does not speak HTTP: probe it with a command or `tcpSocket`")
    if reference is not None and reference.name in _SITE_SERVERS:
        raise Refused(f"which path `{reference.name}` serves is up to its configuration")
    probed = _probed(container)
    if probed is not None:
        return probed
    listening = _LOOPBACK.search(" ".join(word.value for word in container.words)) if not container.ports else None
    if listening:
        raise Refused(f"`{listening[0]}` lets only the pod's own containers ask it")
    ports = [port for port in container.ports if port.protocol == "TCP" and port.number.isdigit()]
    if not container.ports:
        return _undeclared(container, default, application)
    port = _declared(ports, default)
    known = application.ports if application is not None else None
    if known is not None and known.served and port.number not in known.open:
        numbers = ", ".join(str(number) for number in sorted(known.served))
        raise NotServed(f"the image's program listens on {numbers}, not on port {port.number}")
    return port


def _is_beside_server(container: Container) -> bool:
    """Another container of the pod is the one that answers requests."""
    return any(
        other.ports or _probed(other) is not None
        for other in container.workload.containers
        if other.role != "init" and other.node is not container.node
    )


def _probed(container: Container) -> ProbePort | None:
    for key in (LIVENESS, READINESS, "startupProbe"):
        request = container.node.mapping(key, "httpGet")
        port = request.scalar("port") if request is not None else None
        if port is not None and port.literal:
            value: int | str = int(port.value) if port.value.isdigit() else port.value
            return ProbePort(value, f"as in its {key}")
    return None


def _declared(ports: list[Port], default: int) -> ProbePort:
    for port in ports:
        if port.name in _HTTP_NAMES:
            return ProbePort(port.name, "the named port", int(port.number))
    speaking = [port for port in ports if not _speaks_other(port)]
    if not speaking:
        raise Refused(f"port {ports[0].number} is {_speaks_other(ports[0])}" if ports else "it declares no TCP port")
    if len(ports) == 1:
        port = ports[0]
        return ProbePort(port.name or int(port.number), "its only port", int(port.number))
    for port in speaking:
        if port.number == str(default):
            return ProbePort(port.name or default, "the platform's port among several", default)
    for port in ports:
        if not port.name.startswith("http") and _OTHER_PORTS.get(port.number) in _SERVERS:
            raise Refused(f"port {port.number} is {_speaks_other(port)}")
    numbers = ", ".join(port.number for port in ports)
    choice = tuple(ProbePort(port.name or int(port.number), "one of several", int(port.number)) for port in speaking)
    raise SeveralPorts(f"it has several ports ({numbers}), and none is named http", choice)


def _speaks_other(port: Port) -> str:
    if port.name and _OTHER_NAME.fullmatch(port.name):
        return f"named `{port.name}`, so it does not speak plain HTTP"
    known = "" if port.name.startswith("http") else _OTHER_PORTS.get(port.number, "")
    return f"{known}'s, not plain HTTP" if known else ""


def _undeclared(container: Container, default: int, application: Application | None) -> ProbePort:
    found = _PORT_WORD.search(" ".join(word.value for word in container.words))
    if found:
        return ProbePort(int(found[1]), "from its arguments")
    variable = container.environment.get("PORT", "")
    if variable.isdigit():
        return ProbePort(int(variable), "from `PORT`")
    if application is not None:
        ports = application.ports
        numbers = ports.served or ports.open
        if len(numbers) == 1:
            (number,) = numbers
            path = ports.place.path if ports.served and ports.place is not None else application.dockerfile
            return ProbePort(number, f"from {path}", number)
    if _is_beside_server(container):
        raise Refused("it declares no port, and stands beside a container that serves")
    return ProbePort(default, "assumed: it declares no port", assumed=True)
