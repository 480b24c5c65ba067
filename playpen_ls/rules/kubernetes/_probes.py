"""Liveness and readiness probes: which containers need one, and with which port."""

from __future__ import annotations

from typing import Protocol

from playpen_ls.api.finding import Refused, Severity
from playpen_ls.languages.kubernetes.edits.insert import put
from playpen_ls.languages.kubernetes.model.resources import Container, Port
from playpen_ls.languages.kubernetes.syntax.writer import Value
from playpen_ls.rules.kubernetes._application import Application, Code, application_of, shown_paths
from playpen_ls.rules.kubernetes._completeness import Absence, Lack, is_missing
from playpen_ls.rules.kubernetes._namespaces import Selections, is_selected, serving
from playpen_ls.rules.kubernetes._programs import (
    HTTP_NAMES,
    OTHER_IMAGES,
    OTHER_NAME,
    OTHER_PORTS,
    SERVERS,
    SITE_SERVERS,
)
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.images import ImageReference

LIVENESS, READINESS = "livenessProbe", "readinessProbe"
_PORT_WORD = regex(r"(?:--port|--bind|-b)(?:=|\s+)(?:[\w.\[\]:]*:)?(\d{2,5})(?!\S)")
# `--certfile`, `--ssl-keyfile`, `--tls-private-key-file`; an `--api-key-file` is for something else.
_TLS = regex(
    r"(?<!\S)--?(?:[\w.-]{0,20}(?:tls|ssl)[\w.-]{0,20}(?:key|cert)[\w.-]{0,20}|cert-?file|key-?file)(?=[=\s]|\Z)"
)
# A shell that only waits: a pod for `kubectl exec`, or one that keeps a node's settings.
_WAITING = regex(
    r"(?:(?:/?bin/)?(?:ba|da|a)?sh -[a-z]*c )?(?:echo [^;&|]*(?:;|&&) ?)?(?:exec |trap [^;]{1,40}; ?)?"
    r"(?:(?:(?:/usr)?/bin/)?sleep \w+|tail -[fF] /dev/null|while (?:true|:) ?; ?do (?:sleep \w+|:) ?;? ?done)"
    r"(?: ?& wait)? ?;?"
)
# `--host=127.0.0.1`, `--web.listen-address=localhost:9101`; `--upstream=http://127.0.0.1:80` is a client address.
_LOOPBACK = regex(
    r"(?<!\S)(?:--?[\w.-]{0,40}(?:host|listen|bind|addr)[\w.-]{0,40}|-b)(?:=|\s+)[\"']?"
    r"(?:127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)(?![\w.])"
)


class Probe(Protocol):
    """An HTTP probe as recommended by the platform; delays and periods in seconds."""

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
    """`value` is a port number or name, `why` is its source; `number` is 0 if unknown."""

    value: int | str
    why: str
    number: int = 0
    assumed: bool = False


@dataclass(frozen=True)
class ProbeContext:
    """What other files say about a container.

    `serving` are the target ports of its Services, `shown` are (key of the probe, path, source) of what probes of its
    image request.
    """

    application: Application | None = None
    serving: tuple[int, ...] = ()
    shown: tuple[tuple[str, str, str], ...] = ()


def context_of(container: Container, code: Code, selections: Selections) -> ProbeContext:
    application = application_of(container, code)
    shown = shown_paths(container, code, application)
    return ProbeContext(application, serving(container.workload, selections), shown)


class NotServed(Refused):
    """The application is known and does not answer such a probe."""


class NoPath(Refused):
    """The paths that the program serves are unknown; each of `ports` could be the one that it serves."""

    def __init__(self, ports: tuple[ProbePort, ...], reason: str) -> None:
        super().__init__(reason or "the paths that the program serves are unknown")
        self.ports = ports


class SeveralPorts(Refused):
    """Each of `ports` could be the HTTP port."""

    def __init__(self, reason: str, ports: tuple[ProbePort, ...]) -> None:
        super().__init__(reason)
        self.ports = ports


def only_waits(container: Container) -> bool:
    """Whether the container cannot hang: it only sleeps, or runs an interactive shell."""
    if container.ports:
        return False
    if not container.words:
        image = container.image
        paused = image is not None and image.literal and ImageReference.parse(image.value).base == "pause"
        return paused or (container.node.true("stdin") and container.node.true("tty"))
    return _WAITING.fullmatch(" ".join(" ".join(word.value.split()) for word in container.words)) is not None


def missing(
    container: Container, key: str, selections: Selections, absence: Absence
) -> Lack[Container, Severity] | None:
    """The severity of the missing probe `key`; None if the container has it or needs none."""
    return absence.lack(container, lambda one: _severity(one, key, selections), key)


def _severity(container: Container, key: str, selections: Selections) -> Severity | None:
    workload = container.workload
    if container.role == "init" or workload.managed or workload.is_hook or not is_missing(container, key):
        return None
    if only_waits(container):
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
    """The platform's probe with this path and port."""
    return {
        "httpGet": {"path": path, "port": port.value},
        "initialDelaySeconds": probe.initialDelaySeconds,
        "periodSeconds": probe.periodSeconds,
    }


def add(container: Container, key: str, value: Value) -> list[Edit]:
    """Insert a probe. Raises Refused."""
    behind = (LIVENESS, *container.head) if key == READINESS else container.head
    return put(container.document, container.node, (key,), value, behind)


