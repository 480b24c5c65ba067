from __future__ import annotations

import ast
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.parts import EngineCall
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.rules.python._origins import Origins

_CACHES = frozenset(
    ("lru_cache", "cache", "cached_property", "cached", "asynccontextmanager", "on_event", "fixture", "singleton")
)
_VERBS = frozenset(("get", "post", "put", "delete", "patch", "route", "api_route"))
IMPORTS = "from fastapi import FastAPI\nfrom sqlalchemy import create_engine\n\napp = FastAPI()\n\n\n"
OPTIONS = "poolclass=QueuePool, pool_size=10, max_overflow=20"


@rule(
    severity=Severity.WARNING,
    practice="Connection pooling",
    bad=[
        IMPORTS
        + f'@app.get("/items")\ndef items():\n    engine = «create_engine»(url, {OPTIONS})\n    return load(engine)\n',
        {
            "app.py": "from fastapi import FastAPI\nfrom db import create_engine\n\n\ndef get_db():\n"
            "    yield «create_engine»(url, pool_size=10)\n",
            "db.py": "from sqlalchemy import create_engine\n",
        },
        example(IMPORTS + f"def get_db():\n    engine = «create_engine»(url, {OPTIONS})\n    yield engine\n"),
    ],
    good=[
        {
            "app.py": "from fastapi import FastAPI\nfrom db import create_engine\n\n\ndef get_db():\n"
            "    yield create_engine(url)\n",
            "db.py": "def create_engine(url):\n    return url\n",
        },
        IMPORTS + f"engine = create_engine(url, {OPTIONS})\n",
        IMPORTS + f"def create_app():\n    engine = create_engine(url, {OPTIONS})\n",
        "from functools import lru_cache\n"
        + IMPORTS
        + f"@lru_cache\ndef get_db():\n    return create_engine(url, {OPTIONS})\n",
        IMPORTS + f"class Store:\n    def __init__(self):\n        self.engine = create_engine(url, {OPTIONS})\n",
    ],
)
def engine_per_request(call: EngineCall, origins: Origins) -> Iterator[Finding]:
    """Engine is created for every request.

    An engine has its own connection pool, so an engine per request reuses no connection, and its connections
    stay open until it is garbage-collected. Create the engine once, in the module or when the application
    starts. Reported in route handlers and in the generators `get_db`, `get_session` and `get_async_session`.
    """
    function = call.function
    poolclass = call.keyword("poolclass")
    if function is None or not origins.makes_engine(call):
        return
    if poolclass is not None and "Null" in call.text_of(poolclass):
        return
    names = [
        dotted(decorator.func if isinstance(decorator, ast.Call) else decorator) or ""
        for decorator in function.decorator_list
    ]
    if any(name.rpartition(".")[2] in _CACHES for name in names) or _kept(call):
        return
    serves = any("." in name and name.rpartition(".")[2] in _VERBS for name in names)
    named = function.name in ("get_db", "get_session", "get_async_session")
    depends = named and call.site.once(_yields, function)
    if serves or depends:
        yield Finding(call.callee_span, f"`{function.name}` creates a new engine for every request")


def _kept(call: EngineCall) -> bool:
    """Whether the engine is stored in an attribute, an item or a global, which outlives the function."""
    statement = call.statement
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if isinstance(target, (ast.Attribute, ast.Subscript)):
        return True
    function = call.function
    return function is not None and call.site.once(_has_global, function)


def _has_global(function: ast.AST) -> bool:
    return any(isinstance(node, ast.Global) for node in ast.walk(function))


def _yields(function: ast.AST) -> bool:
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in ast.walk(function))
