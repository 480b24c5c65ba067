"""Definitions in which nothing stands that any rule or fact could come from: they need not be parsed.

A look at the words costs a fiftieth of parsing them, and most definitions of most programs are idle.
Whoever adds a part or a fact adds the words here by which its text is known.
"""

from __future__ import annotations

import re

_TELLING = (
    *("getenv", "environ", "env(", "env.", "config(", "setdefault", "dotenv", "read_env", "Settings"),
    *("route", "Route", "FastAPI", "Flask", "Quart", "Starlette", "Litestar", "Sanic", "Application(", "Blueprint"),
    *("urlpatterns", "mount", "Mount", "add_get", "add_post", "add_view", "add_resource", "add_api", "add_url_rule"),
    *("register_", "register(", "setup(", "configure(", "include", "(app", ", app", "path("),
    *("port=", "port =", "_port", "uvicorn", "listen(", "_server(", "app.run(", "application.run(", "server.run("),
    *("run_app(", "serve("),
)  # fmt: skip
_WORDS = (
    *("print", "debug(", "info(", "warning(", "warn(", "error(", "exception(", "critical(", "fatal(", "log("),
    *("basicConfig", "create_engine", "create_async_engine", "create_all", "drop_all", "ogger"),
    *("SQLAlchemy", *_TELLING),
    *("AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "k_live_", "sk-"),
    *("AIza", "SG.", "pypi-", "npm_", "eyJ", "PRIVATE KEY"),
)  # fmt: skip
_IN_ANY_CASE = (
    *(".svc", ".internal", ".local", "redis", "postgres", "mysql", "mariadb", "mongo", "memcached", "rabbitmq"),
    *("kafka", "zookeeper", "elastic", "opensearch", "cassandra", "clickhouse", "minio", "nats", "etcd", "consul"),
    *("vault", "influx", "neo4j", "couchdb", '"db', "'db", '"database', "'database"),
    *("passw", "paswo", "passphrase", "pwd", "token", "secret", "credential", "_pat", "_pass"),
    *("pass=", "pass =", 'pass"', "pass'", "pass:", "api_key", "apikey", "api-key", "access_key", "accesskey"),
    *("access-key", "private_key", "privatekey", "private-key"),
)
_WEAK = ("key", "auth", "salt")
_LONG_LITERAL = re.compile(r"[\"'][A-Za-z0-9+/_=-]{20,}[\"']")
_DECORATED = re.compile(r"@[\w.]+\.(?:get|post|put|delete|patch|head|options|websocket|view)\s*\(")
_HEAD = re.compile(
    r"^(?:(?:async[ \t]+)?def[ \t]+(?P<function>\w+)[ \t]*\("
    r"|class[ \t]+(?P<type>\w+)[ \t]*(?:\([ \t]*(?:(?P<base>[A-Za-z_][\w.]*)[ \t]*(?:,[^=\n]*)?)?\))?[ \t]*:)",
    re.MULTILINE,
)


def definition(text: str) -> tuple[str, str | None] | None:
    """(its name, its first base) of a function or class whose head says so, else None."""
    if not text.startswith(("@", "def ", "async def ", "class ")):
        return None
    head = _HEAD.search(text)
    if head is None or (text[0] != "@" and head.start()):
        return None
    return head["function"] or head["type"], head["base"]


def is_idle(text: str) -> bool:
    """No rule looks at anything in it, and no fact comes from it."""
    for word in _WORDS:
        if word in text:
            return False
    lower = text.lower()
    for word in _IN_ANY_CASE:
        if word in lower:
            return False
    if "://" in text and "@" in text:
        return False
    if any(word in lower for word in _WEAK) and _LONG_LITERAL.search(text):
        return False
    return "@" not in text or not _DECORATED.search(text)


def tells_nothing(text: str) -> bool:
    """No fact comes from it."""
    for word in _TELLING:
        if word in text:
            return False
    return "@" not in text or not _DECORATED.search(text)
