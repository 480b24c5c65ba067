"""A fix that is interrupted leaves the old or the new text."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command_line import HOST, HOST_FIXED, playpen, written
from playpen_ls.cli import write_file
from playpen_ls.cli.write_file import recovery_of, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sends signals")

OLD = "old = 1\n" * 50
NEW = {"longer": "new = 22\n" * 70, "shorter": "new = 22\n" * 10}
CALLS = "open write ftruncate fsync replace link unlink chmod chown setxattr lseek makedirs".split()


class Interrupted:
    """The module `os`, where a signal arrives before or after a call. Writes write at most half of what is left.

    No file can be created in the folder `closed`.
    """

    def __init__(self, number: int, before: bool, kind: signal.Signals, closed: Path | None) -> None:
        self.number, self.before, self.kind, self.closed = number, before, kind, closed
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in CALLS:
            return real

        def call(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            now = self.calls == self.number
            if now and self.before:
                os.kill(os.getpid(), self.kind)
            try:
                if name == "open" and arguments[1] & os.O_CREAT and Path(arguments[0]).parent == self.closed:
                    raise PermissionError(13, "Permission denied", arguments[0])
                if name == "write" and len(arguments[1]) > 1:
                    return real(arguments[0], arguments[1][: len(arguments[1]) // 2])
                return real(*arguments, **options)
            finally:
                if now and not self.before:
                    os.kill(os.getpid(), self.kind)

        return call


def in_child(place: Path, before: str | None, after: str, os_module: Interrupted) -> tuple[int, int]:
    """(the wait status, the number of calls) of a process that writes a file and is interrupted."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        write_file.os = os_module  # type: ignore[attr-defined]
        code = 1
        try:
            write(place, before, after)
            code = 0
        except KeyboardInterrupt:
            code = 130
        finally:
            os.write(writer, os_module.calls.to_bytes(4, "big"))
            os._exit(code)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    calls = int.from_bytes(os.read(reader, 4), "big")
    os.close(reader)
    return status, calls


KINDS = ["plain", "hard link", "symbolic link", "read-only folder", "new"]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


