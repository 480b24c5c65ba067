"""Splits a List at its items, so that an edit reparses one item, and a syntax error affects only its item."""

from __future__ import annotations

import re
from enum import Enum


class Part(Enum):
    """Which part of a YAML document a piece of text is."""

    WHOLE = "whole"
    HEAD = "head"
    """The text of a List before its items; it ends with the key `items`."""
    ITEM = "item"
    """A sequence of one item."""
    TAIL = "tail"
    """The text of a List after its items."""

    @property
    def follows(self) -> bool:
        """Whether a part of the same document precedes it."""
        return self in (Part.ITEM, Part.TAIL)


_KIND = re.compile(r"^kind:[ \t]*(['\"]?)\w*List\1[ \t]*(?:#[^\r\n]*)?\r?$", re.MULTILINE)
_ITEMS = re.compile(
    r"^items:[ \t]*(?:#[^\r\n]*)?\r?\n(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*(?P<indentation> *)-(?=[ \r\n])", re.MULTILINE
)
# An anchor, which items can share. The rare character comes first, which makes the search fast.
_ANCHOR = re.compile(r"[&*](?<=[\s\[{,].)\w")
# Templates, which can span items, and the end of a document.
_SPANNING = ("{{", "{%", "#@", "\n...")
_TAIL = re.compile(r"^[^\s#-]", re.MULTILINE)


def divided(text: str) -> list[tuple[int, Part]]:
    """(start, part) of the parts of one document's text; the first start is 0.

    A dash in the column of the items' dashes can only start the next item.
    """
    whole = [(0, Part.WHOLE)]
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
    parts = [(0, Part.HEAD), *((start, Part.ITEM) for start in starts)]
    return [*parts, (tail.start(), Part.TAIL)] if tail is not None else parts
