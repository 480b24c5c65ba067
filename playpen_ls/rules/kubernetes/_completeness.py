"""Whether what a manifest does not contain is really missing: the manifest is complete, and nothing adds to it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from playpen_ls.api.fact_types import Overlay
from playpen_ls.api.facts import Facts
from playpen_ls.languages.kubernetes.model.resources import Container, Resource, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar


@dataclass(frozen=True)
class Absence:
    """Says whether something is really missing; a rule that reports an absence takes it as one parameter.

    Nothing is certainly missing from a patch, which changes an object that is elsewhere; from a template, whose
    expressions can produce anything; from a file that an overlay or a chart reads as one of these; or next to a
    half-typed line. Such a rule also says `reports_absence=True`, so that it does not report what is about to be typed.
    """

    overlays: Facts[Overlay]

    def of(self, container: Container, key: str) -> bool:
        """Whether the container certainly does not have `key`, or has it without a value: null or `{}`."""
        value = container.node.get(key)
        return (value is None or is_empty(value)) and self.is_certain(container)

    def is_certain(self, part: Container | Resource) -> bool:
        """Whether everything that the part does not contain is missing."""
        document = part.document
        if document.template or document.parsed.patches or document.masks(part.node):
            return False
        workload = part.workload if isinstance(part, Container) else part
        if isinstance(workload, Workload) and workload.partial:
            return False
        return not self._completes(document.path)

    def _completes(self, path: str) -> bool:
        """Whether an overlay or a chart completes the objects of this file."""
        if self.overlays.having(_partial, path):
            return True
        while path := posixpath.dirname(path):
            if self.overlays.having(_partial, path + "/"):
                return True
            if path == "/":
                break
        return False


def _partial(overlay: Overlay) -> tuple[str, ...]:
    return overlay.partial


def is_empty(value: object) -> bool:
    """Null or `{}`."""
    if isinstance(value, Scalar):
        return value.null
    return isinstance(value, Mapping) and not value.entries
