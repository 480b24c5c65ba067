"""The server application: handles requests and notifications, and schedules checks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.uris import to_fs_path

from playpen_ls import __version__
from playpen_ls.api.facts import NotKnownYet
from playpen_ls.project.patience import Patience
from playpen_ls.server.client_capabilities import PEERS, ClientCapabilities
from playpen_ls.server.client_requests import ClientRequests
from playpen_ls.server.features import CONFIGURATION, FEATURES, FORMATTING, Feature
from playpen_ls.server.features.commands import Commands
from playpen_ls.server.features.diagnostics.closed import ClosedFiles
from playpen_ls.server.features.diagnostics.publish import Publisher, is_configuration, is_configuration_name
from playpen_ls.server.features.diagnostics.scan import WorkspaceScan
from playpen_ls.server.gc_scheduler import GcScheduler
from playpen_ls.server.indexing.scheduler import IndexScheduler
from playpen_ls.server.log import log_to_stderr
from playpen_ls.server.protocol import STEP, EditsArrived, Server
from playpen_ls.server.warm_up import WarmUp
from playpen_ls.text.cached_property import cached_property

# The client waits for the response to `initialize`, so modules that it does not need are imported later.
if TYPE_CHECKING:
    from playpen_ls.server.client_documents import ClientDocument, ClientDocuments
    from playpen_ls.server.notices import Notices
    from playpen_ls.session.limits import Limit
    from playpen_ls.session.workspace import Workspace

logger = logging.getLogger("playpen_ls")  # which drops repeated messages
FEW = 20  # changed files that are read at once; reading one takes some milliseconds
QUIET = 0.25  # debounce, in seconds: then "X is missing" diagnostics can appear and other files are checked


def serve() -> int:
    """Run the language server on standard input and output until the client disconnects."""
    log_to_stderr()
    return App().run()


class App:
    """The server for one client. State is in `documents` and their workspaces; this class schedules the checks."""

    def __init__(self) -> None:
        self.server = Server("playpen-ls", __version__)
        self.abilities = ClientCapabilities()
        self._folders: list[Path] = []
        self._waiting: dict[str, ClientDocument] = {}
        self._gives_way = False
        self._quiet: asyncio.TimerHandle | None = None
        self._requests = ClientRequests(self.server, lambda: self.abilities, self._set)
        self._collector = GcScheduler(lambda: self._indexes.busy)
        self._preparing = WarmUp(
            lambda: self.server.protocol.converter, lambda: self._folders, self._is_typed, lambda: self.documents.ask
        )
        self._options: object = None
        self.fix_on_save = False
        self.peers = PEERS
        self.features: Mapping[str, frozenset[str]] = {}
        self._off: frozenset[str] = frozenset()
        """The languages about which nothing is answered."""
        self._repeated: set[str] = set()
        """The methods of which the client has to be told when their answers change."""
        self._known: object = None
        self._publisher = Publisher(self.server, lambda: self.documents)
        self._indexes = IndexScheduler(self.server, lambda: self.abilities, self._index_done)
        self._closed = ClosedFiles(
            lambda: self.documents, lambda *message: self._publisher.send(*message), self._indexes.wait
        )
        self._scan = WorkspaceScan(
            self.server, lambda: self.abilities, self._closed, self._is_typed, lambda: self._publisher.scanned()
        )
        handlers: dict[str, Callable[[Any], Any]] = {
            lsp.INITIALIZE: self.initialize,
            lsp.INITIALIZED: self.initialized,
            lsp.TEXT_DOCUMENT_DID_OPEN: self.did_open,
            lsp.TEXT_DOCUMENT_DID_CHANGE: self.did_change,
            lsp.TEXT_DOCUMENT_DID_SAVE: self.did_save,
            lsp.TEXT_DOCUMENT_DID_CLOSE: self.did_close,
            lsp.WORKSPACE_DID_CHANGE_CONFIGURATION: self.did_change_configuration,
            lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES: self.did_change_watched_files,
            lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: self.did_change_folders,
        }
        for method, handler in handlers.items():
            self.server.feature(method)(partial(handler))
        for feature in FEATURES:
            if not feature.languages:
                self._offer(feature)
        self._commands = Commands(self.server, lambda: self.documents, lambda: self.abilities, self._closed)

    def _offer(self, feature: Feature) -> None:
        def answer(params: Any) -> Any:
            if feature.method in self.abilities.refreshed:
                self._repeated.add(feature.method)
            if (self._off and self._is_off(params)) or (feature.languages and not self._answers(feature, params)):
                return None
            try:
                return feature.load()(self, params)
            except NotKnownYet:
                return None

        self.server.feature(feature.method, feature.options)(answer)

    def _is_off(self, params: Any) -> bool:
        """Whether a request is about a document whose language is turned off."""
        document = getattr(params, "text_document", None)
        opened = self.documents.get(document.uri) if document is not None else None
        return opened is not None and opened.language in self._off

    def _answers(self, feature: Feature, params: Any) -> bool:
        """Whether it is for this server to answer about the document."""
        opened = self.documents.get(params.text_document.uri)
        if opened is None:
            return False
        language = opened.language or (CONFIGURATION if is_configuration(opened) else None)
        return language is not None and feature.answers(language, self.peers, self.features)

    def run(self) -> int:
        try:
            return self.server.serve()
        finally:
            self._indexes.cancel()

    # Start

    @cached_property
    def _notices(self) -> Notices:
        from playpen_ls.server.notices import Notices

        return Notices()

    @cached_property
    def documents(self) -> ClientDocuments:
        """Created on first use, after the response to `initialize`."""
        from playpen_ls.server.client_documents import ClientDocuments

        encoding = self.server.workspace.position_encoding or "utf-16"  # in pygls it is a string or an enum
        name, loop = str(getattr(encoding, "value", encoding)), asyncio.get_running_loop()

        def arrived() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._catch_up)

        return ClientDocuments(name, self._folders, Patience(arrived).ask)

    def initialize(self, params: lsp.InitializeParams) -> None:
        self.abilities = ClientCapabilities.of(params.capabilities, params.initialization_options)
        self.server.end_with(params.process_id)
        self._options = params.initialization_options
        self._choose_channel()
        if self._options is not None:
            from playpen_ls.server.client_settings import peers

            self.peers = peers(self._options)
        for feature in FEATURES:
            if feature.languages and feature.method not in self.abilities.registers:
                self._offer(feature)
        if self._options is not None and self.abilities.only_formats:
            from playpen_ls.server.client_settings import fix_on_save

            if fix_on_save(self._options):
                self._offer(FORMATTING)
        folders = [folder.uri for folder in params.workspace_folders or ()] or [params.root_uri or ""]
        self._folders = [Path(place) for uri in folders if uri and (place := to_fs_path(uri))]

    def _choose_channel(self) -> None:
        """Whether diagnostics are published, or the client asks for them."""
        if not self.abilities.asks_for_diagnostics:
            return
        from playpen_ls.server.client_settings import wants_pull

        if self.abilities.pulls(wants_pull(self._options)):
            from playpen_ls.server.features.diagnostics.pull import OPTIONS, PulledDiagnostics

            pulled = self._publisher = PulledDiagnostics(
                self.server, lambda: self.documents, self.abilities.asks_again, self._is_typed,
                lambda: self._scan.is_running,
            )  # fmt: skip
            self.server.feature(lsp.TEXT_DOCUMENT_DIAGNOSTIC, OPTIONS)(partial(pulled.document))
            self.server.feature(lsp.WORKSPACE_DIAGNOSTIC)(partial(pulled.workspace))

    def initialized(self, _: lsp.InitializedParams) -> None:
        # What is offered after the response to `initialize` is not announced in it, but registered.
        for feature in FEATURES:
            if feature.languages and feature.method in self.abilities.registers:
                self._offer(feature)
        self._set(self._options)
        self._requests.introduce(self._registered())
        self._preparing.start()

    def _registered(self) -> list[Feature]:
        """What is registered with the client, each feature with the languages about which it answers."""
        dynamic = [one for one in FEATURES if one.languages and one.method in self.abilities.registers]
        return [one for each in dynamic if (one := each.registered(self.peers, self.features)).languages]

    def _set(self, value: object) -> None:
        """Apply settings, in any of the forms in which clients send them."""
        from playpen_ls.server.client_settings import (
            chosen_features,
            fix_on_save,
            languages_off,
            log_level,
            settings_from,
            whole_workspace,
        )

        settings = settings_from(value)
        if settings is not None:
            logging.getLogger("playpen_ls").setLevel(log_level(value))
            features, self.features = self.features, chosen_features(value)
            off, self._off = self._off, languages_off(value)
            if features != self.features or off != self._off:
                self._requests.register(self._registered())
                self._requests.refresh(self._repeated)
            self.fix_on_save = fix_on_save(value)
            self._scan.switch(whole_workspace(value))
        if settings is None or settings == self.documents.settings:
            return
        self.documents.settings = settings
        for workspace in self.documents.workspaces.values():
            workspace.configs.settings = settings
        self._look_again()
        self._scan.start(everything=True)

    # Texts

    def did_open(self, params: lsp.DidOpenTextDocumentParams) -> None:
        opened = self.documents.open(params.text_document)
        self._configuration_changed(opened)
        if opened.is_placed:
            self._indexes.start(opened.workspace)
            self._publisher.publish(opened, settled=True)
            self._tell()
        self._collector.start()
        self._collector.soon()

    def did_change(self, params: lsp.DidChangeTextDocumentParams) -> None:
        opened = self.documents.change(params.text_document.uri, params.text_document.version, params.content_changes)
        if opened is None:
            return
        self._configuration_changed(opened)
        if not self._waiting:
            # Changes that have already arrived are applied before this runs, and published together.
            asyncio.get_running_loop().call_soon(self._answer)
        self._waiting[opened.uri] = opened

    def did_save(self, params: lsp.DidSaveTextDocumentParams) -> None:
        opened = self.documents.get(params.text_document.uri)
        if opened is not None:
            self._notices.saved(opened.workspace, opened.path)
            self._configuration_changed(opened)  # a configuration that extends it reads it from disk
            self._indexes.start(opened.workspace)
            self._look_again()
            self._scan.start(everything=is_configuration(opened))

    def did_close(self, params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        opened = self.documents.close(uri)
        self._waiting.pop(uri, None)
        self._publisher.forget(uri)
        if opened is not None:
            self._configuration_changed(opened, closed=True)
            self._closed.was_open(uri)
            if not self._closed.look_again(uri):
                self._publisher.send(uri, "[]", None)
            self._when_quiet()

    def _answer(self) -> None:
        """Publish diagnostics for every document that was edited.

        If edits arrive meanwhile, those go first; but not twice in a row, or who types fast would see none.
        """
        waiting, self._waiting = self._waiting, {}
        self._gives_way = not self._gives_way
        try:
            for opened in waiting.values():
                self._publisher.publish(opened, settled=False, gives_way=self._gives_way)
        except EditsArrived:
            self._waiting = waiting
            asyncio.get_running_loop().call_later(STEP, self._answer)
            return
        self._gives_way = False
        self._tell_others(waiting)
        self._collector.soon()
        self._when_quiet()

    def _tell_others(self, waiting: Mapping[str, ClientDocument]) -> None:
        """If the facts of an edited file have changed, check the other open files immediately."""
        others = [one for one in self.documents if one.uri not in waiting]
        told = [one for one in self.documents.workspaces.values() if others and one.index.changed_since_last_call()]
        for other in others:
            if other.workspace in told:
                self._publisher.publish(other, settled=False, only_changes=True)

    def _when_quiet(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
        self._quiet = asyncio.get_running_loop().call_later(QUIET, self._look_again)

    def _is_typed(self) -> bool:
        """Whether the user is typing."""
        return self._quiet is not None and self._quiet.when() > asyncio.get_running_loop().time()

    def _catch_up(self) -> None:
        """Apply what has been read late."""
        for workspace in self.documents.workspaces.values():
            workspace.closed.catch_up()
        self._closed.catch_up()
        for opened in self.documents.placed():
            self._configuration_changed(opened)
            self._indexes.start(opened.workspace)
        self._look_again()

    def _look_again(self) -> None:
        """Check all open files again: show diagnostics that were held back, and apply changes in other files."""
        for workspace in self.documents.workspaces.values():
            workspace.refresh_files()
            with contextlib.suppress(NotKnownYet):
                if workspace.closed.stale:
                    self._indexes.start(workspace, again=True)
        try:
            for opened in self.documents:
                self._publisher.publish(opened, settled=True, only_changes=True, gives_way=True)
        except EditsArrived:
            self._when_quiet()
        self._tell()
        self._repeat_requests()

    def _repeat_requests(self) -> None:
        """Have the client ask again for code lenses if it ever did and the facts of any file have changed."""
        if self._repeated:
            indexes = [workspace.index for workspace in self.documents.workspaces.values()]
            known = [(index.complete, index.changes) for index in indexes]
            if known != self._known:
                self._known = known
                self._requests.refresh(self._repeated & {lsp.TEXT_DOCUMENT_CODE_LENS})

    def _index_done(self, first: bool) -> None:
        if first:
            self._collector.keep()
        self._collector.soon()
        self._look_again()

    # Configuration, files, folders

    def did_change_configuration(self, params: lsp.DidChangeConfigurationParams) -> None:
        self._set(params.settings)
        self._requests.ask_for_settings()

    def did_change_watched_files(self, params: lsp.DidChangeWatchedFilesParams) -> None:
        # After a switch of branches, the index worker reads what has changed while messages are answered.
        many = len(params.changes) > FEW
        again: dict[Path, Workspace] = {}
        for change in params.changes:
            place = to_fs_path(change.uri)
            if place is None:
                continue
            path = Path(place)
            if self.documents.get(change.uri) is None:
                self._closed.look_again(change.uri)
            for workspace in self.documents.workspaces.values():
                if is_configuration_name(path.name) and self.documents.get(change.uri) is None:
                    workspace.configs.changed(path)
                elif path.name == ".gitignore" and path.is_relative_to(workspace.root):
                    self._indexes.start(workspace, again=True)
                elif workspace.indexed and path.is_relative_to(workspace.root):
                    if many and workspace.index.complete and change.type != lsp.FileChangeType.Deleted:
                        again[workspace.root] = workspace
                        continue
                    workspace.closed.read(path.relative_to(workspace.root).as_posix())
                    if change.type == lsp.FileChangeType.Deleted:
                        workspace.closed.read_below(path.relative_to(workspace.root).as_posix())
        for workspace in again.values():
            self._indexes.start(workspace, again=True)
        self._scan.start(everything=any(is_configuration_name(change.uri) for change in params.changes))
        self._when_quiet()

    def did_change_folders(self, params: lsp.DidChangeWorkspaceFoldersParams) -> None:
        removed, added = (
            [Path(place) for folder in folders if (place := to_fs_path(folder.uri))]
            for folders in (params.event.removed, params.event.added)
        )
        self.documents.folders = [*(folder for folder in self.documents.folders if folder not in removed), *added]
        self._scan.start(everything=True)

    def _configuration_changed(self, opened: ClientDocument, closed: bool = False) -> None:
        if is_configuration(opened):
            path = opened.workspace.root / opened.path
            for workspace in self.documents.workspaces.values():
                workspace.configs.changed(path, None if closed else opened.source.text)
            self._when_quiet()

    def _tell(self) -> None:
        def is_open(path: Path) -> bool:
            return any(one.workspace.root / one.path == path for one in self.documents)

        spaces = list(self.documents.workspaces.values())
        news = [message for workspace in spaces for message in self._notices.news(workspace, is_open)]
        limits = [f"{limit.path}: {limit.message}" for limit in self._limits() if limit.endless]
        for message in (*news, *limits, *self._notices.slowness()):
            self.server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, f"playpen: {message}"))

    def _limits(self) -> Iterator[Limit]:
        """The limits that what builds the open files reaches; they are logged."""
        for opened in self.documents:
            if opened.language in ("kubernetes", "configuration"):
                with contextlib.suppress(NotKnownYet):
                    for limit in self._notices.limits(opened.workspace, opened.path):
                        logger.warning("%s: %s", limit.path, limit.message)
                        yield limit
