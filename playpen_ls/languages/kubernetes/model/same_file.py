"""What the documents of a file say to each other: it counts as what other files say, but without a place."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from playpen_ls.api.fact_types import (
    Backup,
    ConfigMapKeys,
    LimitRange,
    Pods,
    SecretKeys,
    ServiceAccount,
    ServiceSelector,
)
from playpen_ls.api.facts import Fact, Keys
from playpen_ls.api.file_view import Outline

if TYPE_CHECKING:
    from playpen_ls.languages.kubernetes.model.documents import Piece

F = TypeVar("F", bound=Fact)

SHARED = (Backup, ConfigMapKeys, LimitRange, Pods, SecretKeys, ServiceAccount, ServiceSelector)
"""What documents ask of their neighbours."""


def said(piece: Piece) -> tuple[Fact, ...]:
    return piece.said


def stated(outline: Outline, kind: type[F]) -> tuple[F, ...]:
    """A query: the facts of a type that the documents of the file state, in text order."""
    return tuple(fact for fact in outline.every(said) if isinstance(fact, kind))


def having(outline: Outline, kind: type[F], keys: Keys[F], key: Hashable) -> tuple[F, ...]:
    """A query: those that have a key, of all that `keys` gives; as `Facts.having` of other files."""
    return outline.ask(_table, kind, keys).get(key, ())


def _table(outline: Outline, kind: type[F], keys: Keys[F]) -> Mapping[Hashable, tuple[F, ...]]:
    table: dict[Hashable, tuple[Any, ...]] = {}
    for fact in outline.ask(stated, kind):
        for key in dict.fromkeys(keys(fact)):
            table[key] = (*table.get(key, ()), fact)
    return table


def same_namespace(one: str, other: str) -> bool:
    """Whether two namespaces can be the same; "" is unknown."""
    return one == other or "" in (one, other)
