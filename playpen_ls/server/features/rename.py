"""Rename a name in all files. What another server renames is left to it, and what is not fully known is refused."""

from __future__ import annotations

from lsprotocol import types as lsp

from playpen_ls.api.finding import Refused
from playpen_ls.languages.registry import LANGUAGES
from playpen_ls.server.client_documents import ClientDocument
from playpen_ls.server.context import Context, pausing_about
from playpen_ls.server.protocol import RequestFailed
from playpen_ls.server.workspace_edits import workspace_edit
from playpen_ls.session.references.rename import prepared, renamed


def prepare(context: Context, params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder | None:
    """The name at a position; None where it is not for this server to rename. Raises RequestFailed with a reason."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None or opened.language is None:
        return None
    positions = context.documents.positions(opened.source)
    offset = positions.offset(params.position)
    try:
        with pausing_about(context, opened.uri):
            found = prepared(opened.workspace, opened.path, offset, only_across=_is_left(context, opened))
    except Refused as reason:
        raise RequestFailed(f"not renamed: {reason}") from None
    return lsp.PrepareRenamePlaceholder(positions.range(found.span), found.name) if found is not None else None


def rename(context: Context, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
    """The edit that renames what is at a position; None and RequestFailed as for `prepare`."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None or opened.language is None:
        return None
    offset = context.documents.positions(opened.source).offset(params.position)
    try:
        name = params.new_name.strip()
        with pausing_about(context, opened.uri):
            change = renamed(opened.workspace, opened.path, offset, name, only_across=_is_left(context, opened))
    except Refused as reason:
        raise RequestFailed(f"not renamed: {reason}") from None
    if change is None:
        return None
    edit = workspace_edit(context.documents, opened, change, context.abilities)
    return _annotated(edit, context, name) if context.abilities.annotates_edits else edit


def _is_left(context: Context, opened: ClientDocument) -> bool:
    return opened.language == "dockerfile" and opened.language in context.peers


def _annotated(edit: lsp.WorkspaceEdit, context: Context, name: str) -> lsp.WorkspaceEdit:
    """The edit with a label for each kind of file, so that a client can show the edits in groups."""
    annotations: dict[str, lsp.ChangeAnnotation] = {}
    for one in edit.document_changes or ():
        if isinstance(one, lsp.TextDocumentEdit):
            language = _language(context, one.text_document.uri)
            label = f"Rename to {name} in {LANGUAGES[language].label}s" if language else f"Rename to {name}"
            annotations[language or "other"] = lsp.ChangeAnnotation(label, needs_confirmation=False)
            one.edits = [
                lsp.AnnotatedTextEdit(language or "other", each.range, each.new_text)
                for each in one.edits
                if isinstance(each, lsp.TextEdit)
            ]
    edit.change_annotations = annotations
    return edit


def _language(context: Context, uri: str) -> str | None:
    from playpen_ls.languages.detection import possible_language

    opened = context.documents.get(uri)
    return opened.language if opened is not None else possible_language(uri)
