"""Edits that add entries to a dictionary and keep the formatting of the rest."""

from __future__ import annotations

from collections.abc import Sequence

from playpen_ls.api.finding import Refused
from playpen_ls.languages.python.model.parts import DatabaseSettings
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

_REST = regex(r"(?P<comma>[ \t]*,)?(?:\s|#[^\r\n]*)*")


def entries_added(part: DatabaseSettings, entries: Sequence[str]) -> list[Edit]:
    """The edits that append entries, on their own lines if the last entry has one. Raises Refused."""
    source, span, values = part.chunk, part.span, part.node.values
    if not values:
        if source.text[span.start + 1 : span.end - 1].strip():
            raise Refused("there is a comment inside the dictionary")
        return [Edit(span.start + 1, span.end - 1, ", ".join(entries))]
    key = part.span_of(part.node.keys[-1] or values[-1])
    last = part.span_of(values[-1]).end
    rest = _REST.fullmatch(source.text, last, span.end - 1)
    if rest is None:
        raise Refused("the form of the last entry is not supported")
    if source.line_of(key.start) == source.line_of(span.start):
        if "#" in rest[0]:
            raise Refused("there is a comment inside the dictionary")
        return [Edit(last, last, f", {', '.join(entries)}")]
    indentation = part.source.newline + source.indentation(key.start)
    end = min(source.line_span(source.line_of(last)).end, span.end - 1)
    lines = f",{indentation}".join(("", *entries)).removeprefix(",")
    if rest["comma"]:
        return [Edit(end, end, lines + ",")]
    return [Edit(last, last, ","), Edit(end, end, lines)] if end > last else [Edit(last, last, f",{lines}")]
