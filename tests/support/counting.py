"""How much is done, counted: it does not depend on the machine, as time does."""

from __future__ import annotations

import gc
from collections.abc import Callable
from cProfile import Profile


def calls(action: Callable[[], object]) -> int:
    """Function calls made while it runs."""
    profile = Profile()
    gc.collect()
    gc.disable()  # what collects the garbage of other tests would be counted
    try:
        profile.runcall(action)
    finally:
        gc.enable()
    return sum(entry.callcount for entry in profile.getstats())
