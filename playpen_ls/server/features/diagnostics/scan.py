"""Keeps the diagnostics of closed files published, where the user wants to see those of the whole workspace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from playpen_ls.server.features.diagnostics.closed import ClosedFiles
from playpen_ls.server.progress import Progress
from playpen_ls.server.protocol import Server
from playpen_ls.text.pause import pausing

if TYPE_CHECKING:
    from playpen_ls.server.client_capabilities import ClientCapabilities
    from playpen_ls.session.workspace import Workspace

CALM = 0.1  # seconds between two looks whether the user still types


class WorkspaceScan:
    """Checks all files once, and those of a project again when its facts or its rules have changed.

    The first scan shows progress, and its user can cancel it: then closed files keep what was found so far.
    """

    def __init__(
        self,
        server: Server,
        abilities: Callable[[], ClientCapabilities],
        files: ClosedFiles,
        is_typed: Callable[[], bool],
        done: Callable[[], None],
    ) -> None:
        self._server = server
        self._abilities = abilities
        self._files = files
        self._is_typed = is_typed
        self._done = done
        self._task: asyncio.Task[None] | None = None
        self._scanned: dict[Path, int] = {}
        """The number of changes that the index of a project had seen when its files were checked."""
        self._again = self._everything = False
        self._is_first = True
        self._cancelled = False

    @property
    def is_running(self) -> bool:
        return self._task is not None

    def switch(self, on: bool) -> None:
        """Publish the diagnostics of all files, or only of open ones."""
        if on is self._files.all:
            return
        self._files.all, self._is_first, self._cancelled = on, True, False
        if on:
            self.start(everything=True)
        else:
            self.cancel()
            self._files.clear()

    def start(self, everything: bool = False) -> None:
        """Scan what has changed, or `everything`, soon."""
        if not self._files.all or self._cancelled:
            return
        self._again, self._everything = True, self._everything or everything
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())

    def cancel(self) -> None:
        self._cancelled = True

    async def _run(self) -> None:
        try:
            while self._again and not self._cancelled:
                self._again = False
                await self._once()
        finally:
            self._task = None
            self._done()

    async def _once(self) -> None:
        everything, self._everything = self._everything, False
        before, scanned = {} if everything else self._scanned, dict[Path, int]()
        there: set[str] = set()

        def wanted(workspace: Workspace) -> bool:
            return before.get(workspace.root) != workspace.index.changes

        progress = Progress(self._server, self._is_first and self._abilities().shows_progress, self.cancel)
        await progress.begin("Playpen: checking the workspace")
        try:
            with pausing(self._server.protocol.answer_hovers):
                async for one, number, total in self._files.every(wanted):
                    if self._cancelled:
                        break
                    there.add(one.uri)
                    scanned.setdefault(one.workspace.root, one.workspace.index.changes)
                    if self._files.is_closed(one):
                        self._files.publish(one)
                    progress.report(number, total)
                    while self._is_typed() and not self._cancelled:
                        await asyncio.sleep(CALM)
        finally:
            progress.end("canceled" if self._cancelled else "done")
        if not self._cancelled:
            self._is_first = False
            self._scanned = {**before, **scanned}
            if everything:
                self._files.clear(kept=frozenset(there))
