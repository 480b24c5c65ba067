"""Annotations of GitHub Actions: workflow commands on standard output."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from playpen_ls.api.finding import Severity
from playpen_ls.cli.printable import printable
from playpen_ls.cli.report import Run
from playpen_ls.cli.report._entries import Entry, by_weight, entries
from playpen_ls.cli.results import FileReport, Fixes, relative

FOR_PROGRAMS = True
FIXES = Fixes.NONE
SHOWN = 10  # annotations of each level that GitHub shows of a step
_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "notice",
    Severity.HINT: "notice",
}


def report(files: Iterable[FileReport], run: Run) -> Iterator[str]:
    root = Path(os.environ.get("GITHUB_WORKSPACE") or run.paths.root)
    found = by_weight(entries(files, run))
    for entry in found:
        yield _command(root, entry)
    levels = Counter(_LEVELS[entry.finding.severity] for entry in found)
    unseen = sum(max(number - SHOWN, 0) for number in levels.values())
    if unseen:
        yield f"playpen-ls: {unseen} of {len(found)} findings are only in this log: GitHub shows {SHOWN} of each level"


def _command(root: Path, entry: Entry) -> str:
    finding = entry.finding
    start, end = finding.range
    properties = {"file": relative(entry.path, root), "line": start.line, "endLine": end.line}
    if start.line == end.line:
        properties |= {"col": start.column, "endColumn": end.column}
    properties["title"] = finding.rule
    said = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{_LEVELS[finding.severity]} {said}::{_data(finding.message)}"


def _data(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return printable(escaped)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
