"""How much is done, counted: it does not depend on the machine, as time does."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable


def calls(action: Callable[[], object]) -> int:
    """Function calls made while it runs."""
    count = 0

    def called(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    gc.collect()
    gc.disable()  # what collects the garbage of other tests would be counted
    sys.setprofile(called)
    try:
        action()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count
