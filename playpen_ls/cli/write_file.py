"""Writes a file in place, which preserves mode, owner and links, and restores it if writing fails."""

from __future__ import annotations

from io import FileIO
from pathlib import Path

from playpen_ls.text.source import BYTE_ORDER_MARK

_MARK = BYTE_ORDER_MARK.encode()


def write(place: Path, before: str | None, after: str) -> None:
    """Replace the text `before` of a file, None for a new file; a byte-order mark is preserved.

    Raises OSError, and leaves the file unchanged, if it cannot be written or no longer contains `before`.
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
            _put(file, old)  # needs no more space than the file had
            if before is None:
                place.unlink()
            raise


def _put(file: FileIO, content: bytes) -> None:
    file.seek(0)
    while content:
        content = content[file.write(content) :]
    file.truncate()
