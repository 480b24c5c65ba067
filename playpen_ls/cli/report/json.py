"""JSON output: version 1 of a stable format, described in the README."""

from __future__ import annotations

import json as encoder
from collections.abc import Iterable, Iterator
from typing import Any

from playpen_ls.cli.printable import json_escaped
from playpen_ls.cli.report import Run
from playpen_ls.cli.results import FileReport, FindingReport, Fixes, FixReport, Paths, Problem, Range

FOR_PROGRAMS = True
FIXES = Fixes.EVERY
PRACTICES = True
VERSION = 1


def report(files: Iterable[FileReport], run: Run) -> Iterator[str]:
    document = {
        "version": VERSION,
        "findings": [_finding(run.paths, file.path, finding) for file in files for finding in file.findings],
        "checked": {"files": run.files, "practices": sorted(run.practices)},
        "errors": [_error(one) for one in (*run.problems(), *run.invalid())],
    }
    yield json_escaped(encoder.dumps(document, indent=2, ensure_ascii=False))


def _error(problem: Problem) -> dict[str, Any]:
    line = {"line": problem.line} if problem.line else {}
    return {"path": problem.path, **line, "message": problem.message}


def _finding(paths: Paths, path: str, finding: FindingReport) -> dict[str, Any]:
    return {
        "path": paths.shown(path),
        "rule": finding.rule,
        "severity": finding.severity.label,
        "message": finding.message,
        **_range(finding.range),
        "url": finding.url,
        "fixes": [_fix(paths, fix) for fix in finding.fixes],
        "related": [
            {"path": paths.shown(place.path), **_range(place.range), "message": place.message}
            for place in finding.related
        ],
    }


def _range(range: Range) -> dict[str, dict[str, int]]:
    """Lines and columns from 1, columns in code points, the end exclusive."""
    return {
        name: {"line": position.line, "column": position.column}
        for name, position in (("start", range.start), ("end", range.end))
    }


def _fix(paths: Paths, fix: FixReport) -> dict[str, Any]:
    return {
        "title": fix.title,
        "safe": fix.safe,
        "kind": fix.kind,
        "edits": [{"path": paths.shown(edit.path), **_range(edit.range), "text": edit.text} for edit in fix.edits],
        "creates": {paths.shown(path): text for path, text, _ in fix.creates},
    }
