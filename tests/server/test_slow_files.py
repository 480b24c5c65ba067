"""A file system that answers late, or never: the server answers meanwhile, and catches up."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from raw import Raw

from playpen_ls.api.facts import NotKnownYet
from playpen_ls.project import patience
from playpen_ls.project.patience import Patience

# Looks at files whose path has SLOW in it wait until the file GO exists. Those of the event loop's thread are written.
SERVER = """
import os, sys, threading, time
look, root, slow, go = os.stat, os.environ["ROOT"], os.environ["SLOW"], os.environ["GO"]
def is_there(path):
    try:
        return bool(look(path))
    except OSError:
        return False
def guarded(function):
    def call(path=".", *more, **options):
        name = os.fspath(path) if isinstance(path, (str, os.PathLike)) else ""
        if isinstance(name, str) and name.startswith(root):
            if threading.current_thread() is threading.main_thread():
                print("ON THE LOOP:", function.__name__, name, file=sys.stderr, flush=True)
            while slow and slow in name[len(root):] and not is_there(go):
                time.sleep(0.01)
        return function(path, *more, **options)
    return call
for name in ("stat", "lstat", "open", "scandir", "listdir", "readlink"):
    setattr(os, name, guarded(getattr(os, name)))
from playpen_ls.__main__ import main
sys.exit(main())
"""
APP = 'import os\n\nHOST = "redis.apps.svc.cluster.local"\n'
DOCKERFILE = "FROM nexus:5000/python:3.12\nCOPY . .\nRUN pip install -r requirements.txt\n"


class Slow(Raw):
    def __init__(self, folder: Path, slow: str = "") -> None:
        self.go = folder.parent / f"{folder.name}-go"
        (folder / ".git").mkdir()
        command = (sys.executable, "-c", SERVER)
        super().__init__(folder, command, ROOT=str(folder), SLOW=slow, GO=str(self.go))
        self.published: dict[str, list[Any]] = {}

    def receive(self) -> dict[str, Any]:
        message = super().receive()
        if message.get("method") == "textDocument/publishDiagnostics":
            self.published.setdefault(message["params"]["uri"], []).append(message["params"]["diagnostics"])
        return message

    def show(self, name: str, text: str) -> None:
        item = {"uri": self.uri(name), "languageId": "x", "version": 1, "text": text}
        self.send("textDocument/didOpen", {"textDocument": item})

    def rules(self, name: str) -> list[str]:
        """Those of the findings that were last published for a file."""
        return [one["code"] for one in self.published.get(self.uri(name), [[]])[-1]]

    def until(self, name: str, rule: str) -> None:
        while rule not in self.rules(name):
            self.receive()

    def hover(self, name: str, line: int = 0) -> dict[str, Any]:
        position = {"line": line, "character": 10}
        return self.ask("textDocument/hover", {"textDocument": {"uri": self.uri(name)}, "position": position})


@pytest.mark.parametrize("slow", ["/playpen.toml", "/pyproject.toml", "/.git", "/.gitignore", "/src", ""])
def test_a_file_is_checked_as_soon_as_it_is_known_what_counts_for_it(tmp_path: Path, slow: str):
    folder = tmp_path / "shop"
    (folder / "src").mkdir(parents=True)
    (folder / "playpen.toml").write_text('ignore = ["python/print-as-log"]\n')
    (folder / ".gitignore").write_text("x\n")
    with Slow(folder, slow) as server:
        server.start()
        server.show("src/app.py", APP + 'print("x")\n')
        for _ in range(3):
            assert server.hover("src/app.py")["result"] is None
        server.replace("src/app.py", 2, f'{APP}print("x")\nURL = HOST\n')
        assert server.hover("src/app.py")["result"] is None
        if slow in ("/playpen.toml", "/pyproject.toml", "/.git", "/src"):
            assert server.published == {}
        server.go.touch()
        server.until("src/app.py", "python/hard-coded-host")
        assert "python/print-as-log" not in server.rules("src/app.py")
        assert server.hover("src/app.py", 2)["result"]
        assert "result" in server.ask("shutdown")
        server.send("exit")
        status, log = server.end()
    assert "ON THE LOOP" not in log
    assert status == 0, log


def test_a_question_about_a_file_keeps_no_other_finding_waiting(tmp_path: Path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "requirements.txt").write_text("fastapi\n")
    with Slow(folder, "/requirements.txt") as server:
        server.start()
        server.show("app.py", APP)
        server.until("app.py", "python/hard-coded-host")
        server.show("Dockerfile", DOCKERFILE.replace("nexus:5000/python:3.12", "python:latest"))
        server.until("Dockerfile", "dockerfile/foreign-base-image")
        assert "dockerfile/copy-before-install" not in server.rules("Dockerfile")
        assert server.hover("app.py", 2)["result"]
        server.go.touch()
        server.until("Dockerfile", "dockerfile/copy-before-install")
        assert "result" in server.ask("shutdown")
        server.send("exit")
        _, log = server.end()
    assert "ON THE LOOP" not in log


def test_nothing_that_editors_ask_is_read_on_the_loop(tmp_path: Path):
    folder = tmp_path / "shop"
    folder.mkdir()
    texts = {"app.py": APP, "Dockerfile": DOCKERFILE, "closed.py": APP, "requirements.txt": "fastapi\n"}
    texts["playpen.toml"] = 'extend = "base.toml"\nbaseline = "baseline.json"\n'
    texts["base.toml"] = 'ignore = ["python/print-as-log"]\n'
    texts["baseline.json"] = '{"version": 1, "entries": []}'
    for name, text in texts.items():
        (folder / name).write_text(text)
    with Slow(folder) as server:
        server.start()
        for name in ("app.py", "Dockerfile", "playpen.toml"):
            server.show(name, texts[name])
        server.until("Dockerfile", "dockerfile/copy-before-install")
        server.replace("app.py", 2, APP + 'print("x")\n')
        span = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        for name in ("app.py", "Dockerfile"):
            place = {"uri": server.uri(name)}
            asked = {"textDocument": place, "range": span, "context": {"diagnostics": []}}
            assert server.ask("textDocument/codeAction", asked)["result"]
            assert server.hover(name, 2)["result"]
            server.send("textDocument/didSave", {"textDocument": place})
        for command in ("checkWorkspace", "fixableInWorkspace", "createConfiguration"):
            answer = server.ask("workspace/executeCommand", {"command": f"playpen-ls.{command}", "arguments": []})
            assert "result" in answer, answer
        assert server.rules("closed.py") == ["python/hard-coded-host"]
        (folder / "closed.py").write_text("x = 1\n")
        server.changed("closed.py")
        while server.rules("closed.py"):
            server.receive()
        server.close("app.py")
        server.changed("base.toml")
        assert server.hover("Dockerfile", 2)["result"]
        assert "result" in server.ask("shutdown")
        server.send("exit")
        _, log = server.end()
    assert "ON THE LOOP" not in log


# What asks


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    monkeypatch.setattr(patience, "PATIENCE", 0.001)
    gate = threading.Event()
    yield gate
    gate.set()


def test_a_late_answer_is_announced_once_and_given_to_the_next_who_asks(gate: threading.Event):
    arrived = threading.Semaphore(0)
    asking = Patience(arrived.release)
    reads: list[int] = []

    def reading() -> int:
        reads.append(1)
        gate.wait()
        return 7

    for _ in range(3):
        with pytest.raises(NotKnownYet):
            asking.ask("x", reading)
    gate.set()
    assert arrived.acquire(timeout=60)
    assert asking.ask("x", reading) == 7
    assert len(reads) == 1
    assert not arrived.acquire(blocking=False)


def test_what_a_reading_raises_is_raised_also_late(gate: threading.Event):
    arrived = threading.Semaphore(0)
    asking = Patience(arrived.release)

    def reading() -> int:
        gate.wait()
        raise FileNotFoundError

    with pytest.raises(NotKnownYet):
        asking.ask("x", reading)
    gate.set()
    assert arrived.acquire(timeout=60)
    with pytest.raises(FileNotFoundError):
        asking.ask("x", reading)


def test_others_are_answered_while_one_is_late(gate: threading.Event, monkeypatch: pytest.MonkeyPatch):
    asking = Patience(lambda: None)
    for number in range(3):
        with pytest.raises(NotKnownYet):
            asking.ask(number, gate.wait)
    monkeypatch.setattr(patience, "HURRY", 60)
    assert asking.ask("x", lambda: 7) == 7


def test_with_all_threads_late_nobody_waits_for_long(gate: threading.Event):
    asking, before = Patience(lambda: None), threading.active_count()
    for number in range(3 * patience.MOST_THREADS):
        with pytest.raises(NotKnownYet):
            asking.ask(number, gate.wait)
    assert threading.active_count() == before + patience.MOST_THREADS
