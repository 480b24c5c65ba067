"""Detection of an Alembic setup, and the files of a new one."""

from __future__ import annotations

import posixpath

from playpen_ls.api.facts import Files

_MARKS = ("alembic.ini", "alembic/env.py", "migrations/env.py", "alembic/versions", "migrations/versions")

_INI = """\
[alembic]
script_location = migrations
prepend_sys_path = .

[loggers]
keys = root

[handlers]
keys = console

[formatters]
keys = generic

[logger_root]
level = WARNING
handlers = console

[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = generic

[formatter_generic]
format = %(asctime)s %(levelname)s %(name)s %(message)s
"""

_ENVIRONMENT = '''\
"""Runs migrations against the database that `DATABASE_URL` names."""

import os
from logging.config import fileConfig

from alembic import context
from sqlalchemy import engine_from_config, pool

from {module} import {root}

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name)
config.set_main_option("sqlalchemy.url", os.environ["DATABASE_URL"].replace("%", "%%"))
target_metadata = {metadata}


def run_migrations_offline() -> None:
    context.configure(url=config.get_main_option("sqlalchemy.url"), target_metadata=target_metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    section = config.get_section(config.config_ini_section, {{}})
    engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
'''

_TEMPLATE = '''\
"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}

"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
'''


def set_up_in(path: str, files: Files) -> str | None:
    """The nearest folder with an Alembic setup, from the folder of `path` upwards; None if there is none."""
    folder = posixpath.dirname(path)
    while True:
        if any(files.exists(posixpath.join(folder, mark)) for mark in _MARKS):
            return folder
        if not folder or folder == "/":
            return None
        folder = posixpath.dirname(folder)


def new_setup(folder: str, module: str, metadata: str) -> dict[str, str]:
    """{path: text} of a new setup in `folder`. The first name of the expression `metadata` is one of `module`."""
    environment = _ENVIRONMENT.format(module=module, root=metadata.partition(".")[0], metadata=metadata)
    return {
        posixpath.join(folder, "alembic.ini"): _INI,
        posixpath.join(folder, "migrations/env.py"): environment,
        posixpath.join(folder, "migrations/script.py.mako"): _TEMPLATE,
        posixpath.join(folder, "migrations/versions/.gitkeep"): "",
    }
