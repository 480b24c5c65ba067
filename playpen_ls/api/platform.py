"""Settings of the platform that rules check for. The defaults are Playpen's own values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from playpen_ls.vocabulary.images import ImageReference

PRACTICES_URL = "https://hiranofficial.github.io/playpen/operations/best-practices"


@dataclass(frozen=True)
class Probe:
    """An HTTP probe as the platform recommends it; delays and periods in seconds."""

    path: str
    port: int
    initialDelaySeconds: int
    periodSeconds: int


@dataclass(frozen=True)
class Platform:
    """The `[platform]` table of the configuration; the field names are its keys."""

    practices_url: str = PRACTICES_URL
    registry: str = "nexus:5000"
    base_images: Mapping[str, str] = field(default_factory=lambda: {"python": "playpen/python-base:latest"})
    own_images: tuple[str, ...] = ("playpen/*", "nexus:5000/playpen/*")
    pins: Mapping[str, str] = field(default_factory=dict)
    namespaces: Mapping[str, str] = field(
        default_factory=lambda: {"platform": "playpen-platform", "apps": "playpen-apps"}
    )
    service_hosts: tuple[str, ...] = ("*.playpen-platform.svc.cluster.local",)
    credentials: Mapping[str, str] = field(default_factory=lambda: {"nexus:5000": "nexus-credentials"})
    release: str = "v1.0.0-${BUILD_NUMBER}"
    build_context: Mapping[str, str] = field(default_factory=dict)
    liveness: Probe = Probe("/health", 8000, 30, 10)
    readiness: Probe = Probe("/ready", 8000, 5, 5)
    resources: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"cpu": "500m", "memory": "512Mi"},
        }
    )

    def owns(self, image: ImageReference) -> bool:
        """Whether it is one of the platform's own images, for which mutable tags are allowed."""
        return any(fnmatchcase(image.repository, pattern) for pattern in self.own_images)

    def link(self, practice: str) -> str | None:
        """The URL of a best practice; None for rules without one ("+")."""
        if not self.practices_url or practice == "+":
            return None
        return f"{self.practices_url}#{slug(practice)}"


def slug(heading: str) -> str:
    """The anchor of a heading as Markdown tools generate it: lower case, no punctuation, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
