from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.call_arguments import appended, width
from playpen_ls.languages.python.model.migrations import created_tables, revision
from playpen_ls.languages.python.parts import MigrationCall
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.rules.python._layout import line_length
from playpen_ls.rules.python._migrations import Migrations, is_for_others
from playpen_ls.rules.python._requirements import requirement
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.source import LINE_END

# https://www.postgresql.org/docs/current/sql-altertable.html, sql-createindex.html and explicit-locking.html
_VOLATILE = regex(
    r"\b(?:gen_random_uuid|uuid_generate_v\d\w*|uuidv\d|random|clock_timestamp|timeofday|nextval)\(|^[^(]*\.\w*uuid\w*\(",
    re.IGNORECASE,
)
_BEFORE_IF_NOT_EXISTS = regex(r"(?:==|~=|<=?)[ ]*1\.(?:\d|1[01])(?!\d)")
_FREE_LENGTHS = frozenset(("String", "VARCHAR", "Unicode"))
_TEXTS = frozenset(("Text", "TEXT", "UnicodeText"))
_NUMBERS = frozenset(("Numeric", "NUMERIC", "DECIMAL"))
_GENERATED = frozenset(("Identity", "Computed", "Sequence", "FetchedValue"))

_SQL = (
    (
        regex(r"CREATE[ ](?:UNIQUE[ ])?INDEX[ ](?!CONCURRENTLY\b).*?\bON[ ](?:ONLY[ ])?(?P<table>[\w.\"]+)", re.I),
        Severity.WARNING,
        "creating an index blocks writes to {table} until it is built",
    ),
    (
        regex(
            r"ALTER[ ]TABLE[ ](?P<table>[\w.\"]+)[ ]ADD[ ](?:CONSTRAINT[ ]\S+[ ])?FOREIGN[ ]KEY\b(?!.*NOT VALID)", re.I
        ),
        Severity.WARNING,
        "adding a foreign key blocks writes to {table} and to the other table until all rows are checked",
    ),
    (
        regex(r"ALTER[ ]TABLE[ ](?P<table>[\w.\"]+)[ ]ADD[ ](?:CONSTRAINT[ ]\S+[ ])?CHECK\b(?!.*NOT VALID)", re.I),
        Severity.WARNING,
        "adding a check blocks {table} until all rows are checked",
    ),
    (
        regex(r"ALTER[ ]TABLE[ ](?P<table>[\w.\"]+)[ ]ALTER[ ](?:COLUMN[ ])?\S+[ ](?:SET[ ]DATA[ ])?TYPE\b", re.I),
        Severity.WARNING,
        "changing a type can rewrite {table}, which is blocked until then",
    ),
    (
        regex(
            r"ALTER[ ]TABLE[ ](?P<table>[\w.\"]+)[ ]ADD[ ](?:COLUMN[ ])"
            r"(?!.*\b(?:DEFAULT|GENERATED|SERIAL|BIGSERIAL|PRIMARY)\b)[^,]*\bNOT[ ]NULL\b",
            re.I,
        ),
        Severity.ERROR,
        "new column is NOT NULL without a default; the migration fails as soon as {table} has a row",
    ),
    (
        regex(r"ALTER[ ]TABLE[ ](?P<table>[\w.\"]+)[ ]ALTER[ ](?:COLUMN[ ])?\S+[ ]SET[ ]NOT[ ]NULL\b", re.I),
        Severity.INFORMATION,
        "`SET NOT NULL` blocks {table} until all rows are checked",
    ),
)

_HEAD = 'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "b1"\ndown_revision = "a1"\n\n\ndef upgrade():\n'


def _project(body: str, **others: str) -> dict[str, str]:
    return {"alembic/versions/b1.py": _HEAD + body, "alembic/env.py": "", **others}


