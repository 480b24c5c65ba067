"""Whether absence can be concluded: an object is no patch, no template and no base of an overlay."""

from __future__ import annotations

import posixpath

from playpen_ls.api.fact_types import (
    Overlay,
)
from playpen_ls.api.facts import Facts
from playpen_ls.languages.kubernetes.model.resources import Container, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar


def is_whole(workload: Workload, overlays: Facts[Overlay]) -> bool:
    """What it does not say is said nowhere else: it is no patch and no template."""
    return not workload.partial and not holds_parts(workload.document.path, overlays)


def holds_parts(path: str, overlays: Facts[Overlay]) -> bool:
    """The file holds parts of objects, or templates of them."""
    if overlays.having(_partial, path):
        return True
    while path := posixpath.dirname(path):
        if overlays.having(_partial, path + "/"):
            return True
        if path == "/":
            break
    return False


def _partial(overlay: Overlay) -> tuple[str, ...]:
    return overlay.partial


def lacks(container: Container, key: str, overlays: Facts[Overlay]) -> bool:
    """The container certainly has no such key, or an empty one; not where a line of it is half-typed."""
    if not is_whole(container.workload, overlays) or container.document.masks(container.node):
        return False
    value = container.node.get(key)
    return value is None or is_empty(value)


def is_empty(value: object) -> bool:
    """Null or `{}`."""
    if isinstance(value, Scalar):
        return value.null
    return isinstance(value, Mapping) and not value.entries
