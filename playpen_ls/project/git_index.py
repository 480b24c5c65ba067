"""Which files git tracks: git does not ignore these, whatever a .gitignore says.

The index is read here, and no program is started: a workspace can configure what git runs. Only the index in the `.git`
folder of the repository is read: a `.git` file, as in a submodule or another working tree, leads out of the repository.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator

from playpen_ls.project.read_file import read_file
from playpen_ls.text.source import Unreadable
from playpen_ls.text.text_cache import TextCache

LARGEST = 100_000_000  # bytes; about a million files
_HASHES = (20, 32)  # bytes of SHA-1 and SHA-256; the index does not say which one it has
_FIXED = 40  # bytes of times, owner, mode and size in front of the hash of an entry
_LONG = 0xFFF  # the length of names that are at least as long
_EXTENDED = 0x4000
_SPLIT = b"link"

_read = TextCache[tuple[tuple[int, int, int], list[bytes]]](20_000_000)


class Tracked:
    """The files that git tracks in the repository in a folder, read when they are first asked for."""

    def __init__(self, repository: str | os.PathLike[str]) -> None:
        self._root = os.path.join(repository, "")
        self._names: list[bytes] | None = None

    def file(self, path: str) -> bool:
        """Whether git tracks the file; `path` is absolute."""
        name = self._inside(path)
        return bool(name) and self._first(name) == name

    def any_in(self, folder: str) -> bool:
        """Whether git tracks a file in the folder or below it; `folder` is absolute."""
        name = self._inside(os.path.join(folder, ""))
        return bool(name) and self._first(name).startswith(name)

    def _first(self, name: bytes) -> bytes:
        """The first tracked name that is not less; empty if there is none."""
        if self._names is None:
            self._names = _tracked(self._root)
        at = bisect_left(self._names, name)
        return self._names[at] if at < len(self._names) else b""

    def _inside(self, path: str) -> bytes:
        """The path in the repository as git has it; empty if it is not in there."""
        if not path.startswith(self._root):
            return b""
        return path[len(self._root) :].replace(os.sep, "/").encode("utf-8", "surrogateescape")


def _tracked(root: str) -> list[bytes]:
    """The sorted names of the tracked files; none if the index cannot be read."""
    path = os.path.join(root, ".git", "index")
    if os.path.realpath(path) != os.path.join(os.path.realpath(root), ".git", "index"):
        return []
    try:
        status = os.stat(path)
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = _read.get(path)
        if known is None or known[0] != stamp:
            names = names_in(read_file(path, LARGEST))
            known = (stamp, names)
            _read.put(path, known, sum(map(len, names)))
        return known[1]
    except (OSError, Unreadable):
        return []


def names_in(index: bytes) -> list[bytes]:
    """The sorted names of the entries of an index of version 2 to 4; none if it is damaged or has another format."""
    for size in _HASHES:
        try:
            return sorted(set(_names(index, size)))
        except (IndexError, ValueError):
            pass
    return []


def _names(index: bytes, hash_size: int) -> Iterator[bytes]:
    """Raises IndexError or ValueError if the entries do not have hashes of this size."""
    version, count = (int.from_bytes(index[start : start + 4], "big") for start in (4, 8))
    if index[:4] != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("not an index")
    at, name = 12, b""
    for _ in range(count):
        start = at
        at += _FIXED + hash_size
        flags = index[at] << 8 | index[at + 1]
        at += 4 if flags & _EXTENDED else 2
        kept = 0
        if version == 4:
            dropped, at = _number(index, at)
            kept = len(name) - dropped
        end = index.index(b"\0", at)
        if kept < 0 or min(kept + end - at, _LONG) != flags & _LONG:
            raise ValueError("not an entry")
        name = name[:kept] + index[at:end]
        at = end + 1 if version == 4 else start + (end - start + 8) // 8 * 8
        yield name
    if index[at : at + 4] == _SPLIT:  # most names are in another file
        raise ValueError("not a whole index")


def _number(index: bytes, at: int) -> tuple[int, int]:
    """(a number as git packs it, the offset behind it)."""
    value = index[at] & 0x7F
    while index[at] & 0x80:
        at += 1
        value = (value + 1) << 7 | index[at] & 0x7F
    return value, at + 1
