from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import ContainerImage
from playpen_ls.vocabulary.images import ImageReference

# Databases, brokers, proxies and agents that are commonly run from their public image.
_PUBLIC = frozenset(
    "postgres postgresql postgis timescaledb pgbouncer redis valkey mysql mariadb mongo mongodb memcached rabbitmq "
    "kafka zookeeper cassandra clickhouse elasticsearch opensearch minio nats etcd consul vault nginx httpd haproxy "
    "traefik envoy busybox alpine opentelemetry-collector opentelemetry-collector-contrib otel-collector fluent-bit "
    "fluentd prometheus grafana jaeger kubectl curl pause oauth2-proxy".split()
)


def deployment(image: str, namespace: str = "playpen-apps") -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: {namespace}}}\nspec:\n"
        f"  template:\n    spec:\n      containers:\n        - name: web\n          image: {image}\n"
    )


@rule(
    severity=Severity.INFORMATION,
    practice="Image tagging",
    like={"polaris": ["imageRegistry"]},
    bad=[
        deployment("«docker.io»/acme/web:1.0.0"),
        deployment("'«acme/web»:1.0.0'"),
        deployment("«ghcr.io»/acme/web@sha256:0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e0b5e"),
    ],
    good=[
        deployment("nexus:5000/web:1.0.0"),
        deployment("playpen/python-base:latest"),
        deployment("postgres:16.4"),
        deployment("docker.io/library/redis:7.4"),
        deployment("docker.io/acme/web:1.0.0", "other"),
        deployment("${REGISTRY}/web:1.0.0"),
        deployment("docker.io/acme/web:1.0.0").replace("kind: Deployment", "kind: Pod").replace("apps/v1", "v1"),
    ],
)
def foreign_registry(image: ContainerImage, platform: Platform) -> Iterator[Finding]:
    """Application image does not come from the platform registry.

    The platform registry contains the images that the platform's pipeline has built and pushed. Another registry can
    be unavailable, or serve another image under the same tag. Reported only if `metadata.namespace` is the platform's
    namespace for applications. Not reported for databases, brokers, proxies and agents that are commonly run from
    their public image.
    """
    workload = image.container.workload
    apps = platform.namespaces.get("apps", "")
    if not apps or workload.namespace != apps or workload.kind in ("Pod", "ReplicaSet", "ReplicationController"):
        return
    reference = ImageReference.parse(image.scalar.value)
    own = platform.owns(reference) or reference.registry == platform.registry
    if own or reference.variable or not reference.path or reference.base in _PUBLIC:
        return
    words = reference.registry or reference.path
    span = image.document.part(image.scalar, 0, len(words))
    yield Finding(span, f"image `{reference.text}` is not from the platform registry `{platform.registry}`")
