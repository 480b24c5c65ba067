from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.model.migrations import created_tables, restored, revision
from playpen_ls.languages.python.parts import MigrationCall
from playpen_ls.rules.python._migrations import Migrations, is_for_others
from playpen_ls.text.regex import regex

_TABLE = r"(?P<table>[\w.\"`]+)"
_SQL = (
    (regex(rf"DROP[ ]TABLE[ ](?:IF[ ]EXISTS[ ])?{_TABLE}", re.I), "drops table {table} with its rows"),
    (regex(rf"TRUNCATE[ ](?:TABLE[ ])?(?:ONLY[ ])?{_TABLE}", re.I), "deletes all rows of {table}"),
    (regex(rf"DELETE[ ]FROM[ ](?:ONLY[ ])?{_TABLE}$", re.I), "deletes all rows of {table}"),
    (
        regex(rf"ALTER[ ]TABLE[ ](?:IF[ ]EXISTS[ ])?{_TABLE}[ ]DROP[ ](?:COLUMN[ ])(?:IF[ ]EXISTS[ ])?[\w\"`]+", re.I),
        "drops a column of {table} with its values",
    ),
    (
        regex(rf"ALTER[ ]TABLE[ ]{_TABLE}[ ]RENAME[ ](?!CONSTRAINT\b)", re.I),
        "renames {table}, or a column of it",
    ),
)
_TEMPORARY = regex(r"^(?:tmp|temp|old|backup|_alembic_tmp)_|_(?:tmp|temp|old|backup|bak|\d{6,})$", re.IGNORECASE)
_COPIED = regex(
    r"\bINSERT\s+INTO\b.*\bSELECT\b|insert\(.*\.from_select\(|\bRENAME\b|rename_table\(|\bCREATE\s+TABLE\b.*\bAS\b",
    re.IGNORECASE | re.DOTALL,
)
_RUNNING = "replicas of the previous version that still use it fail"

_HEAD = 'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "b1"\ndown_revision = "a1"\n\n\ndef upgrade():\n'


def _project(body: str, **others: str) -> dict[str, str]:
    return {"alembic/versions/b1.py": _HEAD + body, "alembic/env.py": "", **others}


@rule(
    severity=Severity.WARNING,
    practice="Database migrations",
    bad=[
        _project('    op.«drop_table»("orders")\n'),
        _project('    op.«drop_column»("orders", "note")\n\n\ndef downgrade():\n    pass\n'),
        _project('    with op.batch_alter_table("orders") as batch:\n        batch.«drop_column»("note")\n'),
        _project(
            '    op.«drop_column»("orders", "note")\n\n\ndef downgrade():\n'
            '    op.add_column("orders", sa.Column("note", sa.String()))\n'
        ),
        _project('    op.«rename_table»("orders", "purchases")\n'),
        _project('    op.«alter_column»("orders", "n", new_column_name="number")\n'),
        _project('    op.«execute»("TRUNCATE TABLE orders")\n'),
        _project('    op.«execute»(sa.text("DELETE FROM orders;"))\n'),
        _project('    op.«execute»("ALTER TABLE orders DROP COLUMN note")\n'),
    ],
    good=[
        _project('    pass\n\n\ndef downgrade():\n    op.drop_table("orders")\n'),
        _project(
            '    op.create_table("orders_new", sa.Column("id", sa.Integer()))\n'
            '    op.execute("INSERT INTO orders_new SELECT id FROM orders")\n    op.drop_table("orders")\n'
            '    op.rename_table("orders_new", "orders")\n'
        ),
        _project(
            '    op.execute("DELETE FROM orders WHERE note IS NULL")\n    op.execute("UPDATE orders SET n = 1")\n'
        ),
        _project('    op.drop_table("orders_old", if_exists=True)\n    op.drop_index("ix_a", "orders")\n'),
        _project(
            '    op.drop_table("orders")\n',
            **{"alembic/versions/c1.py": 'revision = "c1"\ndown_revision = "b1"\n'},
        ),
    ],
)
def destructive_migration(call: MigrationCall, migrations: Migrations) -> Iterator[Finding]:
    """Migration deletes data, or renames what running replicas use.

    What a migration drops is gone, and while a new version is rolled out the replicas of the previous one
    still read the old tables and columns. Stop using them in one release, and drop them in a later one, after a
    backup. Only `upgrade` of the newest revision is looked at, since older ones have run. Reported as information where
    `downgrade` restores the table or column. Not reported for tables that the revision creates, and where it copies
    the rows.
    """
    own = call.file.ask(revision)
    message = _message(call) if own is not None else ""
    if own is None or not message or _is_kept(call) or is_for_others(call) or not migrations.is_head(call.path, own):
        return
    severity = Severity.INFORMATION if _is_restored(call) else None
    yield Finding(call.method_span, message, severity=severity)


def _message(call: MigrationCall) -> str:
    table = f"`{call.table}`" if call.table else "the table"
    if call.name == "drop_table":
        name = f"table {table}" if call.table else "a table"
        return f"drops {name} with its rows; {_RUNNING}"
    if call.name == "drop_column":
        column = call.text(1, "column_name")
        name = f"column `{column}`" if column else "a column"
        return f"drops {name} of {table} with its values; {_RUNNING}"
    if call.name == "rename_table":
        return f"renames {table}; {_RUNNING}"
    if call.name == "alter_column" and call.keyword("new_column_name", "name") is not None:
        column = call.text(1, "column_name")
        name = f"column `{column}`" if column else "a column"
        return f"renames {name} of {table}; {_RUNNING}"
    if call.name == "execute":
        for pattern, message in _SQL:
            match = pattern.match(call.sql)
            if match is not None:
                name = match["table"].strip('"`')
                return "" if _TEMPORARY.search(name) else message.format(table=f"`{name}`")
    return ""


def _is_kept(call: MigrationCall) -> bool:
    """Whether nothing is lost: the revision made the table itself, copies its rows, or it is a temporary one."""
    created = call.file.ask(created_tables)
    table = call.table
    if table is None and call.name == "execute":
        words = set(re.findall(r"\w+", call.sql))
        return "*" in created or bool(words & created) or _COPIED.search(call.before) is not None
    if created and (table is None or table in created or "*" in created):
        return True
    if call.name == "rename_table" and call.text(1, "new_table_name") in created:
        return True
    if table is not None and _TEMPORARY.search(table):
        return True
    return call.name.startswith("drop_") and _COPIED.search(call.before) is not None


def _is_restored(call: MigrationCall) -> bool:
    done = call.file.ask(restored)
    if call.name == "execute":
        return any(operation == "execute" for operation, _ in done)
    back = {"drop_table": "create_table", "drop_column": "add_column"}.get(call.name, call.name)
    if call.name in ("drop_table", "drop_column") and call.table is not None and call.batch is None:
        return (back, call.table) in done
    return any(operation == back for operation, _ in done)
