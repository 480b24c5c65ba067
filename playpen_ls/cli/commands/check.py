"""Check files and report findings."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from playpen_ls.api.finding import Severity
from playpen_ls.cli.accepted import Accepted, baseline_file
from playpen_ls.cli.batch import report, reports
from playpen_ls.cli.common import (
    DONE,
    FAILED,
    FOUND,
    Unusable,
    add_input,
    incomplete,
    invalid_configuration,
    paths_of,
    say,
    settings_of,
    targets_of,
)
from playpen_ls.cli.fixing import fix_files
from playpen_ls.cli.inputs import Targets
from playpen_ls.cli.output import Output, outputs_of, write_all
from playpen_ls.cli.progress import Progress
from playpen_ls.cli.report import Run, format_names
from playpen_ls.cli.results import FileReport, Fixes, Paths
from playpen_ls.engine.fixer import safe_only
from playpen_ls.project.discovery import repository_folder

_SEVERITIES = [one.label for one in reversed(Severity)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_input(parser)
    report = parser.add_argument_group("report")
    report.add_argument(
        "--format",
        action="append",
        default=[],
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(format_names())} (default: text); with a file, it is written there; can be repeated",
    )
    report.add_argument("--output-file", metavar="FILE", help="write the report to this file")
    report.add_argument("--statistics", action="store_true", help="the same as --format statistics")
    report.add_argument("-q", "--quiet", action="store_true", help="report the findings only: no fixes and no summary")
    report.add_argument("--min-severity", choices=_SEVERITIES, help="hide findings below this severity")
    report.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="default: %(default)s")
    report.add_argument("--no-fixes", action="store_true", help="do not compute fixes (faster)")
    report.add_argument("--show-fixes", action="store_true", help="show the change of each fix, in text")
    report.add_argument("--show-suppressed", action="store_true", help="mark suppressed findings, in sarif")
    report.add_argument("--absolute-paths", action="store_true", help="name the folder of the repository, in sarif")
    report.add_argument("--no-cache", action="store_true", help="check all files, also those that have not changed")
    status = parser.add_argument_group("exit status")
    status.add_argument(
        "--fail-on",
        choices=[*_SEVERITIES, "never"],
        default="warning",
        help="exit with 1 if a finding has this severity or a higher one (default: %(default)s)",
    )
    status.add_argument("--exit-zero", action="store_true", help="exit with 0 even if there are findings")
    some = parser.add_argument_group("findings that count")
    some.add_argument("--baseline", metavar="FILE", help="findings in this file do not count")
    some.add_argument(
        "--write-baseline",
        action="store_true",
        help="create the baseline with all findings, or remove from it what was fixed",
    )
    some.add_argument("--accept-new", action="store_true", help="with --write-baseline: also add new findings")
    some.add_argument(
        "--changed",
        nargs="?",
        const="",
        metavar="REVISION",
        help="only findings on lines that differ from HEAD or, with --changed=REVISION, from where it branched off",
    )
    change = parser.add_argument_group("instead of or before checking")
    change.add_argument("--fix", action="store_true", help="apply safe fixes first")
    change.add_argument(
        "--add-ignore", nargs="?", const="", metavar="REASON", help="add an ignore comment for each finding"
    )
    change.add_argument("--show-settings", action="store_true", help="print the configuration of the files")
    change.add_argument("--show-files", action="store_true", help="print the files that would be checked")


def run(options: argparse.Namespace) -> int:
    outputs = _outputs(options)
    targets = Targets(settings_of(options), force_exclude=options.force_exclude)
    targets.remembers = not options.no_cache
    targets.with_practices = any(getattr(output.format, "PRACTICES", False) for output in outputs)
    if options.show_files or options.show_settings:
        from playpen_ls.cli.showing import show_files, show_settings

        return (show_files if options.show_files else show_settings)(targets, paths_of(options, targets))
    if options.fix:
        print(fix_files(targets, targets_of(options, targets), safe_only).summary(dry=False), file=sys.stderr)
        targets = replace(targets, problems=[], workspaces={}, _configs={}, _found={}, _workspaces={}, _marked={})
    fixes = Fixes.DIFFS if options.show_fixes else max(output.format.FIXES for output in outputs)
    if options.no_fixes or options.quiet or options.write_baseline or options.add_ignore is not None:
        fixes = Fixes.NONE
    changed = None
    if options.changed is not None:
        from playpen_ls.cli.changed import Changed

        changed = Changed(targets.folder, options.changed)
    accepted = _accepted(options, targets)
    invalid = cache(lambda: invalid_configuration(targets))  # known when all files were checked
    run = Run(
        Paths(targets.folder, repository_folder(targets.folder)),
        None if options.fail_on == "never" else Severity.named(options.fail_on),
        problems=lambda: list(targets.all_problems()),
        invalid=invalid,
        rules=targets.rules,
        color=_has_color(options.color),
        width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None,
        quiet=options.quiet,
        show_fixes=options.show_fixes,
        show_suppressed=options.show_suppressed,
        has_baseline=accepted is not None,
        absolute_paths=options.absolute_paths,
    )
    failing: list[bool] = []
    least = Severity.named(options.min_severity) if options.min_severity else Severity.HINT
    progress = Progress(options.quiet)
    files = _counted(_reports(options, targets, fixes, progress), run)
    if accepted is not None:
        files = accepted.applied(files)
    if changed is not None:
        files = changed.only(files)
    files = _noting(files, run, failing, least)
    if options.write_baseline and accepted is not None:
        for _ in files:
            pass
        say(accepted.write(options.accept_new))
        return FAILED if invalid() or incomplete(options, targets, run.files) else DONE
    if options.add_ignore is not None:
        from playpen_ls.cli.ignoring import add_ignores

        say(add_ignores(targets, files, run, options.add_ignore))
        return FAILED if invalid() or incomplete(options, targets, run.files) else DONE
    run.left_out = lambda: (accepted.hidden if accepted else 0, changed.left_out if changed else 0)
    write_all(outputs, files, run, progress.clear)
    progress.done(run.files)
    if invalid() or incomplete(options, targets, run.files):
        return FAILED
    return FOUND if any(failing) and not options.exit_zero else DONE


def _outputs(options: argparse.Namespace) -> list[Output]:
    if options.statistics:
        if options.format:
            raise Unusable("--statistics and --format cannot be combined; use --format statistics")
        options.format = ["statistics"]
    return outputs_of(options.format, options.output_file)


def _accepted(options: argparse.Namespace, targets: Targets) -> Accepted | None:
    """The baseline, if there is one. Raises Unusable."""
    file = baseline_file(options.baseline, targets)
    partial = [name for name in ("changed", "select", "ignore", "exclude") if getattr(options, name) not in (None, [])]
    if options.write_baseline:
        if file is None:
            raise Unusable("--write-baseline needs --baseline FILE, or `baseline` in playpen.toml")
        if partial:
            raise Unusable(f"--write-baseline cannot be combined with --{partial[0]}: entries would be lost")
    elif options.accept_new:
        raise Unusable("--accept-new needs --write-baseline")
    if file is None:
        return None
    whole = [os.path.abspath(path) for path in options.paths or ["."] if os.path.isdir(path)]
    complete = not partial and any(file.parent.is_relative_to(path) for path in whole)
    if options.write_baseline and not complete:
        raise Unusable(f"--write-baseline needs all files: check the folder of {file.name}")
    return Accepted.read(file, complete, optional=options.write_baseline)


def _has_color(wanted: str) -> bool:
    if wanted != "auto":
        return wanted == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and sys.stdout.isatty()


def _counted(files: Iterable[FileReport], run: Run) -> Iterator[FileReport]:
    for file in files:
        run.files += 1
        run.practices |= file.practices
        yield file


def _noting(files: Iterable[FileReport], run: Run, failing: list[bool], least: Severity) -> Iterator[FileReport]:
    """Append to `failing` whether each file makes the run fail, and leave out findings that are less severe."""
    for file in files:
        failing.append(any(run.fails(finding) for finding in file.findings))
        shown = tuple(finding for finding in file.findings if finding.severity >= least)
        run.hidden += len(file.findings) - len(shown)
        yield replace(file, findings=shown)


def _reports(options: argparse.Namespace, targets: Targets, fixes: Fixes, progress: Progress) -> Iterator[FileReport]:
    """The reports of the files that were checked."""
    paths = paths_of(options, targets)
    if paths is not None:
        yield from reports(targets, paths, fixes, progress.step)
        return
    for target in targets_of(options, targets):
        found = report(targets, target, fixes)
        targets.problems += found.problems
        yield found
