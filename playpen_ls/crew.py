"""Checks many files with all cores: first what they say, then each of them.

The processes are forks, so that they share the index without a copy. Where the system cannot fork safely, or there
is little to do, the files are checked one after the other.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from playpen_ls.facts import Fact
from playpen_ls.reading import MOST_FILES, facts_of
from playpen_ls.workspace import Workspace

WORTH = 100  # files; below that the processes cost more than they save
BATCH = 20  # files that a process is given at once

_job: Callable[[Any], Any]  # what the forks inherit: it need not be picklable


def cores() -> int:
    """How many processes may run at once; PLAYPEN_CORES sets another number."""
    wanted = os.environ.get("PLAYPEN_CORES", "")
    if wanted.isdigit() and int(wanted):
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def worth_it(files: int) -> bool:
    return files >= WORTH and cores() > 1 and sys.platform == "linux"


def shared_out(job: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """`job` of every item, in order. Raises BrokenProcessPool if a process dies."""
    from multiprocessing import get_context

    global _job
    _job = job
    every = list(items)
    batches = [every[start : start + BATCH] for start in range(0, len(every), BATCH)]
    with ProcessPoolExecutor(cores(), mp_context=get_context("fork")) as pool:
        for results in pool.map(_batch, batches):
            yield from results


def _batch(items: list[Any]) -> list[Any]:
    return [_job(item) for item in items]


def index(workspace: Workspace) -> None:
    """Make the workspace's index complete."""
    paths = list(workspace.paths())
    if not worth_it(len(paths)) or len(paths) > MOST_FILES:
        workspace.read_all()
        return
    root: Path = workspace.root

    def read(path: str) -> tuple[str, tuple[Fact, ...]]:
        return path, facts_of(root, path)

    try:
        for path, facts in shared_out(read, paths):
            workspace.take(path, facts, None)
        workspace.index.complete = True
    except BrokenProcessPool:
        workspace.read_all()
