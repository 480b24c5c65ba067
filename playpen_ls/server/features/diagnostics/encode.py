"""Converts diagnostics to LSP, with a cache of their JSON encoding."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache

from lsprotocol import types as lsp

from playpen_ls.api.facts import NotKnownYet
from playpen_ls.api.finding import Finding, Place, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import Tag
from playpen_ls.config.loader import has_table, load
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.diagnostics import ChunkDiagnostics, FileDiagnostics, Places
from playpen_ls.engine.own_rules import INVALID_CONFIG
from playpen_ls.server.client_documents import ClientDocument, ClientDocuments
from playpen_ls.server.positions import Positions
from playpen_ls.text.edit import equal_end, equal_start
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

SOURCE = "playpen"
_SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.INFORMATION: lsp.DiagnosticSeverity.Information,
    Severity.HINT: lsp.DiagnosticSeverity.Hint,
}
_TAGS = {"unnecessary": lsp.DiagnosticTag.Unnecessary, "deprecated": lsp.DiagnosticTag.Deprecated}


def lsp_diagnostic(documents: ClientDocuments, opened: ClientDocument, diagnostic: Diagnostic) -> lsp.Diagnostic:
    """The LSP diagnostic that a code action refers to."""
    page = opened.workspace.configs.of(opened.path).platform.rule_link(diagnostic.rule.id, diagnostic.rule.practice)
    related = []
    for place in diagnostic.finding.related:
        uri, positions = _elsewhere(documents, opened, place)
        location = lsp.Location(uri, positions.range(place.span))
        related.append(lsp.DiagnosticRelatedInformation(location, place.message))
    return lsp.Diagnostic(
        documents.positions(opened.source).range(diagnostic.span),
        diagnostic.finding.message,
        severity=_SEVERITIES[diagnostic.severity],
        code=diagnostic.rule.id,
        code_description=lsp.CodeDescription(page) if page else None,
        source=SOURCE,
        tags=[_TAGS[diagnostic.rule.tag]] if diagnostic.rule.tag else None,
        related_information=related or None,
    )


Related = tuple[str, tuple[int, int], tuple[int, int], str]
"""Related information: (URI, start, end, message)."""


class EncodedGroup:
    """The JSON encoding of a group of diagnostics that started at `start`, with these related places."""

    __slots__ = ("found", "related", "start", "text")

    def __init__(self, found: ChunkDiagnostics, start: int, related: list[list[Related]] | None, text: str) -> None:
        self.found = found
        self.start = start
        self.related = related
        self.text = text


class EncodedCache:
    """Cache of the JSON encoding of a document's diagnostics: an edit leaves most positions unchanged."""

    def __init__(self) -> None:
        self.platform: Platform | None = None
        self.source = Source("", "")
        self.pieces: dict[int, EncodedGroup] = {}


def encoded(
    documents: ClientDocuments, opened: ClientDocument, diagnostics: FileDiagnostics, last: EncodedCache | None = None
) -> str:
    """The diagnostics of a document as a JSON array; the cache `last` is used and updated.

    A file can have hundreds of diagnostics, and every edit publishes all of them: so they are encoded
    without LSP objects, and groups with unchanged positions are not encoded again.
    """
    last = last or EncodedCache()
    positions = documents.positions(opened.source)
    platform = opened.workspace.configs.of(opened.path).platform
    before = last.pieces if last.platform is platform else {}
    link = cache(platform.rule_link)
    head, tail, by = _unchanged(last.source, opened.source)
    now: dict[int, EncodedGroup] = {}
    written = []
    for number, (found, further) in enumerate(zip(diagnostics.groups, diagnostics.moved, strict=True)):
        # Removed from the cache: identical documents share a group, but the cached encoding fits only one of them.
        piece, start, related = before.pop(id(found), None), found.start + further, None
        if found.has_related:
            related = _related(documents, opened, positions, diagnostics.places(number))
        stays = piece is not None and (
            (start == piece.start and found.end + further < head) or (start == piece.start + by and start >= tail)
        )
        if piece is None or not stays or piece.related != related:
            piece = EncodedGroup(
                found, start, related, _diagnostics(diagnostics.made(number), positions, related, link)
            )
        piece.start = start
        now[id(found)] = piece
        written.append(piece.text)
    last.platform, last.source, last.pieces = platform, opened.source, now
    return f"[{','.join(written)}]"


