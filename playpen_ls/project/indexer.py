"""The files of a project that nobody has open: what they say is read from the disk, here or in another process."""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from playpen_ls.api.facts import Fact
from playpen_ls.project.discovery import is_found
from playpen_ls.project.index import Index
from playpen_ls.project.scan import MOST_FILES, Excluded, Stamp, facts_of, paths_under

TOO_MANY = f"more than {MOST_FILES:,} files, so cross-file rules are disabled; exclude folders in playpen.toml"
logger = logging.getLogger("playpen_ls")


class ClosedFiles:
    """Fills `index`. What the files in `opened` say is known from their texts, so they are left alone."""

    def __init__(self, root: Path, excluded: Callable[[], Excluded], index: Index, opened: Container[str]) -> None:
        self._root = root
        self._excluded = excluded
        self._index = index
        self._opened = opened
        self._stamps: dict[str, Stamp] = {}
        self._touched: set[str] = set()
        self._listed: Excluded | None = None
        """What is left out, as it was when the project was last listed for another process."""
        self._too_many = False

    def paths(self) -> Iterator[str]:
        """The files of the project that could be ours, in order."""
        excluded = self._excluded()
        yield from paths_under(self._root, excluded.patterns, excluded.base)

    def listed(self) -> list[str] | None:
        """The `paths`; None if they are too many to be one project, which is said once."""
        if self._too_many:
            return None
        paths = list(islice(self.paths(), MOST_FILES + 1))
        if len(paths) <= MOST_FILES:
            return paths
        self._too_many = True
        logger.warning("%s: %s", self._root, TOO_MANY)
        return None

    def order(self) -> dict[str, Any]:
        """What the process that reads the project must know."""
        excluded = self._excluded()
        self._touched.clear()
        self._listed = excluded
        return {
            "root": str(self._root),
            "exclude": list(excluded.patterns),
            "base": str(excluded.base),
            "known": self._stamps,
        }

    @property
    def stale(self) -> bool:
        """The configuration leaves out other files now than when the project was listed."""
        excluded = self._excluded()
        return self._listed is not None and self._listed != excluded

    def counts(self, path: str) -> bool:
        """It is one of the `paths`, or would be if it were there: what is left out tells the others nothing."""
        excluded = self._excluded()
        return not posixpath.isabs(path) and is_found(path, self._root, excluded.patterns, excluded.base)

    def take(self, path: str, facts: Iterable[Fact], stamp: Stamp | None) -> None:
        """Facts that another process read. What was opened or read here since is newer."""
        if stamp is None:
            self._stamps.pop(path, None)
        else:
            self._stamps[path] = stamp
        if path not in self._opened and path not in self._touched:
            self._index.put(path, facts)

    def read(self, path: str) -> bool:
        """Put the facts of a closed file into the index; gives whether anything changed."""
        if path in self._opened:
            return False
        self._touched.add(path)
        return bool(self._index.put(path, facts_of(self._root, path) if self.counts(path) else ()))

    def read_below(self, folder: str) -> None:
        """Look again at every file of a folder that the index knows: some clients name only the folder that is gone."""
        for path in self._index.paths():
            if path.startswith(f"{folder}/"):
                self.read(path)

    def reading(self) -> Iterator[str]:
        """Make the index complete; gives each path after it was read, so that others can have their turn."""
        paths = self.listed()
        if paths is None:
            return
        for path in paths:
            self.read(path)
            yield path
        self._index.complete = True

    def read_all(self) -> None:
        """Make the index complete, at once."""
        for _ in self.reading():
            pass
