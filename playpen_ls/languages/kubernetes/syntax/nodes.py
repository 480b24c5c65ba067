"""The nodes of a YAML tree with exact spans. Offsets are relative to the document's text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.text.dataclass import dataclass

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_MERGES = 10  # depth of nested `<<`; deeper ones are hostile
TRUE = frozenset(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"))
UNKNOWN = "\ue000"
"""Replaces each character of a template expression in a scalar's value."""


class Node:
    """`start:end` is the node without its anchor and tag, without trailing whitespace.

    `prefixed` means that it has an anchor or a tag.
    """

    __slots__ = ("end", "prefixed", "start")

    def __init__(self, start: int, end: int, prefixed: bool) -> None:
        self.start = start
        self.end = end
        self.prefixed = prefixed


class Scalar(Node):
    """`style` is `'`, `"`, `|`, `>`, or "" for a plain scalar."""

    __slots__ = ("style", "value")

    def __init__(self, start: int, end: int, prefixed: bool, value: str, style: str) -> None:
        super().__init__(start, end, prefixed)
        self.value = value
        self.style = style

    @property
    def null(self) -> bool:
        return not self.style and self.value in _NULLS

    @property
    def literal(self) -> bool:
        """Whether no part of the value comes from a template expression."""
        return UNKNOWN not in self.value


class Alias(Node):
    """`*name`; `target` is None if there is no such anchor."""

    __slots__ = ("name", "target")

    def __init__(self, start: int, end: int, name: str, target: Node | None) -> None:
        super().__init__(start, end, False)
        self.name = name
        self.target = target


class Sequence(Node):
    __slots__ = ("flow", "items")

    def __init__(self, start: int, end: int, prefixed: bool, items: tuple[Node, ...], flow: bool) -> None:
        super().__init__(start, end, prefixed)
        self.items = items
        self.flow = flow


@dataclass(frozen=True, slots=True)
class Entry:
    key: Node
    value: Node


class Mapping(Node):
    __slots__ = ("_index", "entries", "flow")

    def __init__(self, start: int, end: int, prefixed: bool, entries: tuple[Entry, ...], flow: bool) -> None:
        super().__init__(start, end, prefixed)
        self.entries = entries
        self.flow = flow
        # The last of duplicate keys counts, as in kubectl.
        self._index = {entry.key.value: entry for entry in entries if isinstance(entry.key, Scalar)}

    def entry(self, name: str) -> Entry | None:
        """The entry that is written here, not a merged one."""
        return self._index.get(name)

    @property
    def merges(self) -> bool:
        return "<<" in self._index

    def get(self, name: str, merges: int = _MERGES) -> Node | None:
        """The value, resolved through `<<` and aliases; never an Alias."""
        entry = self._index.get(name)
        if entry is not None:
            return resolved(entry.value)
        if merges and (merge := self._index.get("<<")) is not None:
            source = resolved(merge.value)
            for one in source.items if isinstance(source, Sequence) else (source,):
                merged = resolved(one)
                if isinstance(merged, Mapping) and (value := merged.get(name, merges - 1)) is not None:
                    return value
        return None

    def mapping(self, *path: str) -> Mapping | None:
        """The mapping at the end of a path of keys."""
        here: Mapping = self
        for name in path:
            value = here.get(name)
            if not isinstance(value, Mapping):
                return None
            here = value
        return here

    def scalar(self, name: str) -> Scalar | None:
        """The scalar value of the key, or None if it is null."""
        value = self.get(name)
        return value if isinstance(value, Scalar) and not value.null else None

    def text(self, name: str) -> str:
        """The scalar's value, "" if there is none or it contains a template expression."""
        value = self.scalar(name)
        return value.value if value is not None and value.literal else ""

    def true(self, name: str) -> bool:
        value = self.scalar(name)
        return value is not None and is_true(value)

    def items(self, name: str) -> tuple[Node, ...]:
        """The items of the key's sequence, with aliases resolved; empty if there is none."""
        value = self.get(name)
        if not isinstance(value, Sequence):
            return ()
        return tuple(item for item in map(resolved, value.items) if item is not None)

    def mappings(self, name: str) -> tuple[Mapping, ...]:
        return tuple(item for item in self.items(name) if isinstance(item, Mapping))

    def scalars(self, name: str) -> tuple[Scalar, ...]:
        return tuple(item for item in self.items(name) if isinstance(item, Scalar))


def is_true(scalar: Scalar) -> bool:
    return not scalar.style and scalar.value in TRUE


def resolved(node: Node | None) -> Node | None:
    """The node itself, or the target of an alias."""
    return node.target if isinstance(node, Alias) else node


def content(text: str, scalar: Scalar) -> tuple[int, int]:
    """(start, end) of the scalar's text: without quotes, the line of `|`, and whitespace around a block."""
    start, end = scalar.start, scalar.end
    if scalar.style in ("'", '"'):
        return start + 1, max(start + 1, end - 1)
    if scalar.style:
        body = text[start:end]
        header = re.match(r"[^\r\n]*(?:\r\n|\n|\r)?[ \t\r\n]*", body)
        return start + (header.end() if header else 0), start + max(len(body.rstrip()), header.end() if header else 0)
    return start, end


def children(node: Node) -> Iterator[Node]:
    """The direct children in text order; an alias has none."""
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield entry.key
            yield entry.value
    elif isinstance(node, Sequence):
        yield from node.items


def walk(node: Node) -> Iterator[Node]:
    """The node and its descendants in text order; aliases are not followed, so it terminates."""
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(reversed(list(children(here))))
