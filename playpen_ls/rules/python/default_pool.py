from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.call_arguments import appended
from playpen_ls.languages.python.edits.imports import imported_name
from playpen_ls.languages.python.model.database_settings import django_databases, entries_added, flask_databases
from playpen_ls.languages.python.parts import EngineCall, PoolSettings, PythonModel
from playpen_ls.text.edit import Edit

_POOL = ("poolclass", "pool_size", "max_overflow", "pool_recycle", "pool_timeout", "pool", "creator", "async_creator")
_SIZES = ("pool_size=10", "max_overflow=20")
# Flask-SQLAlchemy can also get its options from any of these, possibly in another file.
_ELSEWHERE = re.compile(
    r"SQLALCHEMY_ENGINE_OPTIONS|\.from_(?:object|pyfile|envvar|file|prefixed_env|mapping)\b|sqlite:"
)
_SET_LATER = re.compile(r"\[[\"']CONN_MAX_AGE[\"']\]")
_DJANGO_SERVER = re.compile(r"postgresql|postgis|mysql|oracle")
_REASON = re.compile(r"bouncer|pooler|lambda|serverless|celery|fork", re.IGNORECASE)
_SERVER = re.compile(r"(?:postgres|mysql|mariadb|oracle|mssql)")
_SIZED = "Set `pool_size=10, max_overflow=20`"
_MESSAGE = "engine uses SQLAlchemy's default pool (`pool_size=5`, `max_overflow=10`)"
_FLASK, _DJANGO = {"pool_size": 10, "max_overflow": 20}, {"CONN_MAX_AGE": 60}
FLASK = (
    "from flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\n\napp = Flask(__name__)\n"
    'app.config["SQLALCHEMY_DATABASE_URI"] = url\n'
)
POSTGRES = '"ENGINE": "django.db.backends.postgresql"'
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
        FLASK + "db = «SQLAlchemy»(app)\n",
        example(
            'app.config[«"SQLALCHEMY_ENGINE_OPTIONS"»] = {}\n',
            fixed='app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 10, "max_overflow": 20}\n',
        ),
        example(
            "class Config:\n    «SQLALCHEMY_ENGINE_OPTIONS» = {\n        'echo': True,  # noisy\n    }\n",
            fixed="class Config:\n    SQLALCHEMY_ENGINE_OPTIONS = {\n        'echo': True,  # noisy\n"
            "        'pool_size': 10,\n        'max_overflow': 20,\n    }\n",
        ),
        example(
            {
                "shop/settings.py": f'DATABASES = {{\n    «"default"»: {{\n        {POSTGRES},\n'
                '        "NAME": "shop"  # ours\n    }\n}\n'
            },
            fixed=f'DATABASES = {{\n    "default": {{\n        {POSTGRES},\n        "NAME": "shop",  # ours\n'
            '        "CONN_MAX_AGE": 60\n    }\n}\n',
        ),
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
        FLASK + 'app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 5}\ndb = SQLAlchemy(app)\n',
        FLASK + "app.config.from_object(Config)\ndb = SQLAlchemy(app)\n",
        FLASK + 'db = SQLAlchemy(app, engine_options={"pool_size": 5})\n',
        FLASK.replace("= url", '= "sqlite:///app.db"') + "db = SQLAlchemy(app)\n",
        {"shop/settings.py": f'DATABASES = {{"default": {{{POSTGRES}, "CONN_MAX_AGE": None}}}}\n'},
        {"shop/settings.py": f'DATABASES = {{"default": {{{POSTGRES}, "OPTIONS": {{"pool": True}}}}}}\n'},
        {"shop/settings.py": 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}\n'},
        {"shop/settings.py": 'DATABASES = {"default": env.db()}\n'},
        {"shop/settings.py": f'DATABASES = {{"default": {{{POSTGRES}}}}}\nDATABASES["default"]["CONN_MAX_AGE"] = 60\n'},
        {"shop/settings/base.py": f'DATABASES = {{"default": {{{POSTGRES}}}}}\n'},
        example({"alembic/env.py": "from sqlalchemy import create_engine\n\nengine = create_engine(url)\n"}),
    ],
)
def default_pool(part: EngineCall | PoolSettings | PythonModel) -> Iterator[Finding]:
    """Engine uses the default connection pool.

    SQLAlchemy's default pool keeps up to 5 connections open (`pool_size`) and opens up to 10 more under load
    (`max_overflow`). Set both where the engine is created, to fit the load of the service and the connection
    limit of the database. Not reported for SQLite, or where any pool option is set. `NullPool` is a warning in
    modules of web services, unless the lines around the call name the reason, such as PgBouncer. A hint for
    Flask-SQLAlchemy's settings, and for Django databases with neither `CONN_MAX_AGE` nor a pool.
    """
    if isinstance(part, PythonModel):
        if not part.left_alone:
            yield from _unset(part)
            yield from _django(part)
    elif isinstance(part, PoolSettings):
        yield from _settings(part)
    else:
        yield from _engine(part)


