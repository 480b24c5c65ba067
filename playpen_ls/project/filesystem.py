"""The files of a project as rules see them: unsaved texts of open editors override the disk."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from playpen_ls.api.facts import Files, NotKnownYet
from playpen_ls.project.discovery import repository_root
from playpen_ls.project.git_index import Tracked
from playpen_ls.project.patience import Ask
from playpen_ls.project.read_file import read_file
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.source import Source, Unreadable
from playpen_ls.text.text_cache import TextCache

MOST_TEXT = 4_000_000  # characters of files that are not read again while they stay as they are
LARGE = 20_000_000  # bytes
Archive = tuple[tuple[str, str | None], ...]
T = TypeVar("T")
MOST_WEIGHED = 2_000  # files and folders; a single edit can query them


class ProjectFiles:
    """`Files` for a folder. `open_text` returns the text of a file in an open editor, or None.

    Nothing outside the folder is accessed, neither through `..` nor through a symbolic link.
    """

    def __init__(self, root: Path, open_text: Callable[[str], str | None], known: bool = True) -> None:
        self._root = root
        self._open_text = open_text
        self._known = known
        self._texts = _OnDisk(_decoded, lambda text: len(text or ""))
        self._archives = _OnDisk(_unpacked, lambda files: sum(len(text or "") for _, text in files or ()))
        self._weighed: dict[str, tuple[dict[str, int], bool]] = {}

    @cached_property
    def _real_root(self) -> str:
        return os.path.realpath(self._root)

    @property
    def known(self) -> bool:
        return self._known

    def exists(self, path: str) -> bool:
        place = self._place(path)
        return place is not None and (self._open_text(_clean(path)) is not None or os.path.exists(place))

    def text(self, path: str) -> str | None:
        place = self._place(path)
        if place is None:
            return None
        opened = self._open_text(_clean(path))
        return opened if opened is not None else self._texts.at(place)

    def names(self, folder: str) -> tuple[str, ...]:
        place = self._place(folder)
        if place is None:
            return ()
        try:
            with os.scandir(place) as entries:
                return tuple(sorted(entry.name + ("/" if entry.is_dir() else "") for entry in entries))
        except OSError:
            return ()

    def archive(self, path: str) -> Archive | None:
        place = self._place(path)
        return self._archives.at(place) if place is not None else None

    def is_large(self, folder: str) -> bool:
        """Recomputed when files are created or deleted. A file that grows in place may be noticed later."""
        place = self._place(folder)
        if place is None:
            return False
        known = self._weighed.get(place)
        if known is None or any(_changed_at(one) != stamp for one, stamp in known[0].items()):
            self._weighed[place] = known = _weigh(place)
        return known[1]

    def is_tracked(self, path: str) -> bool:
        if self._place(path) is None:
            return False
        return Tracked(repository_root(self._root)).file(os.path.join(self._root, _clean(path)))

    def settled(self, path: str) -> bool:
        return True

    def with_overrides(self, texts: Mapping[str, str]) -> ProjectFiles:
        """The same files with the texts of some replaced."""
        if not texts:
            return self
        return ProjectFiles(self._root, _overriding(texts, self._open_text), self._known)

    def _place(self, path: str) -> str | None:
        if not self._known or posixpath.isabs(path) or _clean(path).startswith("../") or _clean(path) == "..":
            return None
        place = os.path.realpath(os.path.join(self._root, path))
        inside = os.path.join(self._real_root, "")  # the root of a drive ends in a separator already
        return place if place == self._real_root or place.startswith(inside) else None


class _OnDisk(Generic[T]):
    """What `read` gives for files, until they change; `size` is its number of characters."""

    def __init__(self, read: Callable[[str], T], size: Callable[[T | None], int]) -> None:
        self._read = read
        self._size = size
        self._known = TextCache[tuple[tuple[int, int], T | None]](MOST_TEXT)

    def at(self, place: str) -> T | None:
        """None for a file that cannot be read."""
        try:
            status = os.stat(place)
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._known.get(place)
            if known is None or known[0] != stamp:
                known = (stamp, self._readable(place))
                self._known.put(place, known, len(place) + self._size(known[1]))
            return known[1]
        except OSError:
            return None

    def _readable(self, place: str) -> T | None:
        try:
            return self._read(place)
        except Unreadable:
            return None


def _decoded(place: str) -> str:
    return Source.decoded(place, read_file(place)).text


def _unpacked(place: str) -> Archive:
    from playpen_ls.project.archive import texts_in

    return texts_in(read_file(place))


def _clean(path: str) -> str:
    return posixpath.normpath(path)


def _weigh(place: str) -> tuple[dict[str, int], bool]:
    """(modification time of each visited folder, whether its files are large). Does not follow symbolic links."""
    stamps, total, seen, waiting = dict[str, int](), 0, 0, [place]
    for folder in waiting:
        stamps[folder] = _changed_at(folder)
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    seen += 1
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        total += entry.stat(follow_symlinks=False).st_size
                    if total > LARGE or seen > MOST_WEIGHED:
                        return stamps, total > LARGE
        except OSError:
            continue
    return stamps, False


def _changed_at(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


Question = tuple[str, str]
"""The name of a method of `Files`, and the path."""


class PatientFiles:
    """`Files` that are read by `ask`, and again on `refresh`; in between, answers stay as they are.

    A question whose answer is late raises NotKnownYet.
    """

    def __init__(
        self,
        files: ProjectFiles,
        open_text: Callable[[str], str | None],
        ask: Ask,
        answers: dict[Question, Any] | None = None,
    ) -> None:
        self._files = files
        self._open_text = open_text
        self._ask = ask
        self._answers: dict[Question, Any] = {} if answers is None else answers
        self._asked: set[Question] = set()

    @property
    def known(self) -> bool:
        return self._files.known

    def exists(self, path: str) -> bool:
        return self._open_text(_clean(path)) is not None or bool(self._answer("exists", path))

    def text(self, path: str) -> str | None:
        opened = self._open_text(_clean(path))
        return opened if opened is not None else self._answer("text", path)

    def names(self, folder: str) -> tuple[str, ...]:
        return self._answer("names", folder)  # type: ignore[no-any-return]

    def archive(self, path: str) -> Archive | None:
        return self._answer("archive", path)  # type: ignore[no-any-return]

    def is_large(self, folder: str) -> bool:
        return bool(self._answer("is_large", folder))

    def is_tracked(self, path: str) -> bool:
        return bool(self._answer("is_tracked", path))

    def settled(self, path: str) -> bool:
        return True

    def _answer(self, what: str, path: str) -> Any:
        question = (what, path)
        self._asked.add(question)
        if question not in self._answers:
            self._answers[question] = self._ask((self._files, question), partial(getattr(self._files, what), path))
        return self._answers[question]

    @property
    def is_late(self) -> bool:
        """Whether a question was asked whose answer is late."""
        return not self._asked <= self._answers.keys()

    def refresh(self) -> None:
        """Read again what was asked since the last time, and forget the rest; later, if that takes long."""
        questions = sorted(self._asked)

        def read() -> dict[Question, Any]:
            return {one: getattr(self._files, one[0])(one[1]) for one in questions}

        try:
            answers = self._ask((self._files, "refresh"), read) if questions else {}
        except NotKnownYet:
            return
        self._asked.clear()
        self._answers.clear()
        self._answers.update(answers)

    def with_overrides(self, texts: Mapping[str, str]) -> PatientFiles:
        """The same files with the texts of some replaced."""
        if not texts:
            return self
        return PatientFiles(self._files, _overriding(texts, self._open_text), self._ask, self._answers)


def _overriding(texts: Mapping[str, str], open_text: Callable[[str], str | None]) -> Callable[[str], str | None]:
    return lambda path: texts[path] if path in texts else open_text(path)


def cached(files: Files) -> Files:
    return files if isinstance(files, CachedFiles) else CachedFiles(files)


class CachedFiles:
    """Caches the answers of `Files`: many parts repeat a query, and within one check nothing changes."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.known = files.known
        self._exists: dict[str, bool] = {}
        self._texts: dict[str, str | None] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._archives: dict[str, Archive | None] = {}
        self._large: dict[str, bool] = {}

    def exists(self, path: str) -> bool:
        if path not in self._exists:
            self._exists[path] = self._files.exists(path)
        return self._exists[path]

    def text(self, path: str) -> str | None:
        if path not in self._texts:
            self._texts[path] = self._files.text(path)
        return self._texts[path]

    def names(self, folder: str) -> tuple[str, ...]:
        if folder not in self._names:
            self._names[folder] = self._files.names(folder)
        return self._names[folder]

    def archive(self, path: str) -> Archive | None:
        if path not in self._archives:
            self._archives[path] = self._files.archive(path)
        return self._archives[path]

    def is_large(self, folder: str) -> bool:
        if folder not in self._large:
            self._large[folder] = self._files.is_large(folder)
        return self._large[folder]

    def is_tracked(self, path: str) -> bool:
        return self._files.is_tracked(path)

    def settled(self, path: str) -> bool:
        return True


class FilesWhileTyping(CachedFiles):
    """The files of a project while the user types in one of them."""

    def settled(self, path: str) -> bool:
        raise NotKnownYet
