"""What is proposed at a place."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.span import Span

MOST = 500
"""More names are not proposed: nobody reads them."""


class Sort(Enum):
    """What a proposal is."""

    VALUE = "value"
    VARIABLE = "variable"
    FILE = "file"
    FOLDER = "folder"
    STAGE = "stage"
    STEP = "step"
    SECTION = "section"
    KEY = "key"
    RULE = "rule"


@dataclass(frozen=True)
class Item:
    """A name; `detail` says what it is. Items with a smaller `rank` are nearer."""

    name: str
    sort: Sort
    detail: str = ""
    rank: int = 0


@dataclass(frozen=True)
class Proposals:
    """The items, without duplicates and sorted; each replaces the text at `span`, which is on one line."""

    span: Span
    items: tuple[Item, ...]

    @classmethod
    def of(cls, span: Span, items: Iterable[Item]) -> Proposals | None:
        """None if there is no item."""
        found: dict[str, Item] = {}
        for one in items:
            known = found.get(one.name)
            if one.name and (known is None or one.rank < known.rank):
                found[one.name] = one
        listed = sorted(found.values(), key=lambda one: (one.rank, one.name))[:MOST]
        return cls(span, tuple(listed)) if listed else None
