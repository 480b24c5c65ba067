"""Symbols of the workspace."""

from __future__ import annotations

from lsprotocol import types as lsp

from playpen_ls.server.context import Context
from playpen_ls.session.project_symbols import MOST, Sort, project_symbols
from playpen_ls.text.source import Source

_KINDS = {
    Sort.OBJECT: lsp.SymbolKind.Object,
    Sort.ROUTE: lsp.SymbolKind.Interface,
    Sort.IMAGE: lsp.SymbolKind.Package,
    Sort.STAGE: lsp.SymbolKind.Class,
    Sort.VARIABLE: lsp.SymbolKind.Constant,
}


def workspace_symbols(context: Context, params: lsp.WorkspaceSymbolParams) -> list[lsp.SymbolInformation] | None:
    """The symbols of all projects of the client that fit the query; None if there are none."""
    answer: list[lsp.SymbolInformation] = []
    for workspace in context.documents.workspaces.values():
        for one in project_symbols(workspace, params.query)[: MOST - len(answer)]:
            positions = context.documents.positions(Source(one.path, workspace.text(one.path) or ""))
            location = lsp.Location(context.documents.uri(workspace, one.path), positions.range(one.span))
            answer.append(lsp.SymbolInformation(location, one.name, _KINDS[one.sort], container_name=one.path))
    return answer or None
