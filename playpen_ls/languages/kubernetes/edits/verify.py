"""Verifies that edits change only what they should: the document is parsed again and compared."""

from __future__ import annotations

from collections import abc
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from playpen_ls.api.finding import Refused
from playpen_ls.languages.kubernetes.model.resources import YamlDocument
from playpen_ls.languages.kubernetes.syntax.nodes import Alias, Mapping, Node, Scalar, Sequence
from playpen_ls.languages.kubernetes.syntax.recovery import parse_yaml
from playpen_ls.languages.kubernetes.syntax.writer import Value
from playpen_ls.text.edit import Edit

Path = tuple[str | int, ...]
"""Keys and indices from the list of documents of a text to a node."""


def path_to(roots: Iterable[Node], wanted: Node) -> Path | None:
    """The path to a node; None if it is reached only through an alias, or if a parent has an anchor or a tag."""
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
    expected = data(document.parsed.roots) if before is None else before
    write(expected, way, value)
    return _compared(document, edits, expected)


def removed(document: YamlDocument, edits: list[Edit], way: Path) -> list[Edit]:
    """The edits, if they remove only what is at `way`. Raises Refused."""
    return _compared(document, edits, without(document, way))


def _compared(document: YamlDocument, edits: list[Edit], expected: list[Any]) -> list[Edit]:
    text = document.text
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    if _data_of(text) != expected:
        raise Refused("the edit would change other parts of the document")
    return edits


@lru_cache(maxsize=4)  # findings beside each other often have the same fix
def _data_of(text: str) -> list[Any] | None:
    """The data of a document; None if it does not parse. Not to be changed."""
    parsed = parse_yaml(text)
    return None if parsed.broken else data(parsed.roots)


def without(document: YamlDocument, way: Path) -> list[Any]:
    """The document's data without one key or item."""
    found = data(document.parsed.roots)
    here: Any = found
    for step in way[:-1]:
        here = here[step]
    del here[way[-1]]
    return found


def write(data: list[Any], way: Path, value: Value) -> None:
    """Set a value in plain data."""
    here: Any = data
    for step in way[:-1]:
        here = here[step]
    here[way[-1]] = _plain_value(value)


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
