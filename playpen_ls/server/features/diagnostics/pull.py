"""Diagnostics for clients that ask for them: of a document, and of the whole workspace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from playpen_ls.server.features.diagnostics.publish import Publisher
from playpen_ls.server.protocol import Server

if TYPE_CHECKING:
    from playpen_ls.server.client_documents import ClientDocument, ClientDocuments

REST = 1.0  # seconds between two requests to the client to ask again
BATCH = 50  # reports in a partial result
OPTIONS = lsp.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=True, identifier="playpen")


class AskAgain(JsonRpcException):
    """Nothing is known of the document yet."""

    CODE = lsp.LSPErrorCodes.ServerCancelled
    MESSAGE = "the project has not been read yet"


class PulledDiagnostics(Publisher):
    """Nothing is published: the client asks, and is told to ask again when an answer would be another one.

    `refreshes`: whether it can be told. `is_typed` says whether the user is typing, `is_scanning` whether the closed
    files are being checked.
    """

    def __init__(
        self,
        server: Server,
        documents: Callable[[], ClientDocuments],
        refreshes: bool,
        is_typed: Callable[[], bool],
        is_scanning: Callable[[], bool],
    ) -> None:
        super().__init__(server, documents)
        self._refreshes = refreshes
        self._is_typed = is_typed
        self._is_scanning = is_scanning
        self._closed: dict[str, str] = {}
        """The diagnostics of closed files, as JSON."""
        self._news = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0

    # What the server tells

    def publish(
        self, opened: ClientDocument, settled: bool, only_changes: bool = False, gives_way: bool = False
    ) -> None:
        before = self._sent.get(opened.uri)
        if only_changes and before is not None and self.written(opened, settled, gives_way) not in (None, before):
            self._ask_to_refresh()
            self._news.set()

    def send(self, uri: str, diagnostics: str, version: int | None) -> None:
        """Keep the diagnostics of a closed file for the next answer."""
        if self._closed.get(uri, "[]") != diagnostics:
            self._closed[uri] = diagnostics
            self._news.set()

    def scanned(self) -> None:
        self._news.set()

    def _ask_to_refresh(self) -> None:
        loop = asyncio.get_running_loop()
        if self._refreshes and self._timer is None:
            self._timer = loop.call_later(max(self._last + REST - loop.time(), 0), self._refresh)

    def _refresh(self) -> None:
        self._timer, self._last = None, asyncio.get_running_loop().time()
        request = self._server.workspace_diagnostic_refresh_async(None)
        # Whatever the client answers: it will ask, or it will not.
        asyncio.ensure_future(request).add_done_callback(lambda answer: answer.cancelled() or answer.exception())

    # What the client asks

    async def document(self, params: lsp.DocumentDiagnosticParams) -> dict[str, Any]:
        """The report of one document. Raises AskAgain while it is not known which rules count for it."""
        opened = self._documents().get(params.text_document.uri)
        if opened is None:
            return _report("[]", params.previous_result_id)
        written = self.written(opened, settled=not (self._refreshes and self._is_typed()))
        if written is None:
            raise AskAgain(data={"retriggerRequest": True})
        self._sent[opened.uri] = written
        return _report(written, params.previous_result_id)

    async def workspace(self, params: lsp.WorkspaceDiagnosticParams) -> dict[str, Any]:
        """The reports of the documents whose diagnostics have changed. Waits until there are any.

        A client asks again soon after an answer, so that one without news would be repeated for ever.
        """
        known = {one.uri: one.value for one in params.previous_result_ids}
        token, has_sent = params.partial_result_token, False
        while True:
            self._news.clear()
            reports = list(self._reports(known))
            if not self._is_scanning() and (reports or has_sent):
                return {"items": reports}
            if token is not None and len(reports) >= BATCH:
                self._server.progress(lsp.ProgressParams(token, {"items": reports}))
                known.update((one["uri"], one["resultId"]) for one in reports)
                has_sent = True
            await self._news.wait()

    def _reports(self, known: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        documents = self._documents()
        for uri, diagnostics in {**self._closed, **self._sent}.items():
            opened = documents.get(uri)
            before = known.get(uri)
            report = _report(diagnostics, before)
            if report["kind"] == "full" and (report["items"] or before):
                yield {**report, "uri": uri, "version": opened.version if opened else None}


def _report(diagnostics: str, previous: str | None) -> dict[str, Any]:
    id = blake2b(diagnostics.encode(), digest_size=8).hexdigest()
    if id == previous:
        return {"kind": "unchanged", "resultId": id}
    return {"kind": "full", "resultId": id, "items": json.loads(diagnostics)}
