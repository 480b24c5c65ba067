from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Change, Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.parts import SchemaCreation
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.rules.python._origins import Origins
from playpen_ls.rules.python.create_all.alembic import new_setup, set_up_in
from playpen_ls.text.edit import Edit


@rule(
    severity=Severity.WARNING,
    practice="Database migrations",
    bad=[
        example(
            {
                "app.py": "from models import Base, engine\n\n"
                "Base.metadata.«create_all»(bind=engine)\n\napp = create_app()\n",
                "alembic.ini": "[alembic]\n",
            },
            fixed="app = create_app()\n",
        ),
        example(
            {
                "app.py": "from models import Base\n\n\nasync def start(conn):\n    await "
                "conn.run_sync(Base.metadata.«create_all»)\n",
                "alembic/env.py": "",
            },
        ),
        {
            "app.py": "from models import Base\n\n\ndef reset(e):\n    Base.metadata.«drop_all»(e)\n"
            "    Base.metadata.«create_all»(e)\n    add_users(e)\n",
            "alembic/env.py": "",
        },
        {
            "shop/cli.py": "from models import Base\n\n\ndef init(e):\n    Base.metadata.«create_all»(e)\n"
            "    add_users(e)\n",
            "alembic/env.py": "",
        },
        # The function would do nothing any more.
        example(
            {
                "app.py": "from models import Base, engine\n\n\ndef init_db():\n    'Create.'\n"
                "    Base.metadata.«create_all»(engine)\n    print('done')\n",
                "alembic/env.py": "",
            },
        ),
        example(
            {
                "app.py": "from models import Base\n\n\nasync def start(conn):\n    if conn:\n"
                "        await conn.run_sync(Base.metadata.«create_all»)\n    await serve(conn)\n",
                "alembic/env.py": "",
            },
            fixed="async def start(conn):\n    if conn:\n        pass\n    await serve(conn)\n",
        ),
        example(
            {
                "app.py": "from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\nwith "
                "app.app_context():\n    db.«create_all»()\n",
                "alembic.ini": "",
            },
        ),
        example(
            {"app.py": "from models import Base\n\nx = Base.metadata.«create_all»(e)\n", "alembic.ini": ""},
        ),
        example(
            {"service/app.py": "from models import Base\n\nBase.metadata.«create_all»(engine)\n"},
            fixed="from models import Base\n",
            creates=new_setup("service", "models", "Base.metadata"),
        ),
        example(
            {
                "shop/app.py": "from shop.extensions import db\n\ndb.«create_all»()\n\nprint(1)\n",
                "shop/extensions.py": "from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\n",
                "alembic.ini": "",
            },
            fixed="print(1)\n",
        ),
        {
            "shop/app.py": "from . import db\n\n\ndef start():\n    db.«create_all»()\n",
            "shop/__init__.py": "import flask_sqlalchemy\n\ndb = flask_sqlalchemy.SQLAlchemy()\n",
        },
        {
            "shop/api/app.py": "from .. import db\n\n\ndef start():\n    db.«create_all»()\n",
            "shop/__init__.py": "import flask_sqlalchemy\n\ndb = flask_sqlalchemy.SQLAlchemy()\n",
        },
        "from sqlalchemy import MetaData\n\nmetadata = MetaData()\nx = metadata.«create_all»(e)\n",
    ],
    good=[
        "# SQLModel.metadata.create_all(engine)\n",
        "factory.create_all()\n",
        # https://alembic.sqlalchemy.org/en/latest/cookbook.html#building-an-up-to-date-database-from-scratch
        {
            "app.py": "from models import Base\n\n\ndef start(e):\n    if is_empty(e):\n"
            "        Base.metadata.create_all(e)\n        stamp_latest_revision()\n",
            "alembic/env.py": "",
        },
        {
            "shop/app.py": "from shop.extensions import db\n\ndb.create_all()\n",
            "shop/extensions.py": "from flask_sqlalchemy import SQLAlchemy\n\ndb = Registry()\n",
        },
        "from elsewhere import db\n\ndb.create_all()\n",
        "class A:\n    def f(self):\n        self.create_all()\n",
        example({"alembic/versions/1.py": "Base.metadata.create_all(e)\n"}),
        example({"tests/conftest.py": "Base.metadata.create_all(e)\n"}),
    ],
)
def create_all(part: SchemaCreation, origins: Origins, files: Files) -> Iterator[Finding]:
    """Application creates or drops its database tables.

    `create_all` creates missing tables but does not alter existing ones, so the schema differs from the
    models after the first change, and replicas that start at the same time run it concurrently. Generate
    migrations with `alembic revision --autogenerate`, and apply them with `alembic upgrade head` before the
    application starts. Reported as information where Alembic is set up or the call has a `tables` argument. Not
    reported beside a call that stamps the new schema with the revision of Alembic.
    """
    if not _is_metadata(part, origins) or _calls(part, "stamp"):
        return
    folder = set_up_in(part.path, files)
    some = part.call is not None and any(keyword.arg == "tables" for keyword in part.call.keywords)
    word = part.node.attr
    told = "does not alter existing tables" if word == "create_all" else "drops tables with their data"
    message = f"`{word}` {told}; manage the schema with Alembic migrations"
    severity = Severity.INFORMATION if folder is not None or some else None
    yield Finding(part.word_span, message, tuple(_fixes(part, folder, some, files)), severity)