@rule(
    severity=Severity.WARNING,
    practice="Database migrations",
    has_safe_fixes=False,
    bad=[
        example(
            _project('    op.«create_index»("ix_orders_user", "orders", ["user_id"])\n'),
            fixed=_HEAD + "    with op.get_context().autocommit_block():\n"
            '        op.create_index(\n            "ix_orders_user",\n            "orders",\n            ["user_id"],\n'
            "            postgresql_concurrently=True,\n            if_not_exists=True,\n        )\n",
        ),
        example(
            _project('    op.«create_foreign_key»("fk", "a", "b", ["b_id"], ["id"])\n'),
            fixed=_HEAD + '    op.create_foreign_key("fk", "a", "b", ["b_id"], ["id"], postgresql_not_valid=True)\n'
            "    with op.get_context().autocommit_block():\n"
            '        op.execute(\'ALTER TABLE "a" VALIDATE CONSTRAINT "fk"\')\n',
        ),
        example(
            _project('    op.«create_check_constraint»("c", "a", "n > 0")\n    op.execute("x")\n'),
            fixed=_HEAD + '    op.create_check_constraint("c", "a", "n > 0", postgresql_not_valid=True)\n'
            "    with op.get_context().autocommit_block():\n"
            '        op.execute(\'ALTER TABLE "a" VALIDATE CONSTRAINT "c"\')\n'
            '    op.execute("x")\n',
        ),
        _project('    op.«create_foreign_key»(None, "orders", "users", ["user_id"], ["id"])\n'),
        _project('    op.«add_column»("orders", sa.Column("note", sa.String(), nullable=False))\n'),
        _project(
            '    op.«add_column»("orders", sa.Column("key", sa.Uuid(), nullable=False, '
            'server_default=sa.text("gen_random_uuid()")))\n'
        ),
        _project('    op.«alter_column»("orders", "n", existing_type=sa.Integer(), type_=sa.BigInteger())\n'),
        _project('    op.«alter_column»("orders", "n", type_=sa.Text())\n'),
        _project('    op.«alter_column»("orders", "n", existing_type=sa.Integer(), nullable=False)\n'),
        _project('    with op.batch_alter_table("orders") as batch:\n        batch.«create_index»("ix_a", ["a"])\n'),
        _project(
            '    with op.batch_alter_table("orders") as batch_op:\n'
            '        batch_op.«add_column»(sa.Column("note", sa.String(), nullable=False))\n'
        ),
        _project('    op.«execute»("CREATE INDEX ix_a ON orders (a)")\n'),
        _project('    op.«execute»(sa.text("ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0)"))\n'),
        _project('    op.«execute»("alter table orders add column note text not null")\n'),
    ],
    good=[
        _project(
            '    op.create_table("orders", sa.Column("id", sa.Integer()))\n'
            '    op.create_index("ix_orders_user", "orders", ["user_id"])\n'
        ),
        _project(
            "    with op.get_context().autocommit_block():\n"
            '        op.create_index("ix_a", "orders", ["a"], postgresql_concurrently=True)\n'
        ),
        _project(
            '    op.create_foreign_key("fk", "orders", "users", ["u"], ["id"], postgresql_not_valid=True)\n'
            '    op.add_column("orders", sa.Column("note", sa.String(), nullable=True))\n'
            '    op.add_column("orders", sa.Column("n", sa.Integer(), nullable=False, server_default="0"))\n'
            '    op.add_column("orders", sa.Column("at", sa.Date(), nullable=False, server_default=sa.func.now()))\n'
            '    op.add_column("orders", sa.Column("c", sa.Integer(), sa.Computed("a + 1"), nullable=False))\n'
            '    op.add_column("orders", sa.Column("p", sa.Integer(), primary_key=True, nullable=False))\n'
            '    op.alter_column("orders", "t", existing_type=sa.String(20), type_=sa.String(40))\n'
            '    op.alter_column("orders", "t", existing_type=sa.String(length=20), type_=sa.Text())\n'
            '    op.alter_column("orders", "t", existing_type=sa.Numeric(8, 2), type_=sa.Numeric(10, 2))\n'
            '    op.alter_column("orders", "t", existing_type=sa.Integer(), nullable=True)\n'
            '    op.drop_index("ix_b", "orders")\n'
        ),
        _project(
            '    op.execute("CREATE INDEX CONCURRENTLY ix_a ON orders (a)")\n'
            '    op.execute("ALTER TABLE orders ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID")\n'
            '    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT c")\n'
            '    op.alter_column("orders", "a", existing_type=sa.Integer(), nullable=False)\n'
            '    op.execute("UPDATE orders SET a = 1")\n'
        ),
        _project(
            '    pass\n\n\ndef downgrade():\n    op.create_index("ix_a", "orders", ["a"])\n',
        ),
        # An older revision has run already.
        _project(
            '    op.create_index("ix_a", "orders", ["a"])\n',
            **{"alembic/versions/c1.py": 'revision = "c1"\ndown_revision = "b1"\n'},
        ),
        _project(
            '    if op.get_bind().dialect.name == "mysql":\n'
            '        op.alter_column("orders", "n", existing_type=sa.Integer(), type_=sa.BigInteger())\n'
        ),
        _project('    op.create_index("ix_a", "orders", ["a"])\n', **{"requirements.txt": "PyMySQL==1.1.0\n"}),
    ],
)
def locking_migration(call: MigrationCall, migrations: Migrations) -> Iterator[Finding]:
    """Migration blocks a table, or fails, on PostgreSQL.

    While the newest revision runs, the application waits: an index that is not built `CONCURRENTLY` blocks writes, and
    so does a foreign key whose rows are checked at once; a check, a new type and a volatile default block reads too. A
    new column that is NOT NULL without `server_default` fails as soon as the table has a row. Build indexes
    concurrently in an `autocommit_block`, add constraints as `NOT VALID` and validate them in an `autocommit_block`:
    all revisions of one `alembic upgrade` share a transaction, whose locks last to its end. Only the newest revision is
    looked at, since older ones have run, and only changes of tables that it does not create. Not reported where the
    project uses other databases only.
    """
    own = call.file.ask(revision)
    found = next(_found(call), None) if own is not None and not call.spreads else None
    if own is None or found is None or not _exists_before(call) or not migrations.is_head(call.path, own):
        return
    if migrations.run_on_postgresql(call.path) and not is_for_others(call):
        severity, message, fixes = found
        yield Finding(call.method_span, message, tuple(_with_layout(fixes, call, migrations)), severity)