def situation(folder: Path, kind: str) -> tuple[Path, str | None]:
    """(the file, its text)."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "real").mkdir(parents=True)
    place = folder / "real" / "app.py"
    if kind == "new":
        return place, None
    place.write_text(OLD)
    place.chmod(0o640)
    if kind == "hard link":
        os.link(place, folder / "other.py")
    if kind == "symbolic link":
        (folder / "link.py").symlink_to(place)
        return folder / "link.py", OLD
    return place, OLD


def interruptions(folder: Path, kind: str, after: str, sent: signal.Signals) -> Iterator[tuple[Path, int]]:
    """The file and the wait status after an interruption at each point."""
    number = 0
    while True:
        number += 1
        for before in (True, False):
            place, text = situation(folder, kind)
            closed = place.parent if kind == "read-only folder" else None
            status, calls = in_child(place, text, after, Interrupted(number, before, sent, closed))
            yield place, status
            if not os.WIFSIGNALED(status) and calls < number:
                return


@pytest.mark.parametrize("new", NEW)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_old_or_the_new_text_is_there(tmp_path: Path, cache: Path, kind: str, new: str, sent: signal.Signals):
    folder, outcomes = tmp_path / "work", set()
    for place, status in interruptions(folder, kind, NEW[new], sent):
        ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        text = place.read_text() if place.exists() else None
        left = [path for path in (*folder.rglob("*"), *cache.rglob("*")) if path.is_file() and "playpen" in path.name]
        left += [path for path in cache.rglob("app.py.*") if path not in left]
        recovery = recovery_of(str(place))
        outcomes.add((ended, "new" if text == NEW[new] else "old"))
        if sent is signal.SIGKILL:
            old = None if kind == "new" else OLD
            if text not in (old, NEW[new]):
                assert kind in ("hard link", "read-only folder")
                assert recovery is not None
            if recovery is not None:
                assert Path(recovery).read_text() == NEW[new]
        else:
            assert text == NEW[new]  # the signal waits
            assert left == []
            assert recovery is None
        for path in cache.rglob("*"):
            if path.is_file():
                path.unlink()
    expected = {signal.SIGINT: 130, signal.SIGTERM: signal.SIGTERM, signal.SIGKILL: signal.SIGKILL}
    assert {(int(expected[sent]), "new"), (0, "new")} <= outcomes
    assert ((int(expected[sent]), "old") in outcomes) is (sent is signal.SIGKILL)


class Full(Interrupted):
    """The module `os` on a disk that is full from a call on."""

    def __getattr__(self, name: str) -> Any:
        call = super().__getattr__(name)
        if name not in ("open", "write", "ftruncate", "fsync", "makedirs"):
            return call

        def failing(*arguments: Any, **options: Any) -> Any:
            self.writes += 1
            if self.writes >= self.full and not (name == "open" and not arguments[1] & os.O_CREAT):
                raise OSError(28, "No space left on device")
            return call(*arguments, **options)

        return failing

    full = writes = 0


@pytest.mark.parametrize("new", NEW)
@pytest.mark.parametrize("kind", KINDS)
def test_on_a_full_disk_the_old_text_or_a_recovery_file_stays(
    tmp_path: Path, cache: Path, kind: str, new: str, monkeypatch: pytest.MonkeyPatch
):
    outcomes = set()
    for number in range(1, 60):
        place, old = situation(tmp_path / "work", kind)
        disk = Full(0, True, signal.SIGINT, place.parent if kind == "read-only folder" else None)
        disk.full = number
        with monkeypatch.context() as patch:
            patch.setattr(write_file, "os", disk)
            try:
                write(place, old, NEW[new])
                said = "new"
            except OSError:
                said = "old"
        text, recovery = place.read_text() if place.exists() else None, recovery_of(str(place))
        if text not in (old, NEW[new]):
            assert recovery is not None
            assert Path(recovery).read_text() == NEW[new]
        assert text == NEW[new] or said == "old"
        outcomes.add(said)
        for path in cache.rglob("app.py.*"):
            path.unlink()
        if said == "new":
            break
    assert outcomes == {"old", "new"}


def test_mode_owner_and_attributes_are_kept(tmp_path: Path):
    place = tmp_path / "app.py"
    place.write_text(OLD)
    place.chmod(0o751)
    try:
        os.setxattr(place, "user.note", b"kept")
    except OSError:
        pytest.skip("the file system has no extended attributes")
    before = place.stat()
    write(place, OLD, "new\n")
    after = place.stat()
    assert after.st_ino != before.st_ino
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert os.getxattr(place, "user.note") == b"kept"
    assert os.listdir(tmp_path) == ["app.py"]


@pytest.mark.parametrize("failing", ["chmod", "setxattr", "listxattr", "replace"])
def test_what_cannot_be_kept_is_written_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str):
    place = tmp_path / "app.py"
    place.write_text(OLD)
    before, replace = place.stat(), os.replace

    def fails(*arguments: Any, **options: Any) -> Any:
        if failing == "replace" and str(arguments[1]) != str(place):
            return replace(*arguments)
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(write_file, "_attributes", lambda path: {"user.note": b""})
    if failing == "listxattr":
        monkeypatch.delattr(os, "listxattr")
    else:
        monkeypatch.setattr(os, "setxattr", lambda *_: None)
        monkeypatch.setattr(os, failing, fails)
    write(place, OLD, "new\n")
    assert place.read_text() == "new\n"
    assert place.stat().st_ino == before.st_ino
    assert os.listdir(tmp_path) == ["app.py"]


def test_a_read_only_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Though its folder would allow to replace it. (Root may write to any file.)"""
    place = tmp_path / "app.py"
    place.write_text(OLD)
    opened = os.open

    def denied(path: Any, flags: int, *mode: int) -> int:
        if str(path) == str(place) and flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied", path)
        return opened(path, flags, *mode)

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(PermissionError):
        write(place, OLD, "new\n")
    assert place.read_text() == OLD


def test_a_file_that_changes_at_the_last_moment_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = tmp_path / "app.py"
    place.write_text(OLD)
    alike = write_file._made_alike

    def slow(*arguments: Any) -> bool:
        place.write_text("typed meanwhile\n")
        return alike(*arguments)

    monkeypatch.setattr(write_file, "_made_alike", slow)
    with pytest.raises(OSError, match="the file has changed since it was read"):
        write(place, OLD, "new\n")
    assert place.read_text() == "typed meanwhile\n"
    assert os.listdir(tmp_path) == ["app.py"]


def test_a_new_file_does_not_replace_a_link(tmp_path: Path):
    (tmp_path / "app.py").symlink_to(tmp_path / "nowhere.py")
    with pytest.raises(FileExistsError):
        write(tmp_path / "app.py", None, "new\n")
    assert os.listdir(tmp_path) == ["app.py"]
    write(tmp_path / "new" / "b.py", None, "new\n")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new/b.py").stat().st_mode) == 0o666 & ~mask
    assert os.listdir(tmp_path / "new") == ["b.py"]


