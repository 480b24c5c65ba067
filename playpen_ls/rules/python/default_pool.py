from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.call_arguments import appended
from playpen_ls.languages.python.edits.dictionaries import entries_added
from playpen_ls.languages.python.edits.imports import imported_instead, imported_name
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.model.parts import DatabaseSettings
from playpen_ls.languages.python.model.queries import anywhere, origins, text_above, texts
from playpen_ls.languages.python.parts import DjangoDatabase, EngineCall, FlaskDatabase, PoolSettings
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.rules.python._origins import Origins
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

_POOL = ("poolclass", "pool_size", "max_overflow", "pool_recycle", "pool_timeout", "pool", "creator", "async_creator")
_SIZES = ("pool_size=10", "max_overflow=20")
# Flask-SQLAlchemy can also get its options from any of these, possibly in another file.
_ELSEWHERE = regex(r"SQLALCHEMY_ENGINE_OPTIONS|\.from_(?:object|pyfile|envvar|file|prefixed_env|mapping)\b|sqlite:")
_SET_LATER = regex(r"\[[\"']CONN_MAX_AGE[\"']\]")
_DJANGO_SERVER = regex(r"postgresql|postgis|mysql|oracle")
_SQLITE_CASE = regex(
    r"(?:(?:if|else|elif|try)\b[^\0]*?\n[ \t]+)?\w+[ \t]*(?::[^=\n]*)?=[^=][^\0]{0,200}?[\"']sqlite(?:\+\w+)?:"
)
_LINES_ABOVE = 3  # of a call, in which a comment can name the reason
_REASON = regex(r"bouncer|pooler|lambda|serverless|celery|fork", re.IGNORECASE)
_SERVER = regex(r"(?:postgres|mysql|mariadb|oracle|mssql)")
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
    needs_index=False,
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
            "from sqlalchemy.pool import QueuePool\n\n"
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
        "import sqlalchemy as sa\n\n\ndef f(url):\n    engine = sa.create_engine(url)\n"
        "    Base.metadata.create_all(engine)\n    with engine.connect() as c:\n        c.execute(x)\n",
        "import sqlalchemy as sa\n\n\ndef f(url):\n    return sa.create_engine(url).raw_connection()\n",
        'from sqlalchemy import create_engine\n\ne = create_engine(u, connect_args={"check_same_thread": False})\n',
        'from sqlalchemy import create_engine\n\nURL = "sqlite:///a.db"\ne = create_engine(URL)\n',
        'import os\n\nfrom sqlalchemy import create_engine\n\nURL = os.getenv("DB_URL", "sqlite:///a.db")\n'
        "e = create_engine(URL)\n",
        "from sqlalchemy import create_engine\n\nif DEBUG:\n    URL = 'sqlite:///a.db'\nelse:\n    URL = url()\n"
        "e = create_engine(URL)\n",
        "from sqlalchemy import create_engine\n\n\ndef f(kind):\n    if kind == 'postgres':\n        url = given()\n"
        "    else:\n        url = f'sqlite+aiosqlite:///{path}'\n    return create_engine(url)\n",
        NULL.replace("import flask\n", ""),
        "from alembic.migration import MigrationContext\n" + NULL,
        "from alembic import context\nfrom sqlalchemy import create_engine\n\ne = create_engine(url)\n",
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
        example({"scripts/db.py": "from sqlalchemy import create_engine\n\nengine = create_engine(url)\n"}),
        example({"alembic/env.py": "from sqlalchemy import create_engine\n\nengine = create_engine(url)\n"}),
    ],
)
def default_pool(
    part: EngineCall | PoolSettings | FlaskDatabase | DjangoDatabase, origins: Origins
) -> Iterator[Finding]:
    """Engine uses the default connection pool.

    SQLAlchemy's default pool keeps up to 5 connections open (`pool_size`) and opens up to 10 more under load
    (`max_overflow`). Set both where the engine is created, to fit the load of the service and the connection
    limit of the database. Not reported for SQLite, or where any pool option is set. `NullPool` is a warning in
    modules of web services, unless the lines around the call name the reason, such as PgBouncer. A hint for
    Flask-SQLAlchemy's settings, and for Django databases with neither `CONN_MAX_AGE` nor a pool.
    """
    if isinstance(part, EngineCall):
        if origins.makes_engine(part):
            yield from _engine(part)
    elif isinstance(part, PoolSettings):
        yield from _settings(part)
    elif isinstance(part, FlaskDatabase):
        yield from _unset(part)
    else:
        yield from _django(part)


