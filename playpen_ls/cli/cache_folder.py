"""The folder in which the system wants the caches of a user."""

from __future__ import annotations

import os
import sys


def user_cache_folder() -> str:
    """The folder of this program there; it need not exist."""
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        caches = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        caches = os.path.join(home, "Library", "Caches")
    else:
        caches = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(caches, "playpen-ls")
