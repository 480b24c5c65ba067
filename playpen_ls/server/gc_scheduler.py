"""Schedules garbage collection between keystrokes, never during one."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

PAUSE = 0.02  # seconds after a response; keystrokes of a fast typist are 60 ms apart
REST = 1.0  # seconds after a response: then nobody is typing
MUCH = 50_000  # new objects before the young ones are collected without a pause; about 5 MB, and 5 ms
YOUNG = 5  # collections of one generation before the next one is collected too, without a pause


class GcScheduler:
    """A full collection visits all live objects, so a keystroke during which it runs is slow (19 instead of 4 ms).

    With an open file of 60 KB that has a finding in each line it takes 100 ms, so it waits until nobody is typing.
    While the heap `grows`, because a project is being indexed, only young generations are collected.
    """

    def __init__(self, grows: Callable[[], bool]) -> None:
        self._grows = grows
        self._timer: asyncio.TimerHandle | None = None
        self._started = False

    def start(self) -> None:
        """Freeze the objects that live as long as the process, and disable automatic collection."""
        if not self._started:
            self._started = True
            self.keep()
            gc.disable()

    def keep(self) -> None:
        """Exclude all live objects from later collections: call it after allocating many, such as a project's facts.

        Call it rarely: reference cycles among them are never freed.
        """
        if self._started:
            gc.collect()
            gc.freeze()

    def soon(self) -> None:
        """Schedule a collection after a pause; if there are many new objects, collect the young ones now.

        Without that, the memory that reference cycles fill while nobody pauses stays with the process.
        """
        if not self._started:
            return
        if self._timer is not None:
            self._timer.cancel()
        new, younger, older = gc.get_count()
        if new > MUCH:
            gc.collect(0 if younger < YOUNG else 1 if older < YOUNG or self._grows() else 2)
        self._timer = asyncio.get_running_loop().call_later(PAUSE, self._collect_young)

    def _collect_young(self) -> None:
        gc.collect(1)
        self._timer = asyncio.get_running_loop().call_later(REST, self._collect_all)

    def _collect_all(self) -> None:
        if not self._grows():
            gc.collect()