_Found = tuple[Severity, str, str]


def _found(call: MigrationCall) -> Iterator[_Found]:
    """(severity, message, which fix: "index", "constraint" or "")."""
    table = f"`{call.table}`" if call.table else "the table"
    if call.name == "create_index":
        if call.keyword("postgresql_concurrently") is None:
            yield Severity.WARNING, f"creating an index blocks writes to {table} until it is built", "index"
    elif call.name == "create_foreign_key":
        if call.keyword("postgresql_not_valid") is None:
            other = call.text(2, "referent_table", "referent")
            both = f"{table} and `{other}`" if other else f"{table} and the other table"
            yield (
                Severity.WARNING,
                f"adding a foreign key blocks writes to {both} until all rows are checked",
                "constraint",
            )
    elif call.name == "create_check_constraint":
        if call.keyword("postgresql_not_valid") is None:
            yield Severity.WARNING, f"adding a check blocks {table} until all rows are checked", "constraint"
    elif call.name == "add_column":
        yield from _column(call, table)
    elif call.name == "alter_column":
        yield from _altered(call, table)
    elif call.name == "execute":
        for pattern, severity, message in _SQL:
            match = pattern.match(call.sql)
            if match is not None:
                yield severity, message.format(table="`{}`".format(match["table"].replace('"', ""))), ""


def _column(call: MigrationCall, table: str) -> Iterator[_Found]:
    column = call.argument(1, "column")
    if not isinstance(column, ast.Call) or (dotted(column.func) or "").rpartition(".")[2] != "Column":
        return
    options = {one.arg: one.value for one in column.keywords}
    positional = [dotted(one.func) or "" for one in column.args if isinstance(one, ast.Call)]
    if None in options or any(isinstance(one, ast.Starred) for one in column.args):
        return
    default = options.get("server_default")
    if default is not None:
        if _VOLATILE.search(ast.unparse(default)) and not isinstance(default, ast.Name):
            yield (
                Severity.WARNING,
                f"volatile default makes PostgreSQL rewrite {table}, which is blocked until then",
                "",
            )
        return
    required = _is(options.get("nullable"), False) and not _is(options.get("primary_key"), True)
    generated = any(name.rpartition(".")[2] in _GENERATED for name in positional)
    if default is None and required and not generated and not _emptied(call):
        first = column.args[0] if column.args else None
        named = isinstance(first, ast.Constant) and isinstance(first.value, str)
        what = f"new column `{call.text_of(first)[1:-1]}`" if first is not None and named else "new column"
        message = f"{what} is NOT NULL without `server_default`; the migration fails as soon as {table} has a row"
        yield Severity.ERROR, message, ""


def _altered(call: MigrationCall, table: str) -> Iterator[_Found]:
    new, old = call.keyword("type_"), call.keyword("existing_type")
    if new is not None and (old is None or not _is_free(old, new)):
        severity = Severity.WARNING if old is not None else Severity.INFORMATION
        yield severity, f"changing a type can rewrite {table}, which is blocked until then", ""
    elif _is(call.keyword("nullable"), False) and "is not null" not in call.before.lower():
        yield Severity.INFORMATION, f"`SET NOT NULL` blocks {table} until all rows are checked", ""


