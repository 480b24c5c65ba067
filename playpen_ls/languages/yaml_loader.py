"""The YAML loader: libyaml if available."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

SLOW = "PyYAML is installed without libyaml, so manifests are parsed slowly; reinstall PyYAML from a wheel"


@cache
def yaml_loader() -> Any:
    """The libyaml loader, or the pure Python loader, which is ten times slower; see `is_slow`."""
    import yaml

    return yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def is_slow() -> bool:
    """Whether this process has loaded YAML without libyaml."""
    loaded = sys.modules.get("yaml")
    return loaded is not None and not loaded.__with_libyaml__
