"""Converts changes to workspace edits that the client supports."""

from __future__ import annotations

from lsprotocol import types as lsp

from playpen_ls.api.finding import Change
from playpen_ls.server.client_capabilities import ClientCapabilities
from playpen_ls.server.client_documents import ClientDocument, ClientDocuments
from playpen_ls.text.source import Source


def workspace_edit(
    documents: ClientDocuments, opened: ClientDocument, change: Change, abilities: ClientCapabilities
) -> lsp.WorkspaceEdit:
    """The workspace edit of a change; new files are left out if the client cannot create files."""
    edits = {documents.uri(opened.workspace, path): _edits(documents, opened, path, change) for path in change.edits}
    edits = {uri: found for uri, found in edits.items() if found}
    if not abilities.document_changes:
        return lsp.WorkspaceEdit(changes=edits)
    operations: list[lsp.TextDocumentEdit | lsp.CreateFile | lsp.RenameFile | lsp.DeleteFile] = []
    if abilities.creates_files:
        for path, text in change.creates.items():
            uri = documents.uri(opened.workspace, path)
            start = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
            operations.append(lsp.CreateFile(uri, options=lsp.CreateFileOptions(ignore_if_exists=False)))
            operations.append(_document_edit(uri, None, [lsp.TextEdit(start, text)]))
    for uri, found in edits.items():
        other = documents.get(uri)
        operations.append(_document_edit(uri, other.version if other else None, found))
    return lsp.WorkspaceEdit(document_changes=operations)


def _edits(documents: ClientDocuments, opened: ClientDocument, path: str, change: Change) -> list[lsp.TextEdit]:
    other = opened if path == opened.path else documents.of(opened.workspace, path)
    source = other.source if other else Source(path, opened.workspace.text(path) or "")
    return documents.positions(source).text_edits(change.edits[path])


def _document_edit(uri: str, version: int | None, edits: list[lsp.TextEdit]) -> lsp.TextDocumentEdit:
    return lsp.TextDocumentEdit(lsp.OptionalVersionedTextDocumentIdentifier(uri, version), edits)
