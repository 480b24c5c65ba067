from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.imports import imported_instead
from playpen_ls.languages.python.parts import EngineCall
from playpen_ls.rules.python._origins import Origins
from playpen_ls.rules.python._requirements import requirement
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

# https://docs.sqlalchemy.org/en/20/core/pooling.html and the constructors of the classes.
_SIZES = ("pool_size", "max_overflow", "pool_timeout", "pool_use_lifo")
_COMMON = ("pool_recycle", "pool_pre_ping", "pool_reset_on_return", "pool_events", "pool_logging_name", "echo_pool")
_REFUSED = {
    "NullPool": _SIZES, "StaticPool": _SIZES, "AssertionPool": _SIZES, "SingletonThreadPool": _SIZES[1:],
}  # fmt: skip
_SYNCHRONOUS = ("QueuePool", "SingletonThreadPool")
_ASYNCHRONOUS = ("AsyncAdaptedQueuePool",)
_MEMORY = regex(r"sqlite(?P<driver>\+\w+)?://(?:/?:memory:)?")
_FILE = regex(r"sqlite(?:\+(?:pysqlite|aiosqlite))?:///.")
_OLD = regex(r"(?:==|~=)[ ]*1\.[34]|<[ ]*2")
_POOLS = "from sqlalchemy import create_engine\nfrom sqlalchemy.pool import "
_ASYNC = "from sqlalchemy.ext.asyncio import create_async_engine\nfrom sqlalchemy.pool import "


