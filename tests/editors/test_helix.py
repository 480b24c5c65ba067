"""Helix in a terminal: the finding, its fix through the menu, and the fix on save by the formatter."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from real_editors import APP, APP_FIXED, CACHE, JENKINSFILE, JENKINSFILE_FIXED, ROOT, environment, of_release
from shop_service import write_project

COLUMNS, LINES, WAIT = 160, 40, 20
RELEASES = ["trixie", "sid"]
DOCKERFILE = "FROM nexus:5000/a:1.0\r\nRUN echo 😀 && apt-get install --no-install-recommends a\r\nUSER 1000\r\n"
DOCKERFILE_FIXED = DOCKERFILE.replace("recommends a", "recommends -y a")


class Terminal:
    """A program in a terminal of its own, and what is on its screen."""

    def __init__(self, command: list[str], env: dict[str, str], cwd: Path) -> None:
        import pyte

        self.screen = pyte.Screen(COLUMNS, LINES)
        self.screen.report_device_status = lambda *_, **__: None  # pyte cannot answer to what Helix asks
        self.stream = pyte.ByteStream(self.screen)
        self.descriptor, other_end = pty.openpty()
        self.name = os.ttyname(other_end)
        fcntl.ioctl(other_end, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            command, env={**env, "TERM": "xterm-256color"}, cwd=cwd, start_new_session=True,
            stdin=other_end, stdout=other_end, stderr=other_end,
        )  # fmt: skip
        os.close(other_end)

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def until(self, wanted: Callable[[str], object]) -> None:
        end = time.monotonic() + WAIT
        while not wanted(self.text):
            assert time.monotonic() < end, self.text
            self._read(0.1)

    def until_keys(self, wanted: Callable[[str], object], *keys: str) -> None:
        """Type these keys again and again until it shows that: the project may not have been read yet."""
        for _ in range(10):
            for one in keys:
                self.keys(one)
            end = time.monotonic() + WAIT
            while not wanted(self.text) and time.monotonic() < end:
                self._read(0.1)
            if wanted(self.text):
                return
            self.keys("\x1b")
            self._read(1)
            self.keys("\x1b")
            self._read(1)
        raise AssertionError(self.text)

    def keys(self, keys: str) -> None:
        """Type it, and wait until the program has read it: what it reads together with an escape is one key to it."""
        os.write(self.descriptor, keys.encode())
        self.until(lambda _: self._unread() == 0)

    def _unread(self) -> int:
        """How many bytes the program has not read yet."""
        other_end = os.open(self.name, os.O_RDWR | os.O_NOCTTY)
        try:
            return int.from_bytes(fcntl.ioctl(other_end, termios.FIONREAD, bytes(4)), sys.byteorder)
        finally:
            os.close(other_end)

    def _read(self, seconds: float) -> None:
        if select.select([self.descriptor], [], [], seconds)[0]:
            try:
                self.stream.feed(os.read(self.descriptor, 1 << 16))
            except OSError as error:
                raise AssertionError(f"it has ended\n{self.text}") from error

    def end(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.descriptor)


def configured(by_server: bool) -> str:
    """What editors/helix says; with our formatter, also where it stays off, or where the server is to mend."""
    given = (ROOT / "editors/helix/languages.toml").read_text().replace("# auto-format", "auto-format")
    if not by_server:
        return given.replace("# formatter =", "formatter =")
    lines = [line for line in given.splitlines() if "formatter =" not in line]
    return "\n".join(lines).replace("# timeout", "timeout").replace("# fixOnSave", "fixOnSave")


@contextmanager
def helix(release: str, folder: Path, name: str, text: str, by_server: bool = False) -> Iterator[Terminal]:
    """Helix with one file of a project open, configured as editors/helix says."""
    (folder / "project").mkdir()
    (folder / "project" / name).write_bytes(text.encode())
    with opened(release, folder, name, configured(by_server)) as terminal:
        yield terminal


@contextmanager
def opened(release: str, folder: Path, name: str, configuration: str) -> Iterator[Terminal]:
    """Helix with a file of the folder's project open."""
    command = of_release(release, "hx")
    home, project = folder / "home", folder / "project"
    (home / "config/helix").mkdir(parents=True)
    (project / ".git").mkdir(parents=True)
    server = home / "playpen-ls"
    server.write_text(f'#!/bin/sh\necho $$ >{home}/pid\nexec {sys.executable} -m playpen_ls "$@"\n')
    server.chmod(0o755)
    (home / "config/helix/languages.toml").write_text(configuration)
    env = environment(home, HELIX_RUNTIME=str(CACHE / release / "root/usr/lib/hx/runtime"))
    env["PATH"] = f"{home}:{env['PATH']}"
    terminal = Terminal([*command, name], env, project)
    try:
        yield terminal
    finally:
        terminal.end()


def save(terminal: Terminal) -> None:
    """Each part is seen before the next is typed, as by a user."""
    terminal.keys(":w")
    terminal.until(lambda text: text.splitlines()[-1].startswith(":w"))
    terminal.keys("\r")
    terminal.until(lambda text: "written" in text.splitlines()[-1])


