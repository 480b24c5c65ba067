"""The output formats of `check`, one module each: the module's name is that of the format. See `Format`.

Modules whose names begin with `_` are no formats; `_xml` and the like are shared by formats. A format imports no other.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from importlib import import_module
from typing import Protocol, cast

from playpen_ls.api.finding import Severity
from playpen_ls.api.rule import Rule
from playpen_ls.cli.results import FileReport, FindingReport, Fixes, Paths, Problem
from playpen_ls.text.dataclass import dataclass


@dataclass
class Run:
    """The run that a report is about. What depends on the files is complete when all were iterated over."""

    paths: Paths
    fail_on: Severity | None = Severity.WARNING
    """Findings of this severity or a higher one make the run fail; None: none does."""
    problems: Callable[[], list[Problem]] = list
    """What was not checked."""
    invalid: Callable[[], list[Problem]] = list
    """Problems in configuration files. People read them on standard error."""
    rules: Callable[[], list[Rule]] = list
    """The rules that are enabled for a file of the run."""
    color: bool = False
    width: int | None = None
    """Columns of the terminal; None: the report does not go to a terminal."""
    quiet: bool = False
    """Report the findings only: no fixes and no summary."""
    show_fixes: bool = False
    """Show the change of each fix."""
    show_suppressed: bool = False
    """Report findings that comments and the baseline suppress, in formats that can mark them."""
    has_baseline: bool = False
    absolute_paths: bool = False
    files: int = field(default=0, init=False)
    """How many files were checked."""
    hidden: int = field(default=0, init=False)
    """How many findings are below --min-severity."""
    practices: set[str] = field(default_factory=set, init=False)
    """The best practices that concern a checked file, if a format asks for them."""
    left_out: Callable[[], tuple[int, int]] = field(default=lambda: (0, 0), init=False)
    """How many findings are in the baseline, and how many are not on changed lines."""

    def fails(self, finding: FindingReport) -> bool:
        """Whether the finding makes the run fail."""
        return self.fail_on is not None and finding.severity >= self.fail_on


class Format(Protocol):
    """What the module of a format has."""

    FOR_PROGRAMS: bool
    """The reader is a program: it gets UTF-8, and the problems in configuration files."""
    FIXES: Fixes
    """The fixes that the format contains. They are verified, which takes time."""

    def report(self, files: Iterable[FileReport], run: Run) -> Iterator[str]:
        """The lines of the report, without line feeds at their ends. `files` are all checked files, in order.

        They are checked while they are iterated over. Their paths are absolute, and a report has none that are: what
        people read on their machine says `run.paths.shown`, what servers read `run.paths.rooted`.
        """


def format_names() -> list[str]:
    return sorted(info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_"))


def format_named(name: str) -> Format:
    return cast(Format, import_module(f"{__name__}.{name}"))
