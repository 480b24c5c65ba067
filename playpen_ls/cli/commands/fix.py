"""Apply safe fixes, in place, or to standard input as a filter."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from playpen_ls.api.finding import Fix, Refused
from playpen_ls.cli.common import (
    DONE,
    FAILED,
    FOUND,
    add_input,
    incomplete,
    invalid_configuration,
    prepare,
    read_project,
    say,
    settings_of,
    stdin_name,
    targets_of,
)
from playpen_ls.cli.fixing import fix_files
from playpen_ls.cli.inputs import Target, Targets
from playpen_ls.config.model import Settings
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.fixer import REWRITE, Accept, change_of, safe_only
from playpen_ls.text.source import Source, Unreadable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_input(parser)
    parser.add_argument(
        "--unsafe",
        action="store_true",
        help="also apply unsafe fixes (review the result); rewrites only for rules named in --select",
    )
    parser.add_argument(
        "--diff", action="store_true", help="print a diff instead of writing the files; exit with 1 if there is one"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something would be fixed")
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="with -: fail after this time (for format on save)"
    )


def run(options: argparse.Namespace) -> int:
    targets = Targets(settings_of(options))
    accept = _unsafe_too(targets.settings) if options.unsafe else safe_only
    if (
        options.paths == ["-"]
        and (options.stdin_filename or options.language)
        and not options.diff
        and not options.check
    ):
        return _filtered(options, targets, accept)
    dry = options.diff or options.check
    fixed = fix_files(targets, targets_of(options, targets), accept, write=not dry, diff=options.diff)
    for problem in targets.all_problems():
        say(f"{problem.place}: {problem.message}")
    print(fixed.summary(dry), file=sys.stderr)
    if invalid_configuration(targets) or incomplete(options, targets, fixed.files):
        return FAILED
    return FOUND if dry and fixed.changed else DONE


def _filtered(options: argparse.Namespace, targets: Targets, accept: Accept) -> int:
    """Filter standard input to standard output. Unreadable text and unsupported languages pass unchanged."""
    if options.timeout:
        _give_up_after(options.timeout)
    content = sys.stdin.buffer.read()
    name = stdin_name(options)
    try:
        source = Source.decoded(name or "stdin", content)
        target = targets.text(("\ufeff" if source.byte_order_mark else "") + source.text, name, options.language)
    except Unreadable as error:
        say(f"{name or 'standard input'}: {error}")
        target = None
    if target is not None:
        if options.unsafe:
            prepare(target)
        else:
            prepare_for_safe_fixes(target)
        content = target.workspace.fixed(target.path, _alone(accept, target.path)).source.encoded()
    sys.stdout.buffer.write(content)
    return FAILED if invalid_configuration(targets) else DONE


def prepare_for_safe_fixes(target: Target) -> None:
    """Index the project only if a fix depends on it, since indexing a large project is slow.

    Rules that need the index for their findings have no safe fixes. The others find the same without the index, and
    use it only for their fixes: to decide whether one is safe, unless the rule has no safe ones. Unused ignore comments
    are known only when all rules have run.
    """
    workspace = target.workspace
    workspace.open(target.source, target.language, target.on_disk)
    found = workspace.check(target.path).diagnostics
    if "playpen:" in target.source.text or any(one.rule.reads and one.rule.has_safe_fixes for one in found):
        read_project(target)


def _give_up_after(seconds: float) -> None:
    """Exit with an error after a timeout, so that the waiting editor continues without the fixes."""

    import threading

    def give_up() -> None:
        say(f"timed out after {seconds:g} s")
        os._exit(FAILED)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()


def _alone(accept: Accept, path: str) -> Accept:
    """Accept only fixes that change no other file, since a filter writes no files."""

    def accepts(diagnostic: Diagnostic, fix: Fix) -> bool:
        try:
            change = change_of(fix, path) if accept(diagnostic, fix) else None
        except Refused:
            return False
        return change is not None and not change.creates and not change.edits.keys() - {path}

    return accepts


def _unsafe_too(settings: Settings) -> Callable[[Diagnostic, Fix], bool]:
    """Accept unsafe fixes too, but rewrites only of rules that --select names."""
    return lambda diagnostic, fix: (
        fix.kind != REWRITE or not {diagnostic.rule.id, diagnostic.rule.name}.isdisjoint(settings.select or ())
    )
