"""A server and its messages as they are on the wire, for what no client library would send."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "playpen_ls", "--stdio")
WAIT = 60  # seconds after which a server that a test still waits for is ended


class Raw:
    """A server, and its messages as they are on the wire."""

    def __init__(self, folder: Path, command: Sequence[str] = COMMAND, cwd: Path = ROOT, **env: str) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, env={**os.environ, **env},
        )  # fmt: skip
        self.folder = folder
        self.ids = 0

    def __enter__(self) -> Raw:
        self._watchdog = threading.Timer(WAIT, self.process.kill)
        self._watchdog.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._watchdog.cancel()
        self.process.kill()
        self.process.wait()

    def send(self, method: str, params: Any = None, request: bool = False) -> None:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if request:
            self.ids += 1
            message["id"] = self.ids
        self.write(json.dumps(message).encode())

    def write(self, body: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout
        length = 0
        while (line := self.process.stdout.readline()).strip() or not length:
            if not line:
                raise EOFError("the server is gone, or was ended since it said nothing for too long")
            if line.startswith(b"Content-Length:"):
                length = int(line.split(b":")[1])
        return json.loads(self.process.stdout.read(length))

    def ask(self, method: str, params: Any = None) -> dict[str, Any]:
        """The answer to a request; notifications and requests of the server that come before it are left out."""
        self.send(method, params, request=True)
        while (message := self.receive()).get("id") != self.ids or "method" in message:
            pass
        return message

    def start(self) -> None:
        self.ask("initialize", {"capabilities": {}, "rootUri": self.folder.as_uri(), "processId": None})
        self.send("initialized", {})

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str, version: int = 1) -> dict[str, Any]:
        item = {"uri": self.uri(name), "languageId": "x", "version": version, "text": text}
        self.send("textDocument/didOpen", {"textDocument": item})
        return self.receive()

    def replace(self, name: str, version: int, text: str) -> None:
        """An edit that sends the whole text."""
        document = {"uri": self.uri(name), "version": version}
        self.send("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def close(self, name: str) -> None:
        self.send("textDocument/didClose", {"textDocument": {"uri": self.uri(name)}})

    def changed(self, name: str, kind: int = 2) -> None:
        """Say that a file was created (1), changed (2) or deleted (3) on the disk."""
        self.send("workspace/didChangeWatchedFiles", {"changes": [{"uri": self.uri(name), "type": kind}]})

    def end(self) -> tuple[int, str]:
        """The exit status and what was logged."""
        assert self.process.stdin
        self.process.stdin.close()
        assert self.process.stderr
        log = self.process.stderr.read().decode()
        return self.process.wait(timeout=20), log
