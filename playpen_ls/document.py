"""An open file, and what there is to say of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from playpen_ls.check import Hit, Memory
from playpen_ls.languages.base import Model
from playpen_ls.source import Source, Span


@dataclass
class Document:
    """An open file: its text, and what the last check left behind."""

    source: Source
    language: str
    on_disk: bool = True
    model: Model | None = None
    memory: Memory = field(default_factory=dict)
    depends: object = None
    """The rules and the platform that `memory` was made with."""
    hits: list[Hit] = field(default_factory=list)
    """All findings, those that are held back too."""
    displayed: list[Hit] = field(default_factory=list)
    shown: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True)
class Report:
    """What there is to say of a file. `secrets` are ranges that must never be printed."""

    source: Source
    hits: list[Hit]
    secrets: tuple[Span, ...]
    settled: bool = True
    """False while findings are held back that say "X is missing": ask again after a quiet spell."""