@pytest.mark.parametrize("kind", ["fifo", "/dev/null"])
def test_only_regular_files_are_written(tmp_path: Path, kind: str):
    place = tmp_path / "app.py"
    os.mkfifo(place) if kind == "fifo" else place.symlink_to(kind)
    with pytest.raises(OSError, match="not a regular file"):
        write(place, "", "new\n")


# The next run


@pytest.mark.parametrize("command", ["check", "fix"])
def test_a_recovery_file_is_reported_and_kept(tmp_path: Path, command: str):
    written(tmp_path, {"app.py": HOST, ".app.py.playpen-recovery": HOST_FIXED, "other.py": HOST})
    done = playpen(command, "app.py", "other.py", folder=tmp_path)
    message = "an interrupted fix left its complete text in `.app.py.playpen-recovery`; compare it with this file, then delete it"
    assert message in done.stdout + done.stderr
    assert done.returncode == 2
    assert (tmp_path / "app.py").read_text() == HOST
    assert (tmp_path / ".app.py.playpen-recovery").exists()
    if command == "check":
        errors = json.loads(playpen("check", "--format", "json", folder=tmp_path).stdout)["errors"]
        assert errors == [{"path": "app.py", "message": message}]
    else:
        assert (tmp_path / "other.py").read_text() == HOST_FIXED


def test_a_recovery_file_is_reported_for_files_of_all_kinds(tmp_path: Path):
    written(tmp_path, {"deploy.yaml": "a: 1\n", ".deploy.yaml.playpen-recovery": "a: 2\n"})
    assert "deploy.yaml: not checked: an interrupted fix" in playpen("check", folder=tmp_path).stdout


def test_a_recovery_file_with_the_text_of_the_file_is_removed_by_fix_only(tmp_path: Path):
    recovery = (
        written(tmp_path, {"app.py": "x = 1\n", ".app.py.playpen-recovery": "x = 1\n"}) / ".app.py.playpen-recovery"
    )
    assert playpen("check", folder=tmp_path).stdout == "no findings in 1 file\n"
    assert recovery.exists()
    assert playpen("fix", folder=tmp_path).returncode == 0
    assert not recovery.exists()


def test_a_recovery_file_that_is_not_a_file_is_not_followed(tmp_path: Path):
    written(tmp_path, {"app.py": HOST, "other": "other\n"})
    os.link(tmp_path / "app.py", tmp_path / "app2.py")
    os.mkfifo(tmp_path / ".app.py.playpen-recovery")
    assert "an interrupted fix" in playpen("check", "app.py", folder=tmp_path).stdout
    (tmp_path / ".app.py.playpen-recovery").unlink()
    (tmp_path / ".app.py.playpen-recovery").symlink_to("other")
    write(tmp_path / "app.py", HOST, HOST_FIXED)
    assert (tmp_path / "other").read_text() == "other\n"
    assert (tmp_path / "app2.py").read_text() == HOST_FIXED


# Links


def test_a_link_out_of_the_folder_is_followed_only_if_it_is_named(tmp_path: Path):
    written(tmp_path, {"in/.git/HEAD": "", "out/o.py": HOST, "in/a/b.py": HOST})
    (tmp_path / "in/l.py").symlink_to("../out/o.py")
    (tmp_path / "in/c.py").symlink_to("a/b.py")
    done = playpen("fix", ".", folder=tmp_path / "in")
    assert "l.py: a symbolic link out of the folder; name it to check it" in done.stderr
    assert (tmp_path / "out/o.py").read_text() == HOST
    assert (tmp_path / "in/a/b.py").read_text() == HOST_FIXED
    assert (tmp_path / "in/c.py").is_symlink()
    assert playpen("fix", "l.py", folder=tmp_path / "in").returncode == 0
    assert (tmp_path / "out/o.py").read_text() == HOST_FIXED


def test_the_folder_itself_can_be_a_link(tmp_path: Path):
    written(tmp_path, {"in/a.py": HOST})
    (tmp_path / "in/b.py").symlink_to("a.py")
    (tmp_path / "link").symlink_to("in", target_is_directory=True)
    playpen("fix", "link", folder=tmp_path)
    assert (tmp_path / "in/a.py").read_text() == HOST_FIXED
