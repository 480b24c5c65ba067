"""Process pool for two-phase jobs: each worker reads its files, all exchange results, then each finishes its own files.

Where the system can fork safely, workers are forked, so that loaded modules are shared. Elsewhere each is started as a
Python of its own, isolated from the workspace. In both cases they talk in lines of JSON. If there are few files, the
jobs run in this process.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from threading import Thread
from typing import IO, TYPE_CHECKING, Any, Protocol

from playpen_ls.project.isolation import PACKAGE, command
from playpen_ls.project.typed_json import written

if TYPE_CHECKING:
    import subprocess
    from queue import SimpleQueue

FORKS = sys.platform == "linux"
WORTH = 100 if FORKS else 300  # files; for fewer, starting processes costs more than it saves
SHARE = 1 if FORKS else 100  # files that make another process worth it
BATCH = 20  # files per message to a process

Said = tuple[int, Any]
"""(number of a job, its result)."""


class Worker(Protocol):
    """The work of each process. Jobs are numbers."""

    def read(self, job: int) -> Any: ...

    def learn(self, said: Iterable[Said]) -> None:
        """Receive results of `read` from any process; called repeatedly until all are received."""

    def finish(self, job: int) -> Any:
        """Called for each job that this process has read, and for jobs of processes that died."""

    # How all this is sent, as values that `written` takes.

    def order(self) -> Any:
        """What a process that is not forked needs to make the same worker."""

    def modules(self) -> list[str]:
        """The module path of such a process."""

    def plain(self, job: int, result: Any) -> Any:
        """The result of `read`."""

    def read_of(self, job: int, data: Any) -> Any: ...

    def finished_of(self, data: Any) -> Any:
        """The result of `finish`, which is sent as it is."""


def cores() -> int:
    """The number of processes: the available cores, or PLAYPEN_CORES."""
    wanted = os.environ.get("PLAYPEN_CORES", "")
    if wanted.isdigit() and int(wanted):
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worth_it(files: int) -> bool:
    return files >= WORTH and cores() > 1


def work(
    worker: Worker,
    jobs: list[int],
    alone: int,
    module: str,
    died: Callable[[], None],
    step: Callable[[], None] = lambda: None,
) -> Iterator[Said]:
    """Yield the result of `finish` for each job, in any order. The first `alone` jobs are read before forking.

    `main` of `module` makes the worker of a process that is not forked, and lets it `serve`. `died` is called once if
    workers end unexpectedly; their jobs then run in this process. `step` is called when a job was read.
    """
    first = jobs[:alone]

    def read_one(job: int) -> Said:
        step()
        return job, worker.read(job)

    said = [read_one(job) for job in first]
    if not worth_it(len(jobs)):
        worker.learn([*said, *(read_one(job) for job in jobs[alone:])])
        yield from ((job, worker.finish(job)) for job in jobs)
        return
    pool = _ProcessPool(worker, first, module, len(jobs))
    try:
        told, read = [_packed(worker, said)], set(first)
        for batch, packed in pool.read(jobs[alone:]):
            read.update(batch)
            for _ in batch:
                step()
            told.append(packed)
        left = [job for job in jobs if job not in read]
        if left:
            told.append(_packed(worker, [read_one(job) for job in left]))
        pool.finish(told)
        finished = set()
        for job, made in pool.finished():
            finished.add(job)
            yield job, worker.finished_of(made)
        if pool.died:
            died()
    finally:
        pool.end()
    left = [job for job in jobs if job not in finished]
    for packed in told if left else ():
        worker.learn(_unpacked(worker, json.loads(packed)))
    yield from ((job, worker.finish(job)) for job in left)


def _packed(worker: Worker, said: list[Said]) -> bytes:
    """Written once where it was read, and forwarded as it is, since the parent process only relays it."""
    return written([(job, worker.plain(job, result)) for job, result in said])


def _unpacked(worker: Worker, data: Any) -> list[Said]:
    return [(job, worker.read_of(job, result)) for job, result in data]


class _Link:
    """One process: messages to it are written, and each line that it writes is put into a queue, at its end b""."""

    def __init__(self, to: IO[bytes], of: IO[bytes], process: subprocess.Popen[bytes] | int) -> None:
        self.to, self.of, self._process = to, of, process

    def listen(self, heard: SimpleQueue[tuple[_Link, bytes]]) -> None:
        def listen() -> None:
            with self.of:
                for line in self.of:
                    if line.endswith(b"\n"):  # else it died while it wrote
                        heard.put((self, line))
            heard.put((self, b""))

        Thread(target=listen, daemon=True).start()

    def send(self, *message: bytes) -> bool:
        try:
            self.to.writelines((*message, b"\n"))
            self.to.flush()
        except OSError:  # it died, which ends its lines too
            return False
        return True

    def end(self) -> None:
        """Kill the process, unless it has ended, and wait for it."""
        if isinstance(self._process, int):
            with contextlib.suppress(OSError):
                os.kill(self._process, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.waitpid(self._process, 0)
        else:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(OSError):
            self.to.close()


class _ProcessPool:
    """The pool, in the parent process. The first worker finishes the jobs that the parent has `read`."""

    def __init__(self, worker: Worker, read: list[int], module: str, jobs: int) -> None:
        from queue import SimpleQueue

        self.died = False
        self._heard = SimpleQueue[tuple[_Link, bytes]]()
        self._links: list[_Link] = []
        self._alive: set[_Link] = set()
        for number in range(min(cores(), max(2, jobs // SHARE))):
            mine = [] if number else [*read]
            self._links.append(_forked(worker, mine, self._links) if FORKS else _started(worker, mine, module))
        for link in self._links:  # no thread may run while there are others to fork
            self._alive.add(link)
            link.listen(self._heard)

    def read(self, jobs: list[int]) -> Iterator[tuple[list[int], bytes]]:
        """(jobs, their packed results) of each batch; batches of workers that died are missing."""
        batches = iter([jobs[start : start + BATCH] for start in range(0, len(jobs), BATCH)])
        busy = dict[_Link, list[int]]()

        def give(link: _Link) -> None:
            batch = next(batches, None)
            if batch is not None:
                busy[link] = batch
                link.send(written(batch))

        for link in self._links:
            give(link)
        while busy:
            link, line = self._heard.get()
            batch = busy.pop(link, [])
            if not line:
                self._lose(link)
                continue
            yield batch, line
            give(link)

    def finish(self, told: list[bytes]) -> None:
        for link in self._alive:
            link.send(b'{"learn":[', *_joined(told), b"]}")

    def finished(self) -> Iterator[tuple[int, Any]]:
        """The results of `finish`; those of workers that died are missing."""
        waiting = set(self._alive)
        while waiting:
            link, line = self._heard.get()
            said = json.loads(line) if line else None
            if not line and link in waiting:
                self._lose(link)
            if not said:  # this worker is done, or it died
                waiting.discard(link)
            yield from said or ()

    def end(self) -> None:
        for link in self._links:
            link.end()

    def _lose(self, link: _Link) -> None:
        self.died = True
        self._alive.discard(link)


def _joined(parts: list[bytes]) -> Iterator[bytes]:
    for number, part in enumerate(parts):
        if number:
            yield b","
        yield part.rstrip(b"\n")


def _forked(worker: Worker, mine: list[int], others: list[_Link]) -> _Link:
    (order, to), (of, answer) = os.pipe(), os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process:
        os.close(order)
        os.close(answer)
        return _Link(open(to, "wb"), open(of, "rb"), process)
    status = 1
    try:
        for one in (to, of, *(file.fileno() for other in others for file in (other.to, other.of))):
            os.close(one)  # otherwise their end of file would never be noticed
        with open(order, "rb") as orders, open(answer, "wb") as answers:
            serve(worker, mine, orders, answers)
        status = 0
    finally:  # nothing of the parent may run here: no handler, no buffer
        os._exit(status)


def _started(worker: Worker, mine: list[int], module: str) -> _Link:
    import subprocess

    process = subprocess.Popen(
        command(module, worker.modules()), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PACKAGE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    link = _Link(process.stdin, process.stdout, process)
    link.send(written([mine, worker.order()]))
    return link


def serve_started(make: Callable[[Any], Worker]) -> int:
    """Work in a process that was started. `make` gets the order of the worker."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    first = sys.stdin.buffer.readline()
    if first.endswith(b"\n"):
        mine, order = json.loads(first)
        serve(make(order), mine, sys.stdin.buffer, sys.stdout.buffer)
    return 0


def serve(worker: Worker, mine: list[int], orders: IO[bytes], answers: IO[bytes]) -> None:
    """The main loop of a worker, until it is done or the parent is gone. `mine` are the jobs to finish here."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches all processes; the parent speaks for them

    def say(data: bytes) -> None:
        answers.write(data + b"\n")
        answers.flush()

    with contextlib.suppress(OSError):  # the parent is gone
        while (line := orders.readline()).endswith(b"\n"):
            order = json.loads(line)
            if isinstance(order, list):
                mine += order
                say(_packed(worker, [(job, worker.read(job)) for job in order]))
                continue
            for said in order["learn"]:
                worker.learn(_unpacked(worker, said))
            for start in range(0, len(mine), BATCH):
                say(written([(job, worker.finish(job)) for job in mine[start : start + BATCH]]))
            say(b"[]")
            return
