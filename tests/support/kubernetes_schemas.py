"""The schemas of the API server in `kubernetes-validate`. A test that needs them is skipped where that is missing."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

SCHEMAS = files("kubernetes_validate") / "kubernetes-json-schema"
NEWEST, OLDEST = "1.37", "1.25"


@cache
def load(release: str, name: str) -> Any:
    path = SCHEMAS / f"v{release}.0-local-strict" / f"{name}.json"
    return json.loads(path.read_text()) if path.is_file() else None


def name_of(version: str, kind: str) -> str:
    group, _, number = version.rpartition("/")
    return "-".join(filter(None, (kind.lower(), group.partition(".")[0], number)))
