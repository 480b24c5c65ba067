"""The data of a report: the findings of a file as they are printed, with masked secrets and resolved positions.

No output format sees the text of a checked file, so that none can print a secret; and the data can be sent between
processes and stored. Paths are absolute, with forward slashes; `Paths` converts them for output.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from difflib import unified_diff
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from playpen_ls.api.finding import Change, Fix, Severity
from playpen_ls.engine.baseline import key_of
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.fixer import REWRITE
from playpen_ls.engine.masking import Mask
from playpen_ls.engine.summary import counted
from playpen_ls.session.open_file import PublishedFile
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.source import LINE_END, Source
from playpen_ls.text.span import Span

WIDEST = 200  # characters of a source line; longer lines are truncated around the finding


class Fixes(IntEnum):
    """Which verified fixes of a finding are reported."""

    NONE = 0
    FIRST = 1
    EVERY = 2
    DIFFS = 3
    """Every one, with its change as a diff."""


class Position(NamedTuple):
    """A 1-based line, and 1-based columns in code points and in bytes of UTF-8."""

    line: int
    column: int
    byte_column: int


class Range(NamedTuple):
    """The end is exclusive."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class EditReport:
    """`masked`: the text contained a secret, so the edit cannot be applied."""

    path: str
    range: Range
    text: str
    masked: bool = False


@dataclass(frozen=True, slots=True)
class FixReport:
    """A verified fix. `creates` has (path, text, whether it is masked) of new files."""

    title: str
    safe: bool
    kind: str
    edits: tuple[EditReport, ...] = ()
    creates: tuple[tuple[str, str, bool], ...] = ()
    diff: tuple[str, ...] = ()
    """The lines that it removes and adds, beginning with `-` and `+`, if asked for."""

    @property
    def is_masked(self) -> bool:
        return any(edit.masked for edit in self.edits) or any(masked for _, _, masked in self.creates)

    @property
    def is_rewrite(self) -> bool:
        return self.kind == REWRITE


@dataclass(frozen=True, slots=True)
class PlaceReport:
    path: str
    range: Range
    message: str


class Excerpt(NamedTuple):
    """The first source line of a finding, and the columns of the finding in it, from 0, the end exclusive."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FindingReport:
    """A finding. `key` identifies the text of its lines: 16 hexadecimal digits, the same when the lines move."""

    rule: str
    severity: Severity
    message: str
    range: Range
    excerpt: Excerpt
    key: str
    url: str = ""
    related: tuple[PlaceReport, ...] = ()
    fixes: tuple[FixReport, ...] = ()
    refusal: str = ""
    """Why no fix is offered, if it has some that cannot be applied."""
    suppression: tuple[str, str] | None = None
    """(kind, reason) of a finding that does not count: "inSource" for a comment, "external" for a baseline."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a report follows from besides the configuration, so that a later run can use it; digests in hexadecimal."""

    content: str
    """Digest of the file."""
    kinds: tuple[tuple[str, str], ...] = ()
    """(type of facts, digest of all facts of this type in the project)."""
    queries: tuple[tuple[str, str, str], ...] = ()
    """(query about other files, its path, digest of the answer)."""
    stated: tuple[tuple[str, str], ...] = ()
    """(type of facts, digest of those that the file states)."""
    facts: str = "[]"
    """The facts of the file as JSON; "" if they can have the text of a secret."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """A file that was checked, with its findings in text order, and those that do not count."""

    path: str
    findings: tuple[FindingReport, ...] = ()
    suppressed: tuple[FindingReport, ...] = ()
    problems: tuple[Problem, ...] = ()
    built: int = 0
    """How many objects it builds out of other files for deployment: it is a kustomization and no base, or a chart."""
    practices: frozenset[str] = frozenset()
    """The best practices that concern it, if they were asked for."""
    basis: Basis | None = None
    """None if it is not kept."""


def relocated(report: FileReport, place: Callable[[str], str]) -> FileReport:
    """The report with other paths of the places that its findings name, and of what their fixes edit and create."""

    def fix(one: FixReport) -> FixReport:
        edits = tuple([replace(edit, path=place(edit.path)) for edit in one.edits])
        creates = tuple([(place(path), text, masked) for path, text, masked in one.creates])
        return replace(one, edits=edits, creates=creates)

    def finding(one: FindingReport) -> FindingReport:
        if not one.related and not one.fixes:
            return one
        related = tuple([replace(each, path=place(each.path)) for each in one.related])
        return replace(one, related=related, fixes=tuple(map(fix, one.fixes)))

    findings, suppressed = (tuple(map(finding, some)) for some in (report.findings, report.suppressed))
    return replace(report, findings=findings, suppressed=suppressed)


@dataclass(frozen=True)
class Problem:
    """The reason why a file, or a part of it or of the run, could not be checked.

    If it is `fatal`, the exit status is 2 also without --strict: the file was named on the command line. `line` is
    where it begins, from 1, 0 for the whole file. `kind` is that of a text that is not meant to be read, such as a
    template.
    """

    path: str
    message: str
    fatal: bool = False
    line: int = 0
    kind: str = ""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class Paths:
    """Converts absolute paths for output. Paths outside of a folder stay absolute."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.root = folder, root
        self._shown: dict[str, str] = {}

    def shown(self, path: str) -> str:
        """The path relative to the current folder."""
        shown = self._shown.get(path)
        if shown is None:
            shown = self._shown[path] = relative(path, self.folder)
        return shown

    def rooted(self, path: str) -> str:
        """The path relative to the root of the repository."""
        return relative(path, self.root)


