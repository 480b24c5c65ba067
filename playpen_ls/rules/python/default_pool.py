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
_SERVER = re.compile(r"(?:postgres|mysql|mariadb|oracle|mssql)")


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
        "from sqlalchemy import create_engine\n\nQueuePool = None\nengine = «create_engine»(url)\n",
    ],
    good=[
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
    and where any option of the pool is given.
    """
    if call.url is None or call.spreads or call.keyword(*_POOL) is not None:
        return
    url = call.url.value if isinstance(call.url, ast.Constant) and isinstance(call.url.value, str) else ""
    if url.startswith("sqlite") or (isinstance(call.url, ast.JoinedStr) and "sqlite" in call.text_of(call.url)):
        return
    fix = Fix("Set the pool's size: 10, and 20 more", lambda: _sized(call), safe=bool(_SERVER.match(url)))
    yield Finding(call.callee_span, "the engine relies on the default pool of 5 + 10 connections", (fix,))


def _sized(call: EngineCall) -> list[Edit]:
    sizes = ("pool_size=10", "max_overflow=20")
    if call.is_async:  # QueuePool raises an ArgumentError there; the default is its asynchronous twin
        return [appended(call, *sizes)]
    pool = imported_name(call, "sqlalchemy.pool", "QueuePool")
    return [*pool.edits, appended(call, f"poolclass={pool.name}", *sizes)]
