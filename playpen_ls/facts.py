"""What files tell each other. A closed file keeps only its facts.

A fact is small, immutable and comparable, and says where it stands. Rules ask for them by type:
a parameter `routes: Facts[Route]` is every Route that the other files of the project state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from playpen_ls.finding import Place


@dataclass(frozen=True, slots=True)
class Fact:
    place: Place


@dataclass(frozen=True, slots=True)
class Route(Fact):
    """An HTTP route that Python code serves: `/api/health`. A router's prefix is not joined."""

    path: str
    methods: tuple[str, ...] = ("GET",)


@dataclass(frozen=True, slots=True)
class ComputedRoute(Fact):
    """Python code serves or includes a route whose path is not literal, so nobody knows what else is served."""


@dataclass(frozen=True, slots=True)
class MountedApplication(Fact):
    """A web application that another one mounts; `name` is the last part of its variable's name."""

    name: str


@dataclass(frozen=True, slots=True)
class JsonLogs(Fact):
    """Python code sets up structured logs: a JSON formatter, structlog or loguru."""


@dataclass(frozen=True, slots=True)
class EnvironmentRead(Fact):
    """Python code reads an environment variable; `default` is None where it has none."""

    name: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Backup(Fact):
    """Something that dumps a database; `namespace` is "" where it is not known."""

    namespace: str


@dataclass(frozen=True, slots=True)
class Exposed(Fact):
    """A Dockerfile's EXPOSE, or a server's `--port` in its command."""

    port: int


@dataclass(frozen=True, slots=True)
class ImageUse(Fact):
    """An image reference with a fixed tag, as written: `postgres:16.4`."""

    reference: str


@dataclass(frozen=True, slots=True)
class ServiceSelector(Fact):
    """A Kubernetes Service's selector: the labels of the pods that it sends requests to."""

    namespace: str
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ServiceAccount(Fact):
    namespace: str
    name: str
    mounts_token: bool


@dataclass(frozen=True, slots=True)
class LimitRange(Fact):
    """Default limits for a namespace's containers."""

    namespace: str


@dataclass(frozen=True, slots=True)
class SecretKeys(Fact):
    """A Kubernetes Secret, or a stub or controller object that stands for one."""

    namespace: str
    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overlay(Fact):
    """A kustomization or a Helm chart: the paths of files that hold parts of objects, and images that get a tag.

    `partial` paths are the project's; a folder ends in `/`. `images` are names without tags.
    """

    partial: tuple[str, ...]
    images: tuple[str, ...]


F = TypeVar("F", bound=Fact)


class Facts(Generic[F]):
    """The facts of one type that the other files of the project state, in path order.

    `complete` is False while files are still being read. A rule sees that only if it is declared
    with `waits=False`; the others wait.
    """

    def __init__(self, kind: type[F], items: tuple[F, ...] = (), complete: bool = True) -> None:
        self.kind = kind
        self.items = items
        self.complete = complete

    def __iter__(self) -> Iterator[F]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class Files(Protocol):
    """The files of the project as they are now, saved or not. Paths are relative to its root.

    A path that leaves the project is not looked at: it does not exist.
    """

    @property
    def known(self) -> bool:
        """False for a text that has no place on the disk: then nothing is known to be missing."""

    def exists(self, path: str) -> bool:
        """There is a file or a folder of that name."""

    def text(self, path: str) -> str | None:
        """The file's text without a byte-order mark, or None if it cannot be read as text."""

    def names(self, folder: str) -> tuple[str, ...]:
        """What the folder holds, sorted; folders end in `/`. Empty for what is no folder."""