def _engine(call: EngineCall) -> Iterator[Finding]:
    if is_script(call.path) or any(one.startswith("alembic") for one in call.file.ask(origins)):
        return  # a script or migration uses one connection once
    if _is_null_pool(call):
        message = "engine uses `NullPool`, which opens a new connection for every checkout"
        name = "AsyncAdaptedQueuePool" if call.is_async else "QueuePool"
        fix = Fix(f"Use `{name}` with `pool_size=10, max_overflow=20`", lambda: _pooled(call))
        yield Finding(call.callee_span, message, (fix,), Severity.WARNING)
        return
    if call.url is None or call.spreads or call.keyword(*_POOL) is not None or _is_used_once(call):
        return
    if _is_sqlite(call):
        return
    url = call.url.value if isinstance(call.url, ast.Constant) and isinstance(call.url.value, str) else ""
    if url.startswith("sqlite") or (isinstance(call.url, ast.JoinedStr) and "sqlite" in call.text_of(call.url)):
        return
    fix = Fix(_SIZED, lambda: _sized(call), safe=bool(_SERVER.match(url)))
    yield Finding(call.callee_span, _MESSAGE, (fix,))


def _is_used_once(call: EngineCall) -> bool:
    """Whether nobody keeps the engine: `create_engine(url).connect()`, or a variable that is only connected."""
    above = call.above()
    if any(isinstance(node, ast.Attribute) and child is call.node for node, child in above):
        return True
    statement = call.statement
    if call.function is None or not isinstance(statement, ast.Assign) or statement.value is not call.node:
        return False
    target = statement.targets[0]
    return isinstance(target, ast.Name) and call.site.once(_only_connected, call.function).get(target.id, False)


def _only_connected(function: ast.AST) -> dict[str, bool]:
    """For each name of a function, whether it is only connected, or given to `create_all`."""
    used: dict[str, bool] = {}
    connected: set[int] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and node.attr in ("connect", "begin", "raw_connection", "dispose"):
            connected.add(id(node.value))
        elif isinstance(node, ast.Call) and (dotted(node.func) or "").endswith(("create_all", "drop_all")):
            connected.update(map(id, node.args))
            connected.update(id(keyword.value) for keyword in node.keywords)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            used |= dict.fromkeys(node.names, False)
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            used[node.id] = used.get(node.id, True) and id(node) in connected
    return used


def _is_sqlite(call: EngineCall) -> bool:
    """Whether an option that only SQLite has, or the name or value of the URL, shows that the database is SQLite."""
    options = call.keyword("connect_args")
    if isinstance(options, ast.Dict) and "'check_same_thread'" in ast.dump(options):
        return True
    name = (dotted(call.url) or "").rpartition(".")[2] if call.url is not None else ""
    if "sqlite" in name.lower():
        return True
    if not isinstance(call.url, ast.Name):
        return False
    if call.function is not None and _sets_sqlite(call.function, name):
        return True
    if call.file.ask(anywhere, _can_set_sqlite):
        return True
    return any(one == name and value.startswith("sqlite") for one, value in call.file.ask(texts))


def _sets_sqlite(function: ast.AST, name: str) -> bool:
    """Whether a function can assign the URL of a SQLite database to a name."""
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            texts = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
            if any(isinstance(text, str) and text.startswith("sqlite") for text in texts):
                return True
    return False


def _can_set_sqlite(statement: Statement) -> bool:
    """Whether a module-level statement assigns a URL of SQLite in one of several cases, or as a default."""
    return _SQLITE_CASE.match(statement.text) is not None


