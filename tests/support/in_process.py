"""A server and a client in one process: for what is not about processes. Messages are encoded as on the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp

from editor import Editor, client_factory
from playpen_ls.project import patience
from playpen_ls.server.app import App
from playpen_ls.server.gc_scheduler import GcScheduler
from playpen_ls.server.inbox import Framing
from playpen_ls.server.indexing.run import IndexRun


class Wire:
    """One direction of the connection: what is written arrives soon."""

    def __init__(self, receive: Callable[[Any], None]) -> None:
        self._receive = receive
        self._framing = Framing()

    def write(self, data: bytes) -> None:
        for body in self._framing.feed(data):
            asyncio.get_running_loop().call_soon(self._receive, json.loads(body))

    def close(self) -> None:
        """Nothing is left to close."""


@asynccontextmanager
async def session(
    capabilities: lsp.ClientCapabilities, folder: Path, monkeypatch: pytest.MonkeyPatch, options: Any = None
) -> AsyncIterator[Editor]:
    """An editor that is connected to a server; the project is indexed without a worker process."""
    monkeypatch.setattr(IndexRun, "_work", _index_here)
    monkeypatch.setattr(patience, "PATIENCE", 60)  # these tests are not about slow files
    monkeypatch.setattr(GcScheduler, "start", lambda _: None)  # the garbage of the tests is to be collected
    app, client = App(), client_factory()
    server, mine = app.server.protocol, client.protocol
    mine.set_writer(Wire(server.receive))
    server.set_writer(Wire(lambda message: mine.handle_message(mine.structure_message(message))))
    yield await Editor.started(client, capabilities, folder, options)
    assert await client.shutdown_async(None) is None


async def _index_here(run: IndexRun) -> None:
    for _ in run._workspace.closed.reading():
        await asyncio.sleep(0)
