"""Calls of library functions that rules know, `except` clauses, and values of environment variables."""

from __future__ import annotations

import ast

from playpen_ls.languages.python.model.parts import Called, Part, Site
from playpen_ls.languages.python.model.scope import Link
from playpen_ls.languages.python.syntax.mentions import Origins
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words

_VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
REQUESTS = frozenset(
    f"{owner}.{verb}"
    for owner in ("requests", "requests.api", "requests.Session()", "requests.session()", "requests.sessions.Session()")
    for verb in _VERBS
)
"""Of requests, which waits without end by default."""
CONNECTIONS = frozenset((
    "psycopg2.connect", "psycopg.connect", "psycopg.Connection.connect", "pymysql.connect", "MySQLdb.connect",
    "mysql.connector.connect",
))  # fmt: skip
"""Functions that open a connection to a database, and wait for it."""
DRIVERS = CONNECTIONS | {
    "psycopg.AsyncConnection.connect", "asyncpg.connect", "aiomysql.connect",
}  # fmt: skip
CLIENTS = frozenset((
    "psycopg2.pool.SimpleConnectionPool", "psycopg2.pool.ThreadedConnectionPool", "psycopg_pool.ConnectionPool",
    "psycopg_pool.AsyncConnectionPool", "asyncpg.create_pool", "aiomysql.create_pool", "pymongo.MongoClient",
    "pymongo.AsyncMongoClient", "motor.motor_asyncio.AsyncIOMotorClient", "redis.Redis", "redis.StrictRedis",
    "redis.from_url", "redis.Redis.from_url", "redis.ConnectionPool", "redis.asyncio.Redis", "redis.asyncio.from_url",
    "redis.asyncio.Redis.from_url", "aioredis.from_url",
))  # fmt: skip
"""Clients and pools of databases, which are made to be shared."""
HTTP = frozenset(("httpx.Client", "httpx.AsyncClient", "aiohttp.ClientSession", "requests.Session", "requests.session"))
BLOCKING = frozenset((
    *REQUESTS, *CONNECTIONS, *(f"httpx.{verb}" for verb in _VERBS), "time.sleep", "urllib.request.urlopen",
    "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.getoutput",
    "subprocess.getstatusoutput", "os.system",
))  # fmt: skip
FLASK_RUN = "flask.Flask().run"
DEBUG = "debug"
SERVERS = frozenset(("uvicorn.run", FLASK_RUN))
"""Functions that start a server."""
LIBRARY = BLOCKING | DRIVERS | CLIENTS | HTTP | SERVERS
_ORIGINS = Origins(*LIBRARY)


class LibraryCall(Called):
    """A call of a function in `LIBRARY`; `name` is its origin.

    Or of a method `run` with `debug=True` of what another module made, which can be an application of Flask.
    """

    @staticmethod
    def possible_in(words: Words) -> bool:
        return _ORIGINS.possible_in(words) or {"os", "system"} <= words.all or {"run", DEBUG} <= words.all

    @staticmethod
    def known_as(name: str, origin: str) -> bool:
        return _ORIGINS.known_as(origin.replace("()", "")) or origin == "os.system"


class ExceptHandler(Part):
    """An `except` clause."""

    node: ast.ExceptHandler

    @staticmethod
    def possible_in(words: Words) -> bool:
        return "except" in words.all

    @property
    def word_span(self) -> Span:
        """`except Exception as error`, without the colon."""
        start = self.span.start
        last = self.node.type
        end = self.span_of(last).end if last is not None else start + len("except")
        if self.node.name:
            text = self.chunk.text
            found = _NAME.match(text, end)
            end = found.end() if found is not None else end
        return Span(start, end)


_NAME = regex(r"[\s)]*as\s+\w+")


class EnvironmentValue(Part):
    """`os.getenv(…)`, `os.environ.get(…)` or `os.environ["X"]`."""

    node: ast.Call | ast.Subscript

    @staticmethod
    def possible_in(words: Words) -> bool:
        return words.has("getenv") or words.has("environ")

    @staticmethod
    def known_as(name: str, origin: str) -> bool:
        return origin in ("os.getenv", "os.environ", "os.environ.get") and name not in ("getenv", "environ")

    @property
    def variable(self) -> str | None:
        """Its name; None if it is computed."""
        name = (self.node.args[0] if self.node.args else None) if isinstance(self.node, ast.Call) else self.node.slice
        return name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else None

    @property
    def default(self) -> ast.expr | None:
        if isinstance(self.node, ast.Subscript):
            return None
        if len(self.node.args) > 1:
            return self.node.args[1]
        return next((one.value for one in self.node.keywords if one.arg == "default"), None)


def runs_imported(node: ast.Call, origin: str) -> bool:
    """Whether it is `app.run(debug=True)`, of something that is not of the libraries that are known."""
    return (
        origin.endswith(".run")
        and not origin.startswith(("asyncio.", "subprocess."))
        and any(
            one.arg == DEBUG and isinstance(one.value, ast.Constant) and one.value.value is True
            for one in node.keywords
        )
    )


def is_environment_read(site: Site, node: ast.Call | ast.Subscript, link: Link | None) -> bool:
    """Whether the node is an EnvironmentValue."""
    if isinstance(node, ast.Subscript):
        ends = dotted(node.value) or ""
        return (
            isinstance(node.ctx, ast.Load)
            and ends.endswith("environ")
            and site.names.origin(node.value, link) == "os.environ"
        )
    last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return last in ("getenv", "get") and site.names.origin(node.func, link) in ("os.getenv", "os.environ.get")
