"""Programs that read our reports. `tests/cli/consumers/install` installs them."""

from __future__ import annotations

import os
from pathlib import Path

CONSUMERS = Path(__file__).parents[1] / "cli/consumers"
INSTALLED = Path(
    os.environ.get("PLAYPEN_LS_CONSUMERS")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "playpen-ls-consumers"
)
