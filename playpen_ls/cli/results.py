"""The data of a report: the findings of a file with verified fixes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playpen_ls.api.finding import Change, Fix
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.masking import Mask


@dataclass(frozen=True)
class TriedFix:
    fix: Fix
    change: Change


@dataclass(frozen=True)
class Item:
    """A finding and its verified fixes."""

    diagnostic: Diagnostic
    fixes: tuple[TriedFix, ...]


@dataclass(frozen=True)
class FileReport:
    """The findings of one file. `shown` converts a project path for output."""

    path: str
    mask: Mask
    items: list[Item]
    shown: Callable[[str], str]
    text_of: Callable[[str], str | None]


@dataclass(frozen=True)
class Problem:
    """The reason why a file, or a part of the run, could not be checked."""

    path: str
    message: str
