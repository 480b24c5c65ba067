"""Indexes a project in a worker process, with progress and cancellation."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import subprocess
from functools import partial
from typing import Any

from lsprotocol import types as lsp

from playpen_ls.project.indexer import TOO_MANY
from playpen_ls.project.isolation import PACKAGE, command, module_path
from playpen_ls.project.typed_json import Malformed
from playpen_ls.project.worker import batch_of
from playpen_ls.server.progress import Progress
from playpen_ls.server.protocol import Server, known
from playpen_ls.session.workspace import Workspace

logger = logging.getLogger("playpen_ls")


class Cancelled(Exception):
    """The user canceled indexing."""


class Failed(Exception):
    """The index worker failed. The message is the reason."""


class IndexRun:
    """One indexing run for one project. `shows`: whether the client supports progress."""

    def __init__(self, server: Server, workspace: Workspace, shows: bool) -> None:
        self._server = server
        self._workspace = workspace
        self._progress = Progress(server, shows, self.cancel)
        self._process: subprocess.Popen[bytes] | None = None
        self._total = 0
        self.cancelled = False

    async def run(self, first: bool = True, here: bool = False) -> None:
        """Complete the index; later runs read only files that changed on disk. Never raises.

        With `here`, the files are read in this process: for a few, that is faster than to start another one.
        """
        if first:
            await self._progress.begin("playpen: indexing the project")
        message = "done"
        try:
            await (self._read_here() if here else self._work())
            self._workspace.index.complete = True
        except Cancelled:
            message = "canceled; cross-file rules are disabled"
        except TooMany:
            message = TOO_MANY
            logger.warning("%s: %s", self._workspace.root, message)
            if first:
                self._tell(f"playpen: {self._workspace.root.name} has {message}")
        except Exception as error:
            reason = str(error) if isinstance(error, Failed) else type(error).__name__
            logger.error("%s: the index worker failed: %s", self._workspace.root, reason)
            if first:
                await self._slowly()
            if not self._workspace.index.complete:
                message = "incomplete; cross-file rules are disabled"
        except asyncio.CancelledError:  # the server is shutting down
            self.cancel()
            self._progress.forget()
        finally:
            self._stop()
            self._progress.end(message)

    def cancel(self) -> None:
        self.cancelled = True
        self._kill()

    async def _work(self) -> None:
        workspace = self._workspace
        order = await known(workspace.closed.order)
        modules = await known(lambda: workspace.ask((self, "modules"), lambda: module_path(workspace.root)))
        process = self._process = self._start(modules)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, _tell_process, process, order)
        while True:
            answer = await loop.run_in_executor(None, _answer_of, process)
            match answer:
                case None if self.cancelled:
                    raise Cancelled
                case None:
                    raise EOFError
                case ["total", int(total)]:
                    self._total = total
                case ["facts", int(number), batch]:
                    for path, stamp, facts in batch_of(batch):
                        self._workspace.closed.take(path, facts, stamp)
                    self._progress.report(number, self._total)
                case ["many"]:
                    raise TooMany
                case ["done"]:
                    return
                case ["failed", str(reason)]:
                    raise Failed(reason)
                case _:
                    raise Malformed("expected an answer")

    def _start(self, modules: list[str]) -> subprocess.Popen[bytes]:
        """Not with asyncio: a loop that ends while asyncio starts a process can wait for it forever."""
        if self.cancelled:
            raise Cancelled
        # Nothing may be imported from the workspace, neither through the current folder nor through the environment.
        started = command("playpen_ls.project.worker", modules)
        return subprocess.Popen(started, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PACKAGE)

    async def _slowly(self) -> None:
        """Index in this process, file by file, handling messages in between. Never raises."""
        self._tell("playpen: the index worker failed; the project is indexed more slowly in the server process")
        try:
            await self._read_here()
            self._workspace.index.complete = not self._workspace.closed.too_many
        except Cancelled:
            return
        except Exception as error:
            logger.error("%s: indexing failed: %s", self._workspace.root, type(error).__name__)
        if not self._workspace.index.complete:
            name = self._workspace.root.name
            self._tell(f"playpen: the index of {name} is incomplete, so cross-file rules are disabled")

    async def _read_here(self) -> None:
        closed = self._workspace.closed
        for path in await known(closed.listed) or ():
            await known(partial(closed.read_listed, path))
            if self.cancelled:
                raise Cancelled
            await asyncio.sleep(0)

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _stop(self) -> None:
        """Kill the process, wait for it, so that it does not remain as a zombie, and close its pipes."""
        if self._process is not None:
            self._kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):  # what was not sent cannot be any more
                    if pipe is not None:
                        pipe.close()

    def _tell(self, message: str) -> None:
        self._server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, message))


class TooMany(Exception):
    """The tree has too many files for one project."""


def _tell_process(process: subprocess.Popen[bytes], order: dict[str, Any]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it was killed, which is noticed when reading its answer
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()


def _answer_of(process: subprocess.Popen[bytes]) -> Any:
    """The next answer; None if the process has exited. Blocks, so call it in a thread."""
    assert process.stdout is not None
    line = process.stdout.readline()
    return json.loads(line) if line.endswith(b"\n") else None
