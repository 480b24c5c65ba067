"""Schedules indexing: when the first file of a project is opened, and again if the client does not watch files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from playpen_ls.server.client_capabilities import ClientCapabilities
from playpen_ls.server.protocol import Server, known

if TYPE_CHECKING:
    from playpen_ls.server.indexing.run import IndexRun
    from playpen_ls.session.workspace import Workspace

FEW = 50  # files that are read before another process would have started


class IndexScheduler:
    """Runs at most one index worker per project. `abilities` are those of the client.

    `done` is called after each run, with True for the first run of a project.
    """

    def __init__(
        self, server: Server, abilities: Callable[[], ClientCapabilities], done: Callable[[bool], None]
    ) -> None:
        self._server = server
        self._abilities = abilities
        self._done = done
        self._running: dict[Path, IndexRun] = {}
        self._first: dict[Path, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._again: set[Path] = set()
        self._unwanted: set[Path] = set()

    def start(self, workspace: Workspace, again: bool = False, here: bool = False) -> None:
        """Index the project on the first call; later only if `again` is set or the client does not watch files.

        With `here`, in this process and without showing progress.
        """
        first = workspace.root not in self._first
        if workspace.indexed and (first or again or not self._abilities().registers_watchers):
            task = asyncio.ensure_future(self._run(workspace, first, again, here))
            self._tasks.add(task)  # the loop itself keeps only a weak reference
            task.add_done_callback(self._tasks.discard)
            if first:
                self._first[workspace.root] = task

    async def wait(self, workspace: Workspace) -> None:
        """Wait until the index is complete, or indexing was canceled. Other messages are handled meanwhile."""
        if workspace.root not in self._first:
            paths = await known(partial(workspace.closed.paths, FEW + 1))
            self.start(workspace, here=len(paths) <= FEW)
        if workspace.root in self._first:
            await asyncio.wait({self._first[workspace.root]})

    @property
    def busy(self) -> bool:
        """Whether a project is being indexed."""
        return bool(self._running)

    def cancel(self) -> None:
        """Cancel all runs at shutdown."""
        for one in self._running.values():
            one.cancel()

    async def _run(self, workspace: Workspace, first: bool, again: bool, here: bool) -> None:
        from playpen_ls.server.indexing.run import IndexRun

        root = workspace.root
        if root in self._running:
            self._again.add(root)  # the current run may have read a file before it changed
            return
        if root in self._unwanted or not (first or again or workspace.index.complete):
            return
        run = self._running[root] = IndexRun(self._server, workspace, self._abilities().shows_progress and not here)
        try:
            await run.run(first, here)
        finally:
            del self._running[root]
        if run.cancelled:
            self._unwanted.add(root)
        elif root in self._again:
            self._again.discard(root)
            self.start(workspace, again=True)
        self._done(first)
