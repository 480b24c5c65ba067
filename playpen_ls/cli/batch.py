"""Checks what a command line names, in two passes: all files are read for their facts, then the rules run.

What is read is parsed once: models are kept until their turn, as far as memory allows.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Change, Fix, Refused
from playpen_ls.cli import process_pool
from playpen_ls.cli.common import prepare, say
from playpen_ls.cli.inputs import Target, Targets
from playpen_ls.cli.result_cache import (
    MOST_FRESH,
    Known,
    ResultCache,
    basis_of,
    digest_of,
    digest_of_facts,
    digests_of,
)
from playpen_ls.cli.results import Basis, FileReport, Fixes, Problem, Reporter, Verified, not_checked, relative
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.masking import Mask
from playpen_ls.languages import builds
from playpen_ls.languages.detection import possible_language
from playpen_ls.languages.model import Model
from playpen_ls.languages.registry import LANGUAGES, makers, model_facts, parse
from playpen_ls.project.fact_json import fact_of, plain
from playpen_ls.project.isolation import module_path
from playpen_ls.project.scan import facts_of
from playpen_ls.project.typed_json import Malformed, reader
from playpen_ls.session.open_file import PublishedFile
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.dataclass import dataclass

MOST_HELD = 4_000_000  # characters of text whose models one process keeps; further files are parsed twice

Finished = tuple[FileReport | None, tuple[Problem, ...]]


def main() -> int:
    """A process of the pool that was started and not forked."""
    gc.set_threshold(50_000, 20, 20)
    return process_pool.serve_started(_Batch.of)


def reports(
    targets: Targets, paths: list[tuple[str, bool]], fixes: Fixes, step: Callable[[int], None] = lambda _: None
) -> Iterator[FileReport]:
    """The files that were checked, in order. `step` is called with their number when one was read or checked."""
    jobs, complete = _jobs(targets, paths)
    targets.remembers = targets.remembers and len(jobs) >= process_pool.WORTH  # few are checked as fast
    whole = _Batch(targets, jobs, complete, fixes)
    told = list(targets.problems)
    order, alone = whole.in_order()
    for report, problems in _in_order(_results(targets, whole, order, alone, lambda: step(len(order)))):
        step(len(order))
        told += problems
        if report is not None:
            yield report
    targets.problems[:] = told
    for path, _ in paths:  # loads the configurations, so that their problems are reported here and not in the workers
        space = targets.workspace(path)
        space.configs.of(relative(path, space.root))


def _results(
    targets: Targets, whole: _Batch, order: list[int], alone: int, step: Callable[[], None]
) -> Iterator[tuple[int, Finished | None]]:
    """The result of each job by number, from the cache where that is possible."""
    if not targets.remembers:
        yield from process_pool.work(whole, order, alone, __name__, _died, step)
        return
    cache = whole.cache()
    try:
        known = whole.known(cache)
        if known is None:
            finished: Iterable[tuple[int, Finished | None]] = process_pool.work(
                whole, order, alone, __name__, _died, step
            )
        else:
            finished = ((number, whole.finish(number)) for number in sorted(order) if number not in known)
            yield from ((number, (cache.report(number, one), ())) for number, one in known.items())
        for number, made in finished:
            if made is not None and made[0] is not None:
                cache.keep(number, made[0])
                made = replace(made[0], basis=None), made[1]
            elif made is not None and not made[1]:
                cache.keep_nothing(number)
            yield number, made
    finally:
        cache.close()


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
    """A file that was read: its problems, its model and its facts. `clean`: its text rules out any finding."""

    target: Target | None
    problems: list[Problem]
    clean: bool = False
    content: str = ""
    """Digest of the file, if results are kept."""
    model: Model | None = None
    facts: tuple[Fact, ...] = ()


def _jobs(targets: Targets, paths: list[tuple[str, bool]]) -> tuple[list[_Job], list[Workspace]]:
    """A job for each file, with those for other files of the projects; and the projects that are read as a whole."""
    jobs = [_Job(path, space := targets.workspace(path), relative(path, space.root), True, named)
            for path, named in paths]  # fmt: skip
    complete = [one for one in dict.fromkeys(job.workspace for job in jobs) if _add_others(jobs, one)]
    return jobs, complete


def _add_others(jobs: list[_Job], workspace: Workspace) -> bool:
    """Add jobs for the other files of the project, if a rule queries facts; and tell whether all will be read."""
    own = [number for number, job in enumerate(jobs) if job.workspace is workspace]
    different = {  # in what decides which rules look at them
        (workspace.configs.of(path).path, bool(makers(language or "", path)), language): path
        for path, language in ((path, possible_language(path)) for path in (jobs[one].inside for one in own))
    }
    asks = any(workspace.needs_project(path, language) for (_, _, language), path in different.items() if language)
    inside = (workspace.closed.listed() or []) if asks else []
    every = set(inside)
    for number in own:
        if jobs[number].inside not in every:
            jobs[number] = replace(jobs[number], indexed=False)
    known = {jobs[number].inside for number in own}
    jobs += [_Job(os.path.join(workspace.root, path), workspace, path, False) for path in inside if path not in known]
    return bool(every)


class _Batch:
    """The worker of the process pool. `read` and `finish` take job numbers."""

    def __init__(self, targets: Targets, jobs: list[_Job], complete: list[Workspace], fixes: Fixes) -> None:
        self._targets = targets
        self._jobs = jobs
        self._complete = complete
        self._fixes = fixes
        self._held: dict[int, _Held] = {}
        self._size = 0
        self._digests: dict[tuple[Path, type[Fact]], str] = {}
        for workspace in dict.fromkeys(job.workspace for job in jobs):
            workspace.freeze_files()

    def in_order(self) -> tuple[list[int], int]:
        """The jobs, and how many to read before forking: one of each file type, so that shared modules are loaded."""
        first: dict[str, int] = {}
        for number, job in enumerate(self._jobs):
            first.setdefault(os.path.splitext(job.path)[1] or os.path.basename(job.path), number)
        alone = list(first.values())[:10]
        return [*alone, *(number for number in range(len(self._jobs)) if number not in set(alone))], len(alone)

    # In other processes

    def order(self) -> Any:
        roots = list(dict.fromkeys(job.workspace.root for job in self._jobs))
        numbers = {root: number for number, root in enumerate(roots)}
        return {
            "targets": self._targets.order(),
            "roots": [str(root) for root in roots],
            "jobs": [
                [numbers[job.workspace.root], job.path, job.inside, job.wanted, job.named, job.indexed]
                for job in self._jobs
            ],
            "complete": [numbers[workspace.root] for workspace in self._complete],
            "fixes": self._fixes,
        }

    @classmethod
    def of(cls, order: Any) -> _Batch:
        targets = Targets.of(order["targets"])
        workspaces = [targets.project(Path(root)) for root in order["roots"]]
        jobs = [_Job(path, workspaces[number], *rest) for number, path, *rest in order["jobs"]]
        for job in jobs:
            if job.wanted:  # the others can be in a project that is around another one
                targets.place(job.path, job.workspace)
        return cls(targets, jobs, [workspaces[number] for number in order["complete"]], Fixes(order["fixes"]))

    def modules(self) -> list[str]:
        return module_path(*dict.fromkeys(job.workspace.root for job in self._jobs), self._targets.folder)

    def plain(self, job: int, facts: tuple[Fact, ...] | None) -> Any:
        path = self._jobs[job].inside
        return None if facts is None else [plain(path, fact) for fact in facts]

    def read_of(self, job: int, data: Any) -> tuple[Fact, ...] | None:
        path = self._jobs[job].inside
        return None if data is None else tuple([fact_of(path, fact) for fact in data])

    def finished_of(self, data: Any) -> Finished | None:
        return _finished(data)  # type: ignore[no-any-return]

    # The work

    def read(self, number: int) -> tuple[Fact, ...] | None:
        """Its facts, None if they are no part of its project."""
        job = self._jobs[number]
        if not job.wanted:
            return facts_of(job.workspace.root, job.inside)
        held = self._read(job)
        size = len(held.target.source.text) if held.target is not None else 0
        if not size or self._size < MOST_HELD:
            self._held[number] = held
            self._size += size
        return held.facts if job.indexed else None

    def learn(self, said: Iterable[tuple[int, tuple[Fact, ...] | None]]) -> None:
        for number, facts in said:
            if facts is not None:
                job = self._jobs[number]
                job.workspace.closed.take(job.inside, facts, None)
        for workspace in self._complete:
            workspace.index.complete = True

    def finish(self, number: int) -> Finished | None:
        job = self._jobs[number]
        if not job.wanted:
            return None
        held = self._held.pop(number, None) or self._read(job)
        if held.clean:
            basis = Basis(held.content) if held.content and not held.problems else None
            return FileReport(job.path.replace(os.sep, "/"), basis=basis), tuple(held.problems)
        if held.target is None:
            return None, tuple(held.problems)
        report = self._report(held.target, held)
        problems = (*held.problems, *report.problems)
        return replace(report, problems=(), basis=None if problems else report.basis), problems

    def _read(self, job: _Job) -> _Held:
        targets, before = self._targets, len(self._targets.problems)
        target = targets.target(job.path, job.named)
        held = _Held(target, targets.problems[before:])
        targets.problems[before:] = []
        if target is None:
            if job.indexed and builds.can_state(job.inside):
                held.facts = facts_of(job.workspace.root, job.inside)
            return held
        if self._targets.remembers:
            held.content = digest_of(target.source.encoded())
        if target.finds_nothing and LANGUAGES[target.language].parses(target.source.text):
            held.target, held.clean = None, True
        elif job.indexed:
            held.model = parse(target.language, target.source).settled()
            held.facts = model_facts(held.model)
            _parse_whole(target, held.model)
        return held

    def _report(self, target: Target, held: _Held) -> FileReport:
        workspace, path = target.workspace, target.path
        if held.model is None or not workspace.index.complete:
            return report(self._targets, target, self._fixes, held.model)
        workspace.open(target.source, target.language)
        asked = workspace.record() if self._targets.remembers else None
        found = workspace.check_once(path, held.model, fixes=bool(self._fixes))
        reported = _reported(self._targets, target, found, self._fixes)
        if asked is None:
            return reported
        is_secret = bool(found.secrets)
        of_project = partial(self._digest, workspace)
        return replace(
            reported, basis=basis_of(workspace, path, held.content, held.facts, asked, of_project, is_secret)
        )

    # Results of earlier runs

    def cache(self) -> ResultCache:
        settings = self._targets.settings
        severity = sorted(settings.severity.items())
        options = repr((settings.select, settings.ignore, severity, self._fixes, self._targets.with_practices))
        return ResultCache(self._jobs, self._complete, options)

    def known(self, cache: ResultCache) -> dict[int, Known] | None:
        """The results that hold, after the facts are known that the check of the others needs; None if few hold."""
        looked = cache.look()
        if looked is None:
            return None
        known, fresh = looked
        learned = [(number, self.read(number)) for number in fresh]
        try:
            stated = {
                number: digests_of(self._jobs[number].inside, facts) for number, facts in learned if facts is not None
            }
        except Malformed:
            return None
        for number, facts in learned:
            if facts is not None and not self._jobs[number].wanted:
                cache.keep_facts(number, facts)
        invalid = cache.invalid(known, stated)
        if invalid or any(self._needs_facts(number) for number in fresh):
            unknown = 0
            for number, job in enumerate(self._jobs):
                if number not in known or not job.indexed:
                    continue
                facts = cache.facts(number)
                unknown += facts is None
                if len(fresh) + len(invalid) + unknown > MOST_FRESH:
                    return None
                learned.append((number, self.read(number) if facts is None else facts))
            self.learn(learned)
        stale = set(invalid)
        return {number: one for number, one in known.items() if self._jobs[number].wanted and number not in stale}

    def _needs_facts(self, number: int) -> bool:
        """Whether the check of a file that was read can ask what others state."""
        if not self._jobs[number].wanted:
            return False
        held = self._held.get(number)
        return held is None or held.target is not None

    def _digest(self, workspace: Workspace, kind: type[Fact]) -> str:
        """That of all facts of a type: in a batch they are known before the first check."""
        key = (workspace.root, kind)
        found = self._digests.get(key)
        if found is None:
            found = self._digests[key] = digest_of_facts(kind, workspace.index.by_path(kind))
        return found


_finished = reader(Finished | None)


def report(targets: Targets, target: Target, fixes: Fixes, model: Model | None = None) -> FileReport:
    """Check one file; its text is let go afterwards."""
    workspace, path = target.workspace, target.path
    prepare(target)
    workspace.documents[path].model = model = model or parse(target.language, target.source)
    _parse_whole(target, model)
    return _reported(targets, target, workspace.check(path, fixes=bool(fixes)), fixes)


def _parse_whole(target: Target, model: Model) -> None:
    """Parse all parts of a file, also those that no rule looks at, unless it is known that all parse.

    What cannot be parsed is reported.
    """
    if not LANGUAGES[target.language].parses(target.source.text):
        for chunk in model.chunks:
            chunk.broken  # noqa: B018


def _reported(targets: Targets, target: Target, found: PublishedFile, fixes: Fixes) -> FileReport:
    """What was found in an open file, which is closed afterwards."""
    workspace, path = target.workspace, target.path
    platform = workspace.configs.of(path).platform
    reporter = Reporter(workspace.root, Mask(target.source, found.secrets), workspace.text, platform.rule_link, fixes)
    diagnostics = list(found.diagnostics)
    outcomes = _verified(workspace, path, diagnostics, fixes) if fixes else repeat((), len(diagnostics))
    built, shown = workspace.built(path, target.language), targets.shown(workspace, path)
    problems = tuple(not_checked(found, shown, target.named, LANGUAGES[target.language].unread))
    report = FileReport(
        reporter.path(path),
        tuple(
            reporter.finding(diagnostic, *_offered(outcome))
            for diagnostic, outcome in zip(diagnostics, outcomes, strict=True)
        ),
        tuple(reporter.finding(diagnostic, suppression=("inSource", reason)) for diagnostic, reason in found.silenced),
        (*problems, Problem(shown, f"what it builds is not known: {built.limit}")) if built.limit else problems,
        built.objects,
        target.practices if targets.with_practices else frozenset(),
    )
    del workspace.documents[path]
    workspace.index.forget(path)
    return report


Outcome = Sequence[tuple[Fix, Change | Refused]]
"""Fixes of a finding that were tried, with their changes or why they are refused."""


def _verified(workspace: Workspace, path: str, diagnostics: Sequence[Diagnostic], fixes: Fixes) -> Sequence[Outcome]:
    """The fixes of each finding, only up to the first that verifies unless every one is wanted."""
    outcomes: list[list[tuple[Fix, Change | Refused]]] = [[] for _ in diagnostics]
    offered = [diagnostic.finding.fixes for diagnostic in diagnostics]
    step = 1 if fixes == Fixes.FIRST else max(map(len, offered), default=0)
    tried = 0
    while turn := [
        (number, fix)
        for number, outcome in enumerate(outcomes)
        if not any(isinstance(made, Change) for _, made in outcome)
        for fix in offered[number][tried : tried + step]
    ]:
        wanted = [(diagnostics[number], fix) for number, fix in turn]
        for (number, fix), made in zip(turn, workspace.verified_fixes(path, wanted), strict=True):
            outcomes[number].append((fix, made))
        tried += step
    return outcomes


def _offered(outcome: Outcome) -> tuple[Verified, str]:
    """The fixes that were verified; and, without one, the reason."""
    found = tuple((fix, made) for fix, made in outcome if isinstance(made, Change))
    reasons = dict.fromkeys(str(made) for _, made in outcome if isinstance(made, Refused))
    return found, "" if found else "; ".join(reasons)