def relative(path: str, folder: Path) -> str:
    """The path relative to the folder, with forward slashes; absolute outside of it."""
    start = os.path.join(folder, "")
    # On Windows case does not matter, and shells and editors write the letter of the drive differently.
    is_inside = os.path.normcase(path).startswith(os.path.normcase(start))
    return path[len(start) * is_inside :].replace(os.sep, "/")


Verified = tuple[tuple[Fix, Change], ...]
"""Verified fixes of a finding with their changes."""


class Reporter:
    """Reports the findings of one file. `text_of` returns the text of another file of the project `root`."""

    def __init__(
        self,
        root: Path,
        mask: Mask,
        text_of: Callable[[str], str | None],
        link: Callable[[str, str], str | None],
        fixes: Fixes = Fixes.NONE,
    ) -> None:
        self._root, self._mask, self._text_of, self._link = root, mask, text_of, link
        self._diffs = fixes == Fixes.DIFFS
        self._positions = {mask.source.path: _Positions(mask.source)}
        self._keys: dict[tuple[int, int], str] = {}

    def path(self, path: str) -> str:
        """The absolute path of a path in the project."""
        return os.path.join(self._root, path).replace(os.sep, "/")

    def finding(
        self,
        diagnostic: Diagnostic,
        fixes: Verified = (),
        refusal: str = "",
        suppression: tuple[str, str] | None = None,
    ) -> FindingReport:
        finding, span = diagnostic.finding, diagnostic.span
        said = self._mask.text
        return FindingReport(
            diagnostic.rule.id,
            diagnostic.severity,
            said(finding.message),
            self._of(self._mask.source.path).range(span),
            self._excerpt(span),
            self._key(span),
            self._link(diagnostic.rule.id, diagnostic.rule.practice) or "",
            tuple(
                PlaceReport(self.path(place.path), self._of(place.path).range(place.span), said(place.message))
                for place in finding.related
            ),
            tuple(self._fix(fix, change) for fix, change in fixes),
            said(refusal),
            suppression,
        )

    def _fix(self, fix: Fix, change: Change) -> FixReport:
        return FixReport(
            self._mask.text(fix.title),
            fix.safe,
            fix.kind,
            tuple(
                EditReport(self.path(path), self._of(path).range(edit.span), *self._masked(edit.text))
                for path, edits in change.edits.items()
                for edit in edits
            ),
            tuple((self.path(path), *self._masked(text)) for path, text in change.creates.items()),
            tuple(self._diff(change)) if self._diffs else (),
        )

    def _diff(self, change: Change) -> Iterator[str]:
        """The removed and the added lines of a change, with the names of other files."""
        for path, edits in change.edits.items():
            source = self._of(path).source
            own = self._mask if path == self._mask.source.path else Mask(source, ())
            old, new = (LINE_END.split(own.edited(text)) for text in (source.text, source.edited(edits).text))
            lines = [*unified_diff(old, new, lineterm="", n=0)][2:]
            if path != self._mask.source.path:
                yield f"in {path}:"
            # A secret of several lines is masked as a whole.
            yield from self._mask.text("\n".join(line for line in lines if not line.startswith("@@"))).split("\n")
        for path, text in change.creates.items():
            yield f"new file {path}:"
            yield from (f"+{line}" for line in LINE_END.split(self._mask.text(text).rstrip()))

    def _masked(self, text: str) -> tuple[str, bool]:
        masked = self._mask.text(text)
        return masked, masked != text

    def _of(self, path: str) -> _Positions:
        if path not in self._positions:
            self._positions[path] = _Positions(Source(path, self._text_of(path) or ""))
        return self._positions[path]

    def _key(self, span: Span) -> str:
        lines = self._mask.source.line_of(span.start), self._mask.source.line_of(span.end)
        if lines not in self._keys:
            self._keys[lines] = key_of(self._mask, span)
        return self._keys[lines]

    def _excerpt(self, span: Span) -> Excerpt:
        source = self._mask.source
        line, column = source.position(span.start)
        shown, shifts = self._mask.line(line)
        last = min(span.end, source.line_span(line).end) - source.line_starts[line]
        start, end = (_shifted(offset, shifts) for offset in (column, max(last, column)))
        if len(shown) > WIDEST:
            cut = max(0, min(start - 40, len(shown) - WIDEST))
            shown, start, end = shown[cut : cut + WIDEST], start - cut, min(end - cut, WIDEST)
        return Excerpt(shown, start, end)


