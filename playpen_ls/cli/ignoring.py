"""Adds ignore comments for the findings of a run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from playpen_ls.cli.common import prepare, say
from playpen_ls.cli.inputs import Target, Targets
from playpen_ls.cli.report import Run
from playpen_ls.cli.results import FileReport, FindingReport, Problem
from playpen_ls.cli.write_file import write
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.registry import rule_of
from playpen_ls.engine.summary import counted
from playpen_ls.engine.suppression import ignore_all

ROUNDS = 5  # a comment can move another one to a line where it covers less


def add_ignores(targets: Targets, files: Iterable[FileReport], run: Run, reason: str) -> str:
    """Add a comment for each finding where one can be, and return what was done.

    A secret is ignored only if its rule is named in --select. Findings that no comment can suppress are reported with
    the configuration that does it.
    """
    named = set(targets.settings.select or ())
    added, changed, refused = 0, 0, list[tuple[str, FindingReport]]()
    for file in list(files):
        wanted = [one for one in file.findings if not _is_unnamed_secret(one, named)]
        for one in set(file.findings) - set(wanted):
            say(f"{_place(run, file.path, one)}: {one.rule}: not ignored; name the rule in --select to ignore a secret")
        target = targets.target(file.path, True) if wanted else None
        if target is None:
            continue
        before = target.source.text
        left = _ignored(target, wanted, " ".join(reason.split()))
        refused += [(file.path, one) for one in left]
        added += len(wanted) - len(left)
        after = target.workspace.documents.pop(target.path).source.text
        if after == before:
            continue
        try:
            write(target.workspace.root / target.path, before, after)
            changed += 1
        except OSError as error:
            message = f"cannot write the comments: {error.strerror or error}"
            targets.problems.append(Problem(run.paths.shown(file.path), message, fatal=True))
    for path, one in refused:
        say(f"{_place(run, path, one)}: {one.rule}: a comment is not possible here")
    if refused:
        say("instead, add this to playpen.toml:\n" + "\n".join(_per_path(run, refused)))
    return f"ignored {counted(added, 'finding')} in {counted(changed, 'file')}"


def _ignored(target: Target, wanted: list[FindingReport], reason: str) -> list[FindingReport]:
    """Add the comments to the open file; returns the findings that are left."""
    workspace, path = target.workspace, target.path
    prepare(target)
    # A comment moves findings, so they are recognized by rule and text.
    keys = {(one.rule, one.message) for one in wanted}
    chosen: list[Diagnostic] = []
    for _ in range(ROUNDS):
        found = workspace.check(path).diagnostics
        chosen = [one for one in found if (one.rule.id, one.finding.message) in keys]
        if not chosen:
            break
        edits = ignore_all(workspace.model(path), chosen, reason)
        if not edits:
            break
        before = workspace.documents[path].source
        source = before.edited(edits)
        workspace.edit(path, source)
        after = workspace.check(path)
        if after.unparsed or len(after.diagnostics) >= len(found):
            workspace.edit(path, before)  # the comments do not do what they should
            workspace.check(path)
            break
    left = [(one.rule.id, one.finding.message) for one in chosen]
    return [one for one in wanted if (one.rule, one.message) in left]


def _is_unnamed_secret(finding: FindingReport, named: set[str]) -> bool:
    rule = rule_of(finding.rule)
    return rule.masks_text and named.isdisjoint((rule.id, rule.name))


def _place(run: Run, path: str, finding: FindingReport) -> str:
    return f"{run.paths.shown(path)}:{finding.range.start.line}"


def _per_path(run: Run, refused: list[tuple[str, FindingReport]]) -> Iterable[str]:
    rules: dict[str, set[str]] = {}
    for path, one in refused:
        rules.setdefault(run.paths.rooted(path), set()).add(one.rule)
    yield "[per-path]"
    for path, names in rules.items():
        escaped = re.sub(r'(["\\])', r"\\\1", os.fspath(path))
        listed = ", ".join(f'"{name}"' for name in sorted(names))
        yield f'"/{escaped}" = {{ ignore = [{listed}] }}'
