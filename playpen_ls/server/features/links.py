"""Document links: from the id of a rule to its page."""

from __future__ import annotations

from lsprotocol import types as lsp

from playpen_ls.server.context import Context
from playpen_ls.session.links import in_comments, in_configuration


def document_links(context: Context, params: lsp.DocumentLinkParams) -> list[lsp.DocumentLink] | None:
    """The links of a document; None if it has none."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None:
        return None
    workspace, positions = opened.workspace, context.documents.positions(opened.source)
    platform = workspace.configs.of(opened.path).platform
    if opened.language is None:
        found = in_configuration(opened.source, platform)
    else:
        found = in_comments(workspace.model(opened.path), platform)
    with_title = context.abilities.titles_links
    return [
        lsp.DocumentLink(positions.range(one.span), one.address, tooltip=one.title if with_title else None)
        for one in found
    ] or None
