"""Checks what a command line names, in two passes: all files are read for their facts, then the rules run.

What is read is parsed once: models are kept until their turn, as far as memory allows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Change, Fix, Refused
from playpen_ls.cli import process_pool
from playpen_ls.cli.common import prepare, say
from playpen_ls.cli.inputs import Target, Targets, relative
from playpen_ls.cli.results import FileReport, Item, Problem, TriedFix, not_checked
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.masking import Mask
from playpen_ls.languages.detection import possible_language
from playpen_ls.languages.model import Model
from playpen_ls.languages.registry import finds_nothing, model_facts, parse
from playpen_ls.project.scan import facts_of
from playpen_ls.session.workspace import Workspace

MOST_HELD = 4_000_000  # characters of text whose models one process keeps; further files are parsed twice

Learned = tuple[Path, str, tuple[Fact, ...]]
"""(root of a project, path in it, facts of the file)."""
Finished = tuple[Path, FileReport | None, list[Problem]]


def reports(targets: Targets, paths: list[tuple[str, bool]], with_fixes: bool, every: bool) -> Iterator[FileReport]:
    """The files that have findings, in order. Each finding has its first fix that verifies, or `every` one."""
    whole = _Batch(targets, paths, with_fixes, every)
    told = list(targets.problems)
    order, alone = whole.order()
    for root, report, problems in _in_order(process_pool.work(whole, order, alone, _died)):
        told += problems
        if report is not None:
            yield _dressed(targets, targets.workspaces[root], report)
    targets.problems[:] = told
    for path, _ in paths:  # loads the configurations, so that their problems are reported here and not in the workers
        space = targets.workspace(path)
        space.configs.of(relative(path, space.root))


def _in_order(finished: Iterable[tuple[int, Finished | None]]) -> Iterator[Finished]:
    """Reorder results by job number. Early results are buffered, briefly, since all workers are equally fast."""
    early: dict[int, Finished | None] = {}
    turn = 0
    for number, made in finished:
        early[number] = made
        while turn in early:
            now = early.pop(turn)
            turn += 1
            if now is not None:
                yield now


def _died() -> None:
    say("a worker process ended unexpectedly; its files are checked again")


@dataclass(frozen=True)
class _Job:
    """A file to read. If it is not `wanted`, only its facts are read. `named`: the command line names it itself."""

    path: str
    workspace: Workspace
    inside: str
    wanted: bool = True
    named: bool = False
    indexed: bool = True


@dataclass
class _Held:
    """A file that was read: its problems, its model and its facts."""

    target: Target | None
    problems: list[Problem]
    model: Model | None = None
    facts: tuple[Fact, ...] = ()


class _Batch:
    """The worker of the process pool. `read` and `finish` take job numbers."""

    def __init__(self, targets: Targets, paths: list[tuple[str, bool]], with_fixes: bool, every: bool) -> None:
        self._targets = targets
        self._with_fixes, self._every = with_fixes, every
        self._held: dict[int, _Held] = {}
        self._size = 0
        self._jobs = [_Job(path, space := targets.workspace(path), relative(path, space.root), True, named)
                      for path, named in paths]  # fmt: skip
        self._complete: list[Workspace] = []
        for workspace in dict.fromkeys(job.workspace for job in self._jobs):
            workspace.freeze_files()
            self._add_others(workspace)

    def _add_others(self, workspace: Workspace) -> None:
        """Add jobs for the other files of the project, if a rule queries facts."""
        own = [number for number, job in enumerate(self._jobs) if job.workspace is workspace]
        different = {  # in what decides which rules look at them
            (workspace.configs.of(path).path, possible_language(path)): path
            for path in (self._jobs[number].inside for number in own)
        }
        asks = any(
            workspace.configs.rules(path, language).needs_project
            for (_, language), path in different.items()
            if language
        )
        inside = (workspace.closed.listed() or []) if asks else []
        every = set(inside)
        for number in own:
            if self._jobs[number].inside not in every:
                self._jobs[number] = replace(self._jobs[number], indexed=False)
        known = {self._jobs[number].inside for number in own}
        if every:
            self._complete.append(workspace)
            others = (path for path in inside if path not in known)
            self._jobs += [_Job(os.path.join(workspace.root, path), workspace, path, False) for path in others]

    def order(self) -> tuple[list[int], int]:
        """The jobs, and how many to read before forking: one of each file type, so that shared modules are loaded."""
        first: dict[str, int] = {}
        for number, job in enumerate(self._jobs):
            first.setdefault(os.path.splitext(job.path)[1] or os.path.basename(job.path), number)
        alone = list(first.values())[:10]
        return [*alone, *(number for number in range(len(self._jobs)) if number not in set(alone))], len(alone)

    def read(self, number: int) -> Learned | None:
        job = self._jobs[number]
        root = job.workspace.root
        if not job.wanted:
            return root, job.inside, facts_of(root, job.inside)
        held = self._read(job)
        size = len(held.target.source.text) if held.target is not None else 0
        if not size or self._size < MOST_HELD:
            self._held[number] = held
            self._size += size
        return (root, job.inside, held.facts) if job.indexed else None

    def learn(self, said: Iterable[tuple[int, Learned | None]]) -> None:
        for _, learned in said:
            if learned is not None:
                root, path, facts = learned
                self._targets.workspaces[root].closed.take(path, facts, None)
        for workspace in self._complete:
            workspace.index.complete = True

    def finish(self, number: int) -> Finished | None:
        job = self._jobs[number]
        if not job.wanted:
            return None
        held = self._held.pop(number, None) or self._read(job)
        report = self._report(held.target, held.model) if held.target is not None else None
        problems = [*held.problems, *(report.problems if report else ())]
        return job.workspace.root, _without_models(report) if report and report.items else None, problems

    def _read(self, job: _Job) -> _Held:
        targets, before = self._targets, len(self._targets.problems)
        target = targets.target(job.path, job.named)
        held = _Held(target, targets.problems[before:])
        targets.problems[before:] = []
        if target is None:
            return held
        if finds_nothing(target.language, target.source):
            held.target = None
        elif job.indexed:
            held.model = parse(target.language, target.source).settled()
            held.facts = model_facts(held.model)
        return held

    def _report(self, target: Target, model: Model | None) -> FileReport:
        if model is None or not target.workspace.index.complete:
            return report(self._targets, target, self._with_fixes, self._every, model)
        workspace, path = target.workspace, target.path
        workspace.open(target.source, target.language)
        found = workspace.check_once(path, model)
        del workspace.documents[path]
        workspace.index.forget(path)
        if found.diagnostics and self._with_fixes:
            return report(self._targets, target, True, self._every, model)
        return FileReport(
            path,
            Mask(target.source, found.secrets),
            [Item(diagnostic, ()) for diagnostic in found.diagnostics],
            str,
            _nothing,
            tuple(not_checked(found, self._targets.shown(workspace, path), target.named)),
        )


def report(targets: Targets, target: Target, with_fixes: bool, every: bool, model: Model | None = None) -> FileReport:
    """Check one file; its text is let go afterwards."""
    workspace, path = target.workspace, target.path
    prepare(target)
    if model is not None:
        workspace.documents[path].model = model
    found = workspace.check(path, fixes=with_fixes)
    tried = workspace.fix_verifier(path)
    items = [
        Item(diagnostic, tuple(_tried(diagnostic, tried, every)) if with_fixes else ())
        for diagnostic in found.diagnostics
    ]
    del workspace.documents[path]
    workspace.index.forget(path)
    return FileReport(
        path,
        Mask(target.source, found.secrets),
        items,
        lambda other: targets.shown(workspace, other),
        workspace.text,
        tuple(not_checked(found, targets.shown(workspace, path), target.named)),
    )


def _tried(diagnostic: Diagnostic, tried: Callable[[Diagnostic, Fix], Change], every: bool) -> Iterator[TriedFix]:
    """The fixes that verify; only the first unless `every` one is wanted."""
    for fix in diagnostic.finding.fixes:
        try:
            yield TriedFix(fix, tried(diagnostic, fix))
        except Refused:
            continue
        if not every:
            return


def _without_models(report: FileReport) -> FileReport:
    """The report in picklable form, with computed fixes."""
    items = [
        Item(
            item.diagnostic.without_fixes,
            tuple(TriedFix(replace(tried.fix, change=Change), tried.change) for tried in item.fixes),
        )
        for item in report.items
    ]
    return replace(report, items=items, shown=str, text_of=_nothing)


def _nothing(_: str) -> None:
    return None


def _dressed(targets: Targets, workspace: Workspace, report: FileReport) -> FileReport:
    return replace(report, shown=lambda other: targets.shown(workspace, other), text_of=workspace.text)
