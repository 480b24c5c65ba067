"""Text output: location, message, the source line with the range underlined, and the first fix of each finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from unicodedata import east_asian_width

from termcolor import colored

from playpen_ls.api.finding import Severity
from playpen_ls.cli.printable import printable
from playpen_ls.cli.results import FileReport, Item, Problem
from playpen_ls.engine.fixer import REWRITE, safe_only
from playpen_ls.engine.masking import Mask

_COLOURS = {
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFORMATION: "blue",
    Severity.HINT: "cyan",
}
FOR_PROGRAMS = False
WIDEST = 200  # characters of a source line; longer lines are truncated around the finding


def report(files: Iterable[FileReport], problems: Iterable[Problem]) -> Iterator[str]:
    count = _Count()
    for file in files:
        count.add(file)
        for item in file.items:
            yield from _finding(file, item)
    unchecked = 0
    for problem in problems:
        unchecked += 1
        path, message = printable(problem.path), printable(problem.message)
        yield f"{colored(path, attrs=['bold'])}: {colored('not checked', 'red')}: {message}"
    yield _summary(count, unchecked)


def _finding(file: FileReport, item: Item) -> Iterator[str]:
    source, span = file.mask.source, item.diagnostic.span
    line, column = source.position(span.start)
    severity = item.diagnostic.severity
    place = colored(f"{printable(file.shown(file.path))}:{line + 1}:{column + 1}", attrs=["bold"])
    label = colored(severity.label, _COLOURS[severity], attrs=["bold"])
    rule = colored(f"[{item.diagnostic.rule.id}]", "dark_grey")
    yield f"{place}: {label}: {printable(file.mask.said(item.diagnostic.finding.message))} {rule}"
    yield from _excerpt(file.mask, line, column, span.end, _COLOURS[severity])
    for related in item.diagnostic.finding.related:
        shown, message = printable(file.shown(related.path)), printable(file.mask.said(related.message))
        text = file.text_of(related.path)
        number = "" if text is None else f":{text.count(chr(10), 0, related.span.start) + 1}"
        yield f"      {colored('see', 'dark_grey')} {shown}{number}: {message}"
    for tried in item.fixes[:1]:
        kind = "safe" if tried.fix.safe else "unsafe"
        title = printable(file.mask.said(tried.fix.title))
        yield f"      {colored('fix', 'green')} {title} {colored(f'({kind})', 'dark_grey')}"
    yield ""


def _excerpt(mask: Mask, line: int, column: int, end: int, colour: str) -> Iterator[str]:
    """The first line of a finding, underlined; a multi-line finding is underlined to the end of its first line."""
    shown, shifts = mask.line(line)
    start_of_line = mask.source.line_starts[line]
    last = min(end, mask.source.line_span(line).end) - start_of_line
    start, last = (_shifted(offset, shifts) for offset in (column, max(last, column)))
    if len(shown) > WIDEST:
        cut = max(0, min(start - 40, len(shown) - WIDEST))
        shown, start, last = shown[cut : cut + WIDEST], start - cut, min(last - cut, WIDEST)
    number = f"{line + 1:>5}"
    blank = "".join("\t" if char == "\t" else " " * _width(char) for char in shown[:start])
    underline = "^" * max(1, sum(map(_width, shown[start:last])))
    yield f"{colored(f'{number} │', 'dark_grey')} {printable(shown)}"
    yield f"{colored(' ' * len(number) + ' │', 'dark_grey')} {blank}{colored(underline, colour, attrs=['bold'])}"


def _shifted(column: int, shifts: list[tuple[int, int]]) -> int:
    return column + sum(by for after, by in shifts if column >= after)


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

    def add(self, file: FileReport) -> None:
        self.files += bool(file.items)
        for item in file.items:
            self.severities[item.diagnostic.severity] += 1
            safe = any(safe_only(item.diagnostic, tried.fix) for tried in item.fixes)
            self.safe += safe
            self.unsafe += not safe and any(tried.fix.kind != REWRITE for tried in item.fixes)


def _summary(count: _Count, unchecked: int) -> str:
    if unchecked:
        return f"{_findings(count) if count.files else '0 findings'}; {colored('not everything was checked', 'red')}"
    return _findings(count) if count.files else colored("no findings", "green")


def _findings(count: _Count) -> str:
    counts = count.severities
    by_severity = ", ".join(counted(counts[severity], severity.label) for severity in sorted(counts, reverse=True))
    total = f"{counted(counts.total(), 'finding')} ({by_severity}) in {counted(count.files, 'file')}"
    if count.safe and count.unsafe:
        return f"{total}: {count.safe} fixable with `playpen-ls fix`, {count.unsafe} more with `--unsafe`"
    if count.safe or count.unsafe:
        command = "playpen-ls fix" if count.safe else "playpen-ls fix --unsafe"
        return f"{total}: {count.safe or count.unsafe} fixable with `{command}`"
    return total


def counted(number: int, word: str) -> str:
    """The number and the word, in the plural where it needs one: `2 files`."""
    return f"{number} {word}" if number == 1 or word == "information" else f"{number} {word}s"
