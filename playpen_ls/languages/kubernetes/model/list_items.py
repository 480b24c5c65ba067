"""A List is cut at its items, so that a keystroke in one of them costs what it costs, and a mistake spoils no other."""

from __future__ import annotations

import re
from enum import Enum


class Part(Enum):
    """What a piece of text is of its YAML document."""

    WHOLE = "whole"
    HEAD = "head"
    """What a List says before its items; it ends with the key `items`."""
    ITEM = "item"
    """A sequence of one item."""
    TAIL = "tail"
    """What a List says after its items."""

    @property
    def follows(self) -> bool:
        """A part of the same document stands before it."""
        return self in (Part.ITEM, Part.TAIL)


_KIND = re.compile(r"^kind:[ \t]*(['\"]?)\w*List\1[ \t]*(?:#[^\r\n]*)?\r?$", re.MULTILINE)
_ITEMS = re.compile(
    r"^items:[ \t]*(?:#[^\r\n]*)?\r?\n(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*(?P<indentation> *)-(?=[ \r\n])", re.MULTILINE
)
# An anchor, which items may share. What is rare comes first: that makes it fast.
_ANCHOR = re.compile(r"[&*](?<=[\s\[{,].)\w")
# Templates, which may span items, and the end of a document.
_SPANNING = ("{{", "{%", "#@", "\n...")
_TAIL = re.compile(r"^[^\s#-]", re.MULTILINE)


def divided(text: str) -> list[tuple[int, Part]]:
    """Where the parts of one document's text start; the first is 0.

    What stands at the column of the items' dashes can be nothing but the next item.
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
