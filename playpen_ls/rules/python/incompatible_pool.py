from __future__ import annotations

import ast
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.imports import imported_name
from playpen_ls.languages.python.parts import EngineCall
from playpen_ls.text.edit import Edit

_ASYNC = "from sqlalchemy.ext.asyncio import create_async_engine\nfrom sqlalchemy.pool import "


@rule(
    severity=Severity.ERROR,
    practice="Connection pooling",
    bad=[
        example(
            _ASYNC + "QueuePool\n\nengine = «create_async_engine»(url, poolclass=QueuePool)\n",
            fixed=_ASYNC + "AsyncAdaptedQueuePool, QueuePool\n\n"
            "engine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool)\n",
        ),
        "from sqlalchemy import create_engine, pool\n\nengine = «create_engine»(url, poolclass=pool.NullPool, "
        "pool_size=5)\n",
        'from sqlalchemy import create_engine\n\nengine = «create_engine»("sqlite://", max_overflow=5)\n',
    ],
    good=[
        _ASYNC + "AsyncAdaptedQueuePool\n\nengine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool)\n",
        "from sqlalchemy import create_engine, pool\n\nengine = create_engine(url, poolclass=pool.NullPool)\n",
        "from sqlalchemy import create_engine\nfrom sqlalchemy.pool import QueuePool\n\n"
        "engine = create_engine(url, poolclass=QueuePool, pool_size=10, max_overflow=20)\n",
    ],
)
def incompatible_pool(call: EngineCall) -> Iterator[Finding]:
    """Engine does not accept its pool or pool options.

    The call raises an exception: an asynchronous engine does not accept `QueuePool`, `NullPool` accepts neither
    `pool_size` nor `max_overflow`, and the pool of an in-memory SQLite database does not accept `max_overflow`.
    """
    poolclass = call.keyword("poolclass")
    name = (call.origin(poolclass) or "").rpartition(".")[2]
    if call.is_async and name == "QueuePool" and poolclass is not None:
        fix = Fix("Replace `QueuePool` with `AsyncAdaptedQueuePool`", lambda: _replaced(call, poolclass))
        yield Finding(call.callee_span, "asynchronous engine does not accept `QueuePool` (`ArgumentError`)", (fix,))
    elif name == "NullPool" and call.keyword("pool_size", "max_overflow") is not None:
        yield Finding(call.callee_span, "`NullPool` accepts neither `pool_size` nor `max_overflow` (`TypeError`)")
    elif poolclass is None and not call.spreads and call.keyword("max_overflow") is not None and _in_memory(call):
        message = "the pool of an in-memory SQLite database does not accept `max_overflow` (`TypeError`)"
        yield Finding(call.callee_span, message)


def _in_memory(call: EngineCall) -> bool:
    return isinstance(call.url, ast.Constant) and call.url.value in (
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite+pysqlite://",
    )


def _replaced(call: EngineCall, poolclass: ast.expr) -> list[Edit]:
    pool = imported_name(call, "sqlalchemy.pool", "AsyncAdaptedQueuePool")
    span = call.span_of(poolclass)
    return [*pool.edits, Edit(span.start, span.end, pool.name)]
