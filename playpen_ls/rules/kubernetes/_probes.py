"""Liveness and readiness: where a probe is missing, and which one would be right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from playpen_ls.api.fact_types import Overlay
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Refused, Severity
from playpen_ls.languages.kubernetes.edits.insert import put
from playpen_ls.languages.kubernetes.model.resources import Container, Port
from playpen_ls.languages.kubernetes.syntax.writer import Value
from playpen_ls.rules.kubernetes._application import Application
from playpen_ls.rules.kubernetes._completeness import lacks
from playpen_ls.rules.kubernetes._namespaces import Selections, is_selected
from playpen_ls.rules.kubernetes._programs import (
    HTTP_NAMES,
    OTHER_IMAGES,
    OTHER_NAME,
    OTHER_PORTS,
    SERVERS,
    SITE_SERVERS,
)
from playpen_ls.text.edit import Edit
from playpen_ls.vocabulary.images import ImageReference

LIVENESS, READINESS = "livenessProbe", "readinessProbe"
_PORT_WORD = re.compile(r"(?:--port|--bind|-b)(?:=|\s+)(?:[\w.\[\]:]*:)?(\d{2,5})(?!\S)")
# `--certfile`, `--ssl-keyfile`, `--tls-private-key-file`; an `--api-key-file` is for something else.
_TLS = re.compile(
    r"(?<!\S)--?(?:[\w.-]{0,20}(?:tls|ssl)[\w.-]{0,20}(?:key|cert)[\w.-]{0,20}|cert-?file|key-?file)(?=[=\s]|\Z)"
)
# A shell that waits, whatever for: a pod that somebody enters, or one that keeps a node's settings.
_WAITING = re.compile(
    r"(?:(?:/?bin/)?(?:ba|da|a)?sh -[a-z]*c )?(?:echo [^;&|]*(?:;|&&) ?)?(?:exec |trap [^;]{1,40}; ?)?"
    r"(?:(?:(?:/usr)?/bin/)?sleep \w+|tail -[fF] /dev/null|while (?:true|:) ?; ?do (?:sleep \w+|:) ?;? ?done)"
    r"(?: ?& wait)? ?;?"
)
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


@dataclass(frozen=True)
class Told:
    """What other files say of a container: its application, and the ports that Services send requests to."""

    application: Application | None = None
    serving: tuple[int, ...] = ()


class NotServed(Refused):
    """The application is known, and would not answer."""


class SeveralPorts(Refused):
    """Each of `ports` may be the one that answers HTTP."""

    def __init__(self, reason: str, ports: tuple[ProbePort, ...]) -> None:
        super().__init__(reason)
        self.ports = ports


def only_waits(container: Container) -> bool:
    """Nothing in it can hang: it sleeps, or is a shell for somebody at a terminal."""
    if container.ports:
        return False
    if not container.words:
        image = container.image
        paused = image is not None and image.literal and ImageReference.parse(image.value).base == "pause"
        return paused or (container.node.true("stdin") and container.node.true("tty"))
    return _WAITING.fullmatch(" ".join(" ".join(word.value.split()) for word in container.words)) is not None


def missing(container: Container, key: str, selections: Selections, overlays: Facts[Overlay]) -> Severity | None:
    """How much it matters that the container has no such probe; None if it needs none."""
    workload = container.workload
    if container.role == "init" or workload.managed or workload.is_hook or not lacks(container, key, overlays):
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


def port_of(container: Container, default: int, told: Told) -> ProbePort:
    """The port that answers HTTP. Raises Refused where there is none, SeveralPorts where there is no telling which."""
    image = container.image
    reference = ImageReference.parse(image.value) if image is not None and image.literal else None
    if reference is not None and reference.base in OTHER_IMAGES:
        raise Refused(f"`{reference.base}` does not speak HTTP: probe it with a command or `tcpSocket`")
    if reference is not None and reference.name in SITE_SERVERS:
        raise Refused(f"which path `{reference.name}` serves is up to its configuration")
    probed = _probed(container)
    if probed is not None:
        return probed
    listening = _LOOPBACK.search(" ".join(word.value for word in container.words)) if not container.ports else None
    if listening:
        raise Refused(f"`{listening[0]}` lets only the pod's own containers ask it")
    ports = [port for port in container.ports if port.protocol == "TCP" and port.number.isdigit()]
    encrypted = _TLS.search(" ".join(word.value for word in container.words))
    if encrypted and not any(port.name in HTTP_NAMES for port in ports):
        raise Refused(f"`{encrypted[0]}` says that it speaks TLS")
    if not container.ports:
        return _undeclared(container, default, told)
    port = _declared(ports, default)
    known = told.application.ports if told.application is not None else None
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
        if port.name in HTTP_NAMES:
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
        if not port.name.startswith("http") and OTHER_PORTS.get(port.number) in SERVERS:
            raise Refused(f"port {port.number} is {_speaks_other(port)}")
    numbers = ", ".join(port.number for port in ports)
    choice = tuple(ProbePort(port.name or int(port.number), "one of several", int(port.number)) for port in speaking)
    raise SeveralPorts(f"it has several ports ({numbers}), and none is named http", choice)


def _speaks_other(port: Port) -> str:
    if port.name and OTHER_NAME.fullmatch(port.name):
        return f"named `{port.name}`, so it does not speak plain HTTP"
    known = "" if port.name.startswith("http") else OTHER_PORTS.get(port.number, "")
    return f"{known}'s, not plain HTTP" if known else ""


def _undeclared(container: Container, default: int, told: Told) -> ProbePort:
    found = _PORT_WORD.search(" ".join(word.value for word in container.words))
    if found and found[1] in OTHER_PORTS:
        raise Refused(f"port {found[1]} is {OTHER_PORTS[found[1]]}'s, not plain HTTP")
    if found:
        return ProbePort(int(found[1]), "from its arguments")
    variable = container.environment.get("PORT", "")
    if variable.isdigit():
        return ProbePort(int(variable), "from `PORT`")
    if told.application is not None:
        ports = told.application.ports
        numbers = ports.served or ports.open
        if len(numbers) == 1:
            (number,) = numbers
            path = ports.place.path if ports.served and ports.place is not None else told.application.dockerfile
            return ProbePort(number, f"from {path}", number)
    if _is_beside_server(container):
        raise Refused("it declares no port, and stands beside a container that serves")
    if told.serving and all(other.role == "init" or other is container for other in container.workload.containers):
        return _served(told.serving, default)
    return ProbePort(default, "assumed: it declares no port", assumed=True)


def _served(serving: tuple[int, ...], default: int) -> ProbePort:
    """The port that Services send requests to."""
    why = "where its Service sends requests"
    speaking = [number for number in serving if str(number) not in OTHER_PORTS]
    if not speaking:
        raise Refused(f"port {serving[0]} is {OTHER_PORTS[str(serving[0])]}'s, not plain HTTP")
    if len(speaking) == 1 or default in speaking:
        number = default if default in speaking else speaking[0]
        return ProbePort(number, why, number)
    numbers = ", ".join(map(str, serving))
    raise SeveralPorts(
        f"its Services send requests to several ports ({numbers})",
        tuple(ProbePort(number, why, number) for number in speaking),
    )