def _is_metadata(part: SchemaCreation, origins: Origins) -> bool:
    receiver = part.node.value
    text, origin = dotted(receiver) or "", part.origin(receiver) or ""
    origin = origins.of(part.path, origin) if origin else ""
    if text.endswith(".metadata") or origin.endswith(
        (".metadata", "sqlalchemy.MetaData()", "sqlalchemy.schema.MetaData()")
    ):
        return True
    return origin in ("flask_sqlalchemy.SQLAlchemy()", "flask_sqlalchemy.extension.SQLAlchemy()")


def _fixes(part: SchemaCreation, folder: str | None, some: bool, files: Files) -> Iterator[Fix]:
    if part.node.attr != "create_all":
        return
    if folder is not None:
        yield Fix("Remove the `create_all` call; Alembic manages the schema", lambda: part.file.local(_removed(part)))
    elif files.known and not some:
        title = "Set up Alembic (must be installed) and remove the `create_all` call"
        yield Fix(title, lambda: _set_up(part, files), kind="refactor.rewrite")


def _removed(part: SchemaCreation) -> list[Edit]:
    """The edits of the file that delete the statement with its line, or put `pass` where its block has no other.

    Raises Refused.
    """
    statement = part.statement
    value = statement.value if isinstance(statement, ast.Expr) else None
    value = value.value if isinstance(value, ast.Await) else value
    if statement is None or value is not part.call:
        raise Refused("the result of `create_all` is used")
    function = part.function
    if function is not None and not any(_does_more(one, statement) for one in function.body):
        raise Refused(f"creating the tables is all that `{function.name}` does")
    if is_script(part.path) or "cli" in part.flags or _calls(part, "drop_all"):
        raise Refused("a command creates the tables when it is asked to")
    source, span = part.source, part.span_of(statement).shifted(part.file.start)
    start, end = source.line_start(span.start), source.next_line_start(max(span.end - 1, 0))
    if source.text[start : span.start].strip() or source.text[span.end : end].split("#")[0].strip():
        raise Refused("there is other code on the same line")
    holder = next((node for node, child in part.above() if child is statement), None)
    block = next((body for body in _blocks(holder) if statement in body), None) if holder is not None else None
    if block is None or len(block) > 1:
        if not source.text[end:].strip():  # end of file: leave no trailing empty lines
            ended = end > span.end and source.text[end - 1] in "\r\n"
            start = len(source.text[:start].rstrip())
            return [Edit(start, len(source.text), source.newline if ended and start else "")]
        return [Edit(start, end, "")]
    if isinstance(holder, (ast.With, ast.AsyncWith)):
        raise Refused("the `with` block would be empty")
    return [Edit(span.start, span.end, "pass")]


def _calls(part: SchemaCreation, name: str) -> bool:
    """Whether the function or block of the call has a call with this word in its name."""
    holder = part.function or next((node for node, _ in part.above()), None)
    return holder is not None and any(
        isinstance(node, (ast.Name, ast.Attribute))
        and name in (node.attr if isinstance(node, ast.Attribute) else node.id)
        for node in ast.walk(holder)
    )


def _does_more(statement: ast.stmt, creating: ast.stmt) -> bool:
    """Whether a statement of a function does something besides creating the tables and telling it."""
    if any(one is creating for one in ast.walk(statement)):
        blocks = [one for one in ast.walk(statement) if isinstance(one, ast.stmt)]
        return any(_does_more(one, creating) for one in blocks if not any(x is creating for x in ast.walk(one)))
    if isinstance(statement, (ast.Import, ast.ImportFrom, ast.Pass, ast.Return, ast.Global)):
        return False
    value = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(value, ast.Call):
        return (dotted(value.func) or "").rpartition(".")[2] not in _TELLING
    return not isinstance(value, ast.Constant)


_TELLING = frozenset("print echo secho debug info warning error".split())


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list):
            yield body


def _set_up(part: SchemaCreation, files: Files) -> Change:
    """Create the Alembic files next to the top-level package and delete the call. Raises Refused."""
    receiver = part.node.value
    name = dotted(receiver) or ""
    origin = part.origin(receiver) or ""
    root = name.partition(".")[0]
    folder = posixpath.dirname(part.path)
    while folder and files.exists(posixpath.join(folder, "__init__.py")):
        folder = posixpath.dirname(folder)
    imported = origin.removesuffix(name[len(root) :]).rpartition(".")[0]
    if not name.endswith("metadata"):
        raise Refused("the module that defines the models, which Alembic must import, is unknown")
    if "(" in name or "(" in imported or "<" in imported or not imported or imported.startswith("."):
        raise Refused("the module to import the models from is unknown")
    if imported.partition(".")[0] in ("sqlmodel", "sqlalchemy", "flask_sqlalchemy"):
        raise Refused("the module that defines the models, which Alembic must import, is unknown")
    if origin.rpartition(f"{root}{name[len(root) :]}")[0].rstrip(".") != imported:
        raise Refused("the models are imported under an alias")
    return Change({part.path: tuple(_removed(part))}, new_setup(folder, imported, name))
