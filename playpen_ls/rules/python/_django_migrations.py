"""The migrations of an application of Django as a tree, as Django reads them from the folder `migrations`."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from datetime import date, timedelta

from playpen_ls.api.fact_types import DjangoMigration
from playpen_ls.api.facts import Facts
from playpen_ls.languages.python.model.django_migrations import DjangoRevised
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass

_ANY = ("__first__", "__latest__")
_NEW = timedelta(days=30)


@dataclass(frozen=True)
class DjangoTree:
    """The migrations of one folder. `own` is that of the file that is checked."""

    label: str
    own: DjangoRevised
    others: tuple[DjangoMigration, ...]

    @cached_property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        every: tuple[DjangoMigration | DjangoRevised, ...] = (*self.others, self.own)
        return {
            one.name: tuple(name for label, name in one.dependencies or () if label == self.label and name not in _ANY)
            for one in every
        }

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """The migrations on which no other of the application depends, sorted."""
        named = {parent for parents in self.parents.values() for parent in parents}
        return tuple(sorted(one for one in self.parents if one not in named))


@dataclass(frozen=True)
class DjangoMigrations:
    """Finds the tree of a migration; a rule takes it as one parameter."""

    migrations: Facts[DjangoMigration]

    def tree(self, path: str, own: DjangoRevised) -> DjangoTree | None:
        """None if the label of the application or a dependency is not known, or if migrations were squashed."""
        folder = posixpath.dirname(path)
        others = tuple(
            one
            for one in self.migrations.below(folder)
            if one.place.path != path and posixpath.dirname(one.place.path) == folder
        )
        every: tuple[DjangoMigration | DjangoRevised, ...] = (*others, own)
        if any(one.dependencies is None or one.replaces for one in every):
            return None
        label = posixpath.basename(posixpath.dirname(folder))
        names = {one.name for one in every}
        labels = {each for one in every for each, name in one.dependencies or () if name in names}
        # The application can have another label than its folder.
        if others and label not in labels:
            return None
        return DjangoTree(label, own, others)

    def is_newest(self, path: str, own: DjangoRevised) -> bool:
        """Whether the file certainly is new: it is a leaf, and no older than `_NEW` before the newest of the project.

        Older ones have run everywhere, also where they are the last of an application that is not changed any more.
        """
        tree = self.tree(path, own)
        if tree is None or own.name not in tree.leaves or not own.date:
            return False
        newest = self.migrations.derived(_newest)
        return not newest or _day(own.date) >= _day(newest) - _NEW


def _newest(migrations: Facts[DjangoMigration]) -> str:
    return max((one.date for one in migrations), default="")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min + _NEW
