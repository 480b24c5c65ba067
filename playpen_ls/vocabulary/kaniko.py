"""The Kaniko executor: which Dockerfile a command builds, and which version of it an image contains."""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.images import ImageReference

ORIGINAL, FORK = "original", "fork"
_FLAVORS = {
    "gcr.io/kaniko-project/executor": ORIGINAL,
    "ghcr.io/osscontainertools/kaniko": FORK,
    "martizih/kaniko": FORK,
    "docker.io/martizih/kaniko": FORK,
}
_LAST_ORIGINAL = (1, 24, 0)  # archived in June 2025: its floating tags stay at this version
_FLOATING = frozenset(("", "latest", "debug", "slim"))
_VERSION = regex(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:-(?:debug|slim))*")
# The workspace, as a pipeline writes it.
_WORKSPACE = regex(r"(?:`pwd`|\$\(pwd\)|\$\{?(?:env\.)?(?:WORKSPACE|PWD|CI_PROJECT_DIR)\}?|/workspace(?=/|$))(?:/|$)")
_CONTEXT_KIND = regex(r"(?P<kind>[a-z0-9]+)://(?P<place>.*)", re.DOTALL)


class Version(NamedTuple):
    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return ".".join(map(str, self))


@dataclass(frozen=True)
class Executor:
    """`flavor` is "" for an unknown image, such as a mirror; `version` is None for an unknown tag. `features` are the
    names of the feature flags that are on."""

    flavor: str
    version: Version | None
    features: frozenset[str] = frozenset()

    @property
    def known(self) -> bool:
        return bool(self.flavor) and self.version is not None

    def __str__(self) -> str:
        return f"Kaniko {self.version}" if self.known else "Kaniko"


def executor_of(image: str, features: frozenset[str] = frozenset()) -> Executor:
    """The executor in an image, "" for an unknown one."""
    reference = ImageReference.parse(image)
    flavor = _FLAVORS.get(reference.repository.partition("$")[0].rstrip(":"), "")
    version = None
    if not reference.digest and "$" not in image:
        if match := _VERSION.fullmatch(reference.tag):
            version = Version(int(match[1]), int(match[2]), int(match[3] or 0))
        elif flavor == ORIGINAL and reference.tag in _FLOATING:
            version = Version(*_LAST_ORIGINAL)
    return Executor(flavor, version if flavor else None, features)


def is_on(value: str) -> bool:
    """Whether a value of a feature flag, such as `FF_KANIKO_RUN_MOUNT_SECRET`, switches it on."""
    return value.strip("\"' ").lower() not in ("", "0", "f", "false")


def dockerfiles_of(folder: str | None, context: str, sub_path: str, dockerfile: str) -> tuple[str, ...]:
    """The paths of the Dockerfile that the executor tries, relative to the project; empty if they are unknown.

    `folder` is the working directory, relative to the project, None if it is unknown. Kaniko looks for the file there,
    then in the build context.
    """
    if folder is None:
        return ()
    place = _relative(context or ".")
    within = _relative(sub_path or ".")
    file = _relative(dockerfile or "Dockerfile")
    if place is None or within is None or file is None:
        return ()
    found = (posixpath.join(folder, file), posixpath.join(folder, place, within, file))
    return tuple(dict.fromkeys(path for one in found if not (path := posixpath.normpath(one)).startswith("..")))


def _relative(path: str) -> str | None:
    """The path below the workspace; None if it is unknown. The whole repository for a Git context."""
    match = _CONTEXT_KIND.fullmatch(path)
    if match is not None and match["kind"] in ("git", "https"):
        return "."
    if match is not None and match["kind"] != "dir":
        return None
    path = match["place"] if match is not None else path
    path = _WORKSPACE.sub("", path, count=1) if _WORKSPACE.match(path) else path
    return None if path.startswith("/") or "$" in path or "`" in path else path or "."
