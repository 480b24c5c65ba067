"""Reviewdog's diagnostic format. Paths are relative to the current folder, columns count bytes of UTF-8."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from playpen_ls.api.finding import Severity
from playpen_ls.cli.printable import json_escaped
from playpen_ls.cli.report import Run
from playpen_ls.cli.report._entries import Entry, entries
from playpen_ls.cli.results import FileReport, Fixes, FixReport, Range

FOR_PROGRAMS = True
FIXES = Fixes.EVERY
_SEVERITIES = {
    Severity.ERROR: "ERROR",
    Severity.WARNING: "WARNING",
    Severity.INFORMATION: "INFO",
    Severity.HINT: "INFO",
}


def report(files: Iterable[FileReport], run: Run) -> Iterator[str]:
    document = {
        "source": {"name": "playpen-ls"},
        "diagnostics": [_diagnostic(run, entry) for entry in entries(files, run)],
    }
    yield json_escaped(json.dumps(document, indent=2, ensure_ascii=False))


def _diagnostic(run: Run, entry: Entry) -> dict[str, Any]:
    finding = entry.finding
    code = {"value": finding.rule, "url": finding.url} if finding.url else {"value": finding.rule}
    return {
        "message": finding.message,
        "location": {"path": run.paths.shown(entry.path), "range": _range(finding.range)},
        "severity": _SEVERITIES[finding.severity],
        "code": code,
        "suggestions": [
            {"range": _range(fix.edits[0].range), "text": fix.edits[0].text}
            for fix in finding.fixes
            if _is_suggestion(entry.path, fix)
        ],
        "related_locations": [
            {"message": place.message, "location": {"path": run.paths.shown(place.path), "range": _range(place.range)}}
            for place in finding.related
        ],
    }


def _is_suggestion(path: str, fix: FixReport) -> bool:
    """A suggestion is applied on its own, so a fix of several edits cannot be one."""
    return [edit.path for edit in fix.edits] == [path] and not fix.creates and not fix.is_masked


def _range(range: Range) -> dict[str, dict[str, int]]:
    return {
        name: {"line": position.line, "column": position.byte_column}
        for name, position in (("start", range.start), ("end", range.end))
    }
