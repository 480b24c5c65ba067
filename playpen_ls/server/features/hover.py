"""Hover on a finding: the page of its rule, and why fixes are not available."""

from __future__ import annotations

from lsprotocol import types as lsp

from playpen_ls.api.finding import Refused
from playpen_ls.engine.diagnostic import Hit
from playpen_ls.engine.rule_docs import page
from playpen_ls.server.client_documents import Documents, Open


def hover(documents: Documents, opened: Open, position: lsp.Position) -> lsp.Hover | None:
    """The hover at a position; None if there is no finding."""
    workspace, positions = opened.workspace, documents.positions(opened.source)
    offset = positions.offset(position)
    hits = [hit for hit in workspace.documents[opened.path].displayed if hit.span.start <= offset <= hit.span.end]
    if not hits:
        return None
    hits.sort(key=lambda hit: hit.span.end - hit.span.start)
    platform = workspace.configs.of(opened.path).platform
    texts = [page(hit.rule, platform) + _refusals(opened, hit) for hit in hits]
    content = lsp.MarkupContent(lsp.MarkupKind.Markdown, "\n---\n\n".join(dict.fromkeys(texts)))
    return lsp.Hover(content, positions.range(hits[0].span))


def _refusals(opened: Open, hit: Hit) -> str:
    """Markdown with the reasons why fixes of a finding are not available."""
    said, tried = [], opened.workspace.trier(opened.path)
    for one in opened.workspace.look(opened.path, hit.span).hits:
        if one.rule is hit.rule and one.span == hit.span:
            for fix in one.finding.fixes:
                try:
                    tried(one, fix)
                except Refused as reason:
                    said.append(f"\nFix not available: {fix.title}, because {reason}.\n")
    return "".join(said)
