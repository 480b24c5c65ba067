"""Names of services inside a Kubernetes cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import variable

_END = ".svc.cluster.local"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The lookbehind excludes `%s.apps.svc…` and `${NAME}.apps.svc…`: their service is unknown.
_SERVICE = regex(
    rf"(?<![\w.%${{}})-])(?:{_LABEL}\.)?(?P<service>{_LABEL})\.(?P<namespace>{_LABEL})\.svc\.cluster\.local(?![\w-])(?!\.[a-z])"
)
_SHORT = regex(rf"(?:{_LABEL}\.)?(?P<service>{_LABEL})\.(?P<namespace>{_LABEL})\.svc")

BACKING_SERVICES = frozenset(
    (
        "postgres postgresql db database mysql mariadb mongo mongodb redis memcached rabbitmq kafka zookeeper "
        "elasticsearch opensearch cassandra clickhouse minio nats etcd consul vault influxdb neo4j couchdb"
    ).split()
)
"""Common single-label host names of databases and brokers."""


@dataclass(frozen=True, slots=True)
class ServiceHost:
    """The DNS name of a Service; `span` is relative to the searched text."""

    service: str
    namespace: str
    span: Span

    @property
    def variable(self) -> str:
        """The environment variable for it: `postgres-svc` → `POSTGRES_HOST`."""
        return variable(re.sub(r"-(svc|service|headless)$", "", self.service)) + "_HOST"


def service_hosts(text: str) -> Iterator[ServiceHost]:
    """Every `[pod.]service.namespace.svc.cluster.local` in a text, except the Kubernetes API."""
    at = text.find(_END)
    while at >= 0:
        # Only lines with this suffix: matching the pattern at every position of a long text takes tens of milliseconds.
        start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
        end = len(text) if end < 0 else end
        for match in _SERVICE.finditer(text, start, end):
            if match["service"] != "kubernetes" or match["namespace"] != "default":
                yield ServiceHost(match["service"], match["namespace"], Span(match.start(), match.end()))
        at = text.find(_END, end)


def short_service_host(host: str) -> ServiceHost | None:
    """Parse `service.namespace.svc`; only for the whole host of a URL or of `host:port`."""
    match = _SHORT.fullmatch(host)
    if match is None or (match["service"], match["namespace"]) == ("kubernetes", "default"):
        return None
    return ServiceHost(match["service"], match["namespace"], Span(0, len(host)))
