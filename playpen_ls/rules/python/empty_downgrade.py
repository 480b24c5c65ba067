from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.imports import model_of
from playpen_ls.languages.python.model.migrations import (
    MARK,
    SCHEMA_OPERATIONS,
    Downgraded,
    downgraded,
    revision,
    upgraded,
)
from playpen_ls.languages.python.parts import PythonModule
from playpen_ls.rules.python._migrations import Migrations
from playpen_ls.text.edit import Edit
from playpen_ls.text.words import Words


def _mentioned(words: Words) -> bool:
    return MARK in words.all


_HEAD = 'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "b1"\ndown_revision = "a1"\n\n\ndef upgrade():\n'
_COLUMN = '    op.add_column("orders", sa.Column("note", sa.String()))\n'
_DOWN = "\n\ndef «downgrade»():\n    pass\n"
_PLAIN = _DOWN.replace("«", "").replace("»", "")


def _project(body: str, **others: str) -> dict[str, str]:
    return {"alembic/versions/b1.py": _HEAD + body, "alembic/env.py": "", **others}


@rule(
    severity=Severity.HINT,
    practice="Database migrations",
    has_safe_fixes=False,
    mentions=_mentioned,
    bad=[
        example(
            _project('    op.create_table("orders", sa.Column("id", sa.Integer()))\n'
            '    op.create_index("ix_a", "orders", ["id"])\n' + _DOWN),
            fixed=_HEAD + '    op.create_table("orders", sa.Column("id", sa.Integer()))\n'
            '    op.create_index("ix_a", "orders", ["id"])\n\n\ndef downgrade():\n'
            '    op.drop_index("ix_a", "orders")\n    op.drop_table("orders")\n',
        ),
        example(
            _project('    op.rename_table("a", "b")\n    op.create_foreign_key("fk", "b", "c", ["x"], ["y"])\n'
            '\n\ndef «downgrade»() -> None:\n    """Nothing."""\n    pass\n'),
            fixed=_HEAD + '    op.rename_table("a", "b")\n    op.create_foreign_key("fk", "b", "c", ["x"], ["y"])\n'
            '\n\ndef downgrade() -> None:\n    op.drop_constraint("fk", "b", type_="foreignkey")\n'
            '    op.rename_table("b", "a")\n',
        ),
        _project('    with op.batch_alter_table("orders") as batch:\n        batch.drop_column("note")\n' + _DOWN),
        example(
            _project(_COLUMN + _DOWN),
            fixed=_HEAD + _COLUMN + '\n\ndef downgrade():\n    op.drop_column("orders", "note")\n',
        ),
        _project('    op.drop_column("orders", "note")\n' + _DOWN),
        _project('    op.create_index(name, "orders", ["id"])\n' + _DOWN),
    ],
    good=[
        _project(_COLUMN + '\n\ndef downgrade():\n    op.drop_column("orders", "note")\n'),
        _project(_COLUMN + '\n\ndef downgrade():\n    raise NotImplementedError("restore the backup")\n'),
        _project(_COLUMN + "\n\ndef downgrade():\n    # The column was there in production.\n    pass\n"),
        # A merge of two heads, and a change of rows, have nothing to take back.
        _project("    pass\n" + _PLAIN),
        _project('    op.execute("UPDATE orders SET note = 1")\n' + _PLAIN),
        _project(_COLUMN + _PLAIN, **{"alembic/versions/c1.py": 'revision = "c1"\ndown_revision = "b1"\n'}),
        _project(_COLUMN),
    ],
)  # fmt: skip
def empty_downgrade(module: PythonModule, migrations: Migrations) -> Iterator[Finding]:
    """Newest revision changes the schema and cannot be taken back.

    `alembic downgrade -1` sets the version back and leaves the schema as it is: the next `alembic upgrade head` fails,
    since the table or column exists already. Undo the changes, or raise an exception that says why that is not
    possible. Only the newest revision is looked at; a comment in `downgrade` counts as a reason.
    """
    own = module.file.ask(revision)
    down = module.file.ask(downgraded) if own is not None else None
    if own is None or down is None or not down.is_empty:
        return
    steps = module.file.ask(upgraded)
    changes = [name for name, texts in steps if name in SCHEMA_OPERATIONS or (not name and texts)]
    if not changes or not migrations.is_head(module.path, own):
        return
    undone = [_inverse(name, texts) for name, texts in reversed(steps)]
    known = tuple(one for one in undone if one)
    fix = Fix("Undo the operations of `upgrade`", lambda: _written(module, down, known))
    fixes = (fix,) if len(known) == len(undone) else ()
    yield Finding(down.span, f"`downgrade` of revision `{own.id}` does nothing", fixes, chunk=down.chunk)


def _inverse(name: str, texts: tuple[str, ...]) -> str:
    """The operation that takes another one back; "" if that is not known."""
    first, second = (*texts, "", "")[:2]
    if "=" in "".join(texts) or not first:
        return ""
    if name == "create_table":
        return f'op.drop_table("{first}")'
    if name == "add_column" and second:
        return f'op.drop_column("{first}", "{second}")'
    if name == "rename_table" and second:
        return f'op.rename_table("{second}", "{first}")'
    if name == "create_index" and second:
        return f'op.drop_index("{first}", "{second}")'
    kinds = {
        "create_foreign_key": "foreignkey", "create_unique_constraint": "unique", "create_check_constraint": "check",
    }  # fmt: skip
    if name in kinds and second:
        return f'op.drop_constraint("{first}", "{second}", type_="{kinds[name]}")'
    return ""


def _written(module: PythonModule, down: Downgraded, lines: tuple[str, ...]) -> list[Edit]:
    """Raises Refused."""
    model = model_of(module)
    source, start = model.source, model.chunks[down.chunk].begins + down.body.start
    before = source.text[source.line_start(start) : start]
    if before.strip():
        raise Refused("the body is on the line of `def`")
    text = f"{source.newline}{before}".join(lines)
    return [Edit(down.body.start, down.body.end, text)]
