"""The command line: check, fix, explain, rules, serve."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from io import TextIOWrapper

from playpen_ls.api.finding import Severity
from playpen_ls.api.rule import all_rules
from playpen_ls.cli.arguments import parser
from playpen_ls.cli.batch import report, reports
from playpen_ls.cli.common import (
    DONE,
    FAILED,
    FOUND,
    Unusable,
    fail,
    invalid_configuration,
    paths_of,
    say_if_slow,
    settings_of,
    targets_of,
)
from playpen_ls.cli.fix import run_fix
from playpen_ls.cli.inputs import Targets
from playpen_ls.cli.report.model import FileReport
from playpen_ls.config.model import unknown_rule
from playpen_ls.engine.rule_docs import OWN_RULES, catalogue, page


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
        if options.command != "serve":  # a server has told its client
            say_if_slow()
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
    """The files as they come; the worst severity of each is noted."""
    for file in files:
        worst += [max(item.hit.severity for item in file.items)] if file.items else []
        yield file


def _reports(options: argparse.Namespace, targets: Targets, with_fixes: bool, every: bool) -> Iterator[FileReport]:
    """The files that have findings."""
    paths = paths_of(options, targets)
    if paths is not None:
        yield from reports(targets, paths, with_fixes, every)
        return
    for target in targets_of(options, targets):
        found = report(targets, target, with_fixes, every)
        if found.items:
            yield found


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

        from playpen_ls.config.schema import schema

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
