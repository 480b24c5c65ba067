"""The revisions of a project as a tree, as Alembic reads them from the folder `versions` beside `env.py`."""

from __future__ import annotations

import ast
import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from playpen_ls.api.fact_types import Revision
from playpen_ls.api.facts import Facts, Files
from playpen_ls.languages.python.model.migrations import Revised
from playpen_ls.languages.python.parts import MigrationCall
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

_OTHER_PLACES = regex(r"^[ \t]*(?:recursive_)?version_locations?[ \t]*=|version_locations", re.MULTILINE)
_COMMENT = regex(r"^[ \t]*[#;].*$", re.MULTILINE)
_POSTGRESQL = regex(r"postgres|psycopg|asyncpg|pg8000", re.IGNORECASE)
_OTHER_DATABASE = regex(r"mysql|mariadb|sqlite|oracledb|cx_Oracle|mssql|pyodbc|snowflake|duckdb", re.IGNORECASE)
_REQUIREMENTS = ("pyproject.toml", "Pipfile", "setup.cfg", "setup.py")


@dataclass(frozen=True)
class Tree:
    """The revisions of one `script_location`. `own` is that of the file that is checked."""

    own: Revised
    others: tuple[Revision, ...]

    @property
    def every(self) -> tuple[Revision | Revised, ...]:
        return (*self.others, self.own)

    @property
    def is_known(self) -> bool:
        """Whether all identities and parents are literal."""
        return all(one.id and one.parents is not None for one in self.every)

    @cached_property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        return {one.id: one.parents or () for one in self.every}

    @cached_property
    def count(self) -> Counter[str]:
        """How many files have each identity."""
        return Counter(one.id for one in self.every)

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """The revisions that no other revises, sorted."""
        revised = {parent for parents in self.parents.values() for parent in parents}
        return tuple(sorted(one for one in self.parents if one not in revised))

    @cached_property
    def labeled(self) -> frozenset[str]:
        return frozenset(one.id for one in self.every if one.labeled)

    def ancestors(self, revision: str) -> frozenset[str]:
        """A revision with all that it follows."""
        found, stack = set(), [revision]
        while stack:
            one = stack.pop()
            if one not in found:
                found.add(one)
                stack += self.parents.get(one, ())
        return frozenset(found)


@dataclass(frozen=True)
class Migrations:
    """Finds the tree of a revision; a rule takes it as one parameter."""

    revisions: Facts[Revision]
    files: Files

    def tree(self, path: str, own: Revised) -> Tree | None:
        """None if the file is not in the `versions` of an Alembic environment, or that has other places too."""
        folder = posixpath.dirname(path)
        location = posixpath.dirname(folder)
        if not self.files.exists(posixpath.join(location, "env.py")):
            return None
        others = [one for one in self.revisions.below(location) if one.place.path != path]
        if any(posixpath.dirname(one.place.path) != folder for one in others) or self._has_other_places(location):
            return None
        return Tree(own, tuple(others))

    def is_head(self, path: str, own: Revised) -> bool:
        """Whether the file certainly is a newest revision: older ones have run everywhere."""
        tree = self.tree(path, own)
        return tree is not None and tree.is_known and own.id in tree.heads

    def _has_other_places(self, location: str) -> bool:
        return any(_OTHER_PLACES.search(_COMMENT.sub("", text)) for text in self.configurations(location))

    def configurations(self, location: str) -> Iterator[str]:
        """The texts of `env.py`, and of `alembic.ini` and `pyproject.toml` in the folders above."""
        yield self.files.text(posixpath.join(location, "env.py")) or ""
        for folder in _upwards(location):
            for name in ("alembic.ini", "pyproject.toml"):
                text = self.files.text(posixpath.join(folder, name))
                if text is not None:
                    yield text

    def run_on_postgresql(self, path: str) -> bool:
        """Whether the database is PostgreSQL, as far as is known; False where the project only names other ones."""
        location = posixpath.dirname(posixpath.dirname(path))
        texts = [self.files.text(path) or "", *self.configurations(location), *self._requirements(location)]
        if any(_POSTGRESQL.search(text) for text in texts):
            return True
        return not any(_OTHER_DATABASE.search(text) for text in texts)

    def requires_postgresql(self, path: str) -> bool:
        """Whether the requirements in the folders above a file name a driver of PostgreSQL."""
        return any(_POSTGRESQL.search(text) for text in self._requirements(posixpath.dirname(path)))

    def _requirements(self, location: str) -> Iterator[str]:
        for folder in _upwards(location):
            names = [name for name in self.files.names(folder) if name.startswith("requirements")]
            inside = [
                f"{name}{one}" for name in names if name.endswith("/") for one in self.files.names(folder + "/" + name)
            ]
            for name in (*_REQUIREMENTS, *(name for name in (*names, *inside) if name.endswith((".txt", ".in")))):
                yield self.files.text(posixpath.join(folder, name)) or ""


def is_for_others(call: MigrationCall) -> bool:
    """Whether the call runs only on other databases: `if op.get_bind().dialect.name == "mysql":`."""
    for node, child in call.above():
        if isinstance(node, ast.If) and child in node.body:
            text = call.text_of(node.test)
            if (
                _OTHER_DATABASE.search(text)
                and not _POSTGRESQL.search(text)
                and "!=" not in text
                and "not " not in text
            ):
                return True
    return False


def _upwards(folder: str) -> Iterator[str]:
    while True:
        yield folder
        if folder in ("", "/"):
            return
        folder = posixpath.dirname(folder)
