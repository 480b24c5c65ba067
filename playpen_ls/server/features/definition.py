"""Go to definition: from a name to where it is defined, in the same file or in another one."""

from __future__ import annotations

from lsprotocol import types as lsp

from playpen_ls.server.context import Context
from playpen_ls.session.definitions import definition_at


def definition(context: Context, params: lsp.DefinitionParams) -> list[lsp.LocationLink] | list[lsp.Location] | None:
    """The places that define what is at a position; None where nothing is known, so that other servers answer."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None or opened.language is None:
        return None
    workspace, positions = opened.workspace, context.documents.positions(opened.source)
    model = workspace.model(opened.path)
    found = definition_at(model, workspace.context(opened.path), positions.offset(params.position))
    if found is None:
        return None
    locations = []
    for target in found.targets:
        range = context.documents.positions_in(opened, target.path).range(target.span)
        locations.append(lsp.Location(context.documents.uri(workspace, target.path), range))
    if not context.abilities.takes_links:
        return locations
    origin = positions.range(found.span)
    return [lsp.LocationLink(one.uri, one.range, one.range, origin) for one in locations]
