"""pygls with its rough edges taken off: its own copies of texts, silent and noisy failures, slow reading."""

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

PIPE = 1 << 20  # bytes; the most that Linux lets anybody have
CHUNK = 1 << 16  # bytes that one read takes from standard input


class Protocol(LanguageServerProtocol):
    """Keeps no texts: pygls splits lines where the protocol does not, and so corrupts them."""

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
        """pygls gives a request with malformed parameters no answer at all; the client would wait for ever."""
        try:
            return super().structure_message(data)
        except Exception:
            if "id" in data and "method" in data:
                message = f"malformed parameters of {data['method']}"
                self._send_response(data["id"], error=lsp.ResponseError(lsp.ErrorCodes.InvalidParams, message))
            raise

    def handle_message(self, message: Any) -> None:
        """Before `initialize` nothing else is executed."""
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
        """What an error says may quote the text, so the client hears only that there was one."""
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
        """A notification has no answer; the log says where it failed."""
        if not future.cancelled() and (error := future.exception()) is not None:
            self._log(error)

    def _log(self, error: BaseException) -> None:
        if isinstance(error, Exception):
            self._server.report_server_error(error, FeatureRequestError)

    def notify_encoded(self, method: str, members: Mapping[str, str]) -> None:
        """Send a notification whose parameters are JSON already, in ASCII."""
        pieces = ['{"jsonrpc": "2.0", "method": "', method, '", "params": {']  # the text is long: it is copied once
        for number, (name, value) in enumerate(members.items()):
            pieces += [", " * bool(number), '"', name, '": ', value]
        body = "".join([*pieces, "}}"]).encode("ascii")
        if self.writer is not None:
            self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    @property
    def converter(self) -> Any:
        """Between messages and their types."""
        return self._converter

    @property
    def was_shut_down(self) -> bool:
        return self._shutdown


class Server(LanguageServer):
    """A pygls server that logs its errors, in one line each, instead of showing them."""

    protocol: Protocol

    def __init__(self, name: str, version: str) -> None:
        super().__init__(name, version, protocol_cls=Protocol, max_workers=1)

    def report_server_error(self, error: Exception, source: Any) -> None:
        cause = error.__cause__ or error.__context__ or error
        last = traceback.extract_tb(cause.__traceback__)
        place = f" at {last[-1].filename}:{last[-1].lineno}" if last else ""
        logger.error("%s%s", type(cause).__name__, place)

    def serve(self) -> int:
        """Speak on standard input and output until the client goes. The exit status: 0 after a shutdown."""
        output = sys.stdout.buffer
        _widen(output.fileno())
        sys.stdout = sys.stderr  # nothing but messages may reach the client
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
    """Let a pipe take the diagnostics of a long file at once: a write that waits for the client stops all else."""
    with contextlib.suppress(ImportError, AttributeError, OSError):  # no pipe, or a system that cannot
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE)


def _pump(descriptor: int, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    """Feed standard input into the loop in large pieces.

    pygls hands every line of it from a thread to the loop. This way messages that wait are handled
    in one go, so edits that arrive together are answered together.
    """
    try:
        while chunk := os.read(descriptor, CHUNK):
            loop.call_soon_threadsafe(reader.feed_data, chunk)
        loop.call_soon_threadsafe(reader.feed_eof)
    except (OSError, RuntimeError):  # the loop has ended
        pass
