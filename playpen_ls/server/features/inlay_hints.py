"""Inlay hints: values that are not written where they count."""

from __future__ import annotations

from lsprotocol import types as lsp

from playpen_ls.server.context import Context, pausing_about
from playpen_ls.session.inlay_hints import inlay_hints as hints_of
from playpen_ls.text.span import Span


def inlay_hints(context: Context, params: lsp.InlayHintParams) -> list[lsp.InlayHint] | None:
    """The hints in a range of a document; None if it has none."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None or opened.language is None:
        return None
    positions = context.documents.positions(opened.source)
    wanted = Span(positions.offset(params.range.start), positions.offset(params.range.end))
    with pausing_about(context, opened.uri):
        found = list(hints_of(opened.workspace.model(opened.path), wanted))
    return [
        lsp.InlayHint(positions.range(Span(one.offset, one.offset)).start, one.label, padding_left=True)
        for one in found
    ] or None
