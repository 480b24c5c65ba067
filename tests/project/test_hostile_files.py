"""Files that nobody should read to their end: pipes, devices, sockets, kernel files, huge files, deep folders."""

from __future__ import annotations

import ast
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from raw import Raw

import playpen_ls
from command_line import HOST, ROOT, written
from playpen_ls.project.read_file import read_file
from playpen_ls.text.source import LARGEST, Unreadable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs named pipes, /proc and /dev")

HANGS = 60  # seconds after which a command that a test waits for is ended
MEMORY = 2_000_000_000  # bytes


def limited(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command that is ended if it hangs, and fails if it reads without a limit."""
    return subprocess.run(
        [sys.executable, "-m", "playpen_ls", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=HANGS,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )  # fmt: skip


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1_000_000_000)


def zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))  # a socket's absolute path would be too long


MAKERS: dict[str, Callable[[Path], None]] = {
    "fifo": os.mkfifo,
    "zero": zero,
    "fifo link": lambda path: (os.mkfifo(path.with_name("pipe")), path.symlink_to("pipe"))[1],
    "socket": unix_socket,
    "huge": huge,
    "kernel": lambda path: path.symlink_to("/proc/self/status"),
}
READ = {
    "pyproject.toml": {},
    "playpen.toml": {},
    ".gitignore": {},
    ".dockerignore": {"Dockerfile": "FROM nexus:5000/python:3.12\nCOPY . .\nRUN pip install -r requirements.txt\n"},
    "requirements.txt": {"Dockerfile": "FROM nexus:5000/python:3.12\nCOPY . .\nRUN pip install -r requirements.txt\n"},
    "a.txt": {"Dockerfile": "FROM nexus:5000/python:3.12\nADD a.txt /srv/\n"},
    "base.toml": {"playpen.toml": 'extend = "base.toml"\n'},
    "other.py": {},
    "Dockerfile": {},
    "deploy.yaml": {},
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("kind", MAKERS)
def test_a_file_that_is_not_regular_or_too_large_hides_no_finding_of_another(tmp_path: Path, kind: str, name: str):
    written(tmp_path, {"app.py": HOST, ".git/HEAD": "", **READ[name]})
    MAKERS[kind](tmp_path / name)
    done = limited("check", ".", folder=tmp_path)
    assert "app.py:3:11: warning: host" in done.stdout, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("command", ["check", "fix"])
def test_one_that_is_named_itself_is_said(tmp_path: Path, kind: str, command: str):
    MAKERS[kind](tmp_path / "app.py")
    done = limited(command, "app.py", folder=tmp_path)
    said = done.stdout if command == "check" else done.stderr
    why = {"huge": "larger than 2,000,000 bytes (1,000,000,000)", "socket": "No such device or address"}
    assert f"app.py: {'not checked: ' * (command == 'check')}{why.get(kind, 'not a regular file')}" in said
    assert done.returncode == 2


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("name", ["pyproject.toml", "playpen.toml", ".gitignore", "requirements.txt", ".dockerignore"])
def test_the_server_answers_beside_one(tmp_path: Path, kind: str, name: str):
    written(tmp_path, {".git/HEAD": ""})
    MAKERS[kind](tmp_path / name)
    dockerfile = "FROM python:3.12\nCOPY . .\nRUN pip install -r requirements.txt\n"
    with Raw(tmp_path) as server:
        server.start()
        for file, text, language in (("app.py", HOST, "python"), ("Dockerfile", dockerfile, "dockerfile")):
            item = {"uri": server.uri(file), "languageId": language, "version": 1, "text": text}
            server.send("textDocument/didOpen", {"textDocument": item})
            while (said := server.receive()).get("params", {}).get("uri") != server.uri(file):
                pass
            assert said["params"]["diagnostics"]
        assert "result" in server.ask("shutdown")


def test_a_standard_input_without_end_is_read_to_the_limit_only(tmp_path: Path):
    with open("/dev/zero", "rb") as endless:
        done = subprocess.run(
            [sys.executable, "-m", "playpen_ls", "check", "--language", "python", "-"],
            cwd=tmp_path, stdin=endless, capture_output=True, text=True, timeout=HANGS,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert done.returncode == 2
    assert "stdin.python: larger than 2,000,000 bytes" in done.stderr


def test_folders_in_folders_as_deep_as_the_system_allows_are_read(tmp_path: Path):
    written(tmp_path, {"app.py": HOST})
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(3_000):  # far deeper than a path can say
        os.mkdir("d", dir_fd=here)
        here, above = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)
    written(tmp_path, {"d/" * 1_500 + "deep.py": HOST})
    done = limited("check", ".", folder=tmp_path)
    assert "\napp.py:3:11: warning: host" in f"\n{done.stdout}"
    assert "d/deep.py:3:11: warning: host" in done.stdout
    assert "d: not checked: cannot list the folder: File name too long" in done.stdout
    assert "Traceback" not in done.stderr
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)  # deeper than Python removes


# The function that reads


@pytest.mark.parametrize("kind", [kind for kind in MAKERS if kind not in ("huge", "socket")])
def test_what_is_not_a_regular_file_is_not_read(tmp_path: Path, kind: str):
    MAKERS[kind](tmp_path / "x")
    with pytest.raises(Unreadable, match="not a regular file"):
        read_file(tmp_path / "x")


def test_folders_and_missing_files_raise_as_the_system_says(tmp_path: Path):
    with pytest.raises(Unreadable, match="not a regular file"):
        read_file(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "x")
    with pytest.raises(FileNotFoundError):
        read_file("x\0y")
    unix_socket(tmp_path / "s")
    with pytest.raises(OSError, match="No such device"):
        read_file(tmp_path / "s")


def test_a_file_is_read_up_to_the_limit(tmp_path: Path):
    place = tmp_path / "x"
    for size in (0, 1, LARGEST):
        place.write_bytes(b"x" * size)
        assert read_file(place) == b"x" * size
    place.write_bytes(b"x" * (LARGEST + 1))
    with pytest.raises(Unreadable, match=r"larger than 2,000,000 bytes \(2,000,001\); exclude it or split it"):
        read_file(place)


def test_a_file_that_grows_while_it_is_read_is_read_up_to_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = tmp_path / "x"
    place.write_bytes(b"x" * LARGEST)
    read = os.read

    def grown(*arguments: int) -> bytes:
        with place.open("ab") as file:
            file.write(b"x" * 1000)
        return read(*arguments)

    monkeypatch.setattr(os, "read", grown)
    with pytest.raises(Unreadable, match="larger than"):
        read_file(place)


def test_what_is_read_is_what_was_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file that is replaced by a pipe after a look at it is not waited for."""
    (tmp_path / "x").write_text("text")
    stat = os.stat

    def replaced(path: str | Path, **options: bool) -> os.stat_result:
        found = stat(path, **options)
        os.unlink(path)
        os.mkfifo(path)
        return found

    monkeypatch.setattr(os, "stat", replaced)
    assert read_file(tmp_path / "x") == b"text"


def test_nothing_else_reads_files():
    """`read_file` is the only function that opens a file for reading; `write_file` compares what it replaces.

    The store of results opens its own database, the process pool its own pipes.
    """
    root = Path(playpen_ls.__file__).parent
    allowed = {"project/read_file.py", "cli/write_file.py", "cli/result_store.py", "cli/process_pool.py"}
    opening = {"read_text", "read_bytes", "FileIO", "fdopen"}
    found = []
    for path in root.rglob("*.py"):
        name = path.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or name in allowed:
                continue
            match node.func:
                case ast.Name("open") if len(node.args) > 1 and ast.unparse(node.args[1]) in ("'wb'", "'xb'"):
                    pass  # for writing
                case ast.Name("open") | ast.Attribute(ast.Name("os" | "io" | "codecs" | "tokenize"), "open"):
                    found.append((name, ast.unparse(node)))
                case ast.Attribute(_, attribute) if attribute in opening:
                    found.append((name, ast.unparse(node)))
    assert found == [("cli/main.py", "os.open(os.devnull, os.O_WRONLY)")]
