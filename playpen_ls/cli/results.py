"""The data of a report: the findings of a file with verified fixes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from playpen_ls.api.finding import Change, Fix
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.masking import Mask
from playpen_ls.session.open_file import PublishedFile
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


@dataclass(frozen=True)
class TriedFix:
    fix: Fix
    change: Change


@dataclass(frozen=True)
class Item:
    """A finding and its verified fixes."""

    diagnostic: Diagnostic
    fixes: tuple[TriedFix, ...]


@dataclass(frozen=True)
class FileReport:
    """The findings of one file. `shown` converts a project path for output."""

    path: str
    mask: Mask
    items: list[Item]
    shown: Callable[[str], str]
    text_of: Callable[[str], str | None]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Problem:
    """The reason why a file, or a part of it or of the run, could not be checked.

    If it is `fatal`, the exit status is 2 also without --strict: the file was named on the command line.
    """

    path: str
    message: str
    fatal: bool = False


def not_checked(found: PublishedFile, shown: str, named: bool) -> Iterator[Problem]:
    """What was not checked in a file that was read."""
    for rule in sorted(found.failed):
        yield Problem(shown, f"rule `{rule}` failed", named)
    if found.unparsed:
        names = [_lines(found.source, one) for one in found.unparsed]
        more = f" and {len(names) - MOST_NAMED} more places" if len(names) > MOST_NAMED else ""
        yield Problem(shown, f"cannot parse {', '.join(names[:MOST_NAMED])}{more}", named)


MOST_NAMED = 3  # ranges in one message


def _lines(source: Source, span: Span) -> str:
    """Without the blank lines at the end."""
    first = source.line_of(span.start) + 1
    last = source.line_of(span.start + len(source.of(span).rstrip())) + 1
    return f"line {first}" if first == last else f"lines {first} to {last}"
