"""What YAML is read with."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

logger = logging.getLogger("playpen_ls")


@cache
def yaml_loader() -> Any:
    """libyaml, or PyYAML's own parser, which is ten times slower; that is said once."""
    import yaml

    if yaml.__with_libyaml__:
        return yaml.CSafeLoader
    logger.warning(
        "PyYAML has no libyaml, so manifests are read slowly: reinstall it from a wheel (pip install PyYAML)"
    )
    return yaml.SafeLoader
