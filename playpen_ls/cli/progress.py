"""Shows on a terminal how far a long run is."""

from __future__ import annotations

import os
import sys
import time

AFTER = 0.5  # seconds; shorter runs show nothing
EVERY = 0.1  # seconds between two updates


class Progress:
    """Call `step` for each step of work, and `done` at the end. Shows nothing unless standard error is a terminal."""

    def __init__(self, quiet: bool = False) -> None:
        self._wanted = (
            not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")
        )
        self._started = self._shown = time.monotonic()
        self._steps, self._visible = 0, False

    def step(self, files: int) -> None:
        """One of two steps for each of `files` files: it was read, or checked."""
        self._steps += 1
        now = time.monotonic() if self._wanted else 0
        if now - self._started > AFTER and now - self._shown > EVERY:
            self._shown, self._visible = now, True
            what, number = ("reading", self._steps) if self._steps <= files else ("checking", self._steps - files)
            print(f"\r\x1b[K{what} files: {number:,} of {files:,}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Remove the line, before something else is printed."""
        if self._visible:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._visible = False

    def done(self, files: int) -> None:
        """Say how long it took."""
        self.clear()
        seconds = time.monotonic() - self._started
        if self._wanted and seconds > AFTER:
            print(f"checked {files:,} files in {seconds:.1f} s", file=sys.stderr)