def _shifted(column: int, shifts: list[tuple[int, int]]) -> int:
    number = bisect_right(shifts, column, key=lambda shift: shift[0])
    return column + (shifts[number - 1][1] if number else 0)


class _Positions:
    """Positions in a text. Those that are near each other in a long line are counted from each other."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._last: dict[int, tuple[int, int]] = {}
        """(offset, bytes before it in its line) of the last position in each line."""

    def range(self, span: Span) -> Range:
        return Range(self._position(span.start), self._position(span.end))

    def _position(self, offset: int) -> Position:
        line, column = self.source.position(offset)
        return Position(line + 1, column + 1, self._bytes_before(offset, line) + 1)

    def _bytes_before(self, offset: int, line: int) -> int:
        text, start = self.source.text, self.source.line_starts[line]
        if text.isascii():
            return offset - start
        last, count = self._last.get(line, (start, 0))
        between = len(text[min(last, offset) : max(last, offset)].encode("utf-8", "surrogatepass"))
        count += between if offset >= last else -between
        self._last[line] = offset, count
        return count


def not_checked(
    found: PublishedFile, shown: str, named: bool, unread: Callable[[str], tuple[str, str]] | None = None
) -> Iterator[Problem]:
    """What was not checked in a file that was read; `unread` is that of its language."""
    for rule in sorted(found.failed):
        yield Problem(shown, f"rule `{rule}` failed", named)
    if found.unparsed:
        names = [_lines(found.source, one) for one in found.unparsed]
        more = f" and {len(names) - MOST_NAMED} more places" if len(names) > MOST_NAMED else ""
        if unread is None:
            yield Problem(shown, f"cannot parse {', '.join(names[:MOST_NAMED])}{more}", named)
        else:
            yield _not_read(found, shown, *unread(found.source.of(found.unparsed[0])))


def _not_read(found: PublishedFile, shown: str, kind: str, reason: str) -> Problem:
    """It can be right in another version of the language, so it is no failure."""
    first, last = _first_and_last(found.source, found.unparsed[0])
    to = f" to line {last}" if last > first else ""
    others = len(found.unparsed) - 1
    more = f" and at {counted(others, 'more place')}" if others else ""
    return Problem(shown, f"not read from here{to}{more} ({reason})", line=first, kind=kind)


MOST_NAMED = 3  # ranges in one message


def _lines(source: Source, span: Span) -> str:
    first, last = _first_and_last(source, span)
    return f"line {first}" if first == last else f"lines {first} to {last}"


def _first_and_last(source: Source, span: Span) -> tuple[int, int]:
    """The lines of a range, without the blank lines at its end."""
    return source.line_of(span.start) + 1, source.line_of(span.start + len(source.of(span).rstrip())) + 1
