"""Splits a file into the pieces that are parsed on their own: YAML documents, and the items of a List.

So an edit reparses one of them, and a syntax error affects only the one that it is in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from enum import Enum
from itertools import pairwise
from typing import Any, TypeVar

from playpen_ls.languages.kubernetes.syntax import constructs
from playpen_ls.languages.kubernetes.syntax.recovery import ParseResult, parse_yaml
from playpen_ls.languages.model import Comment
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

T = TypeVar("T")


class DocumentPart(Enum):
    """Which part of a YAML document a piece of text is."""

    WHOLE = "whole"
    HEAD = "head"
    """The text of a List before its items; it ends with the key `items`."""
    ITEM = "item"
    """A sequence of one item."""
    TAIL = "tail"
    """The text of a List after its items."""


class ParsedDocument:
    """The text of one document (rarely several, after `...`) or of a part of one, and what follows from it alone.

    Offsets are relative to its text. `edited` is the offset that was edited last, if it is in the text: it decides
    which half-typed line is masked, so the masked lines belong to the `key`. Documents with equal keys are equal.
    """

    def __init__(self, text: str, part: DocumentPart = DocumentPart.WHOLE, edited: int | None = None) -> None:
        self.text = text
        self.part = part
        self.result: ParseResult = parse_yaml(text, edited)
        self.roots = self.result.roots
        self.broken = self.result.broken
        plain = part is DocumentPart.WHOLE and not self.result.masked
        self.key: Hashable = text if plain else (text, part, self.result.masked)
        self._derived: dict[Callable[[ParsedDocument], Any], Any] = {}
        self._mentions: dict[Sequence[str], bool] = {}

    def derived(self, function: Callable[[ParsedDocument], T]) -> T:
        """`function(self)`, computed once; a pure function of a module."""
        try:
            return self._derived[function]  # type: ignore[no-any-return]
        except KeyError:
            found = self._derived[function] = function(self)
            return found

    def mentions(self, marks: Sequence[str]) -> bool:
        """Whether the text contains one of these lower-case words, in any case."""
        found = self._mentions.get(marks)
        if found is None:
            text = self.text.lower()
            found = self._mentions[marks] = any(mark in text for mark in marks)
        return found

    @cached_property
    def patches(self) -> bool:
        """Whether it is a patch with merge directives."""
        return "$patch" in self.text

    @cached_property
    def json(self) -> bool:
        """Whether it is written as JSON: one flow collection with quoted keys."""
        return bool(re.match(r"\s*(?:\{\s*[\"}]|\[)", self.text))

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        return constructs.comments(self.text, self.roots)

    @cached_property
    def constructs(self) -> tuple[Span, ...]:
        """The spans of entries and of sequence items, outer ones first."""
        return constructs.constructs(self.text, self.roots)


_MARKER = regex(r"---(?=[ \t\r\n]|\Z)")  # whether it begins a line is looked at later, which is much faster
_DIRECTIVE = regex(r"(?:[ \t]*(?:#[^\r\n]*)?[\r\n])*%")
_KIND = regex(r"^kind:[ \t]*(['\"]?)\w*List\1[ \t]*(?:#[^\r\n]*)?\r?$", re.MULTILINE)
_ITEMS = regex(
    r"^items:[ \t]*(?:#[^\r\n]*)?\r?\n(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*(?P<indentation> *)-(?=[ \r\n])", re.MULTILINE
)
# An anchor, which items can share. The rare character comes first, which makes the search fast.
_ANCHOR = regex(r"[&*](?<=[\s\[{,].)\w")
# Templates, which can span items, and the end of a document.
_SPANNING = ("{{", "{%", "#@", "\n...")
_TAIL = regex(r"^[^\s#-]", re.MULTILINE)


def split(text: str, starts: Sequence[int]) -> Iterator[tuple[int, int, DocumentPart]]:
    """(start, end, part) of the pieces of documents in text order, without gaps between them.

    `starts` are where the documents begin; the last one is where they end.
    """
    for start, end in pairwise(starts):
        if text.find("items:", start, end) < 0:
            yield start, end, DocumentPart.WHOLE
            continue
        reached, (_, part), *others = start, *split_list(text[start:end])
        for at, other in others:
            yield reached, start + at, part
            reached, part = start + at, other
        yield reached, end, part


def document_starts(text: str) -> list[int]:
    """The starts of the documents; the first is 0. A `---` followed by whitespace cannot be inside a scalar."""
    starts = [match.start() for match in _MARKER.finditer(text)]
    markers = [start for start in starts if start and text[start - 1] in "\r\n"]
    if markers and _DIRECTIVE.match(text, 0, markers[0]):
        del markers[0]  # `%YAML` belongs to the document after the marker
    return [0, *markers]


def split_list(text: str) -> list[tuple[int, DocumentPart]]:
    """(start, part) of the parts of one document's text; the first start is 0.

    A dash in the column of the items' dashes can only start the next item.
    """
    whole = [(0, DocumentPart.WHOLE)]
    if "\nitems:" not in text and not text.startswith("items:"):
        return whole
    opening = _ITEMS.search(text) if _KIND.search(text) else None
    if opening is None or _ANCHOR.search(text) or any(mark in text for mark in _SPANNING):
        return whole
    first = opening.start("indentation")
    dash = re.compile(rf"^{opening['indentation']}-(?=[ \r\n]|\Z)", re.MULTILINE)
    starts = [match.start() for match in dash.finditer(text, first)]
    tail = _TAIL.search(text, first)
    if tail is not None and tail.start() < starts[-1]:
        return whole  # half-typed
    parts = [(0, DocumentPart.HEAD), *((start, DocumentPart.ITEM) for start in starts)]
    return [*parts, (tail.start(), DocumentPart.TAIL)] if tail is not None else parts