@rule(
    severity=Severity.ERROR,
    practice="Connection pooling",
    bad=[
        example(
            _ASYNC + "QueuePool\n\nengine = «create_async_engine»(url, poolclass=QueuePool)\n",
            fixed=_ASYNC + "AsyncAdaptedQueuePool\n\n"
            "engine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool)\n",
        ),
        "from sqlalchemy import create_engine, pool\n\nengine = «create_engine»(url, poolclass=pool.NullPool, "
        "pool_size=5)\n",
        'from sqlalchemy import create_engine\n\nengine = «create_engine»("sqlite://", max_overflow=5)\n',
        _POOLS + "NullPool\n\nengine = «create_engine»(url, poolclass=NullPool, pool_timeout=30)\n",
        _POOLS + "StaticPool\n\nengine = «create_engine»(url, poolclass=StaticPool, pool_use_lifo=True)\n",
        _POOLS + "SingletonThreadPool as S\n\nengine = «create_engine»(url, poolclass=S, max_overflow=1)\n",
        "from sqlalchemy import create_engine\n\nengine = «create_engine»(url, pool=p, pool_recycle=5)\n",
        example(
            _POOLS + "AsyncAdaptedQueuePool\n\nengine = «create_engine»(url, poolclass=AsyncAdaptedQueuePool)\n",
            fixed=_POOLS + "QueuePool\n\nengine = create_engine(url, poolclass=QueuePool)\n",
        ),
        {
            "app.py": 'from sqlalchemy import create_engine\n\ne = «create_engine»("sqlite:///a.db", pool_size=5)\n',
            "requirements.txt": "SQLAlchemy==1.4.50\n",
        },
        {
            "app.py": "from sqlalchemy.ext.asyncio import create_async_engine\n\n"
            'e = «create_async_engine»("sqlite+aiosqlite:///a.db", pool_size=5)\n',
            "requirements.txt": "SQLAlchemy==1.4.50\n",
        },
    ],
    good=[
        {
            "app.py": _ASYNC + "QueuePool\n\nengine = create_async_engine(url, poolclass=QueuePool)\n",
            "requirements.txt": "sqlalchemy[asyncio]~=1.4\n",
        },
        'from sqlalchemy import create_engine\n\ne = create_engine("sqlite:///a.db", pool_size=5)\n',
        _POOLS + "SingletonThreadPool\n\nengine = create_engine(url, poolclass=SingletonThreadPool, pool_size=1)\n",
        _POOLS + "NullPool\n\nengine = create_engine(url, poolclass=NullPool, pool_pre_ping=True)\n",
        _ASYNC + "AsyncAdaptedQueuePool\n\nengine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool)\n",
        "from sqlalchemy import create_engine, pool\n\nengine = create_engine(url, poolclass=pool.NullPool)\n",
        "from sqlalchemy import create_engine\nfrom sqlalchemy.pool import QueuePool\n\n"
        "engine = create_engine(url, poolclass=QueuePool, pool_size=10, max_overflow=20)\n",
    ],
)
def incompatible_pool(call: EngineCall, files: Files, origins: Origins) -> Iterator[Finding]:
    """Engine does not accept its pool or pool options.

    The call raises an exception. `NullPool`, `StaticPool` and `AssertionPool` accept none of `pool_size`,
    `max_overflow`, `pool_timeout` and `pool_use_lifo`, `SingletonThreadPool`, the pool of an in-memory SQLite
    database, only `pool_size`; with `pool` no other pool option is accepted. From SQLAlchemy 2.0 on an asynchronous
    engine does not accept `QueuePool` and `SingletonThreadPool`, nor a synchronous one `AsyncAdaptedQueuePool`.
    """
    if not origins.makes_engine(call):
        return
    poolclass = call.keyword("poolclass")
    name = (call.origin(poolclass) or "").rpartition(".")[2]
    if call.keyword("pool") is not None:
        given = _given(call, (*_SIZES, *_COMMON, "poolclass"))
        if given:
            yield Finding(call.callee_span, f"an engine with `pool` does not accept {given} (`TypeError`)")
        return
    kind = "asynchronous" if call.is_async else "synchronous"
    wrong = name in (_SYNCHRONOUS if call.is_async else _ASYNCHRONOUS)
    if poolclass is not None and wrong and not _is_old(call, files):
        other = "AsyncAdaptedQueuePool" if call.is_async else "QueuePool"
        fix = Fix(f"Replace `{name}` with `{other}`", lambda: _replaced(call, poolclass, other))
        message = f"{kind} engine does not accept `{name}` (`ArgumentError`)"
        yield Finding(call.callee_span, message, (fix,) if name.endswith("QueuePool") else ())
        return
    if poolclass is None:
        name, pool = _default(call, files)
    else:
        pool = f"`{name}`"
    given = _given(call, _REFUSED.get(name, ()))
    if given:
        yield Finding(call.callee_span, f"{pool} does not accept {given} (`TypeError`)")


def _given(call: EngineCall, options: Sequence[str]) -> str:
    """Those of the options that the call has, for a message."""
    found = [f"`{name}`" for name in options if call.keyword(name) is not None]
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def _default(call: EngineCall, files: Files) -> tuple[str, str]:
    """(class of the pool that an engine has by its URL, how a message calls it); "" if it accepts all options."""
    url = call.url.value if isinstance(call.url, ast.Constant) and isinstance(call.url.value, str) else ""
    memory = _MEMORY.fullmatch(url)
    if memory is not None:
        name = "StaticPool" if memory["driver"] == "+aiosqlite" else "SingletonThreadPool"
        return name, "the pool of an in-memory SQLite database"
    if _FILE.match(url) and _is_old(call, files):
        return "NullPool", "the pool of a SQLite file in SQLAlchemy 1.4"
    return "", ""


def _is_old(call: EngineCall, files: Files) -> bool:
    """Whether the project requires SQLAlchemy 1.4."""
    return _OLD.search(requirement("sqlalchemy", call.path, files) or "") is not None


def _replaced(call: EngineCall, poolclass: ast.expr, name: str) -> list[Edit]:
    pool = imported_instead(call, "sqlalchemy.pool", call.text_of(poolclass), name)
    span = call.span_of(poolclass)
    return [*pool.edits, Edit(span.start, span.end, pool.name)]
