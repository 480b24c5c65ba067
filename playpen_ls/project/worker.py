"""The process that reads a project, so that reading never stands in a keystroke's way.

It reads what to do from one line of JSON, and answers in lines of JSON. It ends when its work is done, or as soon as
its standard input closes: a server that is gone leaves nobody behind.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from playpen_ls.api.facts import Fact
from playpen_ls.project.fact_json import fact_of, plain
from playpen_ls.project.scan import MOST_FILES, Stamp, changed, facts_of, paths_under
from playpen_ls.project.typed_json import Malformed, reader

BATCH = 60  # facts that one answer holds; decoding them takes the server less than a millisecond

Read = tuple[str, Stamp | None, tuple[Fact, ...]]


def main() -> int:
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):  # the server is gone already
        return 1
    order = json.loads(line)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(10)  # the editor's own work comes first
    try:
        work(order, sys.stdout.buffer)
    except BrokenPipeError:  # nobody reads the answers any more
        return 1
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        _say(sys.stdout.buffer, "failed", f"{type(error).__name__} at {last.filename}:{last.lineno}")
    return 0


def work(order: dict[str, Any], output: BinaryIO) -> None:
    """Answers: ["total", n], ["facts", number, [[path, stamp, facts], …]] any number of times, then ["done"] or
    ["many"]. `main` answers ["failed", reason] to an exception."""
    root = Path(order["root"])
    known = {path: (int(when), int(size)) for path, (when, size) in order["known"].items()}
    paths = list(islice(paths_under(root, order["exclude"], Path(order["base"])), MOST_FILES + 1))
    if len(paths) > MOST_FILES:
        _say(output, "many")
        return
    _say(output, "total", len(paths))
    # What is not listed any more is gone, or left out by now.
    batch: list[Read] = [(path, None, ()) for path in sorted(known.keys() - set(paths))]
    waiting, number = 2 * len(batch), 0
    for number, (path, now) in enumerate(changed(root, paths, known), 1):
        facts = facts_of(root, path)
        batch.append((path, now, facts))
        waiting += len(facts) + 2
        if waiting >= BATCH:
            _say(output, "facts", number, _listed(batch))
            batch, waiting = [], 0
    _say(output, "facts", number, _listed(batch))
    _say(output, "done")


def _listed(batch: Iterable[Read]) -> list[Any]:
    return [[path, now, [plain(path, fact) for fact in facts]] for path, now, facts in batch]


def batch_of(data: Any) -> list[Read]:
    """What the last part of a "facts" answer stands for. Raises Malformed."""
    if type(data) is not list:
        raise Malformed("expected a batch")
    batch = []
    for one in data:
        if type(one) is not list or len(one) != 3 or type(one[2]) is not list:
            raise Malformed("expected a file")
        path = _path(one[0])
        batch.append((path, _stamp(one[1]), tuple([fact_of(path, fact) for fact in one[2]])))
    return batch


_path, _stamp = reader(str), reader(Stamp | None)


def _say(output: BinaryIO, *answer: Any) -> None:
    output.write(json.dumps(answer).encode() + b"\n")
    output.flush()


def _end_with_parent() -> None:
    # Not by sys.stdin: at its normal end the interpreter would find that locked by this thread, and abort.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)
