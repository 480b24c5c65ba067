"""Warms up what the first code action needs, since an editor waits for it when saving."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from lsprotocol import types as lsp

PAUSE = 0.25  # seconds; warming up takes 0.04 s, so not while the user types


class WarmUp:
    """`converter` is that of pygls, which generates code on first use of a type; `busy`: whether the user is typing."""

    def __init__(self, converter: Callable[[], Any], busy: Callable[[], bool]) -> None:
        self._converter = converter
        self._busy = busy
        self._started = False

    def start(self) -> None:
        """Schedule the warm-up; called when a file was opened."""
        if not self._started:
            self._started = True
            self._later()

    def _later(self) -> None:
        asyncio.get_running_loop().call_later(PAUSE, self._run)

    def _run(self) -> None:
        if self._busy():
            self._later()
        else:
            prepare(self._converter())


def prepare(converter: Any) -> None:
    import playpen_ls.server.features.code_actions  # noqa: F401

    request = {"id": 0, "jsonrpc": "2.0", "method": lsp.TEXT_DOCUMENT_CODE_ACTION}
    start = {"line": 0, "character": 0}
    converter.structure(
        {
            **request,
            "params": {
                "textDocument": {"uri": ""},
                "range": {"start": start, "end": start},
                "context": {"diagnostics": []},
            },
        },
        lsp.CodeActionRequest,
    )
    action = lsp.CodeAction("")
    converter.unstructure(lsp.CodeActionResponse(0, [action]))
    converter.structure(
        {**request, "method": lsp.CODE_ACTION_RESOLVE, "params": {"title": ""}}, lsp.CodeActionResolveRequest
    )
    converter.unstructure(lsp.CodeActionResolveResponse(0, action))
