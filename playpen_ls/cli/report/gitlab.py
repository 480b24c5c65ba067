"""GitLab's code quality report. Paths are relative to the root of the repository."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from playpen_ls.api.finding import Severity
from playpen_ls.cli.printable import json_escaped
from playpen_ls.cli.report import Run
from playpen_ls.cli.report._entries import entries
from playpen_ls.cli.results import FileReport, Fixes

FOR_PROGRAMS = True
FIXES = Fixes.NONE
_SEVERITIES = {
    Severity.ERROR: "critical",
    Severity.WARNING: "major",
    Severity.INFORMATION: "minor",
    Severity.HINT: "info",
}


def report(files: Iterable[FileReport], run: Run) -> Iterator[str]:
    issues = [
        {
            "type": "issue",
            "categories": ["Bug Risk"],  # GitLab does not need it; Jenkins' parser of this format fails without it
            "description": entry.finding.message,
            "check_name": entry.finding.rule,
            "fingerprint": entry.fingerprint,
            "severity": _SEVERITIES[entry.finding.severity],
            "location": {
                "path": run.paths.rooted(entry.path),
                "lines": {"begin": entry.finding.range.start.line},
            },
        }
        for entry in entries(files, run)
    ]
    yield json_escaped(json.dumps(issues, indent=2, ensure_ascii=False))
