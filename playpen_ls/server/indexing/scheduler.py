"""When the projects are read: once after the first file of each is opened, and again where nobody tells of changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from playpen_ls.server.client_capabilities import Abilities
from playpen_ls.server.protocol import Server

if TYPE_CHECKING:
    from playpen_ls.server.indexing.run import Indexing
    from playpen_ls.session.workspace import Workspace


class Indexes:
    """One run at a time for each project. `abilities` are those of the client; `done` is called after each run.

    It is told whether that was a project's first.
    """

    def __init__(self, server: Server, abilities: Callable[[], Abilities], done: Callable[[bool], None]) -> None:
        self._server = server
        self._abilities = abilities
        self._done = done
        self._running: dict[Path, Indexing] = {}
        self._first: dict[Path, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._again: set[Path] = set()
        self._unwanted: set[Path] = set()

    def start(self, workspace: Workspace, again: bool = False) -> None:
        """Read the project once; see what changed if asked to do it `again`, or where the client watches no files."""
        first = workspace.root not in self._first
        if workspace.indexed and (first or again or not self._abilities().registers_watchers):
            task = asyncio.ensure_future(self._run(workspace, first, again))
            self._tasks.add(task)  # the loop itself keeps only a weak reference
            task.add_done_callback(self._tasks.discard)
            if first:
                self._first[workspace.root] = task

    async def wait(self, workspace: Workspace) -> None:
        """Until the index is there, or given up. Other messages are answered meanwhile."""
        if workspace.root not in self._first:
            self.start(workspace)
        if workspace.root in self._first:
            await asyncio.wait({self._first[workspace.root]})

    @property
    def busy(self) -> bool:
        """A project is being read."""
        return bool(self._running)

    def cancel(self) -> None:
        """The server ends."""
        for one in self._running.values():
            one.cancel()

    async def _run(self, workspace: Workspace, first: bool, again: bool) -> None:
        from playpen_ls.server.indexing.run import Indexing

        root = workspace.root
        if root in self._running:
            self._again.add(root)  # what has changed may have been read before
            return
        if root in self._unwanted or not (first or again or workspace.index.complete):
            return
        run = self._running[root] = Indexing(self._server, workspace, self._abilities().shows_progress)
        try:
            await run.run(first)
        finally:
            del self._running[root]
        if run.cancelled:
            self._unwanted.add(root)
        elif root in self._again:
            self._again.discard(root)
            self.start(workspace, again=True)
        self._done(first)
