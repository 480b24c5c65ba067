"""Whether absence can be concluded: an object is no patch, no template and no base of an overlay."""

from __future__ import annotations

import posixpath

from playpen_ls.api.fact_types import Overlay
from playpen_ls.api.facts import Facts
from playpen_ls.languages.kubernetes.model.resources import Container, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar


def is_whole(workload: Workload, overlays: Facts[Overlay]) -> bool:
    """Whether the manifest is complete: not a patch and not a template."""
    return not workload.partial and not holds_parts(workload.document.path, overlays)


def holds_parts(path: str, overlays: Facts[Overlay]) -> bool:
    """Whether the file contains patches or templates of objects."""
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
    """Whether the key is certainly missing or empty; False while a line of the container is half-typed."""
    if not is_whole(container.workload, overlays) or container.document.masks(container.node):
        return False
    value = container.node.get(key)
    return value is None or is_empty(value)


def is_empty(value: object) -> bool:
    """Null or `{}`."""
    if isinstance(value, Scalar):
        return value.null
    return isinstance(value, Mapping) and not value.entries
