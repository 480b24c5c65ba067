"""Findings as the client shows them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from lsprotocol import types as lsp

from playpen_ls.check import Hit
from playpen_ls.config_file import INVALID_CONFIG, has_table, load
from playpen_ls.finding import Place, Severity
from playpen_ls.server.documents import Documents, Open
from playpen_ls.source import Source

SOURCE = "playpen"
_SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.INFORMATION: lsp.DiagnosticSeverity.Information,
    Severity.HINT: lsp.DiagnosticSeverity.Hint,
}


def diagnostics(documents: Documents, opened: Open, hits: Iterable[Hit]) -> list[lsp.Diagnostic]:
    """The diagnostics of an open document."""
    positions = documents.positions(opened.source)
    link = cache(opened.workspace.config(opened.path).platform.link)

    def one(hit: Hit) -> lsp.Diagnostic:
        page = link(hit.rule.practice)
        related = [_related(documents, opened, place) for place in hit.finding.related]
        return lsp.Diagnostic(
            positions.range(hit.span),
            hit.finding.message,
            severity=_SEVERITIES[hit.severity],
            code=hit.rule.id,
            code_description=lsp.CodeDescription(page) if page else None,
            source=SOURCE,
            related_information=related or None,
        )

    return [one(hit) for hit in hits]


def _related(documents: Documents, opened: Open, place: Place) -> lsp.DiagnosticRelatedInformation:
    source = opened.source
    if place.path != opened.path:
        source = Source(place.path, opened.workspace.text(place.path) or "")
    location = lsp.Location(documents.uri(opened.workspace, place.path), documents.positions(source).range(place.span))
    return lsp.DiagnosticRelatedInformation(location, place.message)


def configuration_problems(documents: Documents, opened: Open) -> list[lsp.Diagnostic]:
    """What is wrong in a configuration file that is open."""
    path = opened.workspace.root / opened.path
    if path.name == "pyproject.toml" and not has_table(opened.source.text):
        return []
    positions = documents.positions(opened.source)
    return [
        lsp.Diagnostic(
            positions.range(problem.span),
            problem.message,
            severity=lsp.DiagnosticSeverity.Error,
            code=INVALID_CONFIG.id,
            source=SOURCE,
        )
        for problem in load(path, opened.source.text).problems
        if problem.path == path
    ]
