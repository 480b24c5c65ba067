"""Adapts pygls: messages read ahead, the states of the specification, no text copies, one-line error logs.

Handlers run on the event loop, so that none needs a lock. What keeps a client waiting nevertheless:

- a request that was canceled before it began is answered RequestCancelled, without running its handler;
- long work pauses between its steps, such as the parts of a file that a check runs rules over. That answers hovers that
  are waiting, and ends the work if its request was canceled, or if the document that it is about has been edited
  meanwhile (ContentModified). A hover may overtake requests but no notification, so it sees the text that the client
  asked about;
- a request to the client is given up after a limit: see `answer_of`.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import math
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import FeatureRequestError, JsonRpcException, JsonRpcRequestCancelled
from pygls.io_ import StdoutWriter
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter, lsp_method

from playpen_ls.api.facts import NotKnownYet
from playpen_ls.server.inbox import Inbox
from playpen_ls.text.pause import pausing

logger = logging.getLogger("playpen_ls")

PIPE = 1 << 20  # bytes; the default maximum on Linux
STEP = 0.02  # seconds between two looks at the messages that are waiting
ANSWER = 10.0  # seconds for a client to answer what it answers by itself
PARENT = 3.0  # seconds between two looks whether the client's process is alive

T = TypeVar("T")

_converter = cache(default_converter)  # one for each process: it generates code for each type on first use


class ContentModified(JsonRpcException):
    """The document was edited while the request was handled."""

    CODE = lsp.LSPErrorCodes.ContentModified
    MESSAGE = "the document has been edited since"


class EditsArrived(Exception):
    """The client has edited a document, so that what is checked again now will be checked again after that anyway."""


class RequestFailed(JsonRpcException):
    """What was asked for is not possible; the message is the reason, for the user."""

    CODE = lsp.LSPErrorCodes.RequestFailed
    MESSAGE = "the request failed"


class Protocol(LanguageServerProtocol):
    """Does not store texts: pygls splits lines differently from LSP, which corrupts them."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._initialized = False
        self._looked = 0.0
        self.inbox = Inbox()

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

    @lsp_method(lsp.SHUTDOWN)
    def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override]
        """Cancel what is running. pygls does that too, but fails if that answers a request at once."""
        for id, future in list(self._request_futures.items()):
            if id != self.msg_id:
                future.cancel()
        self._shutdown = True

    # Messages

    async def serve(self) -> None:
        """Handle the messages of the inbox until it ends."""
        while count := await self.inbox.arrived():
            # Notifications that arrived together are handled together, before what they have scheduled.
            for _ in range(count):
                message = self.inbox.take()
                if message is None:
                    break
                self.receive(message)
                if isinstance(message, dict) and "id" in message:
                    await asyncio.sleep(0)  # a request can take long: let timers and tasks run in between
                    self.answer_hovers()
            await asyncio.sleep(0)

    def receive(self, message: Any) -> None:
        """Handle one decoded message."""
        try:
            self._receive(message)
        except BrokenPipeError:  # the client is gone
            raise
        except Exception as error:
            self._log(error)

    def _receive(self, message: Any) -> None:
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            logger.error("a message that is not JSON-RPC 2.0 is ignored")
            return
        method, id = message.get("method"), message.get("id")
        if "method" not in message:
            self._receive_answer(message)
            return
        if not isinstance(method, str) or ("id" in message and type(id) not in (int, str)):
            error: lsp.ResponseError | None = _error(lsp.ErrorCodes.InvalidRequest, "malformed request")
        else:
            error = self._refusal(method, id)
        data = None
        if error is None:
            try:
                data = self.structure_message(message)
            except Exception:
                error = _error(lsp.ErrorCodes.InvalidParams, f"malformed parameters of {method}")
                logger.error("%s; it is ignored", error.message)
        if error is None:
            self.handle_message(data)
        elif "id" in message:
            self._send_response(id, error=error)  # type: ignore[arg-type]

    def _refusal(self, method: str, id: int | str | None) -> lsp.ResponseError | None:
        """Why a message must not be handled now, by the states of the specification."""
        if method == lsp.EXIT:
            return None
        if self._shutdown:
            return _error(lsp.ErrorCodes.InvalidRequest, "the server was shut down")
        if (method == lsp.INITIALIZE) is self._initialized:
            if self._initialized:
                return _error(lsp.ErrorCodes.InvalidRequest, "the server is already initialized")
            return _error(lsp.ErrorCodes.ServerNotInitialized, "the server is not initialized; send `initialize` first")
        if id is not None and id in self.inbox.cancelled:
            return _error(lsp.LSPErrorCodes.RequestCancelled, "the request was canceled")
        if method not in self.fm.builtin_features and method not in self.fm.features and method != lsp.CANCEL_REQUEST:
            return _error(lsp.ErrorCodes.MethodNotFound, f"there is no method {method}")
        return None

    def _receive_answer(self, message: dict[str, Any]) -> None:
        """Handle a response of the client. One that is malformed counts as an error, so that nothing waits for it."""
        id = message.get("id")
        try:
            answer = self.structure_message(message)
        except Exception as error:
            logger.error("a malformed response is ignored")
            future = self._request_futures.pop(id, None) if isinstance(id, (int, str)) else None
            if future is not None and not future.done():
                future.set_exception(error)
            return
        self.handle_message(answer)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """The message as its type. Raises an exception for malformed ones, also if pygls would convert null to text."""
        if data.get("method") == lsp.TEXT_DOCUMENT_DID_OPEN:
            document = data["params"]["textDocument"]
            _expect(_is_text(document["text"]) and _is_text(document["uri"]))
        elif data.get("method") == lsp.TEXT_DOCUMENT_DID_CHANGE:
            for change in data["params"]["contentChanges"]:
                _expect(_is_text(change["text"]) and (change.get("range") is None or _is_range(change["range"])))
        return super().structure_message(data)

    def handle_message(self, message: Any) -> None:
        if getattr(message, "method", None) == lsp.INITIALIZE:
            self._initialized = True
        super().handle_message(message)

    def _handle_cancel_notification(self, msg_id: int | str) -> None:
        """Cancel a command, which runs in steps; other requests have seen it in the inbox."""
        if msg_id not in self._request_futures:
            self.inbox.cancelled.discard(msg_id)
        super()._handle_cancel_notification(msg_id)

    def pause(self, uri: str | None = None) -> None:
        """To be called between the steps of long work: answers hovers.

        Raises an error for the client if the request was canceled, or the document `uri` has been edited meanwhile.
        """
        if self.msg_id in self.inbox.cancelled:
            raise JsonRpcRequestCancelled("the request was canceled")
        if time.monotonic() >= self._looked + STEP:
            if uri is not None and any(_edits(message, uri) for message in self.inbox.waiting()):
                raise ContentModified()
            self.answer_hovers()

    def answer_hovers(self) -> None:
        """To be called between the steps of long work that is not the answer to a request, such as a first check."""
        if time.monotonic() >= self._looked + STEP:
            self._looked = math.inf  # a hover does not pause for another one
            while (message := self.inbox.overtake(_hover)) is not None:
                # In a context of its own, so that the current request stays the current one.
                contextvars.copy_context().run(self._answer_at_once, message)
            self._looked = time.monotonic()

    def give_way(self) -> None:
        """The same between the steps of work that can be repeated later: raises EditsArrived if edits are waiting.

        A hover behind an edit is about the text after it, so it cannot be answered before.
        """
        if time.monotonic() >= self._looked + STEP:
            if any(_edits(message) for message in self.inbox.waiting()):
                raise EditsArrived
            self.answer_hovers()

    def _answer_at_once(self, message: Any) -> None:
        with pausing(lambda: None):
            self.receive(message)

    # Answers and notifications

    def _send_handler_result(self, future: Future[Any], *, msg_id: int | str) -> None:
        """Respond to errors without details, since an error message can quote the document."""
        error = None if future.cancelled() else future.exception()
        self._request_futures.pop(msg_id, None)
        if error is None:
            super()._send_handler_result(future, msg_id=msg_id)
        elif isinstance(error, JsonRpcException):
            self._send_response(msg_id, error=error.to_response_error())
        else:
            self._send_response(
                msg_id, error=_error(lsp.ErrorCodes.InternalError, "internal error; see the server log")
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


def _error(code: lsp.ErrorCodes | lsp.LSPErrorCodes, message: str) -> lsp.ResponseError:
    return lsp.ResponseError(code, message)


def _expect(holds: bool) -> None:
    if not holds:
        raise ValueError("malformed parameters")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_range(value: Any) -> bool:
    numbers = [value[side][name] for side in ("start", "end") for name in ("line", "character")]
    return all(type(number) in (int, float) and number >= 0 and number % 1 == 0 for number in numbers)


def _edits(message: Any, uri: str | None = None) -> bool:
    """Whether a message changes this document, or any."""
    if not isinstance(message, dict) or message.get("method") != lsp.TEXT_DOCUMENT_DID_CHANGE:
        return False
    if uri is None:
        return True
    document = params.get("textDocument") if isinstance(params := message.get("params"), dict) else None
    return isinstance(document, dict) and document.get("uri") == uri


def _hover(messages: Iterable[Any]) -> int | None:
    """The index of the first hover that has only requests, responses and what changes no state before it."""
    for index, message in enumerate(messages):
        method = message.get("method") if isinstance(message, dict) else None
        if isinstance(message, dict) and "id" in message:
            if method == lsp.TEXT_DOCUMENT_HOVER:
                return index
        elif not (isinstance(method, str) and method.startswith("$/")):
            return None
    return None


async def known(answer: Callable[[], T]) -> T:
    """What `answer` returns, once it raises NotKnownYet no more. Other messages are handled meanwhile."""
    while True:
        try:
            return answer()
        except NotKnownYet:
            await asyncio.sleep(STEP)


async def answer_of(method: str, request: Awaitable[T], seconds: float | None = None) -> T:
    """The client's answer to a request. Raises TimeoutError if there is none after this time, by default `ANSWER`."""
    answer = asyncio.ensure_future(request)
    # Not canceled: the answer may still come, and pygls fails to set the result of a request that was.
    done, _ = await asyncio.wait({answer}, timeout=ANSWER if seconds is None else seconds)
    if not done:
        logger.warning("the client does not answer %s", method)
        raise TimeoutError
    return answer.result()


class Server(LanguageServer):
    """A pygls server that logs errors as one line instead of showing them to the user."""

    protocol: Protocol

    def __init__(self, name: str, version: str) -> None:
        super().__init__(name, version, protocol_cls=Protocol, converter_factory=_converter, max_workers=1)

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
        self.protocol.inbox.read(sys.stdin.fileno())
        await self.protocol.serve()

    def end_with(self, process: int | None) -> None:
        """End when the client's process does. One that is not seen now, as from a container, is not watched."""
        if process is not None and _is_alive(process):
            self._watch(process)

    def _watch(self, process: int) -> None:
        if _is_alive(process):
            asyncio.get_running_loop().call_later(PARENT, self._watch, process)
        else:
            logger.error("the process of the client is gone")
            self.protocol.inbox.end()


def _is_alive(process: int) -> bool:
    """False where it cannot be found out: on Windows, where `os.kill` would end it."""
    if os.name == "nt" or process <= 0:
        return False
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _widen(descriptor: int) -> None:
    """Enlarge the pipe to the client, since a write that waits for the client blocks the server."""
    with contextlib.suppress(ImportError, AttributeError, OSError):  # not a pipe, or not supported by the system
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE)