def _settings(settings: PoolSettings) -> Iterator[Finding]:
    """Flask-SQLAlchemy's engine options without any pool option."""
    if not settings.spreads and not any(settings.value(key) for key in _POOL):
        fix = Fix(_SIZED, lambda: entries_added(settings, _entries(settings, _FLASK)))
        yield Finding(settings.name_span, _MESSAGE, (fix,), Severity.HINT)


def _django(database: DjangoDatabase) -> Iterator[Finding]:
    """A server database without persistent connections. Skips settings packages: another module can set the age."""
    if not re.search(r"(?:^|[/_])settings\.py$", database.path) or database.file.ask(anywhere, _sets_age):
        return
    engine, options = database.value("ENGINE"), database.value("OPTIONS")
    server = isinstance(engine, ast.Constant) and _DJANGO_SERVER.search(str(engine.value))
    pooled = options is not None and (not isinstance(options, ast.Dict) or "'pool'" in ast.dump(options))
    if server and not pooled and not database.spreads and database.value("CONN_MAX_AGE") is None:
        name = database.chunk.of(database.name_span).strip("\"'")
        message = f"database `{name}` has no `CONN_MAX_AGE`; Django opens a new connection for each request"
        yield Finding(database.name_span, message, (_kept(database),), Severity.HINT)


def _sets_age(statement: Statement) -> bool:
    return _SET_LATER.search(statement.text) is not None


def _kept(database: DjangoDatabase) -> Fix:
    return Fix("Set `CONN_MAX_AGE` to 60 seconds", lambda: entries_added(database, _entries(database, _DJANGO)))


def _entries(settings: DatabaseSettings, entries: dict[str, int]) -> list[str]:
    key = next(iter(settings.node.keys), None)
    quote = "'" if key is not None and settings.text_of(key).startswith("'") else '"'
    return [f"{quote}{name}{quote}: {value}" for name, value in entries.items()]


def _unset(call: FlaskDatabase) -> Iterator[Finding]:
    """Flask's `SQLAlchemy(app)` in a file that sets its database URI but no engine options."""
    if not call.node.args or any(keyword.arg in ("engine_options", None) for keyword in call.node.keywords):
        return
    if call.file.ask(anywhere, _sets_uri) and not call.file.ask(anywhere, _sets_options_elsewhere):
        yield Finding(call.callee_span, _MESSAGE, severity=Severity.HINT)


def _sets_uri(statement: Statement) -> bool:
    return "SQLALCHEMY_DATABASE_URI" in statement.text


def _sets_options_elsewhere(statement: Statement) -> bool:
    return _ELSEWHERE.search(statement.text) is not None


def _is_null_pool(call: EngineCall) -> bool:
    """`NullPool` in a web module, unless the lines around it name a reason: a pooler, serverless, forked workers."""
    if "web" not in call.flags or not (call.origin(call.keyword("poolclass")) or "").endswith(".NullPool"):
        return False
    if call.spreads or call.keyword("pool_size", "max_overflow") is not None:
        return False
    chunk, span = call.chunk, call.span
    line = chunk.line_of(span.start)
    if line < _LINES_ABOVE and _REASON.search(call.file.ask(text_above, _LINES_ABOVE - line)):
        return False
    above = chunk.line_starts[max(line - _LINES_ABOVE, 0)]
    return not _REASON.search(chunk.text[above : chunk.next_line_start(span.end)])


def _pooled(call: EngineCall) -> list[Edit]:
    poolclass = call.keyword("poolclass")
    assert poolclass is not None
    name = "AsyncAdaptedQueuePool" if call.is_async else "QueuePool"
    pool = imported_instead(call, "sqlalchemy.pool", call.text_of(poolclass), name)
    span = call.span_of(poolclass)
    return [*pool.edits, Edit(span.start, span.end, pool.name), appended(call, *_SIZES)]


def _sized(call: EngineCall) -> list[Edit]:
    if call.is_async:  # QueuePool raises ArgumentError; the default is AsyncAdaptedQueuePool
        return [appended(call, *_SIZES)]
    pool = imported_name(call, "sqlalchemy.pool", "QueuePool")
    return [*pool.edits, appended(call, f"poolclass={pool.name}", *_SIZES)]
