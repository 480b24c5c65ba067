"""When garbage is collected: between keystrokes, never during one."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

PAUSE = 0.02  # seconds after an answer; a fast typist leaves 60 ms between keystrokes
MUCH = 300_000  # objects that may wait for a pause; about 30 MB


class Collector:
    """The collector walks everything that lives, so a keystroke in which it runs is slow (19 instead of 4 ms).

    While it `grows`, since a project is being read, only what is new is walked.
    """

    def __init__(self, grows: Callable[[], bool]) -> None:
        self._grows = grows
        self._timer: asyncio.TimerHandle | None = None
        self._started = False

    def start(self) -> None:
        """Call it once what lives for ever is there: that is never walked again."""
        if not self._started:
            self._started = True
            self.keep()
            gc.disable()

    def keep(self) -> None:
        """What lives now is never walked again: call it when much has come that will, such as the facts of a project.

        Not often: what is part of a circle then is never let go.
        """
        if self._started:
            gc.collect()
            gc.freeze()

    def soon(self) -> None:
        """Something was answered: collect when it has become quiet, or now if too much waits."""
        if not self._started:
            return
        if self._timer is not None:
            self._timer.cancel()
        if gc.get_count()[0] > MUCH:
            self._collect()
        self._timer = asyncio.get_running_loop().call_later(PAUSE, self._collect)

    def _collect(self) -> None:
        gc.collect(1 if self._grows() else 2)
