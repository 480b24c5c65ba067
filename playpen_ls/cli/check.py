"""`playpen-ls check`: report findings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from io import TextIOWrapper

from playpen_ls.api.finding import Severity
from playpen_ls.cli.batch import report, reports
from playpen_ls.cli.common import (
    DONE,
    FAILED,
    FOUND,
    Unusable,
    fail,
    invalid_configuration,
    paths_of,
    settings_of,
    targets_of,
)
from playpen_ls.cli.inputs import Targets
from playpen_ls.cli.report.model import FileReport


def run(options: argparse.Namespace) -> int:
    try:
        targets = Targets(settings_of(options))
        with_fixes, every = not options.no_fixes, options.format == "json"
        worst: list[Severity] = []
        files = _noting(_reports(options, targets, with_fixes, every), worst)
        if options.format == "json":
            from playpen_ls.cli.report.json import json

            if isinstance(sys.stdout, TextIOWrapper):
                # A file's name need not be Unicode; JSON writes what is none as `\udcff`.
                sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
            checked = list(files)
            invalid = invalid_configuration(targets)
            print(json(checked, [*targets.problems, *invalid]))
        else:
            from playpen_ls.cli.report.text import text

            for line in text(files, targets.problems):
                print(line)
            invalid = invalid_configuration(targets)
    except Unusable as error:
        return fail(str(error))
    if invalid or targets.failed:
        return FAILED
    return FOUND if worst and max(worst) >= Severity.named(options.fail_on) else DONE


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
        if found.items:
            yield found
