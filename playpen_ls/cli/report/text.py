"""Text output: location, message, the source line with the range underlined, and the first fix of each finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from functools import partial
from unicodedata import east_asian_width

from termcolor import colored

from playpen_ls.api.finding import Severity
from playpen_ls.cli.printable import printable
from playpen_ls.cli.report import Run
from playpen_ls.cli.results import FileReport, FindingReport, Fixes
from playpen_ls.engine.summary import counted, findings_in
from playpen_ls.text.dataclass import dataclass

_COLOURS = {
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFORMATION: "blue",
    Severity.HINT: "cyan",
}
_SIGNS = {"-": "red", "+": "green"}
FOR_PROGRAMS = False
FIXES = Fixes.FIRST


def report(files: Iterable[FileReport], run: Run) -> Iterator[str]:
    count, paint = _Count(), partial(colored, no_color=not run.color, force_color=run.color)
    for file in files:
        count.add(file)
        for finding in file.findings:
            yield from _finding(run, paint, file.path, finding)
    problems = run.problems()
    for problem in problems:
        path, message = printable(problem.path), printable(problem.message)
        if problem.kind:
            continue
        if problem.line:
            place, label = (
                f"{path}:{problem.line}:1",
                paint(Severity.HINT.label, _COLOURS[Severity.HINT], attrs=["bold"]),
            )
            yield f"{paint(place, attrs=['bold'])}: {label}: {message}"
        else:
            yield f"{paint(path, attrs=['bold'])}: {paint('not checked', 'red')}: {message}"
    kinds = Counter(problem.kind for problem in problems if problem.kind)
    if kinds and not run.quiet:
        yield f"not read: {', '.join(counted(number, kind) for kind, number in sorted(kinds.items()))}"
    if not run.quiet:
        yield _summary(run, paint, count, len({problem.path for problem in problems}))


Paint = Callable[..., str]


def _finding(run: Run, paint: Paint, path: str, finding: FindingReport) -> Iterator[str]:
    start, severity = finding.range.start, finding.severity
    place = paint(f"{printable(run.paths.shown(path))}:{start.line}:{start.column}", attrs=["bold"])
    label = paint(severity.label, _COLOURS[severity], attrs=["bold"])
    rule = paint(f"[{finding.rule}]", "dark_grey")
    yield f"{place}: {label}: {printable(finding.message)} {rule}"
    yield from _excerpt(paint, finding)
    for related in finding.related:
        shown, message = printable(run.paths.shown(related.path)), printable(related.message)
        yield f"      {paint('see', 'dark_grey')} {shown}:{related.range.start.line}: {message}"
    for fix in finding.fixes[: 0 if run.quiet else 1]:
        kind = "safe" if fix.safe else "unsafe"
        yield f"      {paint('fix', 'green')} {printable(fix.title)} {paint(f'({kind})', 'dark_grey')}"
        for line in fix.diff if run.show_fixes else ():
            yield f"        {paint(printable(line), _SIGNS.get(line[:1]))}"
    if finding.refusal and not run.quiet:
        yield f"      {paint('no fix', 'dark_grey')} {printable(finding.refusal)}"
    yield ""


def _excerpt(paint: Paint, finding: FindingReport) -> Iterator[str]:
    """The first line of a finding, underlined; a multi-line finding is underlined to the end of its first line."""
    shown, start, end = finding.excerpt
    number = f"{finding.range.start.line:>5}"
    blank = "".join("\t" if char == "\t" else " " * _width(char) for char in shown[:start])
    underline = "^" * max(1, sum(map(_width, shown[start:end])))
    yield f"{paint(f'{number} │', 'dark_grey')} {printable(shown)}"
    yield (
        f"{paint(' ' * len(number) + ' │', 'dark_grey')} "
        f"{blank}{paint(underline, _COLOURS[finding.severity], attrs=['bold'])}"
    )


def _width(char: str) -> int:
    return 2 if east_asian_width(char) in "WF" else 1


@dataclass
class _Count:
    """What was reported so far: `safe` findings `fix` can fix, `unsafe` ones only `fix --unsafe`.

    A rewrite counts as neither, since it is applied only for rules that are named in --select.
    """

    files: int = 0
    severities: Counter[Severity] = field(default_factory=Counter)
    safe: int = 0
    unsafe: int = 0
    objects: int = 0
    """That are built by kustomizations and charts."""
    kustomizations: int = 0
    charts: int = 0

    def add(self, file: FileReport) -> None:
        self.files += bool(file.findings)
        self.objects += file.built
        is_chart = file.path.endswith("Chart.yaml")
        self.kustomizations += bool(file.built) and not is_chart
        self.charts += bool(file.built) and is_chart
        for finding in file.findings:
            self.severities[finding.severity] += 1
            safe = any(fix.safe and not fix.is_rewrite for fix in finding.fixes)
            self.safe += safe
            self.unsafe += not safe and any(not fix.is_rewrite for fix in finding.fixes)


def _summary(run: Run, paint: Paint, count: _Count, unchecked: int) -> str:
    files = counted(run.files, "file")
    accepted, unchanged = run.left_out()
    hidden = "".join(
        f", {number} {why}"
        for number, why in (
            (accepted, "in the baseline"),
            (unchanged, "not on changed lines"),
            (run.hidden, "hidden by --min-severity"),
        )
        if number
    )
    files += hidden
    left_out = f"; {paint(f'{unchecked} not checked', 'red')}" if unchecked else ""
    if count.objects:
        made_by = ((count.kustomizations, "kustomization"), (count.charts, "chart"))
        by = " and ".join(counted(number, what) for number, what in made_by if number)
        left_out = f"; {counted(count.objects, 'object')} built from {by}{left_out}"
    if count.files:
        return _findings(count, files) + left_out
    if not run.files:
        return paint("no file was checked", "red") + left_out
    # "no findings" would be read as a result for all files.
    return f"0 findings in {files}{left_out}" if unchecked else paint(f"no findings in {files}", "green") + left_out


def _findings(count: _Count, files: str) -> str:
    total = findings_in(count.severities, count.files, files)
    if count.safe and count.unsafe:
        return f"{total}: {count.safe} fixable with `playpen-ls fix`, {count.unsafe} more with `--unsafe`"
    if count.safe or count.unsafe:
        command = "playpen-ls fix" if count.safe else "playpen-ls fix --unsafe"
        return f"{total}: {count.safe or count.unsafe} fixable with `{command}`"
    return total
