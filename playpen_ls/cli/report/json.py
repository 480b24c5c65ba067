"""JSON output: version 1 of a stable format, described in the README."""

from __future__ import annotations

import json as encoder
from collections.abc import Iterable, Iterator
from typing import Any

from playpen_ls.api.finding import Place
from playpen_ls.cli.printable import json_escaped
from playpen_ls.cli.results import FileReport, Item, Problem, TriedFix
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

FOR_PROGRAMS = True
VERSION = 1


def report(files: Iterable[FileReport], problems: Iterable[Problem]) -> Iterator[str]:
    document = {
        "version": VERSION,
        "findings": [_finding(file, item) for file in files for item in file.items],
        "errors": [{"path": problem.path, "message": problem.message} for problem in problems],
    }
    yield json_escaped(encoder.dumps(document, indent=2, ensure_ascii=False))


def _finding(file: FileReport, item: Item) -> dict[str, Any]:
    return {
        "path": file.shown(file.path),
        "rule": item.diagnostic.rule.id,
        "severity": item.diagnostic.severity.label,
        "message": file.mask.said(item.diagnostic.finding.message),
        **_range(file.mask.source, item.diagnostic.span),
        "fixes": [_fix(file, tried) for tried in item.fixes],
        "related": [_related(file, place) for place in item.diagnostic.finding.related],
    }


def _range(source: Source, span: Span) -> dict[str, dict[str, int]]:
    """Lines and columns from 1, columns in code points, the end exclusive."""
    ends = {}
    for name, offset in (("start", span.start), ("end", span.end)):
        line, column = source.position(offset)
        ends[name] = {"line": line + 1, "column": column + 1}
    return ends


def _fix(file: FileReport, tried: TriedFix) -> dict[str, Any]:
    edits = []
    for path, changes in tried.change.edits.items():
        source = _source(file, path)
        edits += [
            {"path": file.shown(path), **_range(source, edit.span), "text": file.mask.text(edit.text)}
            for edit in changes
        ]
    return {
        "title": file.mask.said(tried.fix.title),
        "safe": tried.fix.safe,
        "kind": tried.fix.kind,
        "edits": edits,
        "creates": {file.shown(path): file.mask.text(text) for path, text in tried.change.creates.items()},
    }


def _related(file: FileReport, place: Place) -> dict[str, Any]:
    where = _range(_source(file, place.path), place.span)
    return {"path": file.shown(place.path), **where, "message": file.mask.said(place.message)}


def _source(file: FileReport, path: str) -> Source:
    return file.mask.source if path == file.path else Source(path, file.text_of(path) or "")
