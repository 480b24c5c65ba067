"""Go to definition, find references, highlight: from a name to where it is defined, and to who uses it."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types as lsp

from playpen_ls.server.client_documents import ClientDocument
from playpen_ls.server.context import Context, pausing_about
from playpen_ls.session.references.reference import Access, Target
from playpen_ls.session.references.search import definition_at, highlights_at, references_at

_HIGHLIGHTS = {
    Access.READ: lsp.DocumentHighlightKind.Read,
    Access.WRITE: lsp.DocumentHighlightKind.Write,
    Access.TEXT: lsp.DocumentHighlightKind.Text,
}


def definition(context: Context, params: lsp.DefinitionParams) -> list[lsp.LocationLink] | list[lsp.Location] | None:
    """The places that define what is at a position; None where nothing is known, so that other servers answer."""
    asked = _asked(context, params)
    if asked is None:
        return None
    opened, offset = asked
    left = opened.language == "dockerfile" and opened.language in context.peers
    found = definition_at(opened.workspace, opened.path, offset, only_across=left)
    if found is None:
        return None
    places = locations(context, opened, found.targets)
    if not context.abilities.takes_links:
        return places
    origin = context.documents.positions(opened.source).range(found.span)
    return [lsp.LocationLink(one.uri, one.range, one.range, origin) for one in places]


def references(context: Context, params: lsp.ReferenceParams) -> list[lsp.Location] | None:
    """The places that refer to what is at a position; None where nothing is known."""
    asked = _asked(context, params)
    if asked is None:
        return None
    with pausing_about(context, asked[0].uri):
        found = references_at(asked[0].workspace, asked[0].path, asked[1], params.context.include_declaration)
    return locations(context, asked[0], found) if found else None


def highlights(context: Context, params: lsp.DocumentHighlightParams) -> list[lsp.DocumentHighlight] | None:
    """The places of the file that mean what is at a position; None where nothing is known."""
    asked = _asked(context, params)
    if asked is None:
        return None
    opened, offset = asked
    with pausing_about(context, opened.uri):
        found = highlights_at(opened.workspace, opened.path, offset)
    positions = context.documents.positions(opened.source)
    return [lsp.DocumentHighlight(positions.range(one.span), _HIGHLIGHTS[one.access]) for one in found or ()] or None


def _asked(
    context: Context, params: lsp.DefinitionParams | lsp.ReferenceParams | lsp.DocumentHighlightParams
) -> tuple[ClientDocument, int] | None:
    """The document and the offset in it."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None or opened.language is None:
        return None
    return opened, context.documents.positions(opened.source).offset(params.position)


def locations(context: Context, opened: ClientDocument, targets: Iterable[Target]) -> list[lsp.Location]:
    """The places as the client knows them."""
    documents = context.documents
    return [
        lsp.Location(
            documents.uri(opened.workspace, one.path), documents.positions_in(opened, one.path).range(one.span)
        )
        for one in targets
    ]
