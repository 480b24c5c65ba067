"""What the server answers, one module a feature of the protocol.

`FEATURES` lists the requests: a feature is one module here and one line for each of its methods. A handler is a
function (context, params) -> result; its module is imported at the first request, since the client waits for the
response to `initialize` and the first diagnostics. A feature does not import `app`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Set
from dataclasses import field, replace
from importlib import import_module
from typing import Any

from lsprotocol import types as lsp

from playpen_ls.server.client_capabilities import KINDS
from playpen_ls.server.context import Context
from playpen_ls.text.dataclass import dataclass

Handler = Callable[[Context, Any], Any]


@dataclass(frozen=True)
class Feature:
    """`handler` is `module.function`, relative to this folder; `options` are sent to the client at registration.

    A feature with `languages` answers None for files of others. Clients that can register it dynamically are told which
    these are. It is left to another server for a language of `left`, if the client says that it has one (`peers`).
    The setting `features` overrides both. One that is not `enabled` answers only where the setting names it.
    """

    method: str
    handler: str
    options: object = None
    languages: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    triggers: Mapping[str, str] = field(default_factory=dict)
    """The trigger characters of each language, for clients that take them apart."""
    enabled: bool = True

    @property
    def name(self) -> str:
        """Its name in the setting `features`."""
        return NAMES.get(self.method, self.method.rpartition("/")[2])

    def answers(self, language: str, peers: Set[str], chosen: Mapping[str, Collection[str]]) -> bool:
        """Whether it answers about a language; `chosen` is the setting `features`."""
        if language not in self.languages:
            return False
        if self.name in chosen:
            return language in chosen[self.name]
        return self.enabled and not (language in self.left and language in peers)

    def registered(self, peers: Set[str], chosen: Mapping[str, Collection[str]]) -> Feature:
        """The feature with the languages about which it answers."""
        return replace(self, languages=tuple(one for one in self.languages if self.answers(one, peers, chosen)))

    def load(self) -> Handler:
        module, _, name = self.handler.rpartition(".")
        handler: Handler = getattr(import_module(f"{__name__}.{module}"), name)
        return handler


CONFIGURATION = "playpen.toml"
"""Stands for the files of the configuration, which are in no language."""
NAMES = {lsp.TEXT_DOCUMENT_PREPARE_RENAME: "rename"}
_C, _D, _J, _K, _P, _T = "configuration", "dockerfile", "jenkinsfile", "kubernetes", "python", CONFIGURATION
FEATURES = (
    Feature(lsp.TEXT_DOCUMENT_HOVER, "hover.hover"),
    Feature(lsp.TEXT_DOCUMENT_DEFINITION, "navigation.definition", languages=(_C, _D, _J, _K, _P)),
    Feature(lsp.TEXT_DOCUMENT_REFERENCES, "navigation.references", languages=(_C, _D, _J, _K, _P)),
    Feature(lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, "navigation.highlights", languages=(_C, _D, _J, _K), left=(_D,)),
    Feature(
        lsp.TEXT_DOCUMENT_COMPLETION,
        "completion.completion",
        lsp.CompletionOptions(trigger_characters=['"', "'", "=", "$", "/"]),
        languages=(_D, _J, _K, _P, _T),
        triggers={_D: "=$/", _J: "\"'$", _K: "/", _P: "\"'", _T: "\"'"},
    ),
    Feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME, "rename.prepare", languages=(_D, _J, _K, _P)),
    Feature(
        lsp.TEXT_DOCUMENT_RENAME, "rename.rename", lsp.RenameOptions(prepare_provider=True), languages=(_D, _J, _K, _P)
    ),
    Feature(
        lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, "outline.document_symbols", languages=(_D, _J, _K, _P), left=(_D, _K, _P)
    ),
    Feature(lsp.WORKSPACE_SYMBOL, "symbols.workspace_symbols"),
    Feature(lsp.TEXT_DOCUMENT_DOCUMENT_LINK, "links.document_links", languages=(_D, _J, _K, _P, _T)),
    Feature(lsp.TEXT_DOCUMENT_SELECTION_RANGE, "outline.selection_ranges", languages=(_D, _J)),
    Feature(lsp.TEXT_DOCUMENT_FOLDING_RANGE, "outline.folding_ranges", languages=(_D, _J)),
    Feature(lsp.TEXT_DOCUMENT_CODE_LENS, "lenses.code_lenses", lsp.CodeLensOptions(), languages=(_D, _J, _K, _P)),
    Feature(lsp.TEXT_DOCUMENT_INLAY_HINT, "inlay_hints.inlay_hints", languages=(_D, _K), enabled=False),
    Feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        "code_actions.code_actions",
        lsp.CodeActionOptions(code_action_kinds=list(KINDS), resolve_provider=True),
    ),
    Feature(lsp.CODE_ACTION_RESOLVE, "code_actions.resolve"),
    Feature(lsp.TEXT_DOCUMENT_WILL_SAVE_WAIT_UNTIL, "code_actions.before_save"),
)


def languages_of_features() -> dict[str, tuple[str, ...]]:
    """What the setting `features` can name: the features that know languages, with all of these."""
    return {one.name: one.languages for one in reversed(FEATURES) if one.languages}


# Registered only for clients that cannot ask for edits on save in another way: others would make it their formatter.
FORMATTING = Feature(lsp.TEXT_DOCUMENT_FORMATTING, "code_actions.before_save")
