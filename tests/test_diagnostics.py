"""Diagnostics are written as JSON without objects in between; it must be what the objects would give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lsprotocol import converters
from lsprotocol import types as lsp

from playpen_ls.check import Hit
from playpen_ls.finding import Finding, Place, Severity
from playpen_ls.rule import rules_of
from playpen_ls.server.diagnostics import diagnostic, encoded
from playpen_ls.server.documents import Documents
from playpen_ls.source import Span


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_written_as_the_objects_would_be(tmp_path: Path, encoding: str):
    documents = Documents(encoding, [tmp_path])
    (tmp_path / "ß.yaml").write_text("a: 😀 b\n", encoding="utf-8")
    text = "FROM python:latest\n# 😀\nRUN echo '😀' > \"\\\"\r\nUSER root\n"
    uri = (tmp_path / "Dockerfile").as_uri()
    opened = documents.open(lsp.TextDocumentItem(uri, "dockerfile", 3, text))
    rules = rules_of("dockerfile")
    own, other = Place("Dockerfile", Span(5, 18), "here"), Place("ß.yaml", Span(3, 6), 'in "there"\u2028')
    hits = [
        Hit(rules[0], Finding(Span(5, 18), 'a "quoted" 😀 message\\'), Severity.ERROR),
        Hit(rules[1], Finding(Span(22, 40), "over two lines", related=(own, other)), Severity.HINT),
        Hit(rules[1], Finding(Span(len(text), len(text)), "at the end"), Severity.INFORMATION),
    ]
    converter = converters.get_converter()
    expected = [converter.unstructure(diagnostic(documents, opened, hit)) for hit in hits]
    assert json.loads(encoded(documents, opened, hits)) == json.loads(json.dumps(expected))
    assert encoded(documents, opened, hits).isascii()
    assert encoded(documents, opened, []) == "[]"
