"""What several formats share: all entries of a report as one list, in path and text order, with fingerprints."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256

from playpen_ls.api.finding import Severity
from playpen_ls.cli.report import Run
from playpen_ls.cli.results import Excerpt, FileReport, FindingReport, Position, Problem, Range
from playpen_ls.text.dataclass import dataclass

NOT_CHECKED = "playpen/not-checked"
INVALID_CONFIG = "playpen/invalid-config"


@dataclass(frozen=True, slots=True)
class Entry:
    """`path` is absolute: see `Format`. The fingerprint is unique in the report, and the same when lines move."""

    path: str
    finding: FindingReport
    fingerprint: str


def entries(files: Iterable[FileReport], run: Run) -> Iterator[Entry]:
    """All findings, then what was not checked as findings: a format that lacks it would look like success."""
    count: Counter[str] = Counter()
    for file in files:
        for finding in file.findings:
            yield Entry(file.path, finding, _fingerprint(run, file.path, finding, count))
    for path, finding in not_checked(run):
        yield Entry(path, finding, _fingerprint(run, path, finding, count))


def not_checked(run: Run) -> Iterator[tuple[str, FindingReport]]:
    """(absolute path, finding) of what was not checked, and of problems in configuration files."""
    for problem in run.problems():
        severity = Severity.ERROR if problem.fatal else Severity.HINT if problem.line else Severity.INFORMATION
        message = problem.message if problem.line else f"not checked: {problem.message}"
        yield _path(run, problem), _finding(NOT_CHECKED, severity, message, problem.line or 1)
    for problem in run.invalid():
        yield _path(run, problem), _finding(INVALID_CONFIG, Severity.ERROR, problem.message)


def by_weight(entries: Iterable[Entry]) -> list[Entry]:
    """The most severe first, else in the same order."""
    return sorted(entries, key=lambda entry: -entry.finding.severity)


def _fingerprint(run: Run, path: str, finding: FindingReport, count: Counter[str]) -> str:
    key = "\0".join((finding.rule, run.paths.rooted(path), finding.key))
    count[key] += 1
    return sha256(f"{key}\0{count[key]}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _path(run: Run, problem: Problem) -> str:
    return os.path.join(run.paths.folder, problem.path).replace(os.sep, "/")


def _finding(rule: str, severity: Severity, message: str, line: int = 1) -> FindingReport:
    start = Position(line, 1, 1)
    return FindingReport(rule, severity, message, Range(start, start), Excerpt("", 0, 0), message)
