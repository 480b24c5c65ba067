"""Unpacks archives in memory, within limits: a small one can be made to have content of any size, and any path."""

from __future__ import annotations

import io
import posixpath
import tarfile
import zlib

from playpen_ls.text.source import Source, Unreadable

MOST_BYTES = 8_000_000  # of all files, with their headers
MOST_FILES = 1_500
_GZIP = 31  # the format, for zlib
# tarfile checks most of what a header says, but not all.
_MALFORMED = (tarfile.TarError, zlib.error, EOFError, IndexError, OverflowError, RecursionError, ValueError)


def texts_in(packed: bytes) -> tuple[tuple[str, str | None], ...]:
    """(path, text) of the regular files in a `.tar.gz` archive; None for a binary file. Raises Unreadable.

    Links, devices and folders are left out.
    """
    try:
        return _texts_in(packed)
    except _MALFORMED:
        raise Unreadable("not a valid archive") from None


def _texts_in(packed: bytes) -> tuple[tuple[str, str | None], ...]:
    unpacking = zlib.decompressobj(_GZIP)
    content = unpacking.decompress(packed, MOST_BYTES)
    if not unpacking.eof or unpacking.unused_data:
        raise Unreadable(f"cut off, or larger than {MOST_BYTES:,} bytes")
    found: dict[str, str | None] = {}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for number, member in enumerate(archive):
            if number >= MOST_FILES:
                raise Unreadable(f"more than {MOST_FILES:,} files")
            if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
                continue
            if member.size < 0:
                raise Unreadable("not a valid archive")
            path = posixpath.normpath(member.name)
            if posixpath.isabs(path) or path.partition("/")[0] == "..":
                raise Unreadable("paths outside of the archive")
            found[path] = _text(content[member.offset_data : member.offset_data + member.size])
    return tuple(sorted(found.items()))


def _text(content: bytes) -> str | None:
    try:
        return Source.decoded("", content).text
    except Unreadable:
        return None
