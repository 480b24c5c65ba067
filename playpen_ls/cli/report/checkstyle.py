"""Checkstyle's XML, for Jenkins and others. Paths are relative to the root of the repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from playpen_ls.api.finding import Severity
from playpen_ls.cli.report import Run
from playpen_ls.cli.report._entries import entries
from playpen_ls.cli.report._xml import attribute
from playpen_ls.cli.results import FileReport, Fixes

FOR_PROGRAMS = True
FIXES = Fixes.NONE
_SEVERITIES = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "info",
    Severity.HINT: "info",
}


def report(files: Iterable[FileReport], run: Run) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<checkstyle version="4.3">'
    for path, found in groupby(entries(files, run), lambda entry: entry.path):
        yield f"  <file name={attribute(run.paths.rooted(path))}>"
        for entry in found:
            finding, start = entry.finding, entry.finding.range.start
            # Jenkins takes what follows the last dot as the type, and the text before as the category.
            source = f"playpen.{finding.rule.replace('/', '.')}"
            yield (
                f'    <error line="{start.line}" column="{start.column}" severity="{_SEVERITIES[finding.severity]}"'
                f" message={attribute(finding.message)} source={attribute(source)}/>"
            )
        yield "  </file>"
    yield "</checkstyle>"
