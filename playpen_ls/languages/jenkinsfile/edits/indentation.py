"""Re-indenting code without changing the content of multi-line strings."""

from __future__ import annotations

from bisect import bisect_right

from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile, indentation_in
from playpen_ls.languages.jenkinsfile.syntax.tree import Statement
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


def unit(file: Jenkinsfile, near: Statement | None = None) -> str:
    """One level of indentation, as in the block around `near`, else in the first block that shows one."""
    near_by = indentation_in(file.source, near.block) if near and near.block.open >= 0 else ""
    return near_by or file.indentation


def begins_line(source: Source, offset: int) -> bool:
    return not source.text[source.line_start(offset) : offset].strip(" \t")


def ends_line(source: Source, offset: int) -> bool:
    """Whether only whitespace and a `//` comment follow on the line."""
    rest = source.text[offset : source.line_span(source.line_of(offset)).end].strip()
    return not rest or rest.startswith("//")


def whole_lines(source: Source, span: Span) -> Span | None:
    """The lines of the span with their line ends; None if anything but a comment shares them."""
    if not begins_line(source, span.start) or not ends_line(source, span.end):
        return None
    return Span(source.line_start(span.start), source.next_line_start(span.end))


def fixed_lines(file: Jenkinsfile, span: Span) -> frozenset[int]:
    """The lines of the span that start inside a string, where whitespace is part of its value."""
    source, tree = file.source, file.tree
    lines: set[int] = set()
    first = bisect_right(tree.tokens, span.start, key=lambda token: token[1]) - 1
    for index in range(max(first, 0), len(tree.tokens)):
        kind, start, end, _ = tree.tokens[index]
        if start >= span.end:
            break
        if kind == "string" and end > span.start:
            lines.update(range(source.line_of(start) + 1, source.line_of(end) + 1))
    return frozenset(lines)


def reindented(file: Jenkinsfile, span: Span, old: str, new: str) -> str:
    """The lines of the span (whole ones) with the indentation `old` replaced with `new`.

    Lines that are indented less get exactly `new`; lines that start inside a string do not change.
    """
    source, fixed, pieces = file.source, fixed_lines(file, span), []
    at = span.start
    while at < span.end:
        line = source.line_of(at)
        following = min(source.next_line_start(at), span.end)
        text = source.text[at:following]
        if line not in fixed and text.strip():
            text = new + text.removeprefix(old) if text.startswith(old) else new + text.lstrip(" \t")
        elif line not in fixed:
            text = text.lstrip(" \t")
        pieces.append(text)
        at = following if following > at else span.end
    return "".join(pieces)
