"""Code lenses: who runs the image of a Dockerfile, what builds that of a container, what probes a route."""

from __future__ import annotations

from lsprotocol import types as lsp

from playpen_ls.server.client_capabilities import SHOW_REFERENCES
from playpen_ls.server.client_documents import ClientDocument
from playpen_ls.server.context import Context, pausing_about
from playpen_ls.server.features.navigation import locations
from playpen_ls.session.lenses import Lens, lenses


def code_lenses(context: Context, params: lsp.CodeLensParams) -> list[lsp.CodeLens] | None:
    """The lenses of a document; None if it has none, or until all files of the project are known."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None or opened.language is None:
        return None
    with pausing_about(context, opened.uri):
        found = list(lenses(opened.workspace, opened.path))
    return list(filter(None, (_lens(context, opened, one) for one in found))) or None


def _lens(context: Context, opened: ClientDocument, one: Lens) -> lsp.CodeLens | None:
    """The lens, with a command only for clients that have it; the server for YAML has a lens above the first line."""
    at = context.documents.positions(opened.source).range(one.span)
    if at.start.line == 0 and opened.language == "kubernetes":
        return None
    command = lsp.Command(one.title, "")
    if context.abilities.shows_references:
        places = locations(context, opened, one.targets)
        command = lsp.Command(one.title, SHOW_REFERENCES, arguments=[opened.uri, at.start, places])
    return lsp.CodeLens(at, command)
