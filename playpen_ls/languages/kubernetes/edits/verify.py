"""Verifies that edits change only what they should: the document is parsed again and compared."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import abc
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from playpen_ls.api.finding import Refused
from playpen_ls.languages.kubernetes.model.resources import YamlDocument
from playpen_ls.languages.kubernetes.syntax.documents import ParsedDocument
from playpen_ls.languages.kubernetes.syntax.nodes import Alias, Entry, Mapping, Node, Scalar, Sequence
from playpen_ls.languages.kubernetes.syntax.recovery import parse_yaml
from playpen_ls.languages.kubernetes.syntax.writer import Value
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

Path = tuple[str | int, ...]
"""Keys and indices from the list of documents of a text to a node."""


def path_to(roots: Iterable[Node], wanted: Node) -> Path | None:
    """The path to a node; None if it is reached only through an alias, or if a parent has an anchor or a tag."""
    roots = list(roots)
    number = _last_before(roots, wanted.start)
    way: Path = (number,)
    node: Node | None = roots[number] if roots else None
    while node is not None and node is not wanted:
        step, node = _step_to(node, wanted.start)
        way = (*way, step)
    return way if node is not None else _searched(roots, wanted)


def _step_to(node: Node, offset: int) -> tuple[str | int, Node | None]:
    """The step from a node to what is at an offset in it."""
    if not node.prefixed and isinstance(node, Mapping) and node.entries:
        entry = node.entries[_last_before(node.entries, offset)]
        return _key(entry.key), entry.value
    if not node.prefixed and isinstance(node, Sequence) and node.items:
        number = _last_before(node.items, offset)
        return number, node.items[number]
    return 0, None


def _last_before(parts: abc.Sequence[Entry | Node], offset: int) -> int:
    return max(bisect_right(parts, offset, key=lambda one: _first(one).start) - 1, 0)


def _first(part: Entry | Node) -> Node:
    return part.key if isinstance(part, Entry) else part


def _searched(roots: Iterable[Node], wanted: Node) -> Path | None:
    """The path to a node, found without its offset: an empty one can begin where the next one does."""
    stack: list[tuple[Path, Node]] = [((index,), root) for index, root in enumerate(roots)]
    while stack:
        way, node = stack.pop()
        if node is wanted:
            return way
        if node.prefixed:
            continue
        if isinstance(node, Mapping):
            stack += [((*way, _key(entry.key)), entry.value) for entry in node.entries]
        elif isinstance(node, Sequence):
            stack += [((*way, index), item) for index, item in enumerate(node.items)]
    return None


def changed(
    document: YamlDocument, edits: list[Edit], way: Path, value: Value, before: list[Any] | None = None
) -> list[Edit]:
    """The edits, if they set only `way` to `value`, compared with the data `before`. Raises Refused."""
    expected = data_of(document) if before is None else before
    return _compared(document, edits, way, with_value(expected, way, value))


def removed(document: YamlDocument, edits: list[Edit], way: Path) -> list[Edit]:
    """The edits, if they remove only what is at `way`. Raises Refused."""
    return _compared(document, edits, way, without(document, way))


def _compared(document: YamlDocument, edits: list[Edit], way: Path, expected: list[Any]) -> list[Edit]:
    # Most edits are inside a small part: then the others need not be parsed again.
    depth, lines = _smallest_part(document, edits, way)
    if depth and _part_data(document, edits, lines) == [_alone(expected, way[:depth])]:
        return edits
    if _data_of(_edited(document.text, edits, Span(0, len(document.text)))) != expected:
        raise Refused("the edit would change other parts of the document")
    return edits


def _smallest_part(document: YamlDocument, edits: Iterable[Edit], way: Path) -> tuple[int, Span]:
    """(length of the part of `way` that leads to it, lines) of the smallest entry or item with all edits inside it.

    It is in block style and begins a line, which the edits do not move, so that its lines are a document of their own.
    The length is 0 for none.
    """
    text, roots = document.text, document.parsed.roots
    start, end = min(edit.start for edit in edits), max(edit.end for edit in edits)
    lines, depth = Span(0, len(text)), 0
    here: Node = roots[0]
    for length, step in enumerate(way[1:], 2) if len(roots) == 1 else ():
        if not isinstance(here, (Mapping, Sequence)) or here.flow or here.prefixed:
            break
        parts: abc.Sequence[Entry | Node] = here.entries if isinstance(here, Mapping) else here.items
        number = _last_before(parts, start)
        if not parts or step != (_key(_first(parts[number])) if isinstance(here, Mapping) else number):
            break
        nodes = [_first(part) for part in parts[number : number + 2]]
        places = [(_line_of(text, node.start), node.start) for node in nodes]
        if not all(_OPENING[type(here)].fullmatch(text, *place) for place in places):
            break
        before, after = places[0][0], places[1][0] if len(places) > 1 else lines.end
        if not (nodes[0].start < start and end <= after):
            break
        lines, depth = Span(before, after), length
        here = here.entries[number].value if isinstance(here, Mapping) else here.items[number]
    return depth, lines


# What is in front of a key or an item in its line.
_OPENING: abc.Mapping[type[Node], re.Pattern[str]] = {Mapping: regex(" *"), Sequence: regex(" *- +")}


def _part_data(document: YamlDocument, edits: Iterable[Edit], lines: Span) -> list[Any] | None:
    """The data of the lines after the edits. None if they do not parse, join the next line, or end the document."""
    part = _edited(document.text, edits, lines)
    if _MARKER.search(part) or not (lines.end == len(document.text) or part.endswith(("\n", "\r"))):
        return None
    return _data_of(part) if len(part) > _SHORT else _data_of_short(part)


_MARKER = regex(r"(?:^|[\r\n])(?:---|\.\.\.)")


def _line_of(text: str, offset: int) -> int:
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def _edited(text: str, edits: Iterable[Edit], lines: Span) -> str:
    """The lines after the edits, which are all in there."""
    pieces, at = [], lines.start
    for edit in sorted(edits):
        pieces += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*pieces, text[at : lines.end]])


def _alone(data: Any, way: Path) -> Any:
    """The entry or item at the end of a path, alone in its mapping or list."""
    for step in way:
        data = data[step]
    return {way[-1]: data} if isinstance(way[-1], str) else [data]


@lru_cache(maxsize=4)  # findings beside each other often have the same fix
def _data_of(text: str) -> list[Any] | None:
    """The data of a document; None if it does not parse. Not to be changed."""
    parsed = parse_yaml(text)
    return None if parsed.broken else data(parsed.roots)


_SHORT = 2000
_data_of_short = lru_cache(maxsize=256)(_data_of.__wrapped__)  # manifests of services and environments are alike


def data_of(document: YamlDocument) -> list[Any]:
    """The data of a document, computed once. Not to be changed."""
    return document.parsed.derived(_data_of_parsed)


def _data_of_parsed(parsed: ParsedDocument) -> list[Any]:
    return data(parsed.roots)


def without(document: YamlDocument, way: Path) -> list[Any]:
    """The document's data without one key or item."""
    found, here = _copied(data_of(document), way)
    del here[way[-1]]
    return found


