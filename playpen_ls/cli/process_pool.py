"""Process pool for two-phase jobs: each worker reads its files, all exchange results, then each finishes its own files.

Workers are forked, so that loaded modules are shared. If the system cannot fork safely, or there are few files, the
jobs run in this process.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

WORTH = 100  # files; for fewer, starting processes costs more than it saves
BATCH = 20  # files per message to a process

Said = tuple[int, Any]
"""(number of a job, its result)."""


class Worker(Protocol):
    """The work of each process. Jobs are numbers; results must be picklable."""

    def read(self, job: int) -> Any: ...

    def learn(self, said: Iterable[Said]) -> None:
        """Receive results of `read` from any process; called repeatedly until all are received."""

    def finish(self, job: int) -> Any:
        """Called for each job that this process has read, and for jobs of processes that died."""


def cores() -> int:
    """The number of processes: the available cores, or PLAYPEN_CORES."""
    wanted = os.environ.get("PLAYPEN_CORES", "")
    if wanted.isdigit() and int(wanted):
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def worth_it(files: int) -> bool:
    return files >= WORTH and cores() > 1 and sys.platform == "linux"


def work(
    worker: Worker, jobs: list[int], alone: int, died: Callable[[], None], step: Callable[[], None] = lambda: None
) -> Iterator[Said]:
    """Yield the result of `finish` for each job, in any order. The first `alone` jobs are read before forking.

    `died` is called once if workers end unexpectedly; their jobs then run in this process. `step` is called when a job
    was read.
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
    pool, told, read = _ProcessPool(worker, first), [_packed(said)], set(first)
    for batch, packed in pool.read(jobs[alone:]):
        read.update(batch)
        for _ in batch:
            step()
        told.append(packed)
    left = [job for job in jobs if job not in read]
    if left:
        told.append(_packed([read_one(job) for job in left]))
    pool.ask("finish", told)
    finished = set()
    for job, made in pool.finished():
        finished.add(job)
        yield job, made
    if pool.died:
        died()
    left = [job for job in jobs if job not in finished]
    for packed in told if left else ():
        worker.learn(pickle.loads(packed))
    yield from ((job, worker.finish(job)) for job in left)


def _packed(said: list[Said]) -> bytes:
    """Pickled once here and forwarded as bytes, since the parent process only relays the results."""
    return pickle.dumps(said, protocol=pickle.HIGHEST_PROTOCOL)


class _ProcessPool:
    """The pool, in the parent process. The first worker finishes the jobs that the parent has `read`."""

    def __init__(self, worker: Worker, read: list[int]) -> None:
        from multiprocessing import get_context  # importing it takes as long as checking twenty files

        context = get_context("fork")
        self.died = False
        self._links: list[Connection] = []
        for number in range(cores()):
            here, there = context.Pipe()
            mine = [] if number else [*read]
            process = context.Process(target=_serve, args=(worker, there, [*self._links, here], mine), daemon=True)
            process.start()
            there.close()
            self._links.append(here)

    def read(self, jobs: list[int]) -> Iterator[tuple[list[int], bytes]]:
        """(jobs, pickled results) of each batch; batches of workers that died are missing."""
        from multiprocessing.connection import Connection, wait

        batches = iter([jobs[start : start + BATCH] for start in range(0, len(jobs), BATCH)])
        busy = {link: batch for link in self._links if self._send(link, ("read", batch := next(batches, [])))}
        while busy:
            for link in wait([*busy]):
                assert isinstance(link, Connection)
                packed, batch = self._heard(link), busy.pop(link)
                if packed is None:
                    continue
                yield batch, packed
                after = next(batches, None)
                if after is not None and self._send(link, ("read", after)):
                    busy[link] = after

    def ask(self, *order: Any) -> None:
        for link in list(self._links):
            self._send(link, order)

    def finished(self) -> Iterator[Said]:
        """The results of `finish`; those of workers that died are missing."""
        from multiprocessing.connection import Connection, wait

        while self._links:
            for link in wait(self._links):
                assert isinstance(link, Connection)
                said = self._heard(link)
                if said is not None and not said:  # this worker is done
                    self._links.remove(link)
                yield from said or ()

    def _send(self, link: Connection, order: tuple[Any, ...]) -> bool:
        try:
            link.send(order)
        except OSError:
            self._lose(link)
            return False
        return True

    def _heard(self, link: Connection) -> Any:
        try:
            return link.recv()
        except (EOFError, OSError):
            self._lose(link)
            return None

    def _lose(self, link: Connection) -> None:
        self.died = True
        if link in self._links:
            self._links.remove(link)


def _serve(worker: Worker, link: Connection, others: list[Connection], mine: list[int]) -> None:
    """The main loop of a worker, until it is done or the parent is gone. `mine` are the jobs to finish here."""
    for other in others:
        other.close()  # otherwise their end of file would never be noticed
    try:
        while True:
            order, told = link.recv()
            if order == "read":
                mine += told
                link.send(_packed([(job, worker.read(job)) for job in told]))
                continue
            for packed in told:
                worker.learn(pickle.loads(packed))
            for start in range(0, len(mine), BATCH):
                link.send([(job, worker.finish(job)) for job in mine[start : start + BATCH]])
            link.send([])
            return
    except (EOFError, OSError, KeyboardInterrupt):
        return
