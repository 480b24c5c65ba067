"""JUnit's XML. A test suite is a file, a failed test case a finding that makes the run fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import field

from playpen_ls.cli.report import Run
from playpen_ls.cli.report._entries import not_checked
from playpen_ls.cli.report._xml import attribute, content
from playpen_ls.cli.results import FileReport, FindingReport, Fixes
from playpen_ls.text.dataclass import dataclass

FOR_PROGRAMS = True
FIXES = Fixes.NONE


@dataclass
class _Suite:
    failures: list[FindingReport] = field(default_factory=list)
    errors: list[FindingReport] = field(default_factory=list)
    others: list[FindingReport] = field(default_factory=list)

    @property
    def tests(self) -> int:
        return max(len(self.failures) + len(self.errors), 1)


def report(files: Iterable[FileReport], run: Run) -> Iterator[str]:
    suites: dict[str, _Suite] = {}
    for file in files:
        suite = suites[run.paths.rooted(file.path)] = _Suite()
        for finding in file.findings:
            (suite.failures if run.fails(finding) else suite.others).append(finding)
    for path, finding in not_checked(run):
        suites.setdefault(run.paths.rooted(path), _Suite()).errors.append(finding)
    if not suites:  # a report without any test case is an error in Jenkins
        suites["no file was checked"] = _Suite()
    totals = [
        sum(counts)
        for counts in zip(
            *((suite.tests, len(suite.failures), len(suite.errors)) for suite in suites.values()), strict=True
        )
    ]
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="playpen-ls" {_counts(*totals)}>'
    for path, suite in suites.items():
        yield from _suite(path, suite)
    yield "</testsuites>"


def _counts(tests: int, failures: int, errors: int) -> str:
    return f'tests="{tests}" failures="{failures}" errors="{errors}" time="0"'


def _suite(path: str, suite: _Suite) -> Iterator[str]:
    yield f"<testsuite name={attribute(path)} {_counts(suite.tests, len(suite.failures), len(suite.errors))}>"
    names: Counter[str] = Counter()
    for kind, findings in (("failure", suite.failures), ("error", suite.errors)):
        for finding in findings:
            name = _name(finding)
            names[name] += 1
            name += f" ({names[name]})" if names[name] > 1 else ""
            yield f'<testcase classname={attribute(path)} name={attribute(name)} time="0">'
            message, start = finding.message, finding.range.start
            yield (
                f"<{kind} message={attribute(message)} type={attribute(finding.rule)}>"
                f"{content(f'{path}:{start.line}:{start.column}: {finding.severity.label}: {message}')}</{kind}>"
            )
            yield "</testcase>"
    if not names:
        yield f'<testcase classname={attribute(path)} name="checked" time="0"/>'
    if suite.others:
        lines = (f"{_name(one)}: {one.severity.label}: {one.message}" for one in suite.others)
        yield f"<system-out>{content(chr(10).join(lines))}</system-out>"
    yield "</testsuite>"


def _name(finding: FindingReport) -> str:
    return f"{finding.rule}:{finding.range.start.line}:{finding.range.start.column}"
