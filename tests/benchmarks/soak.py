"""A simulated day of editing: what does it cost in memory, descriptors and latency?

    python tests/benchmarks/soak.py                                            # two minutes or so
    python tests/benchmarks/soak.py --documents 200 --edits 50000 --services 80 --switches 10
    python tests/benchmarks/soak.py --objects                                  # what holds the memory

Resident memory is printed after each tenth.

A server gets a workspace with copies of the projects of the tests. Its client opens documents, types, deletes, takes
edits back, saves, renames, hovers, asks for code actions, and switches branches, on which every closed file has another
text. At the end each document has the text that it began with. Compared are the end and the time after the first tenth:
resident memory, open descriptors, threads, children, and the latency of edits (from didChange to its publish).

The limits are the product's goals: memory at most 5 % more, p95 at most 1.1 times that of the first tenth. Latency on a
machine that does other work says little. Linux only, since it reads /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

import raw
from raw import Raw

from playpen_ls.text.edit import equal_end, equal_start

PROJECTS = Path(__file__).parent.parent / "projects"
LANGUAGES = ("Dockerfile", "Jenkinsfile", ".yaml", ".py")
PIECES = ("x", " ", "\n", "# ", "name: ", "RUN ", "sh 'make'\n", "def f():\n", "'", '"', "{", "}", "é", "😀", "    ")
KEPT = 20  # edits of a document before all of them are taken back
COUNTER = """
import collections, gc, os, signal, sys
def write(*_):
    gc.collect()
    found = collections.Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())
    with open(os.environ["SOAK_OBJECTS"], "w") as file:
        file.writelines(f"{number} {name}\\n" for name, number in found.items())
    os.rename(file.name, file.name + ".done")
signal.signal(signal.SIGUSR1, write)
from playpen_ls.__main__ import main
sys.exit(main())
"""


@dataclass
class Document:
    name: str
    text: str
    begun: str
    version: int = 1
    edits: int = 0


@dataclass
class State:
    """The server's process at one moment. `resident`, and `peak` so far, are in KB."""

    resident: int
    peak: int
    descriptors: int
    threads: int
    children: int
    objects: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, process: int) -> State:
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines() if ":" in line
        )
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        children = sum(len((task / "children").read_text().split()) for task in tasks)
        descriptors = len(os.listdir(f"/proc/{process}/fd"))
        resident, peak = (int(status[name].split()[0]) for name in ("VmRSS", "VmHWM"))
        return cls(resident, peak, descriptors, len(tasks), children)


