"""SARIF 2.1.0. Paths are relative to the root of the repository."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from playpen_ls import __version__
from playpen_ls.api.finding import Severity
from playpen_ls.api.platform import Platform, slug
from playpen_ls.api.rule import Rule
from playpen_ls.cli.printable import json_escaped
from playpen_ls.cli.report import Run
from playpen_ls.cli.report._entries import INVALID_CONFIG, NOT_CHECKED, Entry, by_weight, entries
from playpen_ls.cli.results import EditReport, FileReport, FindingReport, Fixes, FixReport, Range
from playpen_ls.engine.registry import rule_of
from playpen_ls.engine.rule_docs import page

FOR_PROGRAMS = True
FIXES = Fixes.EVERY
PRACTICES = True
MOST_RESULTS = 25_000  # in a run; GitHub code scanning refuses more
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
INFORMATION = "https://hiranofficial.github.io/playpen/"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "note",
    Severity.HINT: "note",
}
# GitHub code scanning sorts alerts by this number, as by a CVSS score. For practices that are about security only.
_SECURITY_SEVERITY = {
    "Secrets management": "7.5",
    "Credential management": "7.5",
    "Least privilege": "6.5",
}


def report(files: Iterable[FileReport], run: Run) -> Iterator[str]:
    if run.show_suppressed:
        files = (replace(file, findings=_with_suppressed(file)) for file in files)
    found, left_out = list(entries(files, run)), 0
    notes, configuration = (
        [entry for entry in found if entry.finding.rule == rule] for rule in (NOT_CHECKED, INVALID_CONFIG)
    )
    found = [entry for entry in found if entry.finding.rule not in (NOT_CHECKED, INVALID_CONFIG)]
    if len(found) > MOST_RESULTS:
        left_out = len(found) - MOST_RESULTS
        kept = {id(entry) for entry in by_weight(found)[:MOST_RESULTS]}
        found = [entry for entry in found if id(entry) in kept]
    rules = {rule.id: rule for rule in run.rules()}
    rules |= {entry.finding.rule: rule_of(entry.finding.rule) for entry in found}
    links = {entry.finding.rule: entry.finding.url for entry in found}
    numbers = {id: number for number, id in enumerate(sorted(rules))}
    notifications = [_notification(run, entry) for entry in notes]
    if left_out:
        text = f"{left_out} less severe findings are left out: a report can have {MOST_RESULTS} results"
        notifications.append({"level": "warning", "message": {"text": text}})
    invocation = {
        "executionSuccessful": True,
        "toolExecutionNotifications": notifications,
        "toolConfigurationNotifications": [_notification(run, entry) for entry in configuration],
    }
    driver = {
        "name": "playpen-ls",
        "semanticVersion": __version__,
        "informationUri": INFORMATION,
        "rules": [_rule(rules[id], links.get(id)) for id in sorted(rules)],
    }
    root: dict[str, Any] = {"description": {"text": "The root of the repository."}}
    if run.absolute_paths:
        root = {"uri": f"file:///{quote(run.paths.root.as_posix().strip('/'))}/"} | root
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "invocations": [invocation],
                "originalUriBaseIds": {"%SRCROOT%": root},
                "columnKind": "unicodeCodePoints",
                "properties": {"checkedFiles": run.files, "practices": sorted(run.practices)},
                "results": [_result(run, numbers, entry) for entry in found],
            }
        ],
    }
    yield json_escaped(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def _with_suppressed(file: FileReport) -> tuple[FindingReport, ...]:
    return tuple(sorted((*file.findings, *file.suppressed), key=lambda finding: (finding.range, finding.rule)))


def _rule(rule: Rule, link: str | None) -> dict[str, Any]:
    """`link` is that of its findings, which know the configuration; None if it has none."""
    platform = Platform()
    text = page(rule, platform)
    described: dict[str, Any] = {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.title} {rule.reason}".strip()},
        "help": {"text": rule.reason or rule.title, "markdown": text},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [tag for tag in (rule.language, slug(rule.practice)) if tag]},
    }
    if link := link or platform.link(rule.practice):
        described["helpUri"] = link
    if severity := _SECURITY_SEVERITY.get(rule.practice):
        described["properties"]["tags"].append("security")
        described["properties"]["security-severity"] = severity
    return described


def _result(run: Run, numbers: dict[str, int], entry: Entry) -> dict[str, Any]:
    finding = entry.finding
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": numbers[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": _location(run, entry.path, finding.range)}],
        "partialFingerprints": {"playpen/v1": entry.fingerprint},
        "properties": {"severity": finding.severity.label},
    }
    if run.show_suppressed:  # the specification: all results have the key, or none
        kind, reason = finding.suppression or ("", "")
        justification = {"justification": reason} if reason else {}
        result["suppressions"] = [{"kind": kind, **justification}] if kind else []
    if run.has_baseline:
        result["baselineState"] = "unchanged" if finding.suppression else "new"
    if finding.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _location(run, place.path, place.range),
                "message": {"text": place.message},
            }
            for number, place in enumerate(finding.related, 1)
        ]
    # A secret is masked in a fix, and there is no form for a fix that creates a file.
    fixes = [_fix(run, fix) for fix in finding.fixes if fix.edits and not fix.creates and not fix.is_masked]
    if fixes:
        result["fixes"] = fixes
    return result


def _fix(run: Run, fix: FixReport) -> dict[str, Any]:
    by_path: dict[str, list[EditReport]] = {}
    for edit in fix.edits:
        by_path.setdefault(edit.path, []).append(edit)
    return {
        "description": {"text": fix.title if fix.safe else f"{fix.title} (unsafe)"},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(run, path),
                "replacements": [
                    {"deletedRegion": _region(edit.range), "insertedContent": {"text": edit.text}} for edit in edits
                ],
            }
            for path, edits in by_path.items()
        ],
    }


def _notification(run: Run, entry: Entry) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": entry.finding.message},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(run, entry.path)}}],
    }


def _location(run: Run, path: str, range: Range) -> dict[str, Any]:
    return {"artifactLocation": _artifact(run, path), "region": _region(range)}


def _artifact(run: Run, path: str) -> dict[str, str]:
    """The location of a file; outside of the repository it is absolute."""
    rooted = run.paths.rooted(path)
    uri = quote(rooted, safe="/", errors="surrogateescape")
    if PurePosixPath(rooted).is_absolute() or rooted[1:2] == ":":
        return {"uri": f"file:///{uri.lstrip('/')}"}
    return {"uri": uri, "uriBaseId": "%SRCROOT%"}


def _region(range: Range) -> dict[str, int]:
    return {
        "startLine": range.start.line,
        "startColumn": range.start.column,
        "endLine": range.end.line,
        "endColumn": range.end.column,
    }
