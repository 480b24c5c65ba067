"""The messages of the client, read ahead of their handlers by a thread.

Handlers run on the event loop, one after the other. Since a thread reads, splits and decodes the input meanwhile, a
request can be canceled before it begins, and a long handler can see what is waiting. Read ahead are at most `AHEAD`
bytes: then the client waits, as for any pipe that is full.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from lsprotocol import types as lsp

logger = logging.getLogger("playpen_ls")

CHUNK = 1 << 16  # bytes per read from standard input
AHEAD = 1 << 26  # bytes of messages that wait for their handlers
LONGEST_HEADER = 1 << 13  # bytes of a header line
_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,18})[ \t]*", re.IGNORECASE)

Id = int | str


class Framing:
    """Splits a stream of bytes into the bodies of messages. Header names are taken in any case, lines also with LF."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None
        self._is_body = False

    @property
    def is_inside(self) -> bool:
        """Whether the stream is in the middle of a message."""
        return bool(self._buffer or self._is_body or self._length is not None)

    def feed(self, chunk: bytes) -> list[bytes]:
        """The messages that this chunk completes."""
        self._buffer += chunk
        bodies: list[bytes] = []
        while True:
            if not self._is_body:
                if not self._read_header():
                    return bodies
            elif self._length is not None and len(self._buffer) >= self._length:
                bodies.append(bytes(self._buffer[: self._length]))
                del self._buffer[: self._length]
                self._is_body, self._length = False, None
            else:
                return bodies

    def _read_header(self) -> bool:
        """Read one line of a header; False if it is not complete."""
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > LONGEST_HEADER:  # no header: dropped, also what follows on this line
                logger.error("input without a header is ignored")
                self._buffer.clear()
            return False
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        if match := _LENGTH.fullmatch(line):
            self._length = int(match[1])
        elif not line and self._length is not None:
            self._is_body = True
        elif not line:
            logger.error("a message without Content-Length is ignored")
        return True


class Inbox:
    """A queue of decoded messages. `cancelled` has the ids of requests for which a cancel has been read."""

    def __init__(self) -> None:
        self.cancelled: set[Id] = set()
        self._waiting: deque[tuple[Any, int]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()  # of the three above
        self._ended = False
        self._arrived = asyncio.Event()

    def read(self, descriptor: int) -> None:
        """Start to read a stream, in the running event loop."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._pump, args=(descriptor, loop), name="input", daemon=True).start()

    def _pump(self, descriptor: int, loop: asyncio.AbstractEventLoop) -> None:
        # Not by sys.stdin: at its normal end the interpreter would find that locked by this thread, and abort.
        framing = Framing()
        try:
            while chunk := self._read(descriptor):
                # Edits that arrive together are checked together: the event loop is woken once for a chunk.
                if bodies := framing.feed(chunk):
                    self.put(bodies)
                    loop.call_soon_threadsafe(self._arrived.set)
            if framing.is_inside:
                logger.error("the input ended in the middle of a message")
            loop.call_soon_threadsafe(self.end)
        except (OSError, RuntimeError):  # the loop has ended
            pass

    def _read(self, descriptor: int) -> bytes:
        """Some bytes, once there is room for them; none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._bytes < AHEAD)
        return os.read(descriptor, CHUNK)

    def put(self, bodies: Iterable[bytes]) -> None:
        """Decode messages and append them."""
        for body in bodies:
            try:
                message = json.loads(body)
            except (ValueError, RecursionError):
                logger.error("a message that is not JSON is ignored")
                continue
            with self._changed:
                self._waiting.append((message, len(body)))
                self._bytes += len(body)
                id = _canceled_id(message)
                if id is not None:
                    self.cancelled.add(id)

    def end(self) -> None:
        """No more messages will come."""
        self._ended = True
        self._arrived.set()

    async def arrived(self) -> int:
        """Wait for messages, and return how many there are; 0 at the end of the input."""
        while not self._waiting and not self._ended:
            self._arrived.clear()
            await self._arrived.wait()
        return len(self._waiting)

    def waiting(self) -> list[Any]:
        with self._changed:
            return [message for message, _ in self._waiting]

    def take(self) -> Any:
        """Remove and return the first message; None if there is none."""
        with self._changed:
            return self._removed(0) if self._waiting else None

    def overtake(self, choose: Callable[[list[Any]], int | None]) -> Any:
        """Remove and return the message whose index is chosen; None if none is."""
        with self._changed:
            index = choose([message for message, _ in self._waiting])
            return None if index is None else self._removed(index)

    def _removed(self, index: int) -> Any:
        message, size = self._waiting[index]
        del self._waiting[index]
        self._bytes -= size
        self._changed.notify()
        return message


def _canceled_id(message: Any) -> Id | None:
    if not isinstance(message, dict) or message.get("method") != lsp.CANCEL_REQUEST:
        return None
    params = message.get("params")
    id = params.get("id") if isinstance(params, dict) else None
    return id if isinstance(id, (int, str)) else None
