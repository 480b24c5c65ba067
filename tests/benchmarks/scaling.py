"""How does the time grow with the length of a text? Each of the shapes, from 30 to 240 KB.

    python tests/benchmarks/scaling.py                                    # all shapes; takes hours
    python tests/benchmarks/scaling.py --sizes 8 16 32 --only dockerfile  # which ones to look at
    python tests/benchmarks/scaling.py --only "python: host"

Measured are process CPU seconds for a first check, as in an editor when a file is opened (`open`), a check with fixes
as on the command line (`check`), four edits (`edit`), all safe fixes (`safe`) and all fixes that need no choice
(`unsafe`); and the memory that the process takes at most. An operation that takes longer than the limit is not tried
with longer texts.

The exponent is log2 of the quotient of two differences: with times t1, t2, t4 of texts that each are twice as long,
log2((t4 - t2) / (t2 - t1)), so that what does not depend on the length counts for nothing. It is given where the last
difference is long enough to be measured. Above 1.2 a shape is called superlinear. Linux and macOS only (fork).
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import math
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from shapes import Shape, shapes

from playpen_ls.api.finding import Fix
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.languages.registry import parse
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source

NAMES = {"dockerfile": "Dockerfile", "jenkinsfile": "Jenkinsfile", "kubernetes": "deploy.yaml", "python": "app.py"}
OPERATIONS = ("open", "check", "edit", "safe", "unsafe")
LEAST = 0.06  # seconds; a shorter difference says nothing
MOST = 1.2  # as exponent


def any_fix(diagnostic: Diagnostic, fix: Fix) -> bool:
    return True


def prepared(shape: Shape, size: int, operation: str, folder: Path) -> Callable[[], object]:
    """The operation as a function without arguments."""
    path, text = NAMES[shape.language], shape.of_size(size)
    workspace = Workspace(folder, indexed=False)
    workspace.open(Source(path, text), shape.language)
    if operation == "open":
        return lambda: workspace.check(path, settled=False)
    if operation == "check":
        return lambda: workspace.look(path)
    if operation == "edit":
        workspace.check(path)
        middle = text.rfind("\n", 0, len(text) // 2) + 1
        places = [(middle, "x"), (middle + 1, "\n"), (len(text) + 2, "#"), (0, "# x\n")]

        def edits() -> None:
            for offset, typed in places:
                source, edit = workspace.documents[path].source, Edit(offset, offset, typed)
                workspace.edit(path, source.edited([edit]), [edit])
                workspace.check(path, settled=False)

        return edits
    workspace.check(path)
    return lambda: workspace.fixed(path, any_fix) if operation == "unsafe" else workspace.fixed(path)


def measured(shape: Shape, size: int, operation: str, limit: float) -> tuple[float, int] | str:
    """(CPU seconds, peak of memory above that before in KB), in a process of its own; what went wrong as a text."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            seconds = int(limit) + 1
            resource.setrlimit(resource.RLIMIT_CPU, (seconds * 3, seconds * 3))
            with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as null:
                os.dup2(null.fileno(), 2)
                run = prepared(shape, size, operation, Path(folder))
                gc.collect()
                before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
                used = int(begun) + seconds + 1
                resource.setrlimit(resource.RLIMIT_CPU, (used, used + 1))
                run()
                done = time.process_time() - begun
                memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            os.write(writing, json.dumps([done, memory]).encode())
        except BaseException as error:  # what went wrong is the result
            os.write(writing, json.dumps(f"{type(error).__name__}: {error}"[:200]).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as answer:
        said = answer.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"> {limit:.0f} s" if os.WTERMSIG(status) == signal.SIGXCPU else f"signal {os.WTERMSIG(status)}"
    found = json.loads(said)
    return found if isinstance(found, str) else (found[0], found[1])


def exponent(times: list[float]) -> float | None:
    """Of the last three times; None if they are too short to tell."""
    if len(times) < 3 or times[-1] - times[-2] < LEAST:
        return None
    return math.log2((times[-1] - times[-2]) / max(times[-2] - times[-3], LEAST / 4))


def figures(shape: Shape, sizes: list[int], operations: list[str], limit: float) -> Iterator[tuple[str, bool]]:
    """A line for each operation, and whether it is above the limit."""
    for operation in operations:
        times, written, wrong = list[float](), [], ""
        memory = 0
        for size in sizes:
            found = measured(shape, size * 1000, operation, limit)
            if isinstance(found, str):
                wrong = found
                written.append(found)
                break
            times.append(found[0])
            memory = found[1]
            written.append(f"{found[0]:.2f}")
        power = exponent(times)
        above = bool(wrong) or (power is not None and power > MOST)
        shown = "     " if power is None else f"{power:5.2f}"
        yield (
            f"{shown}  {shape.language}: {shape.name}, {operation}: {', '.join(written)} s; {memory // 1024} MB",
            above,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[30, 60, 120, 240], help="in KB, each twice the one before"
    )
    parser.add_argument("--operations", nargs="+", choices=OPERATIONS, default=list(OPERATIONS))
    parser.add_argument("--only", default="", help="shapes whose `language: name` contains this")
    parser.add_argument("--limit", type=float, default=20, help="CPU seconds for one operation")
    parser.add_argument("--all", action="store_true", help="print all figures, not only those above the limit")
    options = parser.parse_args()
    for language in NAMES:  # imports what is imported lazily
        parse(language, Source(NAMES[language], "x\n"))
        workspace = Workspace(Path(tempfile.gettempdir()), indexed=False)
        workspace.open(Source(NAMES[language], "x\n"), language)
        workspace.check(NAMES[language])
    gc.collect()
    gc.freeze()
    chosen = [shape for shape in shapes() if options.only in f"{shape.language}: {shape.name}"]
    superlinear = 0
    for shape in chosen:
        bad = False
        for line, above in figures(shape, options.sizes, options.operations, options.limit):
            bad |= above
            if above or options.all:
                with contextlib.suppress(BrokenPipeError):
                    print(line, flush=True)
        superlinear += bad
    print(f"{superlinear} of {len(chosen)} shapes are superlinear, or failed")
    return int(bool(superlinear))


if __name__ == "__main__":
    sys.exit(main())
