"""Positions in a document's text: comments, and the entries and items that comments refer to.

All offsets are relative to the document's text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import abc
from collections.abc import Iterable

from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Node, Scalar, Sequence, walk
from playpen_ls.languages.model import Comment
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_MARK = regex(r"(?:(?<=[ \t\r\n])|\A)#[^\r\n]*")
_HEADER = regex(r"[^\r\n]*")


def comments(text: str, roots: Iterable[Node]) -> tuple[Comment, ...]:
    """Every `#` comment outside scalars; `alone` means that it has its own line."""
    if "#" not in text:
        return ()
    scalars = _scalars_with_marks(text, roots)
    starts = [span.start for span in scalars]
    found, reached = [], 0
    while match := _MARK.search(text, reached):
        reached = match.end()
        at = bisect_right(starts, match.start()) - 1
        if at >= 0 and match.start() < scalars[at].end:
            reached = scalars[at].end
            continue
        line = max(text.rfind("\n", 0, match.start()), text.rfind("\r", 0, match.start())) + 1
        alone = not text[line : match.start()].strip()
        found.append(Comment(Span(match.start(), match.end()), match[0], alone))
    return tuple(found)


def _scalars_with_marks(text: str, roots: Iterable[Node]) -> list[Span]:
    spans = []
    for root in roots:
        for node in walk(root):
            if isinstance(node, Scalar) and node.style and text.find("#", node.start, node.end) >= 0:
                start = node.start
                if node.style in ("|", ">"):  # a comment can follow the indicator
                    header = _HEADER.match(text, start)
                    start = header.end() if header else start
                spans.append(Span(start, node.end))
    return sorted(spans)


def constructs(text: str, roots: Iterable[Node]) -> tuple[Span, ...]:
    """The spans of entries (key and value) and of sequence items (with the dash), outer ones first."""
    found: list[Span] = []
    for root in roots:
        for node in walk(root):
            if isinstance(node, Mapping):
                found += [Span(entry.key.start, max(entry.key.end, entry.value.end)) for entry in node.entries]
            elif isinstance(node, Sequence):
                found += _items(text, node)
    return tuple(sorted(found, key=lambda span: (span.start, -span.end)))


def _items(text: str, sequence: Sequence) -> list[Span]:
    if sequence.flow:
        return [Span(item.start, item.end) for item in sequence.items]
    line = max(text.rfind("\n", 0, sequence.start), text.rfind("\r", 0, sequence.start)) + 1
    dash = re.compile(rf"(?<=[\r\n]) {{{sequence.start - line}}}(?=-(?:[ \t\r\n]|\Z))")
    found, reached = [], sequence.start
    for index, item in enumerate(sequence.items):
        start = sequence.start
        if index:
            match = dash.search(text, reached, item.start)
            start = match.end() if match else item.start
        found.append(Span(start, max(item.end, start + 1)))
        reached = item.end
    return found


def first_on_its_line(text: str, offset: int) -> bool:
    line = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    return not text[line:offset].strip(" ")


def after(spans: abc.Sequence[Span], offset: int) -> Span | None:
    """The first span at or after an offset; the outermost of those with the same start."""
    return next((span for span in spans if span.start >= offset), None)
