from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.finding import Finding, Fix, Severity
from playpen_ls.languages.python import EngineCall
from playpen_ls.languages.python.arguments import appended
from playpen_ls.languages.python.imports import imported_name
from playpen_ls.rule import example, rule
from playpen_ls.source import Edit

_POOL = ("poolclass", "pool_size", "max_overflow", "pool_recycle", "pool_timeout", "pool", "creator", "async_creator")
_REASON = re.compile(r"bouncer|pooler|lambda|serverless|celery|fork", re.IGNORECASE)
_SERVER = re.compile(r"(?:postgres|mysql|mariadb|oracle|mssql)")
NULL = (
    "import flask\nfrom sqlalchemy import create_engine\nfrom sqlalchemy.pool import NullPool\n\n"
    "engine = create_engine(url, poolclass=NullPool)\n"
)


@rule(
    severity=Severity.INFORMATION,
    practice="Connection pooling",
    bad=[
        example(
            'from sqlalchemy import create_engine\n\nengine = «create_engine»("postgresql://db/app")\n',
            fixed="from sqlalchemy import create_engine\nfrom sqlalchemy.pool import QueuePool\n\n"
            "engine = create_engine(\n"
            '    "postgresql://db/app", poolclass=QueuePool, pool_size=10, max_overflow=20\n)\n',
        ),
        example(
            "from sqlmodel import create_engine\n\nfrom app.settings import url\n\nengine = «create_engine»(url)\n",
            fixed="from sqlalchemy.pool import QueuePool\nfrom sqlmodel import create_engine\n\n"
            "from app.settings import url\n\n"
            "engine = create_engine(url, poolclass=QueuePool, pool_size=10, max_overflow=20)\n",
        ),
        example(
            "import sqlalchemy as sa\n\nengine = sa.«create_engine»(\n    url,\n    echo=True,  # noisy\n)\n".replace(
                "sa.«create_engine»", "«sa.create_engine»"
            ),
            fixed="import sqlalchemy as sa\nfrom sqlalchemy.pool import QueuePool\n\nengine = "
            "sa.create_engine(\n    url,\n"
            "    echo=True,  # noisy\n    poolclass=QueuePool,\n    pool_size=10,\n    max_overflow=20,\n)\n",
        ),
        example(
            "from sqlalchemy.ext.asyncio import create_async_engine\n\nengine = «create_async_engine»(url)\n",
            fixed="from sqlalchemy.ext.asyncio import create_async_engine\n\n"
            "engine = create_async_engine(url, pool_size=10, max_overflow=20)\n",
        ),
        example(
            NULL.replace("create_engine(", "«create_engine»("),
            fixed="import flask\nfrom sqlalchemy import create_engine\n"
            "from sqlalchemy.pool import NullPool, QueuePool\n\n"
            "engine = create_engine(url, poolclass=QueuePool, pool_size=10, max_overflow=20)\n",
        ),
        "from sqlalchemy import create_engine\n\nQueuePool = None\nengine = «create_engine»(url)\n",
    ],
    good=[
        NULL.replace("import flask\n", ""),
        NULL.replace("engine =", "# PgBouncer pools\nengine ="),
        "from sqlalchemy import create_engine\nfrom sqlalchemy.pool import QueuePool\n\nengine = create_engine(\n"
        '"postgresql://user:pass@host/db",\npoolclass=QueuePool,\npool_size=10,\nmax_overflow=20\n)\n',
        "from sqlalchemy import create_engine\n\nengine = create_engine(url, pool_size=5)\n",
        'from sqlalchemy import create_engine\n\nengine = create_engine("sqlite:///app.db")\n',
        "from sqlalchemy import create_engine\n\nengine = create_engine(url, **options)\n",
        "from app import create_engine\n\nengine = create_engine(url)\n",
        example({"alembic/env.py": "from sqlalchemy import create_engine\n\nengine = create_engine(url)\n"}),
    ],
)
def default_pool(call: EngineCall) -> Iterator[Finding]:
    """An engine relies on the default pool.

    SQLAlchemy's default keeps 5 connections and opens 10 more, without saying so anywhere. How many
    connections a service may hold is a decision: make it where the engine is made. Silent for SQLite,
    and where any option of the pool is given; `NullPool` in a service is reported unless a comment says why.
    """
    if _is_null_pool(call):
        message = "`NullPool` opens and closes a connection for every use"
        fix = Fix("Keep a pool of 10 connections, and 20 more", lambda: _pooled(call))
        yield Finding(call.callee_span, message, (fix,), Severity.WARNING)
        return
    if call.url is None or call.spreads or call.keyword(*_POOL) is not None:
        return
    url = call.url.value if isinstance(call.url, ast.Constant) and isinstance(call.url.value, str) else ""
    if url.startswith("sqlite") or (isinstance(call.url, ast.JoinedStr) and "sqlite" in call.text_of(call.url)):
        return
    fix = Fix("Set the pool's size: 10, and 20 more", lambda: _sized(call), safe=bool(_SERVER.match(url)))
    yield Finding(call.callee_span, "the engine relies on the default pool of 5 + 10 connections", (fix,))


def _is_null_pool(call: EngineCall) -> bool:
    """In a service, and nobody says why: beside a pooler such as PgBouncer, or where processes fork, it is right."""
    if "web" not in call.flags or not (call.origin(call.keyword("poolclass")) or "").endswith(".NullPool"):
        return False
    if call.spreads or call.keyword("pool_size", "max_overflow") is not None:
        return False
    source, span = call.model.source, call.span
    above = source.line_starts[max(source.line_of(span.start) - 3, 0)]
    return not _REASON.search(source.text[above : source.next_line_start(span.end)])


def _pooled(call: EngineCall) -> list[Edit]:
    poolclass = call.keyword("poolclass")
    assert poolclass is not None
    name = "AsyncAdaptedQueuePool" if call.is_async else "QueuePool"
    pool = imported_name(call, "sqlalchemy.pool", name)
    span = call.span_of(poolclass)
    return [*pool.edits, Edit(span.start, span.end, pool.name), appended(call, "pool_size=10", "max_overflow=20")]


def _sized(call: EngineCall) -> list[Edit]:
    sizes = ("pool_size=10", "max_overflow=20")
    if call.is_async:  # QueuePool raises an ArgumentError there; the default is its asynchronous twin
        return [appended(call, *sizes)]
    pool = imported_name(call, "sqlalchemy.pool", "QueuePool")
    return [*pool.edits, appended(call, f"poolclass={pool.name}", *sizes)]
