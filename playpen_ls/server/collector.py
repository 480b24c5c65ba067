"""When garbage is collected: between keystrokes, never during one."""

from __future__ import annotations

import asyncio
import gc

PAUSE = 0.02  # seconds after an answer; a fast typist leaves 60 ms between keystrokes
MUCH = 300_000  # objects that may wait for a pause; about 30 MB


class Collector:
    """The collector walks everything that lives, so a keystroke in which it runs is slow (19 instead of 4 ms)."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None
        self._started = False

    def start(self) -> None:
        """Call it once what lives for ever is there: that is never walked again."""
        if not self._started:
            self._started = True
            gc.collect()
            gc.freeze()
            gc.disable()

    def soon(self) -> None:
        """Something was answered: collect when it has become quiet, or now if too much waits."""
        if not self._started:
            return
        if self._timer is not None:
            self._timer.cancel()
        if gc.get_count()[0] > MUCH:
            gc.collect()
        self._timer = asyncio.get_running_loop().call_later(PAUSE, gc.collect)
