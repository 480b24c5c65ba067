"""Check files and report findings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from io import TextIOWrapper

from playpen_ls.api.finding import Severity
from playpen_ls.cli.batch import report, reports
from playpen_ls.cli.common import (
    DONE,
    FAILED,
    FOUND,
    add_input,
    incomplete,
    invalid_configuration,
    paths_of,
    settings_of,
    targets_of,
)
from playpen_ls.cli.inputs import Targets
from playpen_ls.cli.report import format_named, format_names
from playpen_ls.cli.results import FileReport, Problem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_input(parser)
    parser.add_argument("--format", choices=format_names(), default="text", help="default: %(default)s")
    parser.add_argument(
        "--fail-on",
        choices=[one.label for one in reversed(Severity)],
        default="warning",
        help="exit with 1 if a finding has this severity or a higher one (default: %(default)s)",
    )
    parser.add_argument("--no-fixes", action="store_true", help="do not compute fixes (faster)")


def run(options: argparse.Namespace) -> int:
    format = format_named(options.format)
    targets = Targets(settings_of(options))
    worst: list[Severity] = []
    files = _noting(_reports(options, targets, not options.no_fixes, format.FOR_PROGRAMS), worst)
    if format.FOR_PROGRAMS and isinstance(sys.stdout, TextIOWrapper):
        # The name of a file need not be Unicode; what is not is written as `\udcff`, which JSON can read.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    invalid = cache(partial(invalid_configuration, targets))  # known when all files were checked
    for line in format.report(files, _problems(targets, invalid if format.FOR_PROGRAMS else list)):
        print(line)
    if invalid() or incomplete(options, targets):
        return FAILED
    return FOUND if worst and max(worst) >= Severity.named(options.fail_on) else DONE


def _problems(targets: Targets, invalid: Callable[[], list[Problem]]) -> Iterator[Problem]:
    yield from targets.all_problems()
    yield from invalid()


def _noting(files: Iterable[FileReport], worst: list[Severity]) -> Iterator[FileReport]:
    """Yield the files unchanged and append the highest severity of each to `worst`."""
    for file in files:
        worst += [max(item.diagnostic.severity for item in file.items)] if file.items else []
        yield file


def _reports(options: argparse.Namespace, targets: Targets, with_fixes: bool, every: bool) -> Iterator[FileReport]:
    """The reports of the files that have findings."""
    paths = paths_of(options, targets)
    if paths is not None:
        yield from reports(targets, paths, with_fixes, every)
        return
    for target in targets_of(options, targets):
        found = report(targets, target, with_fixes, every)
        targets.problems += found.problems
        if found.items:
            yield found
