"""Protocols and default ports of well-known programs, by image name and port."""

from __future__ import annotations

from playpen_ls.text.regex import regex

HTTP_NAMES = ("http", "web", "api")
# Port names by the convention of Istio and `appProtocol`: the first part is the protocol.
OTHER_NAME = regex(
    r"(?:grpc|tcp|udp|tls|https|amqp|mqtt|postgres\w*|psql|pgsql|mysql|mariadb|redis|mongo\w*|kafka|smtp|ldap|ssh|dns"
    r"|db|database|client|peer|transport|backend|nats|stomp|cql|thrift|nfs|mountd|rpcbind|nlockmgr|statd|rquotad"
    r"|webhook)(?:-.*)?"
)
OTHER_PORTS = {
    "5432": "PostgreSQL", "3306": "MySQL", "6379": "Redis", "27017": "MongoDB", "11211": "memcached", "5672": "AMQP",
    "9092": "Kafka", "2181": "ZooKeeper", "9042": "Cassandra", "50051": "gRPC", "22": "SSH", "25": "SMTP", "53": "DNS",
    "443": "TLS", "8443": "TLS", "6443": "TLS", "1883": "MQTT", "389": "LDAP", "1433": "SQL Server",
}  # fmt: skip
OTHER_IMAGES = frozenset(
    "postgres postgresql postgis timescaledb pgbouncer redis valkey mysql mariadb percona mongo mongodb memcached "
    "rabbitmq kafka zookeeper cassandra etcd nats mosquitto busybox alpine pause".split()
)
# A container that also listens on one of their ports is that program, and so are its other ports.
SERVERS = frozenset("PostgreSQL MySQL Redis MongoDB memcached AMQP Kafka ZooKeeper Cassandra".split())
# Their stock images answer with 404 for all paths except those of the configured sites.
SITE_SERVERS = frozenset("nginx httpd tomcat haproxy traefik caddy envoy".split())
# The default ports of these programs.
KNOWN_PORTS = {
    "redis": 6379, "valkey": 6379, "mysql": 3306, "mariadb": 3306, "percona": 3306, "mongo": 27017, "mongodb": 27017,
    "memcached": 11211, "rabbitmq": 5672, "zookeeper": 2181, "cassandra": 9042, "nats": 4222, "mosquitto": 1883,
    "postgres": 5432, "postgresql": 5432, "postgis": 5432, "timescaledb": 5432,
}  # fmt: skip
