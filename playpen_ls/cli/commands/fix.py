"""Apply safe fixes, in place, or to standard input as a filter."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
from collections import Counter
from collections.abc import Callable
from itertools import islice

from playpen_ls.api.finding import Fix, Refused
from playpen_ls.cli.common import (
    DONE,
    FAILED,
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
from playpen_ls.cli.inputs import Target, Targets
from playpen_ls.cli.printable import printable, quoted_name
from playpen_ls.cli.report.text import counted
from playpen_ls.cli.results import Problem, not_checked
from playpen_ls.cli.write_file import remove_recovery, write
from playpen_ls.config.model import Settings
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.fixer import REWRITE, Accept, Fixed, change_of, safe_only
from playpen_ls.engine.masking import Mask
from playpen_ls.languages.registry import finds_nothing
from playpen_ls.text.source import Source, Unreadable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_input(parser)
    parser.add_argument(
        "--unsafe",
        action="store_true",
        help="also apply unsafe fixes (review the result); rewrites only for rules named in --select",
    )
    parser.add_argument("--diff", action="store_true", help="print a diff instead of writing the files")
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="with -: fail after this time (for format on save)"
    )


def run(options: argparse.Namespace) -> int:
    targets = Targets(settings_of(options))
    accept = _unsafe_too(targets.settings) if options.unsafe else safe_only
    if options.paths == ["-"] and (options.stdin_filename or options.language) and not options.diff:
        return _filtered(options, targets, accept)
    return _in_place(options, targets, accept)


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
    use it only to decide whether a fix is safe. Unused ignore comments are known only when all rules have run.
    """
    workspace = target.workspace
    workspace.open(target.source, target.language, target.on_disk)
    found = workspace.check(target.path).diagnostics
    if "playpen:" in target.source.text or any(diagnostic.rule.reads for diagnostic in found):
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


def _in_place(options: argparse.Namespace, targets: Targets, accept: Accept) -> int:
    applied: Counter[str] = Counter()
    changed, unwritten = 0, False
    for target in targets_of(options, targets):
        if target.on_disk and not options.diff:
            remove_recovery(os.path.join(target.workspace.root, target.path))
        if finds_nothing(target.language, target.source):
            target.workspace.configs.of(target.path)  # loads the configuration, whose problems are reported anyway
            continue
        prepare(target)
        shown = targets.shown(target.workspace, target.path)
        targets.problems += not_checked(target.workspace.check(target.path), shown, target.named)
        fixed = target.workspace.fixed(target.path, accept)
        try:
            changed += _put(targets, target, fixed, options.diff)
            applied += fixed.applied
        except BrokenPipeError:
            raise
        except OSError as error:
            unwritten = True
            targets.problems.append(Problem(shown, f"cannot write the fixes: {error.strerror or error}", fatal=True))
        if fixed.stopped:
            targets.problems.append(Problem(shown, fixed.stopped, target.named))
        del target.workspace.documents[target.path]
    for problem in targets.all_problems():
        say(f"{problem.path}: {problem.message}")
    counts = ", ".join(f"{number} × {rule}" for rule, number in sorted(applied.items()))
    total = f"{counted(applied.total(), 'finding')} in {counted(changed, 'file')}{': ' if counts else ''}{counts}"
    done = f"{'Would fix' if options.diff else 'Fixed'} {total}" if applied or unwritten else "Nothing to fix."
    print(done, file=sys.stderr)
    return FAILED if invalid_configuration(targets) or incomplete(options, targets) else DONE


def _unsafe_too(settings: Settings) -> Callable[[Diagnostic, Fix], bool]:
    """Accept unsafe fixes too, but rewrites only of rules that --select names."""
    return lambda diagnostic, fix: (
        fix.kind != REWRITE or not {diagnostic.rule.id, diagnostic.rule.name}.isdisjoint(settings.select or ())
    )


def _put(targets: Targets, target: Target, fixed: Fixed, diff: bool) -> int:
    """Write the changed files or print their diff, and return their number. Raises OSError."""
    workspace = target.workspace
    texts = {path: (workspace.text(path), text) for path, text in fixed.others.items()}
    if fixed.source.text != target.source.text:
        texts[target.path] = (target.source.text, fixed.source.text)
    for path, (before, after) in texts.items():
        if diff:
            _show_diff(targets, target, path, before, after)
            continue
        write(workspace.root / path, before, after)
    return len(texts)


def _show_diff(targets: Targets, target: Target, path: str, before: str | None, after: str) -> None:
    """Print a patch that can be applied, unless a comment in it says that secrets are masked."""
    mask = Mask(target.source, target.workspace.check(target.path).secrets)
    shown = targets.shown(target.workspace, path)
    old, new = (_LINE.findall(text) for text in (before or "", after))
    name = "/dev/null" if before is None else quoted_name(f"a/{shown}")
    lines = difflib.unified_diff(old, new, name, quoted_name(f"b/{shown}"))
    header, body = [*islice(lines, 2)], [*lines]
    patch = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in body)
    masked = mask.text(patch)
    if masked != patch:
        print(f"# {printable(shown)}: secrets are masked, so this diff cannot be applied")
    if sys.stdout.isatty():
        masked = "\n".join(map(printable, masked.split("\n")))
    print("".join(header) + masked, end="")


# A line as `patch` and git see it: only \n ends one.
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
