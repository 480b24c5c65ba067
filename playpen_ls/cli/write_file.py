"""Writes files so that an interruption leaves the old or the new text, never a part of one.

The new text is written to a temporary file, which then replaces the old file, if it can get the same owner, mode,
access control list and extended attributes. Otherwise (the file has several links, the folder is not writable, the
system is not Linux) the temporary file becomes a recovery file, the old file is overwritten, and the recovery file is
removed. Signals wait until the end; after SIGKILL or a power failure the file or its recovery file is complete.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import signal
import stat
import sys
from collections.abc import Iterator
from hashlib import sha256

from playpen_ls.cli.cache_folder import user_cache_folder
from playpen_ls.project.read_file import read_file
from playpen_ls.text.source import BYTE_ORDER_MARK, Unreadable

_MARK = BYTE_ORDER_MARK.encode()
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0)
_NO_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_CANNOT_CREATE = (errno.EACCES, errno.EPERM, errno.EROFS)  # in a folder


def write(place: str | os.PathLike[str], before: str | None, after: str) -> None:
    """Replace the text `before` of a file, None for a new file; a byte-order mark is preserved.

    The target of a symbolic link is replaced, not the link. Raises OSError, and leaves the file unchanged, if it cannot
    be written or no longer contains `before`.
    """
    with _signals_blocked():
        if before is None:
            _create(os.path.abspath(place), after.encode())
        else:
            _replace(os.path.realpath(place), before.encode(), after.encode())


def recovery_of(path: str) -> str | None:
    """The recovery file of an interrupted write, if the file does not have its text."""
    for recovery in _existing_recoveries(path):
        try:
            if read_file(recovery) != read_file(path):
                return recovery
        except (OSError, Unreadable):
            return recovery
    return None


def remove_recovery(path: str) -> None:
    """Remove the recovery files of a file; call it if `recovery_of` is None."""
    for recovery in _existing_recoveries(path):
        with contextlib.suppress(OSError):
            os.unlink(recovery)


def _create(path: str, content: bytes) -> None:
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    temporary = _written(folder, content, 0o666)
    try:
        if hasattr(os, "link"):
            with contextlib.suppress(PermissionError, NotImplementedError):  # a file system without hard links
                os.link(temporary, path)
                return
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        os.replace(temporary, path)
    finally:
        _remove(temporary)
        _synchronize(folder)


def _replace(path: str, before: bytes, after: bytes) -> None:
    # Opened for writing although it may be replaced: a read-only file must not be.
    file = os.open(path, os.O_RDWR | _BINARY | _NO_WAITING)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not a regular file")
        old = _content(file, len(before) + len(_MARK))
        mark = _MARK if old.startswith(_MARK) else b""
        if old != mark + before:
            raise OSError("the file has changed since it was read")
        _replace_content(path, file, status, old, mark + after)
    finally:
        os.close(file)


def _replace_content(path: str, file: int, status: os.stat_result, old: bytes, new: bytes) -> None:
    folder, recovery = os.path.dirname(path), _recovery_beside(path)
    try:
        temporary = _written(folder, new, 0o600)
    except OSError as error:
        if error.errno not in _CANNOT_CREATE:
            raise
        folder, recovery = _recovery_folder(), _recovery_in_cache(path)
        os.makedirs(folder, 0o700, exist_ok=True)
        temporary = _written(folder, new, 0o600)
    try:
        if recovery == _recovery_beside(path) and status.st_nlink == 1 and _made_alike(temporary, path, status):
            if _version(os.stat(path)) != _version(status):
                raise OSError("the file has changed since it was read")
            with contextlib.suppress(PermissionError, IsADirectoryError):
                os.replace(temporary, path)
                _synchronize(folder)
                return
        os.replace(temporary, recovery)
        _synchronize(folder)
    finally:
        _remove(temporary)
    try:
        _put(file, new)
    except OSError:
        _put(file, old)  # needs no more space than the file had
        raise
    finally:
        if _content(file, max(len(old), len(new))) in (old, new):
            _remove(recovery)


def _made_alike(temporary: str, path: str, status: os.stat_result) -> bool:
    """Give a new file the owner, mode and extended attributes of an old one; False if that is impossible."""
    if not hasattr(os, "listxattr"):  # the access control lists of macOS and Windows cannot be read
        return False
    try:
        made = os.stat(temporary)
        if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid):
            os.chown(temporary, status.st_uid, status.st_gid)
        os.chmod(temporary, stat.S_IMODE(status.st_mode))
        wanted = _attributes(path)  # an access control list is one of them
        for name, value in wanted.items():
            os.setxattr(temporary, name, value)
        made = os.stat(temporary)
        return _attributes(temporary) == wanted and (made.st_uid, made.st_gid, made.st_mode) == (
            status.st_uid, status.st_gid, status.st_mode,
        )  # fmt: skip
    except OSError:
        return False


def _attributes(path: str) -> dict[str, bytes]:
    if sys.platform != "linux":
        return {}
    try:
        return {name: os.getxattr(path, name) for name in os.listxattr(path)}
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return {}
        raise


def _version(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _written(folder: str, content: bytes, mode: int) -> str:
    """A temporary file with the content, which is on the disk."""
    path = os.path.join(folder, f".playpen-ls-{secrets.token_hex(8)}.tmp")
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode)
    try:
        _put(file, content)
    except BaseException:
        _remove(path)
        raise
    finally:
        os.close(file)
    return path


def _put(file: int, content: bytes) -> None:
    os.lseek(file, 0, os.SEEK_SET)
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]
    os.ftruncate(file, len(content))
    os.fsync(file)


def _content(file: int, length: int) -> bytes:
    """The content of an open file, at most one byte more than `length`."""
    os.lseek(file, 0, os.SEEK_SET)
    content = b""
    while len(content) <= length and (piece := os.read(file, length + 1 - len(content))):
        content += piece
    return content


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _synchronize(folder: str) -> None:
    """Wait until the names in a folder are on the disk, where the system can do that."""
    with contextlib.suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


# Recovery files


def _existing_recoveries(path: str) -> Iterator[str]:
    path = os.path.realpath(path) if os.path.islink(path) else path
    if os.path.lexists(beside := _recovery_beside(path)):
        yield beside
    if os.path.isdir(_recovery_folder()) and os.path.lexists(cached := _recovery_in_cache(os.path.realpath(path))):
        yield cached


def _recovery_beside(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{_short(name)}.playpen-recovery")


def _recovery_in_cache(path: str) -> str:
    digest = sha256(os.fsencode(path)).hexdigest()[:32]
    return os.path.join(_recovery_folder(), f"{_short(os.path.basename(path))}.{digest}")


def _short(name: str) -> str:
    """At most 200 bytes: what is added to the name of a file must not make it too long."""
    return os.fsdecode(os.fsencode(name)[:200])


def _recovery_folder() -> str:
    return os.path.join(user_cache_folder(), "recovery")


# Signals


@contextlib.contextmanager
def _signals_blocked() -> Iterator[None]:
    """Deliver SIGINT, SIGTERM and SIGHUP afterwards."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows has only SIGINT
        before = signal.signal(signal.SIGINT, lambda *_: pending.append(True))
        pending: list[bool] = []
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
            if pending:
                signal.raise_signal(signal.SIGINT)
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
