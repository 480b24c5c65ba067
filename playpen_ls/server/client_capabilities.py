"""Capabilities of the client and the server that are exchanged at initialization."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lsprotocol import types as lsp

from playpen_ls.text.dataclass import dataclass

EXPLAIN = "playpen-ls.explainRule"  # the command that shows the pages of rules
SHOW = "playpen-ls.show"  # the command that opens a file
FIX_WORKSPACE = "playpen-ls.fixWorkspace"
IGNORE = "playpen.ignoreWithReason"  # a command of the client: it asks for rule, scope and reason
SHOW_REFERENCES = "playpen.showReferences"  # a command of the client: it shows places
FIX_ALL = "source.fixAll.playpen"
KINDS = (lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.RefactorRewrite, FIX_ALL)

PEERS = frozenset(("kubernetes", "python"))
"""The languages for which clients usually have another server, too."""


METHODS = (
    lsp.TEXT_DOCUMENT_DEFINITION, lsp.TEXT_DOCUMENT_REFERENCES, lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT,
    lsp.TEXT_DOCUMENT_DOCUMENT_LINK, lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, lsp.TEXT_DOCUMENT_FOLDING_RANGE,
    lsp.TEXT_DOCUMENT_SELECTION_RANGE, lsp.TEXT_DOCUMENT_COMPLETION, lsp.TEXT_DOCUMENT_RENAME,
    lsp.TEXT_DOCUMENT_CODE_LENS, lsp.TEXT_DOCUMENT_INLAY_HINT,
)  # fmt: skip
"""What clients can be asked to do only for some languages."""


@dataclass(frozen=True)
class ClientCapabilities:
    """The client capabilities that the server depends on."""

    resolves_edits: bool = False
    document_changes: bool = False
    creates_files: bool = False
    annotates_edits: bool = False
    """Edits can have labels; those of document changes only."""
    registers_watchers: bool = False
    gives_configuration: bool = False
    shows_progress: bool = False
    shows_markdown: bool = False
    """Hovers can be Markdown."""
    takes_links: bool = False
    """Definitions can be links, which say what they are the definition of."""
    nests_symbols: bool = False
    """Document symbols can have children."""
    titles_links: bool = False
    """Document links can have a tooltip."""
    most_folds: int | None = None
    """The number of folding ranges that it takes, if it says that."""
    registers: frozenset[str] = frozenset()
    """The methods about documents that it can register dynamically."""
    applies_edits: bool = False
    """The server can ask for edits."""
    shows_documents: bool = False
    """The server can ask to open files."""
    shows_disabled: bool = False
    """Code actions can have a reason why they are not possible."""
    asks_for_reasons: bool = False
    """It has the command `IGNORE`."""
    shows_references: bool = False
    """It has the command `SHOW_REFERENCES`."""
    refreshed: frozenset[str] = frozenset()
    """The methods about documents whose requests it repeats on demand: code lenses, inlay hints."""
    takes_diagnostics: bool = True
    """Diagnostics can be published."""
    asks_for_diagnostics: bool = False
    asks_again: bool = False
    """It asks for diagnostics again when it is told to."""
    only_formats: bool = False
    """Formatting is the only way in which the client can request edits on save."""

    def pulls(self, wanted: bool) -> bool:
        """Whether diagnostics are sent only when the client asks; `wanted`: it wants that. Never both: it would show
        each twice."""
        return self.asks_for_diagnostics and (wanted or not self.takes_diagnostics)

    @classmethod
    def of(cls, client: lsp.ClientCapabilities, options: object = None) -> ClientCapabilities:
        """`options` are the initialization options: `commands` lists commands that the client has."""
        text = client.text_document or lsp.TextDocumentClientCapabilities()
        workspace = client.workspace or lsp.WorkspaceClientCapabilities()
        edit = workspace.workspace_edit or lsp.WorkspaceEditClientCapabilities()
        action = text.code_action
        resolve = action.resolve_support if action else None
        watched = workspace.did_change_watched_files
        return cls(
            resolves_edits=bool(resolve and "edit" in resolve.properties),
            document_changes=bool(edit.document_changes),
            # Creating a file is a document change, so the client must support those too.
            creates_files=bool(edit.document_changes)
            and lsp.ResourceOperationKind.Create in (edit.resource_operations or ()),
            annotates_edits=bool(edit.document_changes and edit.change_annotation_support),
            registers_watchers=bool(watched and watched.dynamic_registration),
            gives_configuration=bool(workspace.configuration),
            shows_progress=bool(client.window and client.window.work_done_progress),
            shows_markdown=bool(text.hover and lsp.MarkupKind.Markdown in (text.hover.content_format or ())),
            takes_links=bool(text.definition and text.definition.link_support),
            nests_symbols=bool(text.document_symbol and text.document_symbol.hierarchical_document_symbol_support),
            titles_links=bool(text.document_link and text.document_link.tooltip_support),
            most_folds=text.folding_range.range_limit if text.folding_range else None,
            registers=_registered(text),
            applies_edits=bool(workspace.apply_edit),
            shows_documents=bool(client.window and client.window.show_document and client.window.show_document.support),
            shows_disabled=bool(action and action.disabled_support),
            asks_for_reasons=_has_command(options, IGNORE),
            shows_references=_has_command(options, SHOW_REFERENCES),
            refreshed=frozenset(
                method
                for method, one in (
                    (lsp.TEXT_DOCUMENT_CODE_LENS, workspace.code_lens),
                    (lsp.TEXT_DOCUMENT_INLAY_HINT, workspace.inlay_hint),
                )
                if one is not None and one.refresh_support
            ),
            takes_diagnostics=text.publish_diagnostics is not None,
            asks_for_diagnostics=text.diagnostic is not None,
            asks_again=bool(workspace.diagnostics and workspace.diagnostics.refresh_support),
            only_formats=_only_formats(text),
        )


def _has_command(options: object, name: str) -> bool:
    return isinstance(options, Mapping) and name in (options.get("commands") or ())


def _registered(text: lsp.TextDocumentClientCapabilities) -> frozenset[str]:
    """Capabilities have the names of their methods: `folding_range` is of `textDocument/foldingRange`."""
    return frozenset(
        method
        for method in METHODS
        if getattr(getattr(text, _capability(method), None), "dynamic_registration", None) is True
    )


def _capability(method: str) -> str:
    return re.sub("([A-Z])", r"_\1", method.partition("/")[2]).lower()


def _only_formats(text: lsp.TextDocumentClientCapabilities) -> bool:
    asks = text.synchronization is not None and text.synchronization.will_save_wait_until
    return text.formatting is not None and not asks
