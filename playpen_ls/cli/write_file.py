"""Puts a text into a file in place, so that its mode, owner and links stay, and never half of it."""

from __future__ import annotations

from io import FileIO
from pathlib import Path

from playpen_ls.text.source import BYTE_ORDER_MARK

_MARK = BYTE_ORDER_MARK.encode()


def write(place: Path, before: str | None, after: str) -> None:
    """Replace the text that was read from a file, None for a new file; a byte-order mark stays.

    Raises OSError, and leaves the file as it was, if it cannot be written or holds another text by now.
    """
    if before is None:
        place.parent.mkdir(parents=True, exist_ok=True)
    with FileIO(place, "x" if before is None else "r+") as file:
        old = file.readall() if before is not None else b""
        mark = _MARK if old.startswith(_MARK) else b""
        if before is not None and old != mark + before.encode():
            raise OSError("the file has changed since it was read")
        try:
            _put(file, mark + after.encode())
        except OSError:
            _put(file, old)  # needs no room that it did not have
            if before is None:
                place.unlink()
            raise


def _put(file: FileIO, content: bytes) -> None:
    file.seek(0)
    while content:
        content = content[file.write(content) :]
    file.truncate()
