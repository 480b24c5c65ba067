"""Keeps texts by key between runs, in a database in the cache folder of the user. Several runs can use it at once.

What cannot be read is not there: an entry has a digest of its text, and errors of the database end its use.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING

from playpen_ls.cli.cache_folder import user_cache_folder

if TYPE_CHECKING:
    from sqlite3 import Connection

MOST_BYTES = 500_000_000  # of the database; the entries that were not used for longest are removed
PATIENCE = 2  # seconds for which another run may write
NAME = "results-1.sqlite"
_DAY = 24 * 60 * 60
_CHECKSUM = 8  # bytes


class ResultStore:
    """The connection is opened on first use. It must not be passed to another process."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._works = True
        self._today = int(time.time()) // _DAY
        self._aged: list[bytes] = []

    def get(self, key: bytes) -> str | None:
        """The text that was put under this key."""
        connection = self._opened()
        if connection is None:
            return None
        with _errors_end(self):
            row = connection.execute("SELECT used, value FROM results WHERE key = ?", (key,)).fetchone()
            if row is None or type(row[1]) is not bytes or _sealed(row[1][_CHECKSUM:]) != row[1]:
                return None
            if row[0] != self._today:
                self._aged.append(key)
            return str(row[1][_CHECKSUM:], "utf-8")
        return None

    def put(self, texts: Iterable[tuple[bytes, str]]) -> None:
        """Keep these texts, and remove old ones if there are too many. Nothing is kept if another run writes long."""
        connection = self._opened()
        if connection is None:
            return
        with _errors_end(self):
            connection.executemany(
                "INSERT OR REPLACE INTO results (key, used, value) VALUES (?, ?, ?)",
                ((key, self._today, _sealed(text.encode())) for key, text in texts),
            )
            connection.executemany(
                "UPDATE results SET used = ? WHERE key = ?", ((self._today, key) for key in self._aged)
            )
            self._aged.clear()
            self._shrink(connection)
            connection.commit()

    def close(self) -> None:
        if self._connection is not None:
            with _errors_end(self):
                self._connection.close()
            self._connection = None

    def _shrink(self, connection: Connection) -> None:
        def pragma(name: str) -> int:
            return int(connection.execute(f"PRAGMA {name}").fetchone()[0])

        used = (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")
        if used > MOST_BYTES:
            number = connection.execute("SELECT count(*) FROM results").fetchone()[0]
            oldest = "SELECT key FROM results ORDER BY used, rowid LIMIT ?"
            connection.execute(f"DELETE FROM results WHERE key IN ({oldest})", (number // 4 + 1,))

    def _opened(self) -> Connection | None:
        if self._connection is None and self._works:
            with _errors_end(self):
                self._connection = _connected(_folder())
        return self._connection

    def end(self, damaged: bool) -> None:
        """Use it no longer. A database that is `damaged` is removed, so that the next run makes a new one."""
        self._works = False
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()
        if damaged:
            with suppress(OSError):
                os.unlink(os.path.join(_folder(), NAME))


class _errors_end:
    """Errors of the system and the database end the use of the store."""

    def __init__(self, store: ResultStore) -> None:
        self._store = store

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        if kind is None:
            return False
        try:
            from sqlite3 import Error
        except ImportError:  # Python can be built without it
            known: tuple[type[BaseException], ...] = (OSError, ImportError)
        else:
            known = (OSError, Error, UnicodeError)
        if not issubclass(kind, known):
            return False
        self._store.end(damaged="malformed" in str(error) or "not a database" in str(error))
        return True


def _folder() -> str:
    return os.environ.get("PLAYPEN_CACHE_DIR") or user_cache_folder()


def _connected(folder: str) -> Connection:
    from sqlite3 import connect

    os.makedirs(folder, 0o700, exist_ok=True)
    path = os.path.join(folder, NAME)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
    connection = connect(path, timeout=PATIENCE)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA synchronous = OFF")  # an entry that is lost or damaged is found anew
    connection.execute(
        "CREATE TABLE IF NOT EXISTS results (key BLOB PRIMARY KEY, used INTEGER NOT NULL, value BLOB NOT NULL)"
    )
    return connection


def _sealed(text: bytes) -> bytes:
    return blake2b(text, digest_size=_CHECKSUM).digest() + text
