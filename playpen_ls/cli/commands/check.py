"""Check files and report findings."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from functools import cache

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
from playpen_ls.cli.output import outputs_of, write_all
from playpen_ls.cli.report import Run, format_names
from playpen_ls.cli.results import FileReport, Fixes, Paths
from playpen_ls.project.discovery import repository_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_input(parser)
    parser.add_argument(
        "--format",
        action="append",
        default=[],
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(format_names())} (default: text); with a file, it is written there; can be repeated",
    )
    parser.add_argument("--output-file", metavar="FILE", help="write the report to this file")
    parser.add_argument(
        "--fail-on",
        choices=[*(one.label for one in reversed(Severity)), "never"],
        default="warning",
        help="exit with 1 if a finding has this severity or a higher one (default: %(default)s)",
    )
    parser.add_argument("--no-fixes", action="store_true", help="do not compute fixes (faster)")


def run(options: argparse.Namespace) -> int:
    outputs = outputs_of(options.format, options.output_file)
    targets = Targets(settings_of(options))
    fixes = Fixes.NONE if options.no_fixes else max(output.format.FIXES for output in outputs)
    invalid = cache(lambda: invalid_configuration(targets))  # known when all files were checked
    run = Run(
        Paths(targets.folder, repository_folder(targets.folder)),
        None if options.fail_on == "never" else Severity.named(options.fail_on),
        problems=lambda: list(targets.all_problems()),
        invalid=invalid,
        rules=targets.rules,
    )
    failing: list[bool] = []
    write_all(outputs, _noting(_reports(options, targets, fixes), run, failing), run)
    if invalid() or incomplete(options, targets):
        return FAILED
    return FOUND if any(failing) else DONE


def _noting(files: Iterable[FileReport], run: Run, failing: list[bool]) -> Iterator[FileReport]:
    """Yield the files unchanged, count them, and append to `failing` whether each makes the run fail."""
    for file in files:
        run.files += 1
        failing.append(any(run.fails(finding) for finding in file.findings))
        yield file


def _reports(options: argparse.Namespace, targets: Targets, fixes: Fixes) -> Iterator[FileReport]:
    """The reports of the files that were checked."""
    paths = paths_of(options, targets)
    if paths is not None:
        yield from reports(targets, paths, fixes)
        return
    for target in targets_of(options, targets):
        found = report(targets, target, fixes)
        targets.problems += found.problems
        yield found
