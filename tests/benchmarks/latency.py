"""Times language servers while a file is edited: playpen-ls and those of PyPI and npm for the same language.

    python tests/benchmarks/latency.py [LANGUAGE…] [--lines 1000] [--edits 60] [--rounds 3]

An edit inserts or deletes one character in the middle of the file, and the time until the diagnostics of the new text
arrive is measured, as the user waits for it. CPU is that of the server and its children. Each round starts each server
anew, one after the other; the table has the medians over the rounds, and ratios to playpen-ls. Linux only (/proc).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import corpus
import peers

LANGUAGE_IDS = {"dockerfile": "dockerfile", "jenkinsfile": "groovy", "kubernetes": "yaml", "python": "python"}
TICKS = os.sysconf("SC_CLK_TCK")
WAIT = 20.0  # seconds for one answer


class Server:
    """A language server and a client for one open file."""

    def __init__(self, command: list[str], folder: Path, language: str) -> None:
        self.language = language
        self.uri = ""
        self.version = 0
        self._folder = folder
        self._news = threading.Condition()
        self._responses: dict[int, Any] = {}
        self._published: list[tuple[float, int | None]] = []
        self._ended = False
        self._started = time.perf_counter()
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        threading.Thread(target=self._read, daemon=True).start()

    def start(self) -> float:
        """The seconds from the start of the process to the response to `initialize`."""
        document = {"synchronization": {"didSave": True}, "publishDiagnostics": {"versionSupport": True}}
        self._request(1, "initialize", {
            "processId": os.getpid(), "rootUri": self._folder.as_uri(),
            "workspaceFolders": [{"uri": self._folder.as_uri(), "name": "benchmark"}],
            "capabilities": {"textDocument": document, "workspace": {"configuration": True}},
        })  # fmt: skip
        self._wait(lambda: 1 in self._responses)
        took = time.perf_counter() - self._started
        self._notify("initialized", {})
        self._notify("workspace/didChangeConfiguration", {"settings": {}})
        return took

    def open(self, path: Path) -> float:
        """The seconds until the first diagnostics."""
        self.uri, self.version = path.as_uri(), 1
        item = {"uri": self.uri, "languageId": LANGUAGE_IDS[self.language], "version": 1, "text": path.read_text()}
        return self._answered("textDocument/didOpen", {"textDocument": item})

    def edit(self, line: int, column: int, insert: bool) -> float:
        """The seconds until the diagnostics of the text with one character more or less."""
        self.version += 1
        end = {"line": line, "character": column if insert else column + 1}
        change = {"range": {"start": {"line": line, "character": column}, "end": end}, "text": "x" if insert else ""}
        document = {"uri": self.uri, "version": self.version}
        return self._answered("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def cpu(self) -> float:
        """The CPU seconds of the process and its descendants so far."""
        return sum(ticks for ticks, _ in self._family()) / TICKS

    def memory(self) -> float:
        """The resident memory of the process and its descendants, in MB."""
        return sum(pages for _, pages in self._family()) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def stop(self) -> None:
        try:
            self._request(2, "shutdown", None)
            self._wait(lambda: 2 in self._responses, 3)
            self._notify("exit", None)
            self.process.wait(3)
        except (OSError, TimeoutError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()

    def _answered(self, method: str, parameters: object) -> float:
        sent = time.perf_counter()
        self._notify(method, parameters)
        latest: list[float] = []

        def answered() -> bool:
            latest[:] = [at for at, version in self._published if at > sent and version in (None, self.version)]
            return bool(latest)

        self._wait(answered)
        return latest[0] - sent

    def _wait(self, done: Callable[[], bool], seconds: float = WAIT) -> None:
        with self._news:
            if not self._news.wait_for(lambda: done() or self._ended, seconds) or self._ended:
                raise TimeoutError("no answer")

    def _request(self, number: int, method: str, parameters: object) -> None:
        self._send({"id": number, "method": method, "params": parameters})

    def _notify(self, method: str, parameters: object) -> None:
        self._send({"method": method, "params": parameters})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self) -> None:
        out = self.process.stdout
        assert out
        while True:
            length = 0
            while (line := out.readline().strip()) or not length:
                if not line and self.process.poll() is not None:
                    with self._news:
                        self._ended = True
                        self._news.notify_all()
                    return
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self._received(json.loads(out.read(length)), time.perf_counter())

    def _received(self, message: dict[str, Any], at: float) -> None:
        method, number = message.get("method"), message.get("id")
        if method and number is not None:
            items = message["params"].get("items", ()) if method == "workspace/configuration" else None
            self._send({"id": number, "result": None if items is None else [None for _ in items]})
        with self._news:
            if method == "textDocument/publishDiagnostics" and message["params"]["uri"] == self.uri:
                self._published.append((at, message["params"].get("version")))
            elif not method:
                self._responses[number] = message
            self._news.notify_all()

    def _family(self) -> list[tuple[int, int]]:
        """(CPU ticks, pages in memory) of each process."""
        children: dict[int, list[int]] = {}
        used: dict[int, tuple[int, int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    words = (entry / "stat").read_bytes().rpartition(b")")[2].split()
                except OSError:
                    continue
                children.setdefault(int(words[1]), []).append(int(entry.name))
                used[int(entry.name)] = (int(words[11]) + int(words[12]), int(words[21]))
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            todo += children.get(pid, ())
            found.append(used.get(pid, (0, 0)))
        return found


def measure(command: list[str], language: str, lines: int, edits: int) -> dict[str, float]:
    """Milliseconds and MB of one run."""
    make, name = corpus.KINDS[language]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder).resolve() / name
        path.write_text(make(lines))
        texts = path.read_text().split("\n")
        line = next(number for number in range(lines // 2, lines) if texts[number].strip())
        server = Server(command, path.parent, language)
        try:
            result = {"start": server.start() * 1e3, "open": server.open(path) * 1e3}
            for number in range(4):  # caches and compilers warm up
                server.edit(line, len(texts[line]), number % 2 == 0)
            before = server.cpu()
            times = [server.edit(line, len(texts[line]), number % 2 == 0) * 1e3 for number in range(edits)]
            result["CPU"] = (server.cpu() - before) / edits * 1e3
            result["edit"] = statistics.median(times)
            result["p95"] = statistics.quantiles(times, n=20)[-1]
            result["MB"] = server.memory()
            return result
        finally:
            server.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help=f"default: {' '.join(corpus.KINDS)}")
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--edits", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    results: dict[tuple[str, str], list[dict[str, float]]] = {}
    servers = list(peers.runnable(peers.SERVERS, options.languages or list(corpus.KINDS)))
    for _ in range(options.rounds):
        for language, tool, command in servers:
            try:
                run = measure(command, language, options.lines, options.edits)
            except (OSError, TimeoutError) as error:
                print(f"{language}: {tool}: {error}", file=sys.stderr)
                continue
            results.setdefault((language, tool), []).append(run)
    print(f"{options.lines} lines, medians of {options.rounds} rounds of {options.edits} edits\n")
    print("| file | server | start ms | first diagnostics ms | edit ms | × | p95 ms | CPU ms an edit | MB |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|")
    for (language, tool), runs in results.items():
        median = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        ours = results.get((language, peers.OURS))
        ratio = median["edit"] / statistics.median(run["edit"] for run in ours) if ours else float("nan")
        print(
            f"| {language} | {tool} | {median['start']:.0f} | {median['open']:.0f} | {median['edit']:.1f} | {ratio:.1f} "
            f"| {median['p95']:.1f} | {median['CPU']:.1f} | {median['MB']:.0f} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
