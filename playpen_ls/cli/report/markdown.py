"""Markdown, for a summary of a job or a comment: a table for each file, or counts where that is too long."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from playpen_ls.api.finding import Severity
from playpen_ls.cli.printable import printable
from playpen_ls.cli.report import Run
from playpen_ls.cli.report._entries import Entry, entries
from playpen_ls.cli.results import FileReport, Fixes

FOR_PROGRAMS = True
FIXES = Fixes.NONE
LONGEST = 900 * 1024  # bytes; the summary of a step in GitHub Actions holds 1 MiB


def report(files: Iterable[FileReport], run: Run) -> Iterator[str]:
    found = list(entries(files, run))
    severities = Counter(entry.finding.severity for entry in found)
    counts = ", ".join(f"{severities[one]} {one.label}" for one in sorted(severities, reverse=True))
    yield "# playpen-ls"
    yield ""
    yield f"{len(found)} findings ({counts}) in {run.files} checked files" if found else _clean(run)
    lines = [line for path, those in groupby(found, lambda entry: entry.path) for line in _file(run, path, those)]
    if sum(len(line.encode("utf-8", "replace")) + 1 for line in lines) > LONGEST:
        yield ""
        yield "The findings are too many for this report; these are the numbers of findings by rule."
        lines = list(_by_rule(found))
    yield from lines


def _clean(run: Run) -> str:
    return f"No findings in {run.files} checked files" if run.files else "No file was checked"


def _file(run: Run, path: str, found: Iterable[Entry]) -> Iterator[str]:
    yield ""
    yield f"## {_escaped(run.paths.rooted(path))}"
    yield ""
    yield "| line | severity | rule | message |"
    yield "|---:|---|---|---|"
    for entry in found:
        finding = entry.finding
        rule = f"[{finding.rule}](<{finding.url}>)" if finding.url else finding.rule
        line = finding.range.start.line
        yield f"| {line} | {finding.severity.label} | {rule} | {_escaped(finding.message)} |"


def _by_rule(found: Iterable[Entry]) -> Iterator[str]:
    rules: Counter[tuple[Severity, str]] = Counter((one.finding.severity, one.finding.rule) for one in found)
    yield ""
    yield "| findings | severity | rule |"
    yield "|---:|---|---|"
    for (severity, rule), number in sorted(rules.items(), key=lambda item: (-item[1], item[0][1])):
        yield f"| {number} | {severity.label} | {rule} |"


def _escaped(text: str) -> str:
    """The text as text, with its code in backticks. Line breaks become spaces."""
    pieces = re.split(r"(`[^`]+`)", printable(re.sub(r"\r\n|\n|\r", " ", text)))
    return "".join(_code(piece) if number % 2 else _plain(piece) for number, piece in enumerate(pieces))


def _code(piece: str) -> str:
    # In a table a pipe ends the cell also inside of code.
    return piece.replace("|", "\\|")


def _plain(piece: str) -> str:
    return re.sub(r"([\\`*_{}\[\]()#+!|<>&~])", r"\\\1", piece)
