"""References and the places that they lead to."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from playpen_ls.api.facts import Files
from playpen_ls.text.span import Span

START = Span(0, 0)


class Target(NamedTuple):
    """A place in a file of the project; `path` is relative to its root."""

    path: str
    span: Span = START


@dataclass(frozen=True)
class Reference:
    """A name at `span`, offsets in its file; `targets` finds what it means, and is called for one reference only."""

    span: Span
    targets: Callable[[], Iterable[Target]]


@dataclass(frozen=True)
class Definition:
    """`span` is that of the name in its own file; `targets` are not empty and have no duplicates."""

    span: Span
    targets: tuple[Target, ...]


def resolved(references: Iterable[Reference], offset: int) -> Definition | None:
    """The definition of the first reference at the offset that leads anywhere."""
    for one in references:
        if one.span.start <= offset <= one.span.end:
            found = tuple(dict.fromkeys(one.targets()))
            if found:
                return Definition(one.span, found)
    return None


def file_at(folder: str, path: str, files: Files) -> list[Target]:
    """The file or the folder's entry of that path, if it is in the project; `folder` is where the path starts."""
    place = posixpath.normpath(posixpath.join(folder, path))
    inside = not place.startswith(("../", "/")) and place not in ("..", ".")
    return [Target(place)] if inside and not files.names(place) and files.exists(place) else []
