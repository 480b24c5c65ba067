"""Service hosts in string literals, and the environment variables to read them from."""

from __future__ import annotations

import ast
import re
import sys
from itertools import islice

from playpen_ls.languages.python.model.environment import gives_default
from playpen_ls.languages.python.model.literal_roles import Role
from playpen_ls.languages.python.model.parts import StringLiteral
from playpen_ls.languages.python.syntax.known_names import SETTINGS
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.rules.python._origins import Origins
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words
from playpen_ls.vocabulary.hosts import BACKING_SERVICES, ServiceHost, service_hosts, short_service_host
from playpen_ls.vocabulary.names import snake, variable

_URL = regex(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^\s/@]*@)?(?P<host>[^\s/:?#\0]+)(?P<rest>[^\s]*)", re.IGNORECASE)
_HOST_AND_PORT = regex(r"(?P<host>[\w.-]+)(?P<port>:\d+)?")
_HOST_NAME = regex(r"(?:^|_)(?:host|hostname)$")
_NOT_HOST_NAME = regex(r"allowed_hosts?|server_name|host_header|dedicated_host|virtual_host|trusted_host")
_EVERYWHERE = frozenset(("metadata.google.internal", "host.docker.internal", "gateway.docker.internal"))
"""Host names that a cloud provider or Docker defines, the same in every environment."""
_INTERNAL = regex(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:internal|local)")
_CLIENTS = frozenset((
    "Redis", "StrictRedis", "connect", "create_pool", "MongoClient", "AsyncIOMotorClient", "ConnectionParameters",
    "KafkaProducer", "KafkaConsumer", "AIOKafkaProducer", "AIOKafkaConsumer", "Elasticsearch", "SMTP", "SMTP_SSL",
    "create", "MySQLConnection", "Connection", "ConnectionPool", "MinIO", "Minio",
))  # fmt: skip
_CLIENT_KEYWORDS = frozenset(("host", "hostname", "bootstrap_servers", "hosts", "server", "endpoint"))
_URL_VARIABLES = (
    (regex(r"(?:postgres|mysql|mariadb|mssql|oracle)"), "DATABASE_URL"),
    (regex(r"rediss?$"), "REDIS_URL"),
    (regex(r"amqps?$"), "RABBITMQ_URL"),
    (regex(r"mongodb"), "MONGODB_URI"),
)
_NO_SETTINGS = sys.stdlib_module_names | {"pydantic", "sqlalchemy", "sqlmodel", "attr", "msgspec"}
_SPOKEN = frozenset("debug info warning warn error exception critical fatal log print add_argument help echo".split())


_ISSUER = "OIDC_ISSUER"
_DEX = regex(r"(?::\d+)?/dex(?:$|/\.well-known/)")
_AFTER_HOST = regex(r"(?:-[\w.-]*)?(?::\d+)?[\"']")
_INTERNAL_LITERAL = regex(r"\.(?:internal|local)(?::\d+)?[\"']")
_INTERNAL_WORDS = frozenset(("internal", "local"))


@dataclass(frozen=True)
class Host:
    """A hard-coded host. `variable` is the environment variable for the whole literal.

    `sure` hosts are full service names, the others are guessed from their context. `shape` is "host",
    "host:port", "url", "format" (an f-string that starts with the URL) or "format host" (with placeholders before it).
    """

    name: str
    variable: str
    shape: str
    sure: bool
    service: ServiceHost | None = None

    @property
    def is_identity_provider(self) -> bool:
        """Whether it is a URL of Dex, from which clients read the rest of their configuration."""
        return self.variable == _ISSUER

    @property
    def qualified(self) -> str:
        """The variable's name with the namespace, so that hosts of two namespaces do not share a variable."""
        if self.service is None:
            return self.variable
        stem, _, kind = self.variable.rpartition("_")
        return f"{stem}_{variable(self.service.namespace)}_{kind}"


def may_name_host(words: Words) -> bool:
    """Whether a text with these words can contain such a literal."""
    text = words.text
    if "svc" in words.all and ".svc" in text:
        return True
    for word in words.all & BACKING_SERVICES:
        for quote in "\"'":
            at = text.find(quote + word)
            while at >= 0:
                if _AFTER_HOST.match(text, at + 1 + len(word)):
                    return True
                at = text.find(quote + word, at + 1)
    return words.has_any(_INTERNAL_WORDS) and _INTERNAL_LITERAL.search(text) is not None


def host_in(literal: StringLiteral, origins: Origins) -> Host | None:
    """The host in a literal that sets an address; None for prose, defaults and templates."""
    value = literal.value
    if literal.is_bytes or len(value) > 500:
        return None
    host = _service(value)
    if host is None and not literal.is_format:
        host = _guessed(literal)
    return host if host is not None and _configures(literal, origins) else None


def _service(value: str) -> Host | None:
    if ".svc" not in value:
        return None
    url = _URL.match(value)
    if url:
        found = next(service_hosts(url["host"]), None) or short_service_host(url["host"])
        if found is None or found.span != Span(0, len(url["host"])):
            return None
        if "\0" in value[: url.end("host")]:
            return Host(url["host"], found.variable, "format host", True, found)
        shape = "format" if "\0" in value else "url"
        name = found.variable.removesuffix("_HOST") + "_URL" if shape == "format" else None
        if shape == "url" and found.service == "dex" and _DEX.match(url["rest"]):
            name = _ISSUER
        return Host(
            url["host"],
            name or url_variable(url["scheme"], found.variable.removesuffix("_HOST") + "_URL"),
            shape,
            True,
            found,
        )
    whole = _HOST_AND_PORT.fullmatch(value)
    if not whole:
        return None
    found = next(service_hosts(whole["host"]), None) or short_service_host(whole["host"])
    if found is None or found.span != Span(0, len(whole["host"])):
        return None
    return Host(whole["host"], found.variable, "host:port" if whole["port"] else "host", True, found)


def url_variable(scheme: str, otherwise: str) -> str:
    """The conventional variable for URLs of a scheme, such as `DATABASE_URL`; else `otherwise`."""
    return next((name for pattern, name in _URL_VARIABLES if pattern.match(scheme.lower())), otherwise)


def _guessed(literal: StringLiteral) -> Host | None:
    """A short name such as `redis` in a client's argument or a name that ends in `host`."""
    whole = _HOST_AND_PORT.fullmatch(literal.value)
    if not whole:
        return None
    host = whole["host"]
    backing = host in BACKING_SERVICES or (host.partition("-")[0] in BACKING_SERVICES and "." not in host)
    if not backing and (not _INTERNAL.fullmatch(host) or "xxx" in host or host in _EVERYWHERE):
        return None
    role = _listed(literal) if literal.role.kind == "element" else literal.role
    name = snake(role.name)
    if role.kind == "field":
        return None
    client = role.kind in ("keyword", "argument") and isinstance(role.owner, ast.Call) and is_client(role.owner)
    if role.kind == "argument" and not (client and _is_address(literal, role.owner)):
        return None
    if role.kind == "keyword" and not ((client and name in _CLIENT_KEYWORDS) or name.endswith("_host")):
        return None
    if role.kind in ("assigned", "default", "entry") and not _HOST_NAME.search(name):
        return None
    if role.kind == "entry" and not _beside_connection(role.owner):
        return None
    if role.kind not in ("argument", "keyword", "assigned", "default", "entry"):
        return None
    return Host(host, _guessed_variable(host, name), "host:port" if whole["port"] else "host", False)


def _listed(literal: StringLiteral) -> Role:
    """The role of a one-element list in a client's argument: `bootstrap_servers=["kafka:9092"]`."""
    around = [node for node, _ in islice(literal.above(), 3)]
    match around:
        case [ast.List(elts=[_]), ast.keyword(arg=str(name)), ast.Call() as call] if is_client(call):
            return Role("keyword", name, call)
    return literal.role


def _guessed_variable(host: str, name: str) -> str:
    vague = host in ("db", "database", "host") or "." in host
    if vague and _HOST_NAME.search(name) and name not in ("host", "hostname"):
        return variable(name)
    if host in ("database", "host"):
        return "DB_HOST"
    host = host.partition(".")[0]
    return variable(re.sub(r"-(svc|service|headless)$", "", host)) + "_HOST"


def _is_address(literal: StringLiteral, call: ast.AST | None) -> bool:
    """Whether it is the first argument of a client. The first one of `URL.create` is the driver name."""
    if not isinstance(call, ast.Call) or (dotted(call.func) or "").endswith("URL.create"):
        return False
    return bool(call.args) and call.args[0] is literal.node


def is_client(call: ast.Call) -> bool:
    name = dotted(call.func) or ""
    last = name.rpartition(".")[2]
    if last in ("connect", "Connection", "create", "ConnectionPool", "create_pool"):
        library = name.partition(".")[0].lower()
        return bool(re.match(r"psycopg|asyncpg|pymysql|mysql|aiomysql|mariadb|redis|pika|aio_pika|url$", library))
    return last in _CLIENTS


def _beside_connection(owner: ast.AST | None) -> bool:
    """Whether a dictionary has a user, a port or a similar key besides the host."""
    keys = {
        key.value.lower()
        for key in getattr(owner, "keys", ())
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }
    return bool(keys & {"port", "user", "username", "password", "database", "dbname", "db", "name"})


def _configures(literal: StringLiteral, origins: Origins) -> bool:
    """Whether the literal determines what the program connects to: not a default, a comparison or prose."""
    role = literal.role
    if role.fallback or role.kind in ("compared", "operand", "subscript", "text", "other"):
        return False
    for node, child in literal.above():
        if isinstance(node, ast.stmt):
            break
        if isinstance(node, ast.Call) and child is not node.func:
            last = (dotted(node.func) or "").rpartition(".")[2]
            if gives_default(node) or (last in _SPOKEN and role.name not in ("default",)):
                return False
            if last.endswith(("Error", "Exception", "Warning")) or last in (
                "patch",
                "replace",
                "startswith",
                "endswith",
            ):
                return False
        if isinstance(node, ast.Compare):
            return False
        if isinstance(node, ast.Call) and child is node.func:
            return False  # a method of the literal, such as `"…".format()`
    statement = literal.statement
    if any(_NOT_HOST_NAME.search(snake(name)) for name in (role.name, *_assigned(statement))):
        return False
    if _is_default(literal):
        return False
    if isinstance(statement, (ast.Raise, ast.Assert)) or _written_to_environment(statement):
        return False
    if isinstance(statement, ast.AnnAssign) and "Literal" in ast.dump(statement.annotation):
        return role.kind == "assigned"
    return not (role.kind in ("field", "assigned", "keyword") and settings_class(literal, origins))


def _is_default(literal: StringLiteral) -> bool:
    """Whether it is assigned where the environment, or the same name, has no value: `if not host: host = "…"`."""
    statement = literal.statement
    names = {dotted(target) for target in statement.targets} if isinstance(statement, ast.Assign) else set()
    for node, child in literal.above():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return False
        if isinstance(node, ast.If) and isinstance(child, ast.stmt):
            tested = {dotted(one) for one in ast.walk(node.test) if isinstance(one, (ast.Name, ast.Attribute))}
            if names & (tested - {None}) or _reads_environment(node.test):
                return True
        if isinstance(node, ast.Try) and isinstance(child, ast.ExceptHandler):
            return any(_reads_environment(one) for one in node.body)
    return False


def _reads_environment(node: ast.AST) -> bool:
    return any(
        (one.attr if isinstance(one, ast.Attribute) else one.id) in ("environ", "getenv")
        for one in ast.walk(node)
        if isinstance(one, (ast.Attribute, ast.Name))
    )


def _assigned(statement: ast.stmt | None) -> list[str]:
    """The names that a statement assigns."""
    assigned = statement.targets if isinstance(statement, ast.Assign) else []
    return [(dotted(target) or "").rpartition(".")[2] for target in assigned]


def _written_to_environment(statement: ast.stmt | None) -> bool:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    return isinstance(target, ast.Subscript) and (dotted(target.value) or "").endswith("environ")


def settings_class(literal: StringLiteral, origins: Origins) -> ast.ClassDef | None:
    """The pydantic settings class whose body has the literal: its fields are set from the environment."""
    for node, child in literal.above():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and isinstance(child, ast.stmt):
            return None
        if isinstance(node, ast.ClassDef) and isinstance(child, ast.stmt):
            return node if any(_is_settings(literal, base, origins) for base in node.bases) else None
    return None


def _is_settings(literal: StringLiteral, base: ast.expr, origins: Origins) -> bool:
    if (dotted(base) or "").rpartition(".")[2].endswith("Settings"):
        return True
    origin = origins.of(literal.path, literal.origin(base) or "")
    if origin.partition(".<class>")[0] in SETTINGS:
        return True
    # A field of a class of another package, which can be a settings class.
    root = origin.partition(".")[0]
    return literal.role.kind == "field" and "." in origin and root not in _NO_SETTINGS
