"""The process that reads a project, so that reading never stands in a keystroke's way.

It is told what to read in one line of JSON, and answers with pickled batches; what speaks to it is its own parent.
It ends when its work is done, or as soon as its standard input closes: a server that is gone leaves nobody behind.
"""

from __future__ import annotations

import json
import os
import pickle
import struct
import sys
import threading
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from playpen_ls.api.facts import Fact
from playpen_ls.project.scan import MOST_FILES, Stamp, changed, facts_of, paths_under

BATCH = 60  # facts that one answer holds; unpickling them takes the server less than a millisecond
HEADER = struct.Struct(">I")


Read = tuple[str, Stamp | None, tuple[Fact, ...]]


def main() -> int:
    order = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(10)  # the editor's own work comes first
    work(order, sys.stdout.buffer)
    return 0


def work(order: dict[str, Any], output: BinaryIO) -> None:
    """Answers: ("total", n), ("facts", number, [(path, stamp, facts)]) any number of times, then ("done",) or
    ("many",)."""
    root = Path(order["root"])
    known = {path: (int(when), int(size)) for path, (when, size) in order["known"].items()}
    paths = list(islice(paths_under(root, order["exclude"], Path(order["base"])), MOST_FILES + 1))
    if len(paths) > MOST_FILES:
        _say(output, ("many",))
        return
    _say(output, ("total", len(paths)))
    # What is not listed any more is gone, or left out by now.
    batch: list[Read] = [(path, None, ()) for path in sorted(known.keys() - set(paths))]
    waiting, number = 2 * len(batch), 0
    for number, (path, now) in enumerate(changed(root, paths, known), 1):
        facts = facts_of(root, path)
        batch.append((path, now, facts))
        waiting += len(facts) + 2
        if waiting >= BATCH:
            _say(output, ("facts", number, batch))
            batch, waiting = [], 0
    _say(output, ("facts", number, batch))
    _say(output, ("done",))


def _say(output: BinaryIO, answer: tuple[Any, ...]) -> None:
    content = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
    output.write(HEADER.pack(len(content)) + content)
    output.flush()


def _end_with_parent() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
