from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.facts import Files
from playpen_ls.api.file_view import Outline
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.model.queries import is_left_alone
from playpen_ls.languages.python.model.web import is_route
from playpen_ls.languages.python.parts import PythonModule
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.rules.python._requirements import is_required
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words

_PATH = regex(r"/(?:[\w./-]*[/-])?(?:ready|readyz|readiness)/?")
_DATABASES = (
    "sqlalchemy", "sqlmodel", "psycopg2", "psycopg2-binary", "psycopg", "asyncpg", "pymysql", "aiomysql", "pymongo",
    "motor", "tortoise-orm", "flask-sqlalchemy",
)  # fmt: skip
_ANSWERS = regex(r"(?:\w*Response|jsonify|dict|str|make_response)")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _mentioned(words: Words) -> bool:
    return words.has("read")


_FAST = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
_WITH_DATABASE = {"requirements.txt": "fastapi==0.115.0\nSQLAlchemy==2.0.30\n"}


@rule(
    severity=Severity.INFORMATION,
    practice="Health probes",
    preset="hardened",
    mentions=_mentioned,
    bad=[
        {
            "main.py": _FAST + '@app.get("/ready")\nasync def «ready»():\n    return {"status": "ready"}\n',
            **_WITH_DATABASE,
        },
        {
            "main.py": "from flask import Flask\n\napp = Flask(__name__)\n\n\n"
            '@app.route("/health/ready")\ndef «readiness»():\n    """For the probe."""\n    return "ok", 200\n',
            **_WITH_DATABASE,
        },
    ],
    good=[
        {
            "main.py": _FAST + '@app.get("/ready")\nasync def ready():\n    await engine.ping()\n'
            '    return {"status": "ready"}\n',
            **_WITH_DATABASE,
        },
        {
            "main.py": _FAST + '@app.get("/ready")\ndef ready(db=Depends(get_db)):\n    return {"status": "ready"}\n',
            **_WITH_DATABASE,
        },
        {
            "main.py": _FAST + '@app.get("/ready")\ndef ready():\n    return {"status": state.ready}\n',
            **_WITH_DATABASE,
        },
        # Liveness must not depend on others, and without a database there is nothing to ask.
        {
            "main.py": _FAST + '@app.get("/health")\nasync def health():\n    return {"status": "healthy"}\n',
            **_WITH_DATABASE,
        },
        {
            "main.py": _FAST + '@app.get("/ready")\nasync def ready():\n    return {"status": "ready"}\n',
            "requirements.txt": "fastapi==0.115.0\n",
        },
    ],
)
def readiness_asks_nothing(module: PythonModule, files: Files) -> Iterator[Finding]:
    """Readiness endpoint answers without asking the database.

    The pod receives requests although each of them will fail, because its database cannot be reached. Run `SELECT 1` in
    the readiness endpoint, with a short timeout, and answer 503 if it fails; leave the liveness endpoint as it is,
    since a restart does not bring the database back. This is true of most services, so the rule is part of the preset
    `hardened`. Looked at are routes that end in `ready`, `readyz` or `readiness`, in projects that require a driver of
    a database.
    """
    found = () if module.file.ask(is_left_alone) else module.file.ask(idle_routes)
    if not found or not any(is_required(one, module.path, files) for one in _DATABASES):
        return
    for one in found:
        message = f"`{one.name}` answers `{one.path}` without asking the database of the project"
        yield Finding(one.span, message, chunk=one.chunk)


@dataclass(frozen=True, slots=True)
class IdleRoute:
    """A handler that always gives the same answer; the range is that of its name in the chunk."""

    name: str
    path: str
    span: Span
    chunk: int


def idle_routes(outline: Outline) -> tuple[IdleRoute, ...]:
    """A query: the readiness endpoints that ask nothing."""
    found = enumerate(outline.each(_handlers))
    return tuple(IdleRoute(name, path, span, chunk) for chunk, some in found for name, path, span in some)


def _handlers(statement: Statement) -> tuple[tuple[str, str, Span], ...]:
    if "read" not in statement.text or "@" not in statement.text:
        return ()
    found = []
    for node in statement.body():
        path = _readiness_path(node)
        if path and isinstance(node, _FUNCTIONS) and _asks_nothing(node):
            named = re.compile(rf"\bdef\s+(?P<name>{re.escape(node.name)})\b").search(statement.text)
            if named is not None:
                found.append((node.name, path, Span(named.start("name"), named.end("name"))))
    return tuple(found)


def _readiness_path(node: ast.stmt) -> str:
    """The path of the route above a function, if it is one for readiness; else ""."""
    for decorator in getattr(node, "decorator_list", ()):
        first = decorator.args[0] if isinstance(decorator, ast.Call) and decorator.args else None
        value = first.value if isinstance(first, ast.Constant) else None
        if is_route(decorator) and isinstance(value, str) and _PATH.fullmatch(value):
            return value
    return ""


def _asks_nothing(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    given = function.args
    if given.args or given.kwonlyargs or len(function.decorator_list) > 1:
        return False
    body = [one for one in function.body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
    if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
        return False
    answer = body[0].value
    called = {id(one.func) for one in ast.walk(answer) if isinstance(one, ast.Call)}
    for node in ast.walk(answer):
        if isinstance(node, ast.Call) and not _ANSWERS.fullmatch((dotted(node.func) or "?").rpartition(".")[2]):
            return False
        if isinstance(node, ast.Await) or (isinstance(node, (ast.Name, ast.Attribute)) and not _is_named(node, called)):
            return False
    return True


def _is_named(node: ast.Name | ast.Attribute, called: set[int]) -> bool:
    """Whether it is the function of a call, or a constant such as `status.HTTP_200_OK` or `__version__`."""
    if id(node) in called:
        return True
    name = node.attr if isinstance(node, ast.Attribute) else node.id
    return name.isupper() or name in ("status", "HTTPStatus", "web")
