"""What a report is made of: the findings of a file, with fixes that were tried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playpen_ls.api.finding import Change, Fix
from playpen_ls.engine.diagnostic import Hit
from playpen_ls.engine.masking import Mask


@dataclass(frozen=True)
class TriedFix:
    fix: Fix
    change: Change


@dataclass(frozen=True)
class Item:
    """A finding, and those of its fixes that can be made."""

    hit: Hit
    fixes: tuple[TriedFix, ...]


@dataclass(frozen=True)
class FileReport:
    """The findings of one file. `shown` turns a project path into the path to print."""

    path: str
    mask: Mask
    items: list[Item]
    shown: Callable[[str], str]
    text_of: Callable[[str], str | None]


@dataclass(frozen=True)
class Problem:
    """Something that kept a file, or a part of the work, from being checked."""

    path: str
    message: str
