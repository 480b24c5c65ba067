"""Completion: names of the project, each with the edit that writes it."""

from __future__ import annotations

from lsprotocol import types as lsp

from playpen_ls.server.context import Context
from playpen_ls.session.completion.item import Sort
from playpen_ls.session.completion.search import proposals_at

_KINDS = {
    Sort.VALUE: lsp.CompletionItemKind.Value,
    Sort.VARIABLE: lsp.CompletionItemKind.Variable,
    Sort.FILE: lsp.CompletionItemKind.File,
    Sort.FOLDER: lsp.CompletionItemKind.Folder,
    Sort.STAGE: lsp.CompletionItemKind.Class,
    Sort.STEP: lsp.CompletionItemKind.Function,
    Sort.SECTION: lsp.CompletionItemKind.Keyword,
    Sort.KEY: lsp.CompletionItemKind.Property,
    Sort.RULE: lsp.CompletionItemKind.Constant,
}


def completion(context: Context, params: lsp.CompletionParams) -> lsp.CompletionList | None:
    """The names that can stand at a position; None where this server knows none."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None:
        return None
    positions = context.documents.positions(opened.source)
    offset = positions.offset(params.position)
    if opened.language is None:
        from playpen_ls.session.completion import configuration

        found = configuration.proposals(opened.source, offset)
    else:
        left = opened.language == "dockerfile" and opened.language in context.peers
        found = proposals_at(opened.workspace, opened.path, offset, only_across=left)
    if found is None:
        return None
    range = positions.range(found.span)
    return lsp.CompletionList(
        is_incomplete=False,
        items=[
            lsp.CompletionItem(
                one.name,
                kind=_KINDS[one.sort],
                detail=one.detail or None,
                filter_text=one.name,
                sort_text=f"{number:03}",
                text_edit=lsp.TextEdit(range, one.name),
            )
            for number, one in enumerate(found.items)
        ],
    )
