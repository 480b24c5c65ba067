"""What images and Dockerfiles are called, as links compare them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from playpen_ls.api.fact_types import Recipe
from playpen_ls.api.facts import Facts
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.vocabulary.image_names import HOLE, is_generic, is_placeholder, with_holes, words
from playpen_ls.vocabulary.images import ImageReference
from playpen_ls.vocabulary.purposes import DEVELOPMENT

DULL = frozenset(
    "src app docker dockerfiles dockerfile build dev prod production xenial image images container containers code "
    "source main deploy deployment docker-build package".split()
)  # folders that only say what they have in them
_DEVELOPING = DEVELOPMENT | frozenset("lint base builder build".split())
PLAIN = frozenset(("Dockerfile", "Containerfile"))
_HUB = frozenset(("", "docker.io", "index.docker.io", "registry-1.docker.io"))


@dataclass(frozen=True)
class ImageName:
    """A reference as it is compared. `account` is all before the last segment, without the default registry."""

    reference: ImageReference
    account: str
    base: str
    partial: bool
    """A variable is a part of the last segment."""

    @classmethod
    @lru_cache(maxsize=4096)  # each container's is compared with all others
    def of(cls, image: str) -> ImageName:
        reference = ImageReference.parse(with_holes(image))
        registry = "" if reference.registry in _HUB else reference.registry
        path = reference.path.removeprefix("library/")
        account = "/".join(part for part in (registry, path.rpartition("/")[0]) if part)
        base = reference.base
        if HOLE in base and base.strip(HOLE + "-_.") and HOLE not in base.strip(HOLE + "-_."):
            return cls(reference, account, base.strip(HOLE + "-_."), True)
        return cls(reference, account, base, False)

    @property
    def is_placeholder(self) -> bool:
        return not self.base or is_placeholder(self.base) or " " in self.reference.text

    @property
    def is_on_hub(self) -> bool:
        """Whether it is an image of Docker Hub."""
        return self.reference.registry in _HUB

    @property
    def path_account(self) -> str:
        return self.reference.path.removeprefix("library/").rpartition("/")[0]

    def fits(self, other: ImageName) -> bool:
        """Whether both can be one image: `api` and `nexus:5000/api` can, `one/api` and `two/api` cannot."""
        if self.base != other.base:
            return False
        one, two = self.path_account, other.path_account
        if not one or not two or one == two:
            return True
        return any(map(is_placeholder, (*one.split("/"), *two.split("/"))))


@dataclass(frozen=True)
class NamedDockerfile:
    path: str
    names: tuple[str, ...]
    """Names that an image of it can have, the most likely first."""
    spare: bool
    """Only for developing, or a variant beside a plain Dockerfile."""

    @cached_property
    def folder(self) -> str:
        return posixpath.dirname(self.path)


def named_dockerfile(path: str, recipes: Facts[Recipe]) -> NamedDockerfile:
    folder, file = posixpath.split(path)
    if file in PLAIN:
        return NamedDockerfile(
            path, tuple(_names_of(folder)), bool(folder) and words(posixpath.basename(folder)) == ("dev",)
        )
    suffix = re.sub(
        r"^(?:dockerfile|containerfile)[._-]?|[._-]?(?:dockerfile|containerfile)$", "", file, flags=re.IGNORECASE
    )
    plain = any(recipes.of(posixpath.join(folder, name)) for name in PLAIN)
    kind = frozenset(words(suffix))
    if kind & _DEVELOPING:
        return NamedDockerfile(path, (), True)
    if not suffix or (kind <= {"prod", "production", "release"}):
        return NamedDockerfile(path, tuple(_names_of(folder)), plain)
    above = next(_names_of(folder), "")
    return NamedDockerfile(path, (suffix, *([f"{above}-{suffix}", f"{suffix}-{above}"] if above else [])), False)


def _names_of(folder: str) -> Iterator[str]:
    """The name of a folder, and if it is a dull one (`src`, `docker`), the first above that is not."""
    parts = folder.split("/") if folder else []
    for at, part in enumerate(reversed(parts)):
        if part.lower() not in DULL:
            yield part
            return
        if at == 0:
            yield part


def telling(name: str) -> tuple[str, ...]:
    """The words of a name without those that say nothing: `auth-service` is `auth`."""
    return tuple(word for word in words(name) if not is_generic(word)) or words(name)
