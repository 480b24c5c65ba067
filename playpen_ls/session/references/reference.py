"""References, and the places that they lead to."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Container, Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from playpen_ls.api.facts import Files
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.span import Span

START = Span(0, 0)


class Target(NamedTuple):
    """A place in a file of the project; `path` is relative to its root."""

    path: str
    span: Span = START


class Kind(Enum):
    """What is referred to."""

    STAGE = "stage"
    ARGUMENT = "ARG or ENV"
    IMAGE = "image"
    FILE = "file"
    PORT = "port"
    ROUTE = "route"
    VARIABLE = "environment variable"
    CONFIG_MAP = "ConfigMap"
    SECRET = "Secret"
    SERVICE_ACCOUNT = "ServiceAccount"
    KEY = "key"
    VOLUME = "volume"
    PODS = "pods"
    SERVICE = "Service"
    SERVICE_PORT = "port of a Service"
    ROLE = "role"
    CLAIM = "PersistentVolumeClaim"
    STEP = "step"
    CREDENTIAL = "credential"
    REVISION = "revision"
    BINDING = "variable of a pipeline"
    VALUE = "value"
    TEMPLATE = "named template"


OBJECTS: Mapping[str, Kind] = {
    "ConfigMap": Kind.CONFIG_MAP, "Secret": Kind.SECRET, "ServiceAccount": Kind.SERVICE_ACCOUNT,
    "Service": Kind.SERVICE, "Role": Kind.ROLE, "ClusterRole": Kind.ROLE, "PersistentVolumeClaim": Kind.CLAIM,
    "Deployment": Kind.PODS, "StatefulSet": Kind.PODS, "ReplicaSet": Kind.PODS, "ReplicationController": Kind.PODS,
}  # fmt: skip
"""The kinds of objects that others name."""


class Access(Enum):
    """What a place does with the name."""

    READ = "read"
    WRITE = "write"
    TEXT = "text"


@dataclass(frozen=True)
class Reference:
    """A name at `span`, offsets in its file; `targets` finds what it means, and is called for one reference only.

    `place` is set if the name is defined here: it is what `targets` of other references lead to. Names that mean the
    same are equal; `name` is "" if they need not be, as for routes. A file without `word` has no such reference.
    """

    span: Span
    kind: Kind
    name: str
    targets: Callable[[], Iterable[Target]]
    place: Target | None = None
    access: Access = Access.READ
    word: str = ""
    folder: str = ""
    """The folder in which all references of the same meaning are, "" if it can be any: such a one needs no `word`."""
    whole: bool = False
    """Whether it takes all that the object has: then the keys of the object are names for others, too."""

    def meant(self) -> frozenset[Target]:
        """What it leads to, and itself where it is defined here. References with a common place mean the same."""
        return frozenset(self.targets()).union((self.place,) if self.place is not None else ())

    def leads_to(self, places: Container[Target]) -> bool:
        """Whether it means one of the places."""
        return self.place in places or any(target in places for target in self.targets())

    @property
    def is_resolved(self) -> bool:
        """Whether it is known what it means."""
        return self.place is not None or any(True for _ in self.targets())


def nothing() -> Iterable[Target]:
    """The targets of a name that leads nowhere else."""
    return ()


def last_word(path: str) -> str:
    """The last word of the path of a route that every path which it answers has; "" if it ends in a parameter."""
    last = path.rstrip("/").rpartition("/")[2]
    return "" if "{" in last or "<" in last else last


def file_at(folder: str, path: str, files: Files) -> list[Target]:
    """The file or the folder's entry of that path, if it is in the project; `folder` is where the path starts."""
    place = posixpath.normpath(posixpath.join(folder, path))
    inside = not place.startswith(("../", "/")) and place not in ("..", ".")
    return [Target(place)] if inside and not files.names(place) and files.exists(place) else []
