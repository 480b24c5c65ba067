"""Findings as the client shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from lsprotocol import types as lsp

from playpen_ls.config_file import INVALID_CONFIG, has_table, load
from playpen_ls.finding import Finding, Place, Severity
from playpen_ls.hit import Hit
from playpen_ls.platform import Platform
from playpen_ls.server.convert import Positions
from playpen_ls.server.documents import Documents, Open
from playpen_ls.source import Source, equal_start

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


Known = tuple[Hit, tuple[object, ...], str]
"""A finding, where it began and where what it points to stood, and what was written of it."""


class Written:
    """What was written of a document's findings: a keystroke leaves most of them on their lines."""

    def __init__(self) -> None:
        self.platform: Platform | None = None
        self.source = Source("", "")
        self.known: dict[int, Known] = {}


def encoded(documents: Documents, opened: Open, hits: Iterable[Hit], last: Written | None = None) -> str:
    """The diagnostics of a document as a JSON array; `last` is read, and then holds what was written now.

    A file can have hundreds of them, and every keystroke sends them all: so they are written without
    making objects of them, and those that begin where they did are not written anew: a finding that
    is remembered has the same text in it, so it ends where it did too.
    """
    last = last or Written()
    positions = documents.positions(opened.source)
    platform = opened.workspace.configs.of(opened.path).platform
    link = cache(platform.link)
    before = last.known if last.platform is platform else {}
    marked = last.source.byte_order_mark is opened.source.byte_order_mark
    same = equal_start(last.source.text, opened.source.text) if marked else 0
    now: dict[int, Known] = {}
    written = []
    for hit in hits:
        made = hit.made
        known = before.get(id(made))
        if known is None or known[0] is not hit or hit.end > same or made.related:
            place: tuple[object, ...] = positions.place(hit.start)
            if made.related:
                place = (*place, *_related(documents, opened, positions, hit.related))
            if known is None or known[0].made is not made or known[0].severity is not hit.severity or known[1] != place:
                text = _diagnostic(hit, positions, place[2:], link(hit.rule.practice))
            else:
                text = known[2]
            known = hit, place, text
        now[id(made)] = known
        written.append(known[2])
    last.platform, last.source, last.known = platform, opened.source, now
    return f"[{','.join(written)}]"


def _diagnostic(hit: Hit, positions: Positions, related: Iterable[Any], page: str | None) -> str:
    members = _members(hit.rule.id, hit.made.message, hit.severity, page)
    if related:
        members += f',"relatedInformation":[{",".join(map(_information, related))}]'
    return f'{{"range":{_range(positions.place(hit.start), positions.place(hit.end))},{members}}}'


@lru_cache(maxsize=4096)
def _members(rule: str, message: str, severity: Severity, page: str | None) -> str:
    members: dict[str, object] = {"message": message, "severity": _SEVERITIES[severity].value, "code": rule}
    if page:
        members["codeDescription"] = {"href": page}
    return json.dumps({**members, "source": SOURCE}, separators=(",", ":"))[1:-1]


def _range(start: tuple[int, int], end: tuple[int, int]) -> str:
    return f'{{"start":{{"line":{start[0]},"character":{start[1]}}},"end":{{"line":{end[0]},"character":{end[1]}}}}}'


Related = tuple[str, tuple[int, int], tuple[int, int], str]
"""A place elsewhere as the client knows it: its file, its start and end, and what is there."""


def _related(documents: Documents, opened: Open, own: Positions, places: Iterable[Place]) -> list[Related]:
    found = []
    for place in places:
        uri, positions = (opened.uri, own) if place.path == opened.path else _elsewhere(documents, opened, place)
        found.append((uri, positions.place(place.span.start), positions.place(place.span.end), place.message))
    return found


def _information(related: Related) -> str:
    uri, start, end, message = related
    return f'{{"location":{{"uri":{_quoted(uri)},"range":{_range(start, end)}}},"message":{_quoted(message)}}}'


_quoted = lru_cache(maxsize=4096)(json.dumps)


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