def with_value(data: list[Any], way: Path, value: Value) -> list[Any]:
    """Plain data with another value at the end of a path."""
    found, here = _copied(data, way)
    here[way[-1]] = _plain_value(value)
    return found


def _copied(data: list[Any], way: Path) -> tuple[list[Any], Any]:
    """The data and what is at the last but one step of a path, with copies of all on this path."""
    found: list[Any] = data.copy()
    here: Any = found
    for step in way[:-1]:
        here[step] = here = here[step].copy()
    return found, here


def data(roots: Iterable[Node]) -> list[Any]:
    """Plain data for comparison: scalars as text, aliases by name. The recursion is bounded by the tree's depth."""
    return [_data(root) for root in roots]


def _data(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Mapping):
        found = {}
        for entry in node.entries:
            found[_key(entry.key)] = _data(entry.value)
        return found
    if isinstance(node, Sequence):
        items = []
        for item in node.items:
            items.append(_data(item))
        return items
    return ("*", node.name) if isinstance(node, Alias) else None


def _key(node: Node) -> str:
    return node.value if isinstance(node, Scalar) else repr(_data(node))


def _plain_value(value: Value) -> Any:
    if isinstance(value, abc.Mapping):
        return {key: _plain_value(one) for key, one in value.items()}
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return [_plain_value(one) for one in value]
