"""The number of findings of each rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from playpen_ls.cli.printable import printable
from playpen_ls.cli.report import Run
from playpen_ls.cli.results import FileReport, Fixes
from playpen_ls.engine.registry import rule_of

FOR_PROGRAMS = False
FIXES = Fixes.NONE


def report(files: Iterable[FileReport], run: Run) -> Iterator[str]:
    counts = Counter(finding.rule for file in files for finding in file.findings)
    width = max(map(len, counts), default=0)
    for rule, number in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"{number:>6}  {rule:<{width}}  {rule_of(rule).title}"
    for problem in run.problems():
        label = "" if problem.line else "not checked: "
        yield f"{printable(problem.place)}: {label}{printable(problem.message)}"
    yield f"{counts.total():>6}  findings in {run.files} checked files"
