"""What YAML is read with."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

SLOW = "PyYAML has no libyaml, so manifests are read slowly: reinstall it from a wheel (pip install PyYAML)"


@cache
def yaml_loader() -> Any:
    """libyaml, or PyYAML's own parser, which is ten times slower; who talks to the user asks `is_slow`."""
    import yaml

    return yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def is_slow() -> bool:
    """YAML was read here, and without libyaml."""
    loaded = sys.modules.get("yaml")
    return loaded is not None and not loaded.__with_libyaml__
