"""Image references: `[host[:port]/]path[:tag][@digest]`."""

from __future__ import annotations

import re

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_VARIANT = regex(
    r"(?:^|[-_.])(?:alpine|slim|bookworm|bullseye|buster|trixie|stretch|sid|stable|jammy|focal|noble|bionic|nonroot"
    r"|debug|onbuild|fpm|apache|windowsservercore|nanoserver)"
)


def is_variant(tag: str) -> bool:
    """Whether the tag selects another build variant than `latest`, such as `22-alpine`."""
    return bool(_VARIANT.search(tag))


@dataclass(frozen=True, slots=True)
class ImageReference:
    """The parts as written; `registry`, `tag` and `digest` are "" where absent.

    The tag's colon comes after the last `/`: `nexus:5000/web` has no tag. A first component is a
    registry if it contains `.` or `:` or is `localhost` (the distribution reference grammar).
    """

    text: str
    registry: str
    path: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        named, _, digest = text.partition("@")
        colon = named.find(":", named.rfind("/") + 1)
        repository, tag = (named, "") if colon < 0 else (named[:colon], named[colon + 1 :])
        head, slash, rest = repository.partition("/")
        if slash and (head == "localhost" or "." in head or ":" in head):
            return cls(text, head, rest, tag, digest)
        return cls(text, "", repository, tag, digest)

    @property
    def repository(self) -> str:
        """Registry and path, without tag and digest."""
        return f"{self.registry}/{self.path}" if self.registry else self.path

    @property
    def name(self) -> str:
        """The name on Docker Hub: without registry, `library/`, tag and digest."""
        return self.path.removeprefix("library/")

    @property
    def base(self) -> str:
        """The last segment of the path."""
        return self.path.rpartition("/")[2]

    @property
    def floats(self) -> bool:
        """Whether the reference is mutable: no digest, and no tag or `latest`."""
        return not self.digest and self.tag in ("", "latest")

    @property
    def variable(self) -> bool:
        """Whether it contains a variable or a template, so that the image is unknown."""
        return bool(re.search(r"[$%{}<>]|__", self.text))

    @property
    def tag_span(self) -> Span:
        """The span of the tag within `text`; if there is none, the empty span at which `:tag` would be inserted."""
        end = len(self.repository)
        return Span(end + 1, end + 1 + len(self.tag)) if self.tag else Span(end, end)

    def retagged(self, tag: str) -> str:
        """The reference with this tag and no digest."""
        return f"{self.repository}:{tag}"