def _engine(call: EngineCall) -> Iterator[Finding]:
    if _is_null_pool(call):
        message = "engine uses `NullPool`, which opens a new connection for every checkout"
        name = "AsyncAdaptedQueuePool" if call.is_async else "QueuePool"
        fix = Fix(f"Use `{name}` with `pool_size=10, max_overflow=20`", lambda: _pooled(call))
        yield Finding(call.callee_span, message, (fix,), Severity.WARNING)
        return
    if call.url is None or call.spreads or call.keyword(*_POOL) is not None:
        return
    url = call.url.value if isinstance(call.url, ast.Constant) and isinstance(call.url.value, str) else ""
    if url.startswith("sqlite") or (isinstance(call.url, ast.JoinedStr) and "sqlite" in call.text_of(call.url)):
        return
    fix = Fix(_SIZED, lambda: _sized(call), safe=bool(_SERVER.match(url)))
    yield Finding(call.callee_span, _MESSAGE, (fix,))


def _settings(settings: PoolSettings) -> Iterator[Finding]:
    """Flask-SQLAlchemy's engine options without any pool option."""
    if not settings.spreads and not any(settings.value(key) for key in _POOL):
        fix = Fix(_SIZED, lambda: entries_added(settings, _entries(settings, _FLASK)))
        yield Finding(settings.name_span, _MESSAGE, (fix,), Severity.HINT)


def _django(model: PythonModel) -> Iterator[Finding]:
    """Server databases without persistent connections. Skips settings packages: another module can set the age."""
    if not re.search(r"(?:^|[/_])settings\.py$", model.source.path) or _SET_LATER.search(model.source.text):
        return
    for database in django_databases(model):
        engine, options = database.value("ENGINE"), database.value("OPTIONS")
        server = isinstance(engine, ast.Constant) and _DJANGO_SERVER.search(str(engine.value))
        pooled = options is not None and (not isinstance(options, ast.Dict) or "'pool'" in ast.dump(options))
        if server and not pooled and not database.spreads and database.value("CONN_MAX_AGE") is None:
            name = model.source.of(database.name_span).strip("\"'")
            message = f"database `{name}` has no `CONN_MAX_AGE`; Django opens a new connection for each request"
            yield Finding(database.name_span, message, (_kept(database),), Severity.HINT)


def _kept(database: PoolSettings) -> Fix:
    return Fix("Set `CONN_MAX_AGE` to 60 seconds", lambda: entries_added(database, _entries(database, _DJANGO)))


def _entries(settings: PoolSettings, entries: dict[str, int]) -> list[str]:
    key = next(iter(settings.node.keys), None)
    quote = "'" if key is not None and settings.text_of(key).startswith("'") else '"'
    return [f"{quote}{name}{quote}: {value}" for name, value in entries.items()]


def _unset(model: PythonModel) -> Iterator[Finding]:
    """Flask's `SQLAlchemy(app)` in a file that sets its database URI but no engine options."""
    text = model.source.text
    if "flask_sqlalchemy" not in text or "SQLALCHEMY_DATABASE_URI" not in text:
        return
    if _ELSEWHERE.search(text):
        return
    for call, span in flask_databases(model):
        if call.args and not any(keyword.arg in ("engine_options", None) for keyword in call.keywords):
            yield Finding(span, _MESSAGE, severity=Severity.HINT)


def _is_null_pool(call: EngineCall) -> bool:
    """`NullPool` in a web module, unless the lines around it name a reason: a pooler, serverless, forked workers."""
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
    return [*pool.edits, Edit(span.start, span.end, pool.name), appended(call, *_SIZES)]


def _sized(call: EngineCall) -> list[Edit]:
    if call.is_async:  # QueuePool raises ArgumentError; the default is AsyncAdaptedQueuePool
        return [appended(call, *_SIZES)]
    pool = imported_name(call, "sqlalchemy.pool", "QueuePool")
    return [*pool.edits, appended(call, f"poolclass={pool.name}", *_SIZES)]
