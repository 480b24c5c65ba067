"""Reading in threads, so that a file system that is slow or gone keeps no event loop waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

from playpen_ls.api.facts import NotKnownYet

T = TypeVar("T")

PATIENCE = 0.05  # seconds to wait for an answer
HURRY = 0.002  # seconds, while another answer is late
MOST_THREADS = 8
MOST_ANSWERS = 1_000  # late ones that are kept until they are asked for


class Ask(Protocol):
    def __call__(self, key: Hashable, reading: Callable[[], T]) -> T:
        """What `reading` returns or raises; `key` says which answer that is. Raises NotKnownYet if it takes long."""


def at_once(key: Hashable, reading: Callable[[], T]) -> T:
    """Reads in the calling thread, however long that takes."""
    return reading()


class Patience:
    """Answers questions about files for one thread. `arrived` is called in another thread when a late answer is there.

    While answers are late, others are read by further threads.
    """

    def __init__(self, arrived: Callable[[], None]) -> None:
        self._arrived = arrived
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._threads = 0
        self._lock = threading.Lock()  # of what follows
        self._late: set[Hashable] = set()
        self._answers: dict[Hashable, _Job] = {}

    def ask(self, key: Hashable, reading: Callable[[], T]) -> T:
        with self._lock:
            if key in self._late:
                raise NotKnownYet
            job = self._answers.pop(key, None)
            late = len(self._late)
        if job is None:
            if self._threads < min(late + 1, MOST_THREADS):
                self._threads += 1
                threading.Thread(target=self._work, name="reader", daemon=True).start()
            job = _Job(key, reading)
            self._jobs.put(job)
            if not job.done.wait(HURRY if late else PATIENCE):
                with self._lock:
                    if not job.done.is_set():
                        self._late.add(key)
                        raise NotKnownYet
        return job.answer()  # type: ignore[no-any-return]

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            job.run()
            with self._lock:
                is_late = job.key in self._late
                if is_late:
                    self._late.discard(job.key)
                    if len(self._answers) >= MOST_ANSWERS:
                        self._answers.clear()
                    self._answers[job.key] = job
            if is_late:
                self._arrived()


class _Job:
    def __init__(self, key: Hashable, reading: Callable[[], Any]) -> None:
        self.key = key
        self.done = threading.Event()
        self._reading: Callable[[], Any] | None = reading
        self._answer: Any = None
        self._error: Exception | None = None

    def run(self) -> None:
        try:
            assert self._reading is not None
            self._answer = self._reading()
        except Exception as error:
            self._error = error
        self._reading = None
        self.done.set()

    def answer(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._answer
