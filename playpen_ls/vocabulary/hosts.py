"""Names of services inside a Kubernetes cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import variable

_END = ".svc.cluster.local"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The lookbehind keeps `%s.apps.svc…` and `${NAME}.apps.svc…` out: their service is not known.
_SERVICE = re.compile(
    rf"(?<![\w.%${{}})-])(?:{_LABEL}\.)?(?P<service>{_LABEL})\.(?P<namespace>{_LABEL})\.svc\.cluster\.local(?![\w-])(?!\.[a-z])"
)
_SHORT = re.compile(rf"(?:{_LABEL}\.)?(?P<service>{_LABEL})\.(?P<namespace>{_LABEL})\.svc")

BACKING_SERVICES = frozenset(
    (
        "postgres postgresql db database mysql mariadb mongo mongodb redis memcached rabbitmq kafka zookeeper "
        "elasticsearch opensearch cassandra clickhouse minio nats etcd consul vault influxdb neo4j couchdb"
    ).split()
)
"""Single-label names under which containers reach their databases and brokers."""


@dataclass(frozen=True, slots=True)
class ServiceHost:
    """A Service's DNS name; `span` is within the text that was searched."""

    service: str
    namespace: str
    span: Span

    @property
    def variable(self) -> str:
        """The environment variable for it: `postgres-svc` → `POSTGRES_HOST`."""
        return variable(re.sub(r"-(svc|service|headless)$", "", self.service)) + "_HOST"


def service_hosts(text: str) -> Iterator[ServiceHost]:
    """Every `[pod.]service.namespace.svc.cluster.local` in a text; the cluster's own API is none."""
    at = text.find(_END)
    while at >= 0:
        # Only the lines that hold one: to try the pattern at every place of a long text takes tens of milliseconds.
        start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
        end = len(text) if end < 0 else end
        for match in _SERVICE.finditer(text, start, end):
            if match["service"] != "kubernetes" or match["namespace"] != "default":
                yield ServiceHost(match["service"], match["namespace"], Span(match.start(), match.end()))
        at = text.find(_END, end)


def short_service_host(host: str) -> ServiceHost | None:
    """`service.namespace.svc`, only where it is the whole host of a URL or of `host:port`."""
    match = _SHORT.fullmatch(host)
    if match is None or (match["service"], match["namespace"]) == ("kubernetes", "default"):
        return None
    return ServiceHost(match["service"], match["namespace"], Span(0, len(host)))
