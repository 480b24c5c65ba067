"""Indexes the closed files of a project from disk, in this process or with the results of an index worker."""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Callable, Container, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from playpen_ls.api.facts import Fact, NotKnownYet
from playpen_ls.project.discovery import is_found
from playpen_ls.project.index import Index
from playpen_ls.project.patience import Ask, at_once
from playpen_ls.project.scan import MOST_FILES, Excluded, Stamp, facts_of, paths_under

TOO_MANY = f"more than {MOST_FILES:,} files, so cross-file rules are disabled; exclude folders in playpen.toml"
logger = logging.getLogger("playpen_ls")


class Indexer:
    """Updates `index` with the facts of closed files. Skips those in `opened`, whose facts come from the editor."""

    def __init__(
        self,
        root: Path,
        excluded: Callable[[], Excluded],
        index: Index,
        opened: Container[str],
        ask: Ask = at_once,
    ) -> None:
        self._root = root
        self._ask = ask
        self._reads = 0
        self._late: dict[str, int] = {}
        """The files whose facts are not known yet, with the number of the reading."""
        self._excluded = excluded
        self._index = index
        self._opened = opened
        self._stamps: dict[str, Stamp] = {}
        self._touched: set[str] = set()
        self._listed: Excluded | None = None
        """What is left out, as it was when the project was last listed for another process."""
        self._too_many = False

    def paths(self, most: int | None = None) -> list[str]:
        """The paths of files in supported languages (by name), sorted; the first of them, if there are more."""
        excluded = self._excluded()
        found = paths_under(self._root, excluded.patterns, excluded.base)
        return self._ask((self, "paths", most), lambda: list(islice(found, most)))

    def listed(self) -> list[str] | None:
        """The `paths`, or None if there are too many for one project, which is logged once."""
        if self._too_many:
            return None
        paths = self.paths(MOST_FILES + 1)
        if len(paths) <= MOST_FILES:
            return paths
        self._too_many = True
        logger.warning("%s: %s", self._root, TOO_MANY)
        return None

    @property
    def too_many(self) -> bool:
        """Whether the project has been found to have too many files, so that it is not indexed."""
        return self._too_many

    def order(self) -> dict[str, Any]:
        """The request for the index worker."""
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
        """Whether the excluded files have changed since the project was listed, so that it must be listed again."""
        excluded = self._excluded()
        return self._listed is not None and self._listed != excluded

    def counts(self, path: str, excluded: Excluded | None = None) -> bool:
        """Whether the file is in the project (it need not exist). Excluded files contribute no facts."""
        excluded = excluded or self._excluded()
        return not posixpath.isabs(path) and is_found(path, self._root, excluded.patterns, excluded.base)

    def take(self, path: str, facts: Iterable[Fact], stamp: Stamp | None) -> None:
        """Accept facts from another process, unless the file was opened or read here since and so has newer facts."""
        if stamp is None:
            self._stamps.pop(path, None)
        else:
            self._stamps[path] = stamp
        if path not in self._opened and path not in self._touched:
            self._index.put(path, facts)

    def read(self, path: str) -> bool:
        """Update the index with the facts of a closed file, and return whether they changed.

        One that takes long is read in `catch_up`.
        """
        self._reads += 1
        return self._read(path, self._reads)

    def _read(self, path: str, number: int) -> bool:
        self._late.pop(path, None)
        if path in self._opened:
            return False
        try:
            facts = self._ask((self, path, number), partial(self._facts, path, self._excluded()))
        except NotKnownYet:
            self._late[path] = number
            return False
        return self._put(path, facts)

    def _facts(self, path: str, excluded: Excluded) -> tuple[Fact, ...]:
        return facts_of(self._root, path) if self.counts(path, excluded) else ()

    def catch_up(self) -> None:
        """Read what took long, once it has been read."""
        for path, number in list(self._late.items()):
            self._read(path, number)

    def _put(self, path: str, facts: Iterable[Fact]) -> bool:
        self._touched.add(path)
        return bool(self._index.put(path, facts))

    def read_below(self, folder: str) -> None:
        """Read all indexed files of a folder again: some clients report only the deleted folder."""
        for path in self._index.paths():
            if path.startswith(f"{folder}/"):
                self.read(path)

    def reading(self) -> Iterator[str]:
        """Complete the index step by step; yields each path after reading it, so that the caller can do other work."""
        paths = self.listed()
        if paths is None:
            return
        for path in paths:
            self.read_listed(path)
            yield path
        self._index.complete = True

    def read_listed(self, path: str) -> None:
        """Read a file that is known to count: asking for each would read all ignore files again."""
        if path not in self._opened:
            self._put(path, self._ask((self, path, "listed"), partial(facts_of, self._root, path)))

    def read_all(self) -> None:
        """Complete the index."""
        for _ in self.reading():
            pass
