"""Settings of the platform that rules check for. The defaults are Playpen's own values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from fnmatch import fnmatchcase
from typing import Any

from playpen_ls.text.dataclass import dataclass
from playpen_ls.vocabulary.images import ImageReference

PRACTICES_URL = "https://hiranofficial.github.io/playpen/operations/best-practices"


@dataclass(frozen=True)
class Probe:
    """An HTTP probe as the platform recommends it; delays and periods in seconds."""

    path: str
    port: int
    initialDelaySeconds: int
    periodSeconds: int


def _setting(description: str, default: Any) -> Any:
    """A field with a description for editors and the documentation; a default that is no plain value is a factory."""
    if callable(default):
        return field(default_factory=default, metadata={"description": description})
    return field(default=default, metadata={"description": description})


@dataclass(frozen=True)
class Platform:
    """The `[platform]` table of the configuration; the field names are its keys."""

    practices_url: str = _setting("URL of the page of best practices, to which findings link.", PRACTICES_URL)
    documentation_url: str = _setting(
        "URL at which the documentation of playpen_ls is published; findings then link to the page of their rule.", ""
    )
    registry: str = _setting("Registry of the platform, as images name it.", "nexus:5000")
    base_images: Mapping[str, str] = _setting(
        "Platform image for each public base image.", lambda: {"python": "playpen/python-base:latest"}
    )
    own_images: tuple[str, ...] = _setting(
        "Patterns of the platform's own images, which may have mutable tags.", ("playpen/*", "nexus:5000/playpen/*")
    )
    pins: Mapping[str, str] = _setting("Tag that fixes write for an image, by image.", dict)
    namespaces: Mapping[str, str] = _setting(
        "Namespaces of the platform's own services and of applications.",
        lambda: {"platform": "playpen-platform", "apps": "playpen-apps"},
    )
    service_hosts: tuple[str, ...] = _setting(
        "Patterns of host names of the platform's services.", ("*.playpen-platform.svc.cluster.local",)
    )
    credentials: Mapping[str, str] = _setting(
        "Jenkins credentials id for each registry or host.", lambda: {"nexus:5000": "nexus-credentials"}
    )
    release: str = _setting("Tag that fixes give to images that a pipeline pushes.", "v1.0.0-${BUILD_NUMBER}")
    build_context: Mapping[str, str] = _setting(
        "Build context of a Dockerfile, by its path, in place of what builds say; both relative to the project.", dict
    )
    liveness: Probe = _setting("Liveness probe that fixes add.", Probe("/health", 8000, 30, 10))
    readiness: Probe = _setting("Readiness probe that fixes add.", Probe("/ready", 8000, 5, 5))
    resources: Mapping[str, Mapping[str, str]] = _setting(
        "Requests and limits that fixes add.",
        lambda: {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "512Mi"}},
    )

    def owns(self, image: ImageReference) -> bool:
        """Whether it is one of the platform's own images, for which mutable tags are allowed."""
        return any(fnmatchcase(image.repository, pattern) for pattern in self.own_images)

    def link(self, practice: str) -> str | None:
        """The URL of a best practice; None for rules without one ("+")."""
        if not self.practices_url or practice == "+":
            return None
        return f"{self.practices_url}#{slug(practice)}"

    def rule_link(self, id: str, practice: str) -> str | None:
        """The URL of a rule's page; without documentation, that of its practice; None if it has none either."""
        if self.documentation_url:
            return f"{self.documentation_url.rstrip('/')}/rules/{id}.html"
        return self.link(practice)


def slug(heading: str) -> str:
    """The anchor of a heading as Markdown tools generate it: lower case, no punctuation, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
