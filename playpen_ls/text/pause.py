"""Pauses in long work, in which somebody else's short work can be done.

What takes long calls `pause` between its steps, and `pause_or_end` where it can be ended; whoever starts it says what
is done then. Threads have pauses of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Pause = Callable[[], None]

_pauses: ContextVar[tuple[Pause, Pause] | None] = ContextVar("pauses", default=None)


def pause() -> None:
    """Do what is to be done between two steps. Does not raise."""
    pauses = _pauses.get()
    if pauses is not None:
        pauses[0]()


def pause_or_end() -> None:
    """The same where the work can be ended by what this raises."""
    pauses = _pauses.get()
    if pauses is not None:
        pauses[1]()


@contextmanager
def pausing(do: Pause, do_or_end: Pause | None = None) -> Iterator[None]:
    """In pauses of what runs here, `do` is called, or `do_or_end`, by default the same."""
    token = _pauses.set((do, do_or_end or do))
    try:
        yield
    finally:
        _pauses.reset(token)