class Client:
    """An editor with many documents. Answers all requests of the server with null."""

    def __init__(self, server: Raw, rng: random.Random) -> None:
        self.server = server
        self.documents: list[Document] = []
        self.latencies: list[float] = []
        self._rng = rng
        capabilities = {
            "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}},
            "textDocument": {"codeAction": {"resolveSupport": {"properties": ["edit"]}}},
        }
        root = {"rootUri": server.folder.as_uri(), "processId": None}
        self.ask("initialize", {"capabilities": capabilities, **root})
        server.send("initialized", {})

    def ask(self, method: str, params: Any) -> Any:
        self.server.send(method, params, request=True)
        id = self.server.ids
        answer = self._until(lambda message: message.get("id") == id and "method" not in message)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _until(self, wanted: Any) -> dict[str, Any]:
        while not wanted(message := self.server.receive()):
            if "id" in message and "method" in message:
                self.server.write(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": None}).encode())
        return message

    def _published(self, document: Document) -> None:
        place = {"uri": self.server.uri(document.name), "version": document.version}
        self._until(lambda message: place.items() <= (message.get("params") or {}).items())

    def open(self, name: str, text: str) -> Document:
        document = Document(name, text, text)
        item = {"uri": self.server.uri(name), "languageId": "x", "version": 1, "text": text}
        self.server.send("textDocument/didOpen", {"textDocument": item})
        self._published(document)
        return document

    def change(self, document: Document, start: int, end: int, text: str) -> None:
        span = {"start": position(document.text, start), "end": position(document.text, end)}
        document.text = document.text[:start] + text + document.text[end:]
        document.version += 1
        place = {"uri": self.server.uri(document.name), "version": document.version}
        begun = time.perf_counter()
        self.server.send(
            "textDocument/didChange", {"textDocument": place, "contentChanges": [{"range": span, "text": text}]}
        )
        self._published(document)
        self.latencies.append(time.perf_counter() - begun)

    def edit(self) -> None:
        """One edit of a random document, and at times what users do beside typing."""
        rng = self._rng
        document = rng.choice(self.documents)
        document.edits += 1
        if document.edits % KEPT == 0:
            self.take_back(document)
        else:
            start = rng.randint(0, len(document.text))
            deletes = rng.random() < 0.3
            end = min(start + rng.randrange(1, 30), len(document.text)) if deletes else start
            self.change(document, start, end, "" if deletes else rng.choice(PIECES))
        place = {"uri": self.server.uri(document.name)}
        where = position(document.text, rng.randint(0, len(document.text)))
        if rng.random() < 0.05:
            span = {"start": where, "end": where}
            params = {"textDocument": place, "range": span, "context": {"diagnostics": []}}
            actions = self.ask("textDocument/codeAction", params)
            if actions and "data" in actions[0]:
                self.ask("codeAction/resolve", actions[0])
        if rng.random() < 0.03:
            self.ask("textDocument/hover", {"textDocument": place, "position": where})
        if rng.random() < 0.02:
            self.take_back(document)
            self.server.send("textDocument/didSave", {"textDocument": place})
        if rng.random() < 0.01:
            self.rename(document)

    def take_back(self, document: Document) -> None:
        old, new = document.text, document.begun
        head = equal_start(old, new)
        tail = equal_end(old, new, min(len(old), len(new)) - head)
        self.change(document, head, len(old) - tail, new[head : len(new) - tail])

    def rename(self, document: Document) -> None:
        """Rename the file there or back."""
        self.take_back(document)
        old = document.name
        name = old.removesuffix(".renamed.py") if old.endswith(".renamed.py") else f"{old}.renamed.py"
        self.server.close(old)
        (self.server.folder / old).rename(self.server.folder / name)
        self.server.changed(old, 3)
        self.server.changed(name, 1)
        renamed = self.open(name, document.text)
        self.documents[self.documents.index(document)] = renamed

    def end(self) -> None:
        """Every document as it was."""
        for document in list(self.documents):
            if document.name.endswith(".renamed.py"):
                self.rename(document)
            elif document.text != document.begun:
                self.take_back(document)


def position(text: str, offset: int) -> dict[str, int]:
    """In UTF-16; no text here has a carriage return."""
    line = text.rfind("\n", 0, offset) + 1
    return {"line": text.count("\n", 0, offset), "character": len(text[line:offset].encode("utf-16-le")) // 2}


def workspace(folder: Path, services: int) -> list[str]:
    """Make the projects, and return the names of files in supported languages."""
    (folder / ".git").mkdir()
    sources = sorted(path for path in PROJECTS.iterdir() if path.is_dir())
    for number in range(services):
        shutil.copytree(sources[number % len(sources)], folder / f"service-{number}")
    found = (path for path in folder.rglob("*") if path.is_file() and path.name.endswith(LANGUAGES))
    return sorted(path.relative_to(folder).as_posix() for path in found)


def switch(client: Client, names: list[str]) -> None:
    """Switch to the other branch: each closed file has one more comment, or has it no more."""
    mark = "# the other branch\n"
    opened = {document.name.removesuffix(".renamed.py") for document in client.documents}
    changes = []
    for name in names:
        if name not in opened:
            path = client.server.folder / name
            text = path.read_text()
            path.write_text(text.removesuffix(mark) if text.endswith(mark) else text + mark)
            changes.append({"uri": client.server.uri(name), "type": 2})
    client.server.send("workspace/didChangeWatchedFiles", {"changes": changes})


def settled(client: Client, objects: Path | None) -> State:
    """The state after the server has nothing to do any more."""
    process = client.server.process.pid
    deadline = time.monotonic() + 60
    while State.of(process).children and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1)
    client.ask("textDocument/hover", {"textDocument": {"uri": "file:///none"}, "position": {"line": 0, "character": 0}})
    state = State.of(process)
    if objects is not None:
        done = Path(f"{objects}.done")
        os.kill(process, signal.SIGUSR1)
        while not done.exists():
            client.ask("textDocument/hover", {
                "textDocument": {"uri": "file:///none"}, "position": {"line": 0, "character": 0}
            })  # fmt: skip
            time.sleep(0.1)
        for line in done.read_text().splitlines():
            number, name = line.split(" ", 1)
            state.objects[name] = int(number)
        done.unlink()
    return state


def say(edits: int, state: State) -> None:
    print(f"{edits:,} edits: {state.resident / 1024:.1f} MB", file=sys.stderr, flush=True)


def p95(latencies: list[float]) -> float:
    """In milliseconds."""
    return sorted(latencies)[int(len(latencies) * 0.95)] * 1000


def report(first: State, last: State, early: list[float], late: list[float]) -> Iterator[str]:
    """The figures, and as the last line what misses its limit, if anything does."""
    growth = 100 * (last.resident - first.resident) / first.resident
    yield f"resident memory: {first.resident / 1024:.1f} MB after the first tenth, {last.resident / 1024:.1f} MB at the end ({growth:+.1f} %)"
    yield f"peak of memory: {first.peak / 1024:.1f} MB, {last.peak / 1024:.1f} MB"
    for name in ("descriptors", "threads", "children"):
        yield f"{name}: {getattr(first, name)}, {getattr(last, name)}"
    yield f"p95 of edits: {p95(early):.1f} ms in the first tenth, {p95(late):.1f} ms in the last one"
    more = last.objects - first.objects
    for name, number in more.most_common(20):
        yield f"    {number:+8,} of now {last.objects[name]:,} {name}"
    misses = [
        *(["memory"] if growth > 5 else []),
        *(["latency"] if p95(late) > 1.1 * p95(early) else []),
        *(["descriptors"] if last.descriptors > first.descriptors else []),
        *(["children"] if last.children else []),
    ]
    if misses:
        yield f"above the limit: {', '.join(misses)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--documents", type=int, default=40)
    parser.add_argument("--edits", type=int, default=2_000)
    parser.add_argument("--services", type=int, default=20, help="copies of the projects, about 9 files each")
    parser.add_argument("--switches", type=int, default=2, help="of the branch; even, to end as it began")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--objects", action="store_true", help="count the objects by type")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    raw.WAIT = 24 * 3600
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "workspace"
        folder.mkdir()
        names = workspace(folder, options.services)
        objects = Path(place) / "objects" if options.objects else None
        command = (sys.executable, "-c", COUNTER) if objects else raw.COMMAND
        with Raw(folder, command=command, SOAK_OBJECTS=str(objects)) as server:
            client = Client(server, rng)
            chosen = rng.sample(names, min(options.documents, len(names)))
            client.documents = [client.open(name, (folder / name).read_text()) for name in chosen]
            tenth = max(options.edits // 10, 1)
            first, switches = None, 0
            for number in range(options.edits):
                if number == tenth:
                    first = settled(client, objects)
                if number and number % tenth == 0:
                    say(number, State.of(server.process.pid))
                if switches < options.switches * number // options.edits:
                    switch(client, names)
                    switches += 1
                client.edit()
            while switches < options.switches:
                switch(client, names)
                switches += 1
            client.end()
            last = settled(client, objects)
            client.ask("shutdown", None)
            server.send("exit")
            status, log = server.end()
    lines = list(report(first or last, last, client.latencies[:tenth], client.latencies[-tenth:]))
    print(
        f"{options.edits:,} edits of {len(chosen)} documents in a workspace of {len(names)} files, {switches} switches"
    )
    print("\n".join(lines))
    print(f"ended with {status}, {len(log.splitlines())} lines in the log")
    print(log[:2000], end="")
    return int(lines[-1].startswith("above") or status != 0)


if __name__ == "__main__":
    sys.exit(main())
