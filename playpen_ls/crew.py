"""Processes that work through a tree together: each keeps what it has read, and finishes it when all have read.

They are forks, so that what is loaded already is shared. Where the system cannot fork safely, or there is little to
do, nobody is called.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

WORTH = 100  # files; below that the processes cost more than they save
BATCH = 20  # files that a process is given at once

Said = tuple[int, Any]
"""The number of a job, and what came of it."""


class Worker(Protocol):
    """What each process does; jobs are numbers, and what is given back must be picklable."""

    def read(self, job: int) -> Any: ...

    def learn(self, said: Iterable[Said]) -> None:
        """All that came of reading, in any process."""

    def finish(self, job: int) -> Any:
        """Called for each job that was read here; for others too, if a process has died."""


def cores() -> int:
    """How many processes may run at once; PLAYPEN_CORES sets another number."""
    wanted = os.environ.get("PLAYPEN_CORES", "")
    if wanted.isdigit() and int(wanted):
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def worth_it(files: int) -> bool:
    return files >= WORTH and cores() > 1 and sys.platform == "linux"


def work(worker: Worker, jobs: list[int], alone: int, died: Callable[[], None]) -> dict[int, Any]:
    """What finishing each job gives. The first `alone` jobs are read here, before there are other processes.

    `died` is called once if processes end unexpectedly; what they had to do is done here.
    """
    read: dict[int, Any] = {job: worker.read(job) for job in jobs[:alone]}
    crew = _Crew(worker) if worth_it(len(jobs)) else None
    if crew is not None:
        read.update(crew.read(jobs[alone:]))
    left = [job for job in jobs if job not in read]
    read.update((job, worker.read(job)) for job in left)
    worker.learn(read.items())
    finished: dict[int, Any] = {}
    if crew is not None:
        mine = jobs[:alone]
        crew.ask("finish", list(read.items()))
        finished.update((job, worker.finish(job)) for job in mine)
        finished.update(crew.finished())
        if crew.died:
            died()
    finished.update((job, worker.finish(job)) for job in jobs if job not in finished)
    return finished


class _Crew:
    """The processes, seen from where they were called."""

    def __init__(self, worker: Worker) -> None:
        from multiprocessing import get_context  # its modules take as long to load as twenty files to check

        context = get_context("fork")
        self.died = False
        self._links: list[Connection] = []
        for _ in range(cores()):
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(worker, there, [*self._links, here]), daemon=True)
            process.start()
            there.close()
            self._links.append(here)

    def read(self, jobs: list[int]) -> Iterator[Said]:
        """What came of reading; nothing of jobs whose process died."""
        from multiprocessing.connection import Connection, wait

        batches = iter([jobs[start : start + BATCH] for start in range(0, len(jobs), BATCH)])
        busy = [link for link in self._links if self._send(link, ("read", next(batches, [])))]
        while busy:
            for link in wait(busy):
                assert isinstance(link, Connection)
                said = self._heard(link)
                batch = next(batches, None) if said is not None else None
                if batch is None or not self._send(link, ("read", batch)):
                    busy.remove(link)
                yield from said or ()

    def ask(self, *order: Any) -> None:
        for link in list(self._links):
            self._send(link, order)

    def finished(self) -> Iterator[Said]:
        """What came of finishing; nothing of jobs whose process died."""
        from multiprocessing.connection import Connection, wait

        while self._links:
            for link in wait(self._links):
                assert isinstance(link, Connection)
                said = self._heard(link)
                if said is not None and not said:  # it has nothing more
                    self._links.remove(link)
                yield from said or ()

    def _send(self, link: Connection, order: tuple[Any, ...]) -> bool:
        try:
            link.send(order)
        except OSError:
            self._lose(link)
            return False
        return True

    def _heard(self, link: Connection) -> list[Said] | None:
        try:
            return link.recv()  # type: ignore[no-any-return]
        except (EOFError, OSError):
            self._lose(link)
            return None

    def _lose(self, link: Connection) -> None:
        self.died = True
        if link in self._links:
            self._links.remove(link)


def _serve(worker: Worker, link: Connection, others: list[Connection]) -> None:
    """What a process does until it has nothing more to do, or nobody listens."""
    for other in others:
        other.close()  # else it would never be told that the others' ends are gone
    mine: list[int] = []
    try:
        while True:
            order, told = link.recv()
            if order == "read":
                mine += told
                link.send([(job, worker.read(job)) for job in told])
                continue
            worker.learn(told)
            for start in range(0, len(mine), BATCH):
                link.send([(job, worker.finish(job)) for job in mine[start : start + BATCH]])
            link.send([])
            return
    except (EOFError, OSError, KeyboardInterrupt):
        return
