"""One line a finding: `path:line:column: severity[rule] message`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from playpen_ls.cli.printable import printable
from playpen_ls.cli.report import Run
from playpen_ls.cli.report._entries import not_checked
from playpen_ls.cli.results import FileReport, FindingReport, Fixes
from playpen_ls.text.source import LINE_END

FOR_PROGRAMS = True
FIXES = Fixes.NONE


def report(files: Iterable[FileReport], run: Run) -> Iterator[str]:
    for file in files:
        for finding in file.findings:
            yield _line(run, file.path, finding)
    for path, finding in not_checked(run):
        yield _line(run, path, finding)


def _line(run: Run, path: str, finding: FindingReport) -> str:
    start = finding.range.start
    place = f"{printable(run.paths.shown(path))}:{start.line}:{start.column}"
    message = printable(LINE_END.sub(" ", finding.message))
    return f"{place}: {finding.severity.label}[{finding.rule}] {message}"
