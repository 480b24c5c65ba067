"""Database servers: their images, where these keep the data, and the commands that dump them."""

from __future__ import annotations

from typing import NamedTuple

from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.images import ImageReference


class Database(NamedTuple):
    """`images` are last parts of image names: those of servers, not of exporters, poolers or proxies.

    The first of `dumps` is the usual one.
    """

    name: str
    images: frozenset[str]
    dumps: tuple[str, ...]


POSTGRESQL = Database(
    "PostgreSQL",
    frozenset(("postgres", "postgresql", "postgis", "timescaledb")),
    ("pg_dump", "pg_dumpall", "pg_basebackup"),
)
MYSQL = Database("MySQL", frozenset(("mysql", "mysql-server")), ("mysqldump", "mysqlpump", "mysqlsh"))
MARIADB = Database("MariaDB", frozenset(("mariadb",)), ("mariadb-dump", "mariadb-backup", "mariabackup"))
MONGODB = Database("MongoDB", frozenset(("mongo", "mongodb")), ("mongodump",))
REDIS = Database("Redis", frozenset(("redis",)), ("redis-cli",))
DATABASES = (POSTGRESQL, MYSQL, MARIADB, MONGODB, REDIS)
_ALIKE = {MYSQL.name: MARIADB.name, MARIADB.name: MYSQL.name}
DUMP = regex(
    r"(?<![\w.-])(?P<command>"
    + "|".join(one for database in DATABASES if database is not REDIS for one in database.dumps)
    + r"|redis-cli(?=[^|;&\n]*\s--rdb\b))(?![\w.-])"
)
"""A command that dumps a database, as the group `command`."""
_BY_COMMAND = {command: database.name for database in DATABASES for command in database.dumps}
WORDS = tuple(_BY_COMMAND)
"""A text without one of these dumps no database."""


def database_of(reference: ImageReference) -> Database | None:
    """The database server that an image contains."""
    if reference.variable:
        return None
    return next((one for one in DATABASES if reference.base in one.images), None)


def dumped(text: str) -> frozenset[str]:
    """The names of the databases that the commands in a text dump."""
    return frozenset(_BY_COMMAND[match["command"]] for match in DUMP.finditer(text))


def is_dump_of(dump: str, database: Database) -> bool:
    """Whether a backup with the commands of `dump` saves the database; "" is a backup of any."""
    return dump in ("", database.name) or _ALIKE.get(dump) == database.name
