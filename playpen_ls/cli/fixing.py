"""Applies fixes to the files of a command line."""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import field
from itertools import islice

from playpen_ls.cli.common import prepare
from playpen_ls.cli.inputs import Target, Targets
from playpen_ls.cli.printable import printable, quoted_name
from playpen_ls.cli.results import Problem, not_checked
from playpen_ls.cli.write_file import remove_recovery, write
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.fixer import REWRITE, Accept, Fixed
from playpen_ls.engine.masking import Mask
from playpen_ls.engine.summary import counted
from playpen_ls.languages.registry import LANGUAGES
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


@dataclass
class FixedFiles:
    """What was fixed, by rule, and how many findings are left, with and without an unsafe fix."""

    files: int = 0
    changed: int = 0
    unwritten: bool = False
    applied: Counter[str] = field(default_factory=Counter)
    fixable: int = 0
    unfixable: int = 0

    def summary(self, dry: bool) -> str:
        if not self.applied and not self.unwritten:
            done = "Nothing to fix."
        else:
            total = f"{counted(self.applied.total(), 'finding')} in {counted(self.changed, 'file')}"
            counts = ", ".join(f"{number} × {rule}" for rule, number in sorted(self.applied.items()))
            done = f"{'Would fix' if dry else 'Fixed'} {total}{': ' if counts else ''}{counts}"
        left = self.fixable + self.unfixable
        if not left:
            return done
        ways = ((self.fixable, "with --unsafe"), (self.unfixable, "without a fix"))
        parts = ", ".join(f"{number} {way}" for number, way in ways if number)
        return f"{done.removesuffix('.')}; {left} left ({parts})"


def fix_files(
    targets: Targets, files: Iterable[Target], accept: Accept, *, write: bool = True, diff: bool = False
) -> FixedFiles:
    """Fix the files in place. Without `write` nothing is written; with `diff` the changes are printed."""
    done = FixedFiles()
    for target in files:
        done.files += 1
        workspace, path = target.workspace, target.path
        if target.on_disk and write:
            remove_recovery(os.path.join(workspace.root, path))
        if target.finds_nothing:
            workspace.configs.of(path)  # loads the configuration, whose problems are reported anyway
            continue
        prepare(target)
        shown = targets.shown(workspace, path)
        found = workspace.check(path)
        targets.problems += not_checked(found, shown, target.named, LANGUAGES[target.language].unread)
        fixed = workspace.fixed(path, accept)
        try:
            done.changed += _put(targets, target, fixed, write, diff)
            done.applied += fixed.applied
        except BrokenPipeError:
            raise
        except OSError as error:
            done.unwritten = True
            targets.problems.append(Problem(shown, f"cannot write the fixes: {error.strerror or error}", fatal=True))
        if fixed.stopped:
            targets.problems.append(Problem(shown, fixed.stopped, target.named))
        if found.diagnostics:
            workspace.edit(path, fixed.source)
            left = [_is_fixable(diagnostic) for diagnostic in workspace.check(path, fixes=True).diagnostics]
            fixable = max(sum(left) - fixed.refused, 0)
            done.fixable += fixable
            done.unfixable += len(left) - fixable
        del workspace.documents[path]
    return done


def _is_fixable(diagnostic: Diagnostic) -> bool:
    return any(fix.kind != REWRITE for fix in diagnostic.finding.fixes)


def _put(targets: Targets, target: Target, fixed: Fixed, to_disk: bool, diff: bool) -> int:
    """Write the changed files or print their diff, and return their number. Raises OSError."""
    workspace = target.workspace
    texts = {path: (workspace.text(path), text) for path, text in fixed.others.items()}
    if fixed.source.text != target.source.text:
        texts[target.path] = (target.source.text, fixed.source.text)
    for path, (before, after) in texts.items():
        if diff:
            _show_diff(targets, target, path, before, after)
        if to_disk:
            write(workspace.root / path, before, after)
    return len(texts)


def _show_diff(targets: Targets, target: Target, path: str, before: str | None, after: str) -> None:
    """Print a patch that can be applied, unless a comment in it says that secrets are masked."""
    shown = targets.shown(target.workspace, path)
    old, new = (_LINE.findall(text) for text in (before or "", after))
    hidden = _masked_lines(targets, target, path, before or "", after)
    name = "/dev/null" if before is None else quoted_name(f"a/{shown}")
    lines = difflib.unified_diff(old, new, name, quoted_name(f"b/{shown}"))
    header, body = [*islice(lines, 2)], [*lines]
    masked = [*_with_masks(body, *hidden)]
    if masked != body:
        print(f"# {printable(shown)}: secrets are masked, so this diff cannot be applied")
    patch = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in masked)
    if sys.stdout.isatty():
        patch = "\n".join(map(printable, patch.split("\n")))
    print("".join(header) + patch, end="")


def _masked_lines(targets: Targets, target: Target, path: str, before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines of both texts of a changed file, with the secrets of `target` and of the file itself masked."""
    mask = Mask(target.source, target.workspace.check(target.path).secrets)
    own = mask
    if path != target.path:
        other = targets.target(str(target.workspace.root / path), False) if before else None
        secrets: tuple[Span, ...] = ()
        if other is not None and other.source.text == before:
            prepare(other)
            secrets = other.workspace.check(other.path).secrets
            del other.workspace.documents[other.path]
        own = Mask(Source(path, before), secrets)
    old, new = (_LINE.findall(mask.text(own.edited(text))) for text in (before, after))
    return old, new


def _with_masks(body: list[str], old: list[str], new: list[str]) -> Iterator[str]:
    """The lines of a unified diff in their masked form. `old` and `new` are the masked lines of both texts."""
    above = below = 0
    for line in body:
        if line.startswith("@@"):
            above, below = (int(number) for number in re.findall(r"[-+](\d+)", line)[:2])
            yield line
        elif line.startswith("-"):
            yield "-" + old[above - 1]
            above += 1
        else:
            yield line[0] + new[below - 1]
            below += 1
            above += line[0] == " "


# A line as `patch` and git see it: only \n ends one.
_LINE = regex(r"[^\n]*\n|[^\n]+")
