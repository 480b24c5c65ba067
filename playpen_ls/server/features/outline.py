"""Document symbols, folding ranges and selection ranges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from lsprotocol import types as lsp

from playpen_ls.server.context import Context
from playpen_ls.server.positions import Positions
from playpen_ls.session.outline import Fold, FoldKind, Kind, Symbol, folds, symbols
from playpen_ls.session.selection import selections

_KINDS = {
    Kind.PIPELINE: lsp.SymbolKind.Module,
    Kind.STAGE: lsp.SymbolKind.Class,
    Kind.CONDITION: lsp.SymbolKind.Event,
    Kind.METHOD: lsp.SymbolKind.Method,
    Kind.INSTRUCTION: lsp.SymbolKind.Property,
    Kind.OBJECT: lsp.SymbolKind.Object,
    Kind.CONTAINER: lsp.SymbolKind.Struct,
    Kind.PORT: lsp.SymbolKind.Number,
    Kind.PROBE: lsp.SymbolKind.Event,
    Kind.ROUTE: lsp.SymbolKind.Interface,
    Kind.ENGINE: lsp.SymbolKind.Object,
    Kind.MIGRATION: lsp.SymbolKind.Constant,
}
_FOLD_KINDS = {FoldKind.REGION: None, FoldKind.COMMENT: lsp.FoldingRangeKind.Comment}


def document_symbols(
    context: Context, params: lsp.DocumentSymbolParams
) -> list[lsp.DocumentSymbol] | list[lsp.SymbolInformation] | None:
    """The outline of a file; None if it has none."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None or opened.language is None:
        return None
    model = opened.workspace.model(opened.path)
    found = symbols(model)
    if found is None:
        from playpen_ls.session.outline_beside import symbols_beside

        found = symbols_beside(model)
    if not found:
        return None
    positions = context.documents.positions(opened.source)
    if context.abilities.nests_symbols:
        return [_nested(one, positions) for one in found]
    return list(_flat(found, opened.uri, positions))


def _nested(one: Symbol, positions: Positions) -> lsp.DocumentSymbol:
    return lsp.DocumentSymbol(
        one.name,
        _KINDS[one.kind],
        positions.range(one.span),
        positions.range(one.name_span),
        one.detail or None,
        children=[_nested(child, positions) for child in one.children] or None,
    )


def _flat(
    found: Iterable[Symbol], uri: str, positions: Positions, inside: str | None = None
) -> Iterator[lsp.SymbolInformation]:
    for one in found:
        location = lsp.Location(uri, positions.range(one.span))
        yield lsp.SymbolInformation(location, one.name, _KINDS[one.kind], container_name=inside)
        yield from _flat(one.children, uri, positions, one.name)


def folding_ranges(context: Context, params: lsp.FoldingRangeParams) -> list[lsp.FoldingRange] | None:
    """Whole lines; None for a language that is left to other servers, so that the editor folds by indentation."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None or opened.language is None:
        return None
    found = folds(opened.workspace.model(opened.path))
    return None if found is None else [_fold(one) for one in islice(found, context.abilities.most_folds)]


def selection_ranges(context: Context, params: lsp.SelectionRangeParams) -> list[lsp.SelectionRange] | None:
    """The ranges around each position; None for a language that is left to other servers."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None or opened.language is None:
        return None
    positions, model = context.documents.positions(opened.source), opened.workspace.model(opened.path)
    answer = []
    for position in params.positions:
        spans = selections(model, positions.offset(position))
        if spans is None:
            return None
        found: lsp.SelectionRange | None = None
        for span in reversed(spans):
            found = lsp.SelectionRange(positions.range(span), parent=found)
        answer.append(found or lsp.SelectionRange(lsp.Range(position, position)))
    return answer


def _fold(one: Fold) -> lsp.FoldingRange:
    return lsp.FoldingRange(one.first, one.last, kind=_FOLD_KINDS[one.kind])