def _is(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _is_free(old: ast.expr, new: ast.expr) -> bool:
    """Whether PostgreSQL neither rewrites nor checks the table for this change of types, or they are the same."""
    if ast.dump(old) == ast.dump(new):
        return True
    (before, sizes), (after, now) = _type(old), _type(new)
    if before == "CIDR" and after == "INET":
        return True
    if before in _FREE_LENGTHS | _TEXTS and (after in _TEXTS or (after in _FREE_LENGTHS and not now)):
        return True  # without a limit
    if before in _FREE_LENGTHS and after in _FREE_LENGTHS:
        return bool(sizes) and bool(now) and sizes[0] <= now[0]
    if before in _NUMBERS and after in _NUMBERS:
        return not now or (len(sizes) == len(now) and sizes[0] <= now[0] and sizes[1:] == now[1:])
    # Types of the application alone, or ones that are unknown here.
    return not (before and after) or before == after


def _type(node: ast.expr) -> tuple[str, list[int]]:
    """`sa.Numeric(8, 2)` as its name and literal sizes."""
    arguments = [*node.args, *(one.value for one in node.keywords)] if isinstance(node, ast.Call) else []
    sizes = [one.value for one in arguments if isinstance(one, ast.Constant) and type(one.value) is int]
    name = dotted(node.func if isinstance(node, ast.Call) else node) or ""
    return name.rpartition(".")[2], sizes


def _exists_before(call: MigrationCall) -> bool:
    """Whether the table is none that the revision creates."""
    created = call.file.ask(created_tables)
    table = call.table
    if call.name == "execute":
        words = set(re.findall(r"\w+", call.sql))
        return "*" not in created and not words & created
    return not created or (table is not None and "*" not in created and table not in created)


def _emptied(call: MigrationCall) -> bool:
    """Whether rows are deleted above: the table may be empty."""
    return re.search(r"\bTRUNCATE\b|\bDELETE FROM\b|\.delete\(", call.before, re.IGNORECASE) is not None


def _with_layout(fix: str, call: MigrationCall, migrations: Migrations) -> Iterator[Fix]:
    if not fix or call.batch is not None or not call.is_statement:
        return
    limit = line_length(call.path, migrations.files)
    if fix == "index":
        old = _BEFORE_IF_NOT_EXISTS.search(requirement("alembic", call.path, migrations.files) or "")
        options = ("postgresql_concurrently=True",) if old else ("postgresql_concurrently=True", "if_not_exists=True")
        title = (
            "Build the index concurrently, after committing what stands above (a failed build leaves an invalid index)"
        )
        yield Fix(title, lambda: _concurrently(call, options, limit))
        return
    name, table = call.text(0, "constraint_name"), call.table
    if name and table and call.keyword("source_schema", "schema") is None:
        title = "Add the constraint as `NOT VALID`, and validate it after committing what stands above"
        yield Fix(title, lambda: _validated(call, name, table, limit))


def _concurrently(call: MigrationCall, options: tuple[str, ...], limit: int) -> list[Edit]:
    """The statement with the options, inside of an autocommit block. Raises Refused."""
    start, indentation = _line_of(call)
    if any(
        isinstance(one, ast.Constant | ast.JoinedStr) and one.lineno != one.end_lineno for one in ast.walk(call.node)
    ):
        raise Refused("a text of the call has several lines")
    source = call.chunk
    step = "\t" if indentation.endswith("\t") else "    "
    edit = appended(call, *options, limit=(limit or width(call)) - len(step))
    text = call.text_of(call.node)
    at = edit.start - call.span.start
    text = text[:at] + edit.text + text[at + edit.end - edit.start :]
    inside = LINE_END.sub(lambda match: match[0] + step, text)
    head = f"with {_operations(call)}.get_context().autocommit_block():{source.newline}{indentation}{step}"
    return [Edit(start, call.span.end, head + inside)]


def _validated(call: MigrationCall, name: str, table: str, limit: int) -> list[Edit]:
    """The call with the option, and the validation after it. Raises Refused."""
    _, indentation = _line_of(call)
    source, operations = call.chunk, _operations(call)
    end = source.line_span(source.line_of(call.span.end)).end
    step = "\t" if indentation.endswith("\t") else "    "
    lines = (
        f"with {operations}.get_context().autocommit_block():",
        f'{step}{operations}.execute(\'ALTER TABLE "{table}" VALIDATE CONSTRAINT "{name}"\')',
    )
    after = "".join(source.newline + indentation + line for line in lines)
    return [appended(call, "postgresql_not_valid=True", limit=limit), Edit(end, end, after)]


def _operations(call: MigrationCall) -> str:
    """The name of `alembic.op` in the file."""
    return call.text_of(call.node.func.value) if isinstance(call.node.func, ast.Attribute) else "op"


def _line_of(call: MigrationCall) -> tuple[int, str]:
    """(start of the statement, its indentation); it must have its lines for itself. Raises Refused."""
    source, span = call.chunk, call.span
    before = source.text[source.line_start(span.start) : span.start]
    after = source.text[span.end : source.line_span(source.line_of(span.end)).end]
    if before.strip() or after.split("#")[0].strip():
        raise Refused("there is other code on the same line")
    return span.start, before
