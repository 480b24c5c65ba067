"""Words in names of images and folders: which names are the same, and which images are public programs."""

from __future__ import annotations

import re
from functools import lru_cache

from playpen_ls.text.regex import regex

HOLE = "\ue000"
"""Stands for a variable, a template expression or a placeholder in an image reference."""

PUBLIC = frozenset(
    "postgres redis nginx httpd mysql mariadb mongo rabbitmq memcached busybox alpine ubuntu debian python node golang "
    "openjdk eclipse-temurin php ruby tomcat haproxy traefik caddy elasticsearch kibana logstash influxdb telegraf "
    "zookeeper cassandra nats consul vault registry wordpress ghost nextcloud sonarqube jenkins maven gradle "
    "hello-world adminer neo4j solr couchdb eclipse-mosquitto docker mongo-express amazonlinux centos fedora "
    "rockylinux bash curl composer joomla drupal matomo redmine odoo percona rethinkdb unit varnish znc swarm spark "
    "flink kong storm".split()
)
"""Names of Docker Hub's official library."""
THIRD_PARTY = PUBLIC | frozenset(
    "grafana prometheus alertmanager jaeger all-in-one kafka keycloak minio mc etcd cadvisor node-exporter fluentd "
    "fluent-bit envoy proxyv2 pause postgresql mongodb valkey redis-exporter mysqld-exporter kube-state-metrics "
    "zipkin rabbitmq-exporter otel-collector opentelemetry-collector opentelemetry-collector-contrib loki promtail "
    "tempo argocd argo-rollouts vllm-openai triton-inference-server text-generation-inference ollama kubectl git "
    "mailhog mailpit phpmyadmin pgadmin pgadmin4 localstack selenium schema-registry cp-kafka cp-zookeeper "
    "cloudsql-proxy cloud-sql-proxy gce-proxy metrics-server coredns dashboard nginx-unprivileged nginx-ingress "
    "ingress-nginx cert-manager weaviate qdrant milvus chroma mlflow airflow superset nodejs".split()
)
"""Those, and other programs that many projects deploy and few build."""

NAMELESS = frozenset(("controller",))
"""What the scaffold of every operator calls its image: it is another's, unless the account is the same."""

_DEFAULT = regex(r"\$\{\w+:?-([^${}]*)\}")
_HOLES = regex(
    r"\{\{.*?\}\}|\$\{[^{}]*\}|\$\([^()]*\)|\$\w+|<<[^<>]*>>|<[^<>]*>|__\w+?__|%\(\w+\)s|%\w+%|\{\w+\}|@@?\w+@@?"
)
# Words of placeholders that a reader replaces: `YOUR_REGISTRY`, `PROJECT_ID`, `your-account`.
_PLACEHOLDER = regex(
    r"[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)*|(?:your|my)[-_]\w[\w-]*|.*[-_]your[-_].*|changeme|x{3,}", re.ASCII
)
_WORD = regex(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z][a-z0-9]*|\d+[a-z]*")
GENERIC = frozenset(
    "service services svc srv app apps application api server image img docker container microservice microservices "
    "micro ms web latest prod production k8s kubernetes demo sample example".split()
)
"""Words that add nothing to the name of a service."""
TIERS = frozenset("admin gateway ui frontend backend worker".split())
"""Words for parts of an application that a project builds itself."""
ROLES = TIERS | frozenset(
    "db database data exporter mongo mongodb redis mysql postgres postgresql mariadb cache queue proxy sidecar init "
    "migrate migration migrations job test tests testing loadtest base builder operator client cli agent fix debug "
    "nginx metrics backup seed mock cdn mq rabbitmq kafka broker store".split()
)
"""Words that make another program of a name: `catalogue-db` is not `catalogue`, however many images end in `-db`."""
_VERSION = regex(r"v?\d+")


def is_generic(word: str) -> bool:
    return word in GENERIC or _VERSION.fullmatch(word) is not None


@lru_cache(maxsize=4096)
def with_holes(text: str) -> str:
    """The reference with a HOLE for each variable, template expression or bracketed placeholder."""
    return _HOLES.sub(HOLE, _DEFAULT.sub(r"\1", text))


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: `mediaMicroservices`, `media-microservices` and `media_microservices`."""
    return tuple(match[0].lower() for match in _WORD.finditer(name))


def is_placeholder(text: str) -> bool:
    """Whether a segment of an image reference only says what must be put there."""
    return HOLE in text or _PLACEHOLDER.fullmatch(text) is not None


def run_in(short: tuple[str, ...], long: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The words of `long` before and after `short`, where that is a run of them, else None."""
    if not short:
        return None
    for start in range(len(long) - len(short) + 1):
        if long[start : start + len(short)] == short:
            return long[:start], long[start + len(short) :]
    return None