def _unchanged(before: Source, now: Source) -> tuple[int, int, int]:
    """(end of the prefix with unchanged positions, start of the suffix with unchanged positions, shift of its offsets).

    If the number of lines has changed, no position after the edit is unchanged: the suffix is empty.
    """
    size, by = len(now.text), len(now.text) - len(before.text)
    if before.byte_order_mark is not now.byte_order_mark:
        return 0, size, by
    head = equal_start(before.text, now.text)
    if len(before.line_starts) != len(now.line_starts):
        return head, size, by
    tail = size - equal_end(before.text, now.text, min(len(before.text), size) - head)
    line = bisect_right(now.line_starts, tail)
    return head, now.line_starts[line] if line < len(now.line_starts) else size, by


def _diagnostics(
    diagnostics: Iterable[Diagnostic],
    positions: Positions,
    related: list[list[Related]] | None,
    link: Callable[[str, str], str | None],
) -> str:
    written = []
    for number, diagnostic in enumerate(diagnostics):
        rule = diagnostic.rule
        page = link(rule.id, rule.practice)
        members = _members(rule.id, diagnostic.made.message, diagnostic.severity, page, rule.tag)
        if related and related[number]:
            members += f',"relatedInformation":[{",".join(map(_information, related[number]))}]'
        place = _range(positions.place(diagnostic.start), positions.place(diagnostic.end))
        written.append(f'{{"range":{place},{members}}}')
    return ",".join(written)


@lru_cache(maxsize=4096)
def _members(rule: str, message: str, severity: Severity, page: str | None, tag: Tag) -> str:
    members: dict[str, object] = {"message": message, "severity": _SEVERITIES[severity].value, "code": rule}
    if page:
        members["codeDescription"] = {"href": page}
    if tag:
        members["tags"] = [_TAGS[tag].value]
    return json.dumps({**members, "source": SOURCE}, separators=(",", ":"))[1:-1]


def _range(start: tuple[int, int], end: tuple[int, int]) -> str:
    return f'{{"start":{{"line":{start[0]},"character":{start[1]}}},"end":{{"line":{end[0]},"character":{end[1]}}}}}'


def _related(
    documents: ClientDocuments, opened: ClientDocument, own: Positions, current_places: Iterable[Places]
) -> list[list[Related]]:
    found: list[list[Related]] = []
    for places in current_places:
        found.append([])
        for place in places:
            uri, positions = (opened.uri, own) if place.path == opened.path else _elsewhere(documents, opened, place)
            start, end = positions.place(place.span.start), positions.place(place.span.end)
            found[-1].append((uri, start, end, place.message))
    return found


def _information(related: Related) -> str:
    uri, start, end, message = related
    return f'{{"location":{{"uri":{_quoted(uri)},"range":{_range(start, end)}}},"message":{_quoted(message)}}}'


_quoted = lru_cache(maxsize=4096)(json.dumps)


def _elsewhere(documents: ClientDocuments, opened: ClientDocument, place: Place) -> tuple[str, Positions]:
    """The URI and positions of the file of a related place, which can be the finding's own file."""
    try:
        positions = documents.positions_in(opened, place.path)
    except NotKnownYet:  # published again when it is read
        positions = documents.positions(Source(place.path, ""))
    return documents.uri(opened.workspace, place.path), positions


def configuration_problems(opened: ClientDocument) -> FileDiagnostics:
    """The diagnostics of an open configuration file."""
    return FileDiagnostics.of([diagnostic for diagnostic, _ in _problems(opened)], opened.path)


def meant_instead(opened: ClientDocument) -> list[tuple[Diagnostic, str]]:
    """The diagnostics of an open configuration file about misspelled words, at these words, with what is meant."""
    found = []
    for diagnostic, meant in _problems(opened):
        words = opened.source.text[diagnostic.start : diagnostic.end]
        inside = words.strip("\"'")
        start = diagnostic.start + words.find(inside)
        if meant and inside:
            finding = Finding(Span(start, start + len(inside)), diagnostic.finding.message)
            found.append((Diagnostic(INVALID_CONFIG, finding, diagnostic.severity), meant))
    return found


def _problems(opened: ClientDocument) -> Iterator[tuple[Diagnostic, str]]:
    path = opened.workspace.root / opened.path
    if path.name == "pyproject.toml" and not has_table(opened.source.text):
        return
    text = opened.source.text
    config = opened.workspace.ask(("problems", path, text), lambda: load(path, text))  # it can extend another one
    for one in config.problems:
        if one.path == path:
            yield Diagnostic(INVALID_CONFIG, Finding(one.span, one.message), INVALID_CONFIG.severity), one.instead
