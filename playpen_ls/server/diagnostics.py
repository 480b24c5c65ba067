"""Findings as the client shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache, lru_cache

from lsprotocol import types as lsp

from playpen_ls.check import Hit
from playpen_ls.config_file import INVALID_CONFIG, has_table, load
from playpen_ls.finding import Finding, Place, Severity
from playpen_ls.server.convert import Positions
from playpen_ls.server.documents import Documents, Open
from playpen_ls.source import Source, Span

SOURCE = "playpen"
_SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.INFORMATION: lsp.DiagnosticSeverity.Information,
    Severity.HINT: lsp.DiagnosticSeverity.Hint,
}


def diagnostic(documents: Documents, opened: Open, hit: Hit) -> lsp.Diagnostic:
    """One finding, for the action that mends it."""
    page = opened.workspace.configs.of(opened.path).platform.link(hit.rule.practice)
    related = []
    for place in hit.finding.related:
        uri, positions = _elsewhere(documents, opened, place)
        location = lsp.Location(uri, positions.range(place.span))
        related.append(lsp.DiagnosticRelatedInformation(location, place.message))
    return lsp.Diagnostic(
        documents.positions(opened.source).range(hit.span),
        hit.finding.message,
        severity=_SEVERITIES[hit.severity],
        code=hit.rule.id,
        code_description=lsp.CodeDescription(page) if page else None,
        source=SOURCE,
        related_information=related or None,
    )


def encoded(documents: Documents, opened: Open, hits: Iterable[Hit]) -> str:
    """The diagnostics of a document as a JSON array.

    A file can have hundreds of them, and every keystroke sends them all: so they are written without
    making objects of them, and what does not say where they stand is written once.
    """
    positions = documents.positions(opened.source)
    link = cache(opened.workspace.configs.of(opened.path).platform.link)
    written = []
    for hit in hits:
        finding = hit.finding
        members = _members(hit.rule.id, finding.message, hit.severity, link(hit.rule.practice))
        if finding.related:
            members += f', "relatedInformation": {_related(documents, opened, finding.related)}'
        written.append(f'{{"range": {_range(positions, finding.span)}, {members}}}')
    return f"[{', '.join(written)}]"


@lru_cache(maxsize=4096)
def _members(rule: str, message: str, severity: Severity, page: str | None) -> str:
    members: dict[str, object] = {"message": message, "severity": _SEVERITIES[severity].value, "code": rule}
    if page:
        members["codeDescription"] = {"href": page}
    return json.dumps({**members, "source": SOURCE})[1:-1]


def _range(positions: Positions, span: Span) -> str:
    (line, column), (last_line, last_column) = positions.place(span.start), positions.place(span.end)
    return (
        f'{{"start": {{"line": {line}, "character": {column}}}, '
        f'"end": {{"line": {last_line}, "character": {last_column}}}}}'
    )


def _related(documents: Documents, opened: Open, places: Iterable[Place]) -> str:
    written = []
    for place in places:
        uri, positions = _elsewhere(documents, opened, place)
        location = f'{{"uri": {json.dumps(uri)}, "range": {_range(positions, place.span)}}}'
        written.append(f'{{"location": {location}, "message": {json.dumps(place.message)}}}')
    return f"[{', '.join(written)}]"


def _elsewhere(documents: Documents, opened: Open, place: Place) -> tuple[str, Positions]:
    """The name and the positions of a file that a finding points to; it may be the finding's own."""
    source = opened.source
    if place.path != opened.path:
        source = Source(place.path, opened.workspace.text(place.path) or "")
    return documents.uri(opened.workspace, place.path), documents.positions(source)


def configuration_problems(opened: Open) -> list[Hit]:
    """What is wrong in a configuration file that is open."""
    path = opened.workspace.root / opened.path
    if path.name == "pyproject.toml" and not has_table(opened.source.text):
        return []
    return [
        Hit(INVALID_CONFIG, Finding(problem.span, problem.message), INVALID_CONFIG.severity)
        for problem in load(path, opened.source.text).problems
        if problem.path == path
    ]