def port_of(container: Container, default: int, context: ProbeContext) -> ProbePort:
    """The HTTP port. Raises Refused if there is none, SeveralPorts if it cannot be determined."""
    image = container.image
    reference = ImageReference.parse(image.value) if image is not None and image.literal else None
    if reference is not None and reference.base in OTHER_IMAGES:
        raise Refused(f"`{reference.base}` does not serve HTTP; use an `exec` or `tcpSocket` probe")
    if reference is not None and reference.name in SITE_SERVERS:
        raise Refused(f"the paths that `{reference.name}` serves depend on its configuration")
    probed = probed_port(container)
    if probed is not None:
        return probed
    listening = _LOOPBACK.search(" ".join(word.value for word in container.words)) if not container.ports else None
    if listening:
        raise Refused(f"`{listening[0]}` binds to the loopback interface, which the kubelet cannot reach")
    ports = [port for port in container.ports if port.protocol == "TCP" and port.number.isdigit()]
    encrypted = _TLS.search(" ".join(word.value for word in container.words))
    if encrypted and not any(port.name in HTTP_NAMES for port in ports):
        raise Refused(f"the container serves TLS (`{encrypted[0]}`)")
    if not container.ports:
        return _undeclared(container, default, context)
    port = _declared(ports, default)
    known = context.application.ports if context.application is not None else None
    if known is not None and known.served and port.number not in known.open:
        numbers = ", ".join(str(number) for number in sorted(known.served))
        raise NotServed(f"the image's program listens on {numbers}, not on port {port.number}")
    return port


def _is_beside_server(container: Container) -> bool:
    """Whether another container of the pod serves requests."""
    return any(
        other.ports or probed_port(other) is not None
        for other in container.workload.containers
        if other.role != "init" and other.node is not container.node
    )


def probed_port(container: Container) -> ProbePort | None:
    for key in (LIVENESS, READINESS, "startupProbe"):
        request = container.node.mapping(key, "httpGet")
        port = request.scalar("port") if request is not None else None
        if port is not None and port.literal:
            value: int | str = int(port.value) if port.value.isdigit() else port.value
            return ProbePort(value, f"as in `{key}`")
    return None


def _declared(ports: list[Port], default: int) -> ProbePort:
    for port in ports:
        if port.name in HTTP_NAMES:
            return ProbePort(port.name, "a named port", int(port.number))
    speaking = [port for port in ports if not _speaks_other(port)]
    if not speaking:
        raise Refused(f"port {ports[0].number} is {_speaks_other(ports[0])}" if ports else "no TCP port is declared")
    if len(ports) == 1:
        port = ports[0]
        return ProbePort(port.name or int(port.number), "the only declared port", int(port.number))
    for port in speaking:
        if port.number == str(default):
            return ProbePort(port.name or default, "the platform's default", default)
    for port in ports:
        if not port.name.startswith("http") and OTHER_PORTS.get(port.number) in SERVERS:
            raise Refused(f"port {port.number} is {_speaks_other(port)}")
    numbers = ", ".join(port.number for port in ports)
    choice = tuple(ProbePort(port.name or int(port.number), "one of several", int(port.number)) for port in speaking)
    raise SeveralPorts(f"several ports are declared ({numbers}), and none is named `http`, `web` or `api`", choice)


def _speaks_other(port: Port) -> str:
    if port.name and OTHER_NAME.fullmatch(port.name):
        return f"named `{port.name}`, so it does not serve plain HTTP"
    known = "" if port.name.startswith("http") else OTHER_PORTS.get(port.number, "")
    return f"the {known} port, not plain HTTP" if known else ""


def _undeclared(container: Container, default: int, context: ProbeContext) -> ProbePort:
    found = _PORT_WORD.search(" ".join(word.value for word in container.words))
    if found and found[1] in OTHER_PORTS:
        raise Refused(f"port {found[1]} is the {OTHER_PORTS[found[1]]} port, not plain HTTP")
    if found:
        return ProbePort(int(found[1]), "from the arguments")
    variable = container.environment.get("PORT", "")
    if variable.isdigit():
        return ProbePort(int(variable), "from variable `PORT`")
    if context.application is not None:
        ports = context.application.ports
        numbers = ports.served or ports.open
        if len(numbers) == 1:
            (number,) = numbers
            path = ports.place.path if ports.served and ports.place is not None else context.application.dockerfile
            return ProbePort(number, f"from `{path}`", number)
    if _is_beside_server(container):
        raise Refused("no port is declared, and another container of the pod serves requests")
    if context.serving and all(other.role == "init" or other is container for other in container.workload.containers):
        return _served(context.serving, default)
    return ProbePort(default, "assumed, no port is declared", assumed=True)


def _served(serving: tuple[int, ...], default: int) -> ProbePort:
    """The port that Services target. Raises Refused or SeveralPorts."""
    why = "the target of its Service"
    speaking = [number for number in serving if str(number) not in OTHER_PORTS]
    if not speaking:
        raise Refused(f"port {serving[0]} is the {OTHER_PORTS[str(serving[0])]} port, not plain HTTP")
    if len(speaking) == 1 or default in speaking:
        number = default if default in speaking else speaking[0]
        return ProbePort(number, why, number)
    numbers = ", ".join(map(str, serving))
    raise SeveralPorts(
        f"its Services target several ports ({numbers})",
        tuple(ProbePort(number, why, number) for number in speaking),
    )
