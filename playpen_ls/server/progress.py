"""Progress of long work, which the client shows and its user can cancel."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from lsprotocol import types as lsp

from playpen_ls.server.protocol import Server, answer_of

logger = logging.getLogger("playpen_ls")

STEP = 5  # percent between two reports


class Progress:
    """One piece of work; `cancel` is called when the user cancels it.

    Nothing is sent before `begin`, or without `shows`.
    """

    def __init__(self, server: Server, shows: bool, cancel: Callable[[], None]) -> None:
        self._server = server
        self._shows = shows
        self._token: str | None = None
        self._cancel = cancel
        self._said = 0

    async def begin(self, title: str) -> None:
        if not self._shows:
            return
        progress, token = self._server.work_done_progress, f"playpen-{uuid.uuid4()}"
        try:
            await answer_of(lsp.WINDOW_WORK_DONE_PROGRESS_CREATE, progress.create_async(token))
        except Exception as error:
            logger.info("the client shows no progress: %s", type(error).__name__)
            return
        self._token = token
        progress.tokens[token].add_done_callback(lambda future: self._cancel() if future.cancelled() else None)
        progress.begin(token, lsp.WorkDoneProgressBegin(title, cancellable=True, percentage=0))

    def report(self, number: int, total: int) -> None:
        percent = min(100 * number // max(total, 1), 100)
        if self._token is not None and percent >= self._said + STEP:
            self._said = percent
            report = lsp.WorkDoneProgressReport(message=f"{number:,} of {total:,} files", percentage=percent)
            self._server.work_done_progress.report(self._token, report)

    def end(self, message: str) -> None:
        if self._token is not None:
            self._server.work_done_progress.end(self._token, lsp.WorkDoneProgressEnd(message=message))
            self._server.work_done_progress.tokens.pop(self._token, None)
            self._token = None

    def forget(self) -> None:
        """Send nothing more."""
        self._token = None
