from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator

from playpen_ls.api.fact_types import CalledPerRequest
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.model.library_calls import CLIENTS, DRIVERS, HTTP
from playpen_ls.languages.python.model.local_facts import request_calls
from playpen_ls.languages.python.model.web import is_route
from playpen_ls.languages.python.parts import LibraryCall
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.text.regex import regex

_CACHES = frozenset(
    "lru_cache cache cached_property cached on_event fixture singleton task shared_task command".split()
)
_POOLER = regex(r"pgbouncer|pgcat|odyssey|6432", re.IGNORECASE)
_HEALTH = regex(r"health|ready|readiness|liveness|ping|status|startup", re.IGNORECASE)

FAST = "from fastapi import Depends, FastAPI\n\napp = FastAPI()\n\n\n"
HELPER = "def get_conn():\n    return «psycopg2.connect»(url)\n\n\n"
PLAIN = HELPER.replace("«", "").replace("»", "")
ROUTE = '@app.get("/items")\n'
INDEX = ROUTE + "def items():\n    return load(get_conn())\n"


@rule(
    severity=Severity.WARNING,
    practice="Connection pooling",
    bad=[
        "import psycopg2\n" + FAST + HELPER + INDEX,
        "import psycopg2\n" + FAST + ROUTE + "def items():\n    conn = «psycopg2.connect»(url)\n",
        "import asyncpg\n" + FAST + "async def get_db():\n    conn = await «asyncpg.connect»(url)\n    try:\n"
        "        yield conn\n    finally:\n        await conn.close()\n\n\n"
        + ROUTE
        + "async def items(db=Depends(get_db)):\n    return await db.fetch('x')\n",
        {
            "shop/db.py": "import psycopg2\n\n\n" + HELPER.rstrip("\n") + "\n",
            "shop/main.py": "from shop.db import get_conn\n" + FAST + INDEX,
        },
        {
            "shop/db.py": "import redis\n\n\ndef client():\n    made = «redis.Redis»(host=host)\n    return made\n",
            "shop/main.py": "from . import db\n" + FAST + ROUTE + 'def a():\n    return db.client().get("a")\n',
        },
        "import psycopg2\nfrom flask import Flask, g\n\napp = Flask(__name__)\n\n\ndef get_db():\n"
        "    if 'db' not in g:\n        g.db = «psycopg2.connect»(url)\n    return g.db\n\n\n"
        "@app.route('/')\ndef index():\n    return get_db()\n",
        "import httpx\n" + FAST + ROUTE + "async def a():\n    async with «httpx.AsyncClient»() as client:\n"
        "        return await client.get(url)\n",
    ],
    good=[
        "import psycopg2\n" + FAST + PLAIN,
        "import psycopg2\n" + FAST + "conn = psycopg2.connect(url)\n\n\n" + INDEX,
        "import redis\nfrom functools import lru_cache\n"
        + FAST
        + "@lru_cache\ndef get_conn():\n    return redis.Redis()\n\n\n"
        + INDEX,
        "import redis\n" + FAST + "client = None\n\n\ndef get_conn():\n    global client\n    if client is None:\n"
        "        client = redis.Redis()\n    return client\n\n\n" + INDEX,
        "import psycopg2\n" + FAST + '@app.get("/health")\ndef health():\n    psycopg2.connect(url).close()\n',
        "import psycopg2\n" + FAST + PLAIN.replace("url", 'host="pgbouncer"') + INDEX,
        "import sqlite3\n" + FAST + "def get_conn():\n    return sqlite3.connect(path)\n\n\n" + INDEX,
        {
            "shop/db.py": "import psycopg2\n\n\n" + PLAIN,
            "shop/main.py": "from other import get_conn\n" + FAST + INDEX,
        },
        {
            "tests/db.py": "import psycopg2\n\n\n" + PLAIN,
            "shop/main.py": "from tests.db import get_conn\n" + FAST + INDEX,
        },
        # A command that runs once.
        "import psycopg2\n" + FAST + PLAIN + "def load_all():\n    return load(get_conn())\n",
    ],
)
def connection_per_request(call: LibraryCall, called: Facts[CalledPerRequest]) -> Iterator[Finding]:
    """Connection or client is created for every request.

    To connect takes longer than most queries, and under load the connections exceed what the database allows. Create
    a pool or a client once, in the module or in the `lifespan` of the application, and take connections from it.
    Reported in handlers of routes, and in functions that return or yield a connection to a handler; not for cached
    ones, behind PgBouncer, and in health checks. A hint for HTTP clients, whose connections are not reused.
    """
    function = call.function
    if function is None or call.name not in DRIVERS | CLIENTS | HTTP or _POOLER.search(call.text_of(call.node)):
        return
    if any(_last(one) in _CACHES for one in function.decorator_list) or _is_kept(call, function):
        return
    what = "HTTP client" if call.name in HTTP else "database connection" if call.name in DRIVERS else "client or pool"
    severity = Severity.HINT if call.name in HTTP else None
    if any(is_route(one) for one in function.decorator_list):
        if not _HEALTH.search(function.name):
            yield Finding(
                call.callee_span, f"`{function.name}` creates a new {what} for every request", severity=severity
            )
        return
    if not _gives(call, function) or any(isinstance(node, ast.ClassDef) for node, _ in call.above()):
        return
    related = _handlers(call, function.name, called)
    if related is not None:
        message = f"`{function.name}` creates a new {what} for every request that calls it"
        yield Finding(call.callee_span, message, severity=severity, related=related)


def _handlers(call: LibraryCall, name: str, called: Facts[CalledPerRequest]) -> tuple[Place, ...] | None:
    """Where handlers call the function; None if none does."""
    if name in call.file.ask(request_calls):
        return ()
    module = call.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for fact in called.having(_by_name, name):
        origin = fact.origin.removesuffix(f".{name}").lstrip(".")
        same = posixpath.dirname(fact.place.path) == posixpath.dirname(call.path)
        if f".{module}".endswith(f".{origin}") if origin else same:
            return (fact.related("is called here"),)
    return None


def _by_name(fact: CalledPerRequest) -> tuple[str]:
    return (fact.origin.rpartition(".")[2],)


def _last(decorator: ast.expr) -> str:
    return (dotted(decorator.func if isinstance(decorator, ast.Call) else decorator) or "").rpartition(".")[2]


def _is_kept(call: LibraryCall, function: ast.AST) -> bool:
    """Whether it is stored in an attribute, an item or a global, which outlives the request; `g` of Flask does not."""
    statement = call.statement
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if isinstance(target, ast.Attribute | ast.Subscript):
        return (dotted(target) or "").partition(".")[0] != "g"
    return any(isinstance(node, ast.Global | ast.Nonlocal) for node in ast.walk(function))


def _gives(call: LibraryCall, function: ast.AST) -> bool:
    """Whether the function returns or yields what the call gives."""
    if any(isinstance(node, ast.Yield) for node in ast.walk(function)):
        return True
    statement = call.statement
    if isinstance(statement, ast.Return):
        value = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
        return value is call.node
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    name = dotted(target) if target is not None else None
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
    return name is not None and any(dotted(one) == name for one in returned)
