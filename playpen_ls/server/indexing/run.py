"""Indexes a project in a worker process, with progress and cancellation."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
import uuid
from functools import partial
from typing import Any

from lsprotocol import types as lsp

from playpen_ls.project.fact_json import Malformed
from playpen_ls.project.indexer import TOO_MANY
from playpen_ls.project.isolation import PACKAGE, module_path
from playpen_ls.project.worker import BOOTSTRAP, batch_of
from playpen_ls.server.protocol import Server, answer_of, known
from playpen_ls.session.workspace import Workspace

logger = logging.getLogger("playpen_ls")

STEP = 5  # percent between two progress reports


class Cancelled(Exception):
    """The user canceled indexing."""


class Failed(Exception):
    """The index worker failed. The message is the reason."""


class IndexRun:
    """One indexing run for one project. `shows`: whether the client supports progress."""

    def __init__(self, server: Server, workspace: Workspace, shows: bool) -> None:
        self._server = server
        self._workspace = workspace
        self._token = f"playpen-{uuid.uuid4()}" if shows else None
        self._process: subprocess.Popen[bytes] | None = None
        self._total = 0
        self._said = 0
        self.cancelled = False

    async def run(self, first: bool = True) -> None:
        """Complete the index; later runs read only files that changed on disk. Never raises."""
        if first:
            await self._begin()
        message = "done"
        try:
            await self._work()
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
            self._token = None
        finally:
            self._stop()
            self._end(message)

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
                    self._report(number)
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
        utf8 = f"utf8={sys.flags.utf8_mode}"  # names of files are decoded as here, where PYTHONUTF8 may be set
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-X", utf8, "-c", BOOTSTRAP, os.path.dirname(PACKAGE), *modules],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PACKAGE,
        )  # fmt: skip

    async def _slowly(self) -> None:
        """Index in this process, file by file, handling messages in between. Never raises."""
        self._tell("playpen: the index worker failed; the project is indexed more slowly in the server process")
        try:
            closed = self._workspace.closed
            for path in await known(closed.listed) or ():
                await known(partial(closed.read_listed, path))
                if self.cancelled:
                    return
                await asyncio.sleep(0)
            self._workspace.index.complete = not closed.too_many
        except Exception as error:
            logger.error("%s: indexing failed: %s", self._workspace.root, type(error).__name__)
        if not self._workspace.index.complete:
            name = self._workspace.root.name
            self._tell(f"playpen: the index of {name} is incomplete, so cross-file rules are disabled")

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _stop(self) -> None:
        """Kill the process and wait for it, so that it does not remain as a zombie."""
        if self._process is not None:
            self._kill()
            self._process.wait()

    # Progress

    async def _begin(self) -> None:
        if self._token is None:
            return
        progress = self._server.work_done_progress
        try:
            await answer_of(lsp.WINDOW_WORK_DONE_PROGRESS_CREATE, progress.create_async(self._token))
        except Exception as error:
            logger.info("the client shows no progress: %s", type(error).__name__)
            self._token = None
            return
        progress.tokens[self._token].add_done_callback(lambda future: self.cancel() if future.cancelled() else None)
        progress.begin(
            self._token, lsp.WorkDoneProgressBegin("playpen: indexing the project", cancellable=True, percentage=0)
        )

    def _report(self, number: int) -> None:
        percent = 100 * number // max(self._total, 1)
        if self._token is not None and percent >= self._said + STEP:
            self._said = percent
            message = f"{number} of {self._total} files"
            report = lsp.WorkDoneProgressReport(message=message, percentage=min(percent, 100))
            self._server.work_done_progress.report(self._token, report)

    def _end(self, message: str) -> None:
        if self._token is not None:
            self._server.work_done_progress.end(self._token, lsp.WorkDoneProgressEnd(message=message))
            self._server.work_done_progress.tokens.pop(self._token, None)
            self._token = None

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