@pytest.mark.parametrize("release", RELEASES)
def test_a_finding_is_fixed_through_the_menu(tmp_path: Path, release: str):
    with helix(release, tmp_path, "Jenkinsfile", JENKINSFILE) as terminal:
        terminal.until(lambda text: "●" in text)
        terminal.keys("]d")
        terminal.until(lambda text: " 6:" in text)  # the cursor is on the line of the push
        terminal.keys(" a")
        terminal.until(lambda text: "Explain `moving-tag`" in text)
        terminal.keys("\r")
        terminal.until(lambda text: "Explain `moving-tag`" not in text)
        terminal.until(lambda text: "echo 😀; docker push nexus:5000/app:v1.0.0-${BUILD_NUMBER}'" in text)
        save(terminal)
        assert (tmp_path / "project/Jenkinsfile").read_bytes() == JENKINSFILE_FIXED.encode()


@pytest.mark.parametrize("release", RELEASES)
def test_a_save_fixes_what_is_safe(tmp_path: Path, release: str):
    with helix(release, tmp_path, "app.py", APP) as terminal:
        terminal.until(lambda text: "db_host" in text and "●" in text)
        save(terminal)
        terminal.until(lambda text: "os.getenv" in text)
        assert (tmp_path / "project/app.py").read_bytes() == APP_FIXED.encode()


@pytest.mark.parametrize("release", RELEASES)
def test_a_save_lets_the_server_fix_what_is_safe(tmp_path: Path, release: str):
    with helix(release, tmp_path, "Dockerfile", DOCKERFILE, by_server=True) as terminal:
        terminal.until(lambda text: "●" in text)
        save(terminal)
        terminal.until(lambda text: "recommends -y a" in text)
        assert (tmp_path / "project/Dockerfile").read_bytes() == DOCKERFILE_FIXED.encode()


@pytest.mark.parametrize("release", RELEASES)
def test_a_failing_server_blocks_no_save(tmp_path: Path, release: str):
    with helix(release, tmp_path, "app.py", APP) as terminal:
        terminal.until(lambda text: "db_host" in text and "●" in text)
        (tmp_path / "home/playpen-ls").write_text("#!/bin/sh\nexit 1\n")
        terminal.keys("O# typed 😀")
        terminal.until(lambda text: "# typed 😀" in text)
        terminal.keys("\x1b")
        save(terminal)
        assert (tmp_path / "project/app.py").read_bytes() == ("# typed 😀\r\n" + APP).encode()


def test_a_hanging_server_that_is_to_mend_blocks_no_save(tmp_path: Path):
    with helix("sid", tmp_path, "Dockerfile", DOCKERFILE, by_server=True) as terminal:
        terminal.until(lambda text: "●" in text)
        os.kill(int((tmp_path / "home/pid").read_text()), signal.SIGSTOP)  # it goes when the terminal ends
        save(terminal)
        assert (tmp_path / "project/Dockerfile").read_bytes() == DOCKERFILE.encode()


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", [".env", "web.properties", "docker-compose.yml", ".npmrc", ".netrc"])
def test_files_that_are_read_for_secrets_are_checked(tmp_path: Path, release: str, name: str):
    text = "machine h login me password Zebra-9912\n" if name == ".netrc" else "DB_PASSWORD=Zebra-9912\n"
    if name == ".npmrc":
        text = "//h/:_authToken=Zebra-9912\n"
    elif name.endswith(".yml"):
        text = "services:\n  db:\n    environment:\n      DB_PASSWORD: Zebra-9912\n"
    with helix(release, tmp_path, name, text) as terminal:
        terminal.until(lambda text: "●" in text)


def test_helix_goes_from_an_image_to_its_dockerfile_and_its_route(tmp_path: Path):
    write_project(tmp_path / "project")
    whole = (ROOT / "editors/helix/languages.toml").read_text()
    whole = whole.replace("peers =", 'diagnostics = { scope = "workspace" }\npeers =')
    with opened("sid", tmp_path, "k8s/shop.yaml", whole) as terminal:
        terminal.until(lambda text: "●" in text)
        terminal.until_keys(lambda text: "built from" in text, "gg", "/nexus", "\r", " k")
        terminal.keys("\x1b")
        terminal.until_keys(lambda text: "References" in text or "main.py" in text, "gg", "//health", "\r", "gr")
        assert "shop.yaml" in terminal.text
        terminal.keys("\x1b")
        terminal.until_keys(lambda text: "Deployment shop" in text, " S", "Deployment shop")
        terminal.keys("\x1b")
        terminal.until_keys(lambda text: "closed.py" in text, " D")  # of a file that was never opened
        terminal.keys("\x1b")
        terminal.until_keys(lambda text: "shop/Dockerfile" in text.splitlines()[-2], "gg", "/nexus", "\r", "gd")
        terminal.until_keys(lambda text: "rename-to:" in text.splitlines()[-1], "gg", "/built", "\r", " r")
        terminal.keys("\x15runtime\r")
        terminal.until(lambda text: "AS runtime" in text and "FROM runtime" in text)
        terminal.keys("geo")
        terminal.keys("COPY --from=")
        terminal.until(lambda text: "nexus:5000/shop:1.0" in text)  # and the stage above it
        assert "runtime" in "".join(line[20:] for line in terminal.text.splitlines()[4:])
        terminal.keys("\x1b")
        terminal.keys(":o Jenkinsfile\r")
        terminal.until_keys(lambda text: "pipeline" in text and "Image" in text and "Module" in text.title(), " s")
