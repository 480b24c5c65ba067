"""Reads files. No other module opens a file for reading.

A workspace can contain named pipes, devices, sockets, links to them and files of any size, under any name.
"""

from __future__ import annotations

import os
import stat

from playpen_ls.text.source import LARGEST, Unreadable

# Opening a pipe does not wait for its other end, and a terminal does not become that of this process.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"):
    _FLAGS |= getattr(os, _name, 0)


def read_file(path: str | os.PathLike[str], limit: int = LARGEST) -> bytes:
    """The content of a regular file, of at most `limit` bytes.

    What was opened decides, not what was at the path before. Raises OSError, and Unreadable for other kinds of files,
    larger files, and files of the kernel (in `/proc`), which have content but no size.
    """
    try:
        file = os.open(path, _FLAGS)
    except ValueError:  # a name that no file can have: it has a NUL character or a lone surrogate
        raise FileNotFoundError(2, "No such file or directory", path) from None
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("not a regular file")
        if status.st_size > limit:
            raise _too_large(limit, status.st_size)
        pieces, size = [], 0
        while piece := os.read(file, max(status.st_size, 4096) + 1):  # usually all of it, then its end
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise _too_large(limit, max(size, os.fstat(file).st_size))
        if size and not os.fstat(file).st_size:
            raise Unreadable("not a regular file")
        return b"".join(pieces)
    finally:
        os.close(file)


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file in UTF-8, with lone surrogates for invalid bytes, as in names of files.

    Raises OSError and Unreadable.
    """
    return read_file(path).decode("utf-8", "surrogateescape")


def _too_large(limit: int, size: int) -> Unreadable:
    return Unreadable(f"larger than {limit:,} bytes ({size:,}); exclude it or split it")
