"""Hover on a finding: the page of its rule, and why fixes are not available."""

from __future__ import annotations

from lsprotocol import types as lsp

from playpen_ls.api.finding import Refused
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.rule_docs import page
from playpen_ls.server.client_documents import ClientDocument
from playpen_ls.server.context import Context


def hover(context: Context, params: lsp.HoverParams) -> lsp.Hover | None:
    """The hover at a position; None if there is no finding."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None or opened.language is None:
        return None
    workspace, positions = opened.workspace, context.documents.positions(opened.source)
    offset = positions.offset(params.position)
    diagnostics = [
        diagnostic
        for diagnostic in workspace.documents[opened.path].displayed
        if diagnostic.span.start <= offset <= diagnostic.span.end
    ]
    if not diagnostics:
        return None
    diagnostics.sort(key=lambda diagnostic: diagnostic.span.end - diagnostic.span.start)
    platform = workspace.configs.of(opened.path).platform
    texts = [page(diagnostic.rule, platform) + _refusals(opened, diagnostic) for diagnostic in diagnostics]
    content = lsp.MarkupContent(lsp.MarkupKind.Markdown, "\n---\n\n".join(dict.fromkeys(texts)))
    return lsp.Hover(content, positions.range(diagnostics[0].span))


def _refusals(opened: ClientDocument, diagnostic: Diagnostic) -> str:
    """Markdown with the reasons why fixes of a finding are not available."""
    said, tried = [], opened.workspace.fix_verifier(opened.path)
    for one in opened.workspace.look(opened.path, diagnostic.span).diagnostics:
        if one.rule is diagnostic.rule and one.span == diagnostic.span:
            for fix in one.finding.fixes:
                try:
                    tried(one, fix)
                except Refused as reason:
                    said.append(f"\nFix not available: {fix.title}, because {reason}.\n")
    return "".join(said)
