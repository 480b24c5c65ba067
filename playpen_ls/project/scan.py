"""Reads the facts of closed files from disk."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from playpen_ls.api.facts import Fact
from playpen_ls.languages import builds
from playpen_ls.languages.detection import language_of
from playpen_ls.languages.registry import facts_in
from playpen_ls.project.discovery import files_under, states_facts
from playpen_ls.project.read_file import read_file
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.source import Source, Unreadable

logger = logging.getLogger("playpen_ls")

MOST_FILES = 20_000  # in supported languages in one project; a larger tree is probably a home folder

Stamp = tuple[int, int]  # (modification time in ns, size in bytes)


@dataclass(frozen=True)
class Excluded:
    """What is left out of a project: .gitignore patterns relative to `base`."""

    patterns: tuple[str, ...]
    base: Path


def facts_of(root: Path, path: str) -> tuple[Fact, ...]:
    """The facts of a file; none if it cannot be read. `path` is relative to the root."""
    try:
        source = Source.decoded(path, read_file(root / path))
        language = language_of(path, lambda: source.text)
        return facts_in(language, source) if language is not None else builds.facts_in(path, source.text)
    except (OSError, Unreadable):
        return ()
    except Exception as error:  # an error in one file must not affect the others
        logger.error("%s: extracting facts failed: %s", path, type(error).__name__)
        return ()


def paths_under(root: Path, exclude: Iterable[str], base: Path) -> Iterator[str]:
    """The sorted paths of files of a project that can state facts, relative to its root."""
    start = len(os.path.join(root, ""))
    for path in files_under(root, exclude, base=base, wanted=states_facts):
        yield path[start:].replace(os.sep, "/")


def stamp(root: Path, path: str) -> Stamp | None:
    try:
        status = (root / path).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def changed(root: Path, paths: Iterable[str], known: Mapping[str, Stamp]) -> Iterator[tuple[str, Stamp | None]]:
    """The files whose stamps differ from the known ones, with their new stamps; None for deleted files."""
    for path in paths:
        now = stamp(root, path)
        if now != known.get(path):
            yield path, now
