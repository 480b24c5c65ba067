"""Helix in a terminal: the finding, its fix through the menu, and the fix on save by the formatter."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from real_editors import APP, APP_FIXED, CACHE, JENKINSFILE, JENKINSFILE_FIXED, ROOT, environment, of_release

COLUMNS, LINES, WAIT = 160, 40, 20
RELEASES = ["trixie", "sid"]


class Terminal:
    """A program in a terminal of its own, and what is on its screen."""

    def __init__(self, command: list[str], env: dict[str, str], cwd: Path) -> None:
        import pyte

        self.screen = pyte.Screen(COLUMNS, LINES)
        self.screen.report_device_status = lambda *_, **__: None  # pyte cannot answer to what Helix asks
        self.stream = pyte.ByteStream(self.screen)
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(command[0], command, {**env, "TERM": "xterm-256color"})
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def until(self, wanted: Callable[[str], object]) -> None:
        end = time.monotonic() + WAIT
        while not wanted(self.text):
            assert time.monotonic() < end, self.text
            self._read(0.1)

    def keys(self, keys: str) -> None:
        os.write(self.descriptor, keys.encode())
        self._read(0.3)  # Helix takes an escape for the beginning of a longer key

    def _read(self, seconds: float) -> None:
        if select.select([self.descriptor], [], [], seconds)[0]:
            try:
                self.stream.feed(os.read(self.descriptor, 1 << 16))
            except OSError as error:
                raise AssertionError(f"it has ended\n{self.text}") from error

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.descriptor)


@contextmanager
def helix(release: str, folder: Path, name: str, text: str) -> Iterator[Terminal]:
    """Helix with one file of a project open, configured as editors/helix says."""
    command = of_release(release, "hx")
    home, project = folder / "home", folder / "project"
    (home / "config/helix").mkdir(parents=True)
    (project / ".git").mkdir(parents=True)
    (project / name).write_bytes(text.encode())
    server = home / "playpen-ls"
    server.write_text(f'#!/bin/sh\nexec {sys.executable} -m playpen_ls "$@"\n')
    server.chmod(0o755)
    (home / "config/helix/languages.toml").write_text((ROOT / "editors/helix/languages.toml").read_text())
    env = environment(home, HELIX_RUNTIME=str(CACHE / release / "root/usr/lib/hx/runtime"))
    env["PATH"] = f"{home}:{env['PATH']}"
    terminal = Terminal([*command, name], env, project)
    try:
        yield terminal
    finally:
        terminal.end()


@pytest.mark.parametrize("release", RELEASES)
def test_a_finding_is_fixed_through_the_menu(tmp_path: Path, release: str):
    with helix(release, tmp_path, "Jenkinsfile", JENKINSFILE) as terminal:
        terminal.until(lambda text: "●" in text)
        terminal.keys("]d")
        terminal.until(lambda text: " 6:" in text)  # the cursor is on the line of the push
        terminal.keys(" a")
        terminal.until(lambda text: "v1.0.0" in text)
        terminal.keys("\r")
        terminal.until(lambda text: "nexus:5000/app:v1.0.0-${BUILD_NUMBER}" in text)
        terminal.keys("\x1b")
        place = tmp_path / "project/Jenkinsfile"
        for _ in range(5):  # the menu that closes may swallow the first keys
            terminal.keys(":w\r")
            end = time.monotonic() + WAIT / 5
            while time.monotonic() < end and place.read_text() != JENKINSFILE_FIXED:
                terminal._read(0.1)
            if place.read_text() == JENKINSFILE_FIXED:
                break
        assert place.read_text() == JENKINSFILE_FIXED


@pytest.mark.parametrize("release", RELEASES)
def test_a_save_fixes_what_is_safe(tmp_path: Path, release: str):
    with helix(release, tmp_path, "app.py", APP) as terminal:
        terminal.until(lambda text: "db_host" in text and "●" in text)
        terminal.keys(":w\r")
        terminal.until(lambda text: "os.getenv" in text)
        place = tmp_path / "project/app.py"
        terminal.until(lambda _: place.read_bytes() != APP.encode())
        assert place.read_bytes() == APP_FIXED.encode()
