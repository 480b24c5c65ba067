"""The output formats of `check`, one module each: the module's name is that of the format. See `Format`.

Modules whose names begin with `_` are no formats. A format imports no other.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Protocol, cast

from playpen_ls.cli.results import FileReport, Problem


class Format(Protocol):
    """What the module of a format has."""

    FOR_PROGRAMS: bool
    """The reader is a program: it gets UTF-8, all fixes of a finding, not only the first, and the problems in
    configuration files, which people read on standard error."""

    def report(self, files: Iterable[FileReport], problems: Iterable[Problem]) -> Iterator[str]:
        """The lines of the report, without line feeds at their ends. `files` have findings and come in order.

        They are checked while they are iterated over; only then `problems` may be.
        """


def format_names() -> list[str]:
    return sorted(info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_"))


def format_named(name: str) -> Format:
    return cast(Format, import_module(f"{__name__}.{name}"))
