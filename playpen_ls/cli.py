"""The command line: check, fix, explain, rules, serve."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path

from playpen_ls import crew
from playpen_ls.arguments import parser
from playpen_ls.check import Hit
from playpen_ls.cli_fix import run_fix
from playpen_ls.command import (
    DONE,
    FAILED,
    FOUND,
    Unusable,
    fail,
    invalid_configuration,
    paths_of,
    prepare,
    settings_of,
    targets_of,
)
from playpen_ls.config import unknown_rule
from playpen_ls.finding import Change, Fix, Refused, Severity
from playpen_ls.page import OWN_RULES, catalogue, page
from playpen_ls.report.findings import FileReport, Item, Problem, TriedFix, all_items
from playpen_ls.report.masking import Mask
from playpen_ls.rule import all_rules
from playpen_ls.targets import Target, Targets
from playpen_ls.workspace import Workspace


def run(arguments: list[str]) -> int:
    """The exit status: 0 nothing to report, 1 findings, 2 it could not run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without `│` or emoji shows a question mark
    known = parser()
    if not arguments:
        known.print_help()
        return DONE
    try:
        options = known.parse_args(arguments)
        status = COMMANDS[options.command](options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader has gone; what the interpreter flushes at exit must not complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _check(options: argparse.Namespace) -> int:
    try:
        targets = Targets(settings_of(options))
        with_fixes, every = not options.no_fixes, options.format == "json"
        files = list(_reports(options, targets, with_fixes, every))
    except Unusable as error:
        return fail(str(error))
    invalid = invalid_configuration(targets)
    if options.format == "json":
        from playpen_ls.report.json import json

        if isinstance(sys.stdout, TextIOWrapper):
            # A file's name need not be Unicode; JSON writes what is none as `\udcff`.
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        print(json(files, [*targets.problems, *invalid]))
    else:
        from playpen_ls.report.text import text

        for line in text(files, targets.problems):
            print(line)
    if invalid or targets.failed:
        return FAILED
    least = Severity.named(options.fail_on)
    return FOUND if any(item.hit.severity >= least for item in all_items(files)) else DONE


def _reports(options: argparse.Namespace, targets: Targets, with_fixes: bool, every: bool) -> Iterator[FileReport]:
    """The files that have findings."""
    paths = paths_of(options, targets)
    if paths is None or not crew.worth_it(len(paths)):
        for target in targets_of(options, targets):
            report = _report(targets, target, with_fixes, every)
            if report.items:
                yield report
        return
    for workspace in dict.fromkeys(targets.workspace(path) for path, _ in paths):
        crew.index(workspace)
    told = list(targets.problems)

    def job(named: tuple[Path, bool]) -> tuple[Path | None, FileReport | None, list[Problem], bool]:
        targets.problems.clear()
        target = targets.target(*named)
        report = _report(targets, target, with_fixes, every) if target is not None else None
        root = target.workspace.root if target is not None else None
        return root, _bare(report) if report and report.items else None, list(targets.problems), targets.failed

    for root, report, problems, failed in crew.shared_out(job, paths):
        told += problems
        targets.failed = targets.failed or failed
        if root is not None:
            if report is not None:
                yield _dressed(targets, targets.workspaces[root], report)
    targets.problems[:] = told
    for path, _ in paths:  # what is wrong in a configuration is said here, not in the processes
        targets.workspace(path).config(path.as_posix())


def _bare(report: FileReport) -> FileReport:
    """What a process can tell another: fixes are made already."""
    items = [
        Item(
            replace(item.hit, finding=replace(item.hit.finding, fixes=())),
            tuple(TriedFix(replace(tried.fix, change=Change), tried.change) for tried in item.fixes),
        )
        for item in report.items
    ]
    return replace(report, items=items, shown=str, text_of=str)


def _dressed(targets: Targets, workspace: Workspace, report: FileReport) -> FileReport:
    return replace(report, shown=lambda other: targets.shown(workspace, other), text_of=workspace.text)


def _report(targets: Targets, target: Target, with_fixes: bool, every: bool) -> FileReport:
    """Check one file; its text is let go afterwards."""
    workspace, path = target.workspace, target.path
    prepare(target)
    report = workspace.check(path)
    items = [Item(hit, ()) for hit in report.hits]
    if with_fixes and items:
        tried = workspace.trier(path)
        shown = {(hit.rule.id, hit.span) for hit in report.hits}
        hits = [hit for hit in workspace.look(path).hits if (hit.rule.id, hit.span) in shown]
        items = [Item(hit, tuple(_tried(hit, tried, every))) for hit in hits]
    del workspace.documents[path]
    workspace.index.forget(path)
    return FileReport(
        path, Mask(target.source, report.secrets), items, lambda other: targets.shown(workspace, other), workspace.text
    )


def _tried(hit: Hit, tried: Callable[[Hit, Fix], Change], every: bool) -> Iterator[TriedFix]:
    """The fixes that can be made; only the first unless `every` one is wanted."""
    for fix in hit.finding.fixes:
        try:
            yield TriedFix(fix, tried(hit, fix))
        except Refused:
            continue
        if not every:
            return


def _explain(options: argparse.Namespace) -> int:
    rules = [rule for rule in (*all_rules(), *OWN_RULES) if options.rule in (rule.id, rule.name)]
    if not rules:
        return fail(unknown_rule(options.rule))
    print("\n".join(page(rule) for rule in rules), end="")
    return DONE


def _rules(options: argparse.Namespace) -> int:
    rules = (*all_rules(), *OWN_RULES)
    if options.markdown:
        print(catalogue(rules), end="")
        return DONE
    if options.schema:
        import json

        from playpen_ls.schema import schema

        print(json.dumps(schema(all_rules()), indent=2))
        return DONE
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        severity = rule.severity.label if rule.on else f"{rule.severity.label} (off)"
        print(f"{rule.id:<{width}}  {severity:<12}  {rule.title}")
    return DONE


def _serve(_: argparse.Namespace) -> int:
    from playpen_ls.server.app import serve

    return serve()


COMMANDS = {"check": _check, "fix": run_fix, "explain": _explain, "rules": _rules, "serve": _serve}
