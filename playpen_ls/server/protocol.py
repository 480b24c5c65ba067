"""Adapts pygls: no text copies, responses to all malformed requests, one-line error logs, faster input."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import FeatureRequestError, JsonRpcException
from pygls.io_ import StdoutWriter, run_async
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

logger = logging.getLogger("playpen_ls")

PIPE = 1 << 20  # bytes; the default maximum on Linux
CHUNK = 1 << 16  # bytes per read from standard input


class Protocol(LanguageServerProtocol):
    """Does not store texts: pygls splits lines differently from LSP, which corrupts them."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._initialized = False

    @lsp_method(lsp.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: lsp.DidOpenTextDocumentParams) -> None:
        self._user(lsp.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: lsp.DidChangeTextDocumentParams) -> None:
        self._user(lsp.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: lsp.DidCloseTextDocumentParams) -> None:
        self._user(lsp.TEXT_DOCUMENT_DID_CLOSE, params)

    def _user(self, method: str, params: object) -> None:
        self.fm.features[method](params)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Respond to requests with malformed parameters: pygls does not, so the client would wait forever."""
        try:
            return super().structure_message(data)
        except Exception:
            if "id" in data and "method" in data:
                message = f"malformed parameters of {data['method']}"
                self._send_response(data["id"], error=lsp.ResponseError(lsp.ErrorCodes.InvalidParams, message))
            raise

    def handle_message(self, message: Any) -> None:
        """Reject messages before `initialize`."""
        method = getattr(message, "method", None)
        if method == lsp.INITIALIZE:
            self._initialized = True
        elif method not in (None, lsp.EXIT) and not self._initialized:
            if getattr(message, "id", None) is not None:
                error = lsp.ResponseError(
                    lsp.ErrorCodes.ServerNotInitialized, "the server is not initialized; send `initialize` first"
                )
                self._send_response(message.id, error=error)
            return
        super().handle_message(message)

    def _send_handler_result(self, future: Future[Any], *, msg_id: int | str) -> None:
        """Respond to errors without details, since an error message can quote the document."""
        error = None if future.cancelled() else future.exception()
        if error is None or isinstance(error, JsonRpcException):
            super()._send_handler_result(future, msg_id=msg_id)
            return
        self._request_futures.pop(msg_id, None)
        self._send_response(
            msg_id, error=lsp.ResponseError(lsp.ErrorCodes.InternalError, "internal error; see the server log")
        )
        self._log(error)

    def _check_handler_result(self, future: Future[Any]) -> None:
        """Log errors of notifications, which have no response."""
        if not future.cancelled() and (error := future.exception()) is not None:
            self._log(error)

    def _log(self, error: BaseException) -> None:
        if isinstance(error, Exception):
            self._server.report_server_error(error, FeatureRequestError)

    def notify_encoded(self, method: str, members: Mapping[str, str]) -> None:
        """Send a notification whose parameters are already encoded as ASCII JSON."""
        pieces = ['{"jsonrpc": "2.0", "method": "', method, '", "params": {']  # the text is long, so copy it only once
        for number, (name, value) in enumerate(members.items()):
            pieces += [", " * bool(number), '"', name, '": ', value]
        body = "".join([*pieces, "}}"]).encode("ascii")
        if self.writer is not None:
            self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    @property
    def converter(self) -> Any:
        """Converts between messages and their types."""
        return self._converter

    @property
    def was_shut_down(self) -> bool:
        return self._shutdown


class Server(LanguageServer):
    """A pygls server that logs errors as one line instead of showing them to the user."""

    protocol: Protocol

    def __init__(self, name: str, version: str) -> None:
        super().__init__(name, version, protocol_cls=Protocol, max_workers=1)

    def report_server_error(self, error: Exception, source: Any) -> None:
        cause = error.__cause__ or error.__context__ or error
        last = traceback.extract_tb(cause.__traceback__)
        place = f" at {last[-1].filename}:{last[-1].lineno}" if last else ""
        logger.error("%s%s", type(cause).__name__, place)

    def serve(self) -> int:
        """Run until the client disconnects, and return the exit status: 0 after `shutdown`, else 1."""
        output = sys.stdout.buffer
        _widen(output.fileno())
        sys.stdout = sys.stderr  # only messages may be written to standard output
        self.protocol.set_writer(StdoutWriter(output))
        with contextlib.suppress(BrokenPipeError, KeyboardInterrupt, SystemExit):
            asyncio.run(self._run())
        return 0 if self.protocol.was_shut_down else 1

    async def _run(self) -> None:
        reader = asyncio.StreamReader(limit=1 << 20)
        loop = asyncio.get_running_loop()
        threading.Thread(target=_pump, args=(sys.stdin.fileno(), reader, loop), daemon=True).start()
        await run_async(
            threading.Event(),
            reader,
            self.protocol,
            logging.getLogger("pygls"),
            self.report_server_error,
        )


def _widen(descriptor: int) -> None:
    """Enlarge the pipe to the client, since a write that waits for the client blocks the server."""
    with contextlib.suppress(ImportError, AttributeError, OSError):  # not a pipe, or not supported by the system
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE)


def _pump(descriptor: int, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    """Feed standard input to the event loop in large chunks.

    pygls passes each line from a thread to the loop. With chunks, pending messages are handled in one
    iteration, so edits that arrive together are checked together.
    """
    try:
        while chunk := os.read(descriptor, CHUNK):
            loop.call_soon_threadsafe(reader.feed_data, chunk)
        loop.call_soon_threadsafe(reader.feed_eof)
    except (OSError, RuntimeError):  # the loop has ended
        pass
