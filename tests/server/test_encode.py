"""Diagnostics are written as JSON without objects in between; it must be what the objects would give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import converters
from lsprotocol import types as lsp

from playpen_ls.api.finding import Finding, Place, Severity
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.diagnostics import ChunkDiagnostics, FileDiagnostics
from playpen_ls.engine.own_rules import UNUSED_IGNORE
from playpen_ls.engine.registry import rules_of
from playpen_ls.server.client_documents import ClientDocuments
from playpen_ls.server.features.diagnostics.encode import EncodedCache, encoded, lsp_diagnostic
from playpen_ls.text.span import Span


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_written_as_the_objects_would_be(tmp_path: Path, encoding: str):
    documents = ClientDocuments(encoding, [tmp_path])
    (tmp_path / "ß.yaml").write_text("a: 😀 b\n", encoding="utf-8")
    text = "FROM python:latest\n# 😀\nRUN echo '😀' > \"\\\"\r\nUSER root\n"
    uri = (tmp_path / "Dockerfile").as_uri()
    opened = documents.open(lsp.TextDocumentItem(uri, "dockerfile", 3, text))
    rules = rules_of("dockerfile")
    own, other = Place("Dockerfile", Span(5, 18), "here"), Place("ß.yaml", Span(3, 6), 'in "there"\u2028')
    diagnostics = [
        Diagnostic(rules[0], Finding(Span(5, 18), 'a "quoted" 😀 message\\'), Severity.ERROR),
        Diagnostic(UNUSED_IGNORE, Finding(Span(19, 20), "has no effect"), Severity.HINT),
        Diagnostic(rules[1], Finding(Span(22, 40), "over two lines", related=(own, other)), Severity.HINT),
        Diagnostic(rules[1], Finding(Span(len(text), len(text)), "at the end"), Severity.INFORMATION),
    ]
    converter = converters.get_converter()
    expected = [converter.unstructure(lsp_diagnostic(documents, opened, diagnostic)) for diagnostic in diagnostics]
    assert [one.get("tags") for one in expected] == [None, [lsp.DiagnosticTag.Unnecessary], None, None]
    found = FileDiagnostics.of(diagnostics, "Dockerfile")
    assert json.loads(encoded(documents, opened, found)) == json.loads(json.dumps(expected))
    assert encoded(documents, opened, found).isascii()
    assert encoded(documents, opened, FileDiagnostics()) == "[]"


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: '😀', image: 'web:latest'}\n"
WORDS = ["x", "😀", "\n", "---\n", ": ", '"', "  ", "metadata: {name: "]


@given(edits=st.lists(st.tuples(st.integers(0, 330), st.integers(0, 30), st.sampled_from(WORDS)), max_size=8))
@settings(max_examples=60, deadline=None)
def test_what_stays_is_written_as_if_it_were_new(edits: list[tuple[int, int, str]]):
    documents = ClientDocuments("utf-16", [])
    uri, text = "untitled:pods", "---\n".join([POD, POD.replace("web", "shop"), POD])
    opened = documents.open(lsp.TextDocumentItem(uri, "yaml", 1, text))
    workspace, last = opened.workspace, EncodedCache()
    for version, (at, length, typed) in enumerate(edits, 2):
        source = opened.source
        span = Span(at % (len(source.text) + 1), min(at % (len(source.text) + 1) + length % 3, len(source.text)))
        change = lsp.TextDocumentContentChangePartial(documents.positions(source).range(span), typed)
        documents.change(uri, version, [change])
        if opened.language is None:  # it is no manifest any more
            continue
        diagnostics = workspace.check(opened.path, settled=False).diagnostics
        assert encoded(documents, opened, diagnostics, last) == encoded(documents, opened, diagnostics)


def test_a_byte_order_mark_that_comes_moves_what_stands_on_its_line():
    documents = ClientDocuments("utf-16", [])
    text = '{"apiVersion": "v1", "kind": "Pod", "spec": {"hostNetwork": true, "containers": []}}'
    opened = documents.open(lsp.TextDocumentItem("untitled:pod", "yaml", 1, text))
    last, written = EncodedCache(), []
    for version, mark in enumerate(("", "\ufeff", ""), 2):
        documents.change(opened.uri, version, [lsp.TextDocumentContentChangeWholeDocument(mark + text)])
        diagnostics = opened.workspace.check(opened.path).diagnostics
        written.append(encoded(documents, opened, diagnostics, last))
        assert written[-1] == encoded(documents, opened, diagnostics)
    assert written[0] == written[2] != written[1]


def test_a_copy_that_comes_is_written_where_it_stands():
    documents = ClientDocuments("utf-16", [])
    opened = documents.open(lsp.TextDocumentItem("untitled:pod", "yaml", 1, "#\nk: v\nk: v\n"))
    rule = rules_of("kubernetes")[0]
    found, last = ChunkDiagnostics([Diagnostic(rule, Finding(Span(0, 1), "said"), Severity.HINT)]), EncodedCache()
    encoded(documents, opened, FileDiagnostics(opened.path, [found], [2]), last)
    start = lsp.Position(0, 1)
    documents.change(opened.uri, 2, [lsp.TextDocumentContentChangePartial(lsp.Range(start, start), "12345")])
    diagnostics = FileDiagnostics(opened.path, [found, found], [7, 12])
    assert encoded(documents, opened, diagnostics, last) == encoded(documents, opened, diagnostics)
