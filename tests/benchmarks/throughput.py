"""Times command-line linters over a tree of files: playpen-ls and those of PyPI and npm for the same language.

    python tests/benchmarks/throughput.py [LANGUAGE…] [--files 200] [--runs 3]

The tree has files of one language only. One run of each tool is not counted; then all run in turn. `playpen-ls check`
runs with cross-file rules and fixes, without its cache. CPU is that of the process and of the children that it waited for.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import corpus
import peers

LIMIT = 600  # seconds for one run


def run(command: list[str], folder: Path) -> tuple[float, float]:
    """(wall, CPU) seconds. Raises TimeoutExpired, and OSError if the tool does not work."""
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT)
    wall, after = time.perf_counter() - started, os.times()
    if done.returncode < 0 or done.returncode in (126, 127):
        raise OSError(f"exit status {done.returncode}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu


def medians(runs: list[tuple[float, float]]) -> tuple[float, float]:
    wall, cpu = zip(*runs, strict=True)
    return statistics.median(wall), statistics.median(cpu)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help=f"default: {' '.join(corpus.KINDS)}")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    languages = options.languages or list(corpus.KINDS)
    results: dict[tuple[str, str], list[tuple[float, float]]] = {}
    lines: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as top:
        for language in languages:
            lines[language] = corpus.tree(Path(top) / language, language, options.files)
        tools = list(peers.runnable(peers.LINTERS, languages))
        failed = set()
        for number in range(options.runs + 1):
            for language, tool, command in tools:
                if (language, tool) in failed:
                    continue
                folder = Path(top) / language
                files = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
                words = [*command, "check", "--no-cache"] if tool == peers.OURS else command
                argv = [word for one in words for word in (files if one == "{files}" else [one])]
                try:
                    took = run(argv, folder)
                except (OSError, subprocess.TimeoutExpired) as error:
                    print(f"{language}: {tool}: {error}", file=sys.stderr)
                    failed.add((language, tool))
                    continue
                if number:
                    results.setdefault((language, tool), []).append(took)
    print(f"{options.files} files each, medians of {options.runs} runs\n")
    print("× is in times playpen-ls.\n")
    print("| files | tool | seconds | × | CPU seconds | × | lines a second |\n|---|---|--:|--:|--:|--:|--:|")
    for (language, tool), runs in results.items():
        wall, cpu = medians(runs)
        its_wall, its_cpu = medians(results.get((language, peers.OURS), [(math.nan, math.nan)]))
        print(
            f"| {language} | {tool} | {wall:.2f} | {wall / its_wall:.2g} | {cpu:.2f} | {cpu / its_cpu:.2g} "
            f"| {lines[language] / wall:,.0f} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
