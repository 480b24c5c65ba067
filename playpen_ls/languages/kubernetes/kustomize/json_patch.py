"""JSON patches (RFC 6902), as `evanphx/json-patch` applies them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from playpen_ls.languages.kubernetes.kustomize.tree import (
    CannotBuild,
    Placed,
    PlacedMapping,
    PlacedScalar,
    PlacedSequence,
    TooMuch,
    is_null,
    made,
)

MOST_OPERATIONS = 2_000


def patched(target: PlacedMapping, operations: Iterable[PlacedMapping]) -> PlacedMapping:
    """The object after these operations. Raises CannotBuild if one of them does not fit."""
    node: Placed = target
    for number, operation in enumerate(operations):
        if number >= MOST_OPERATIONS:
            raise TooMuch("a patch has too many operations")
        node = _applied(node, operation)
    if not isinstance(node, PlacedMapping):
        raise CannotBuild("a patch makes an object something else")
    return node


def _applied(node: Placed, operation: PlacedMapping) -> Placed:
    kind, path = operation.text("op"), _pointer(operation, "path")
    value = operation.value("value")
    match kind:
        case "add" | "replace":
            given = value if value is not None else made("null", operation, "")
            return _changed(node, path, _put(given, kind == "add"))
        case "remove":
            return _changed(node, path, _remove)
        case "move" | "copy":
            source = _pointer(operation, "from")
            moved = _at(node, source)
            if kind == "move":
                node = _changed(node, source, _remove)
            return _changed(node, path, _put(moved, True))
        case "test":
            there = _find(node, path)
            if not _equal(there, value):
                raise CannotBuild("a `test` of a patch fails")
            return node
    raise CannotBuild("an unknown operation of a patch")


def _pointer(operation: PlacedMapping, key: str) -> tuple[str, ...]:
    text = operation.value(key)
    if not isinstance(text, PlacedScalar) or not text.value.startswith("/"):
        raise CannotBuild("a patch without a path")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.value[1:].split("/"))


Change = Callable[[Placed, str], Placed]
"""Changes a container at a key."""


def _changed(node: Placed, path: tuple[str, ...], change: Change) -> Placed:
    if len(path) == 1:
        return change(node, path[0])
    name = path[0]
    inner = _at(node, (name,))
    new = _changed(inner, path[1:], change)
    if isinstance(node, PlacedMapping):
        return node.having(name, new)
    assert isinstance(node, PlacedSequence)
    items = list(node.items)
    items[_index(node, name)] = new
    return node.having(items)


def _find(node: Placed, path: tuple[str, ...]) -> Placed | None:
    try:
        return _at(node, path)
    except CannotBuild:
        return None


def _at(node: Placed, path: tuple[str, ...]) -> Placed:
    for name in path:
        if isinstance(node, PlacedMapping):
            value = node.value(name)
            if value is None:
                raise CannotBuild("a patch has a path that its target does not have")
            node = value
        elif isinstance(node, PlacedSequence):
            node = node.items[_index(node, name)]
        else:
            raise CannotBuild("a patch has a path that its target does not have")
    return node


def _index(node: PlacedSequence, name: str) -> int:
    """Raises CannotBuild if there is no such item. Negative indices count from the end."""
    digits = name.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 6:
        raise CannotBuild("a patch has an index that is no number")
    index = int(name)
    if not -len(node.items) <= index < len(node.items):
        raise CannotBuild("a patch has an index that its target does not have")
    return index % len(node.items)


def _put(value: Placed, adds: bool) -> Change:
    def change(node: Placed, name: str) -> Placed:
        if isinstance(node, PlacedMapping):  # the library replaces a missing key, too
            return node.having(name, value)
        if not isinstance(node, PlacedSequence):
            raise CannotBuild("a patch has a path that its target does not have")
        items = list(node.items)
        if not adds:
            items[_index(node, name)] = value
        elif name == "-" or name == str(len(items)):
            items.append(value)
        else:
            items.insert(_index(node, name), value)
        return node.having(items)

    return change


def _remove(node: Placed, name: str) -> Placed:
    if isinstance(node, PlacedMapping):
        if node.value(name) is None:
            raise CannotBuild("a patch removes a key that its target does not have")
        return node.having(name, None)
    if not isinstance(node, PlacedSequence):
        raise CannotBuild("a patch has a path that its target does not have")
    index = _index(node, name)
    return node.having(item for number, item in enumerate(node.items) if number != index)


def _equal(one: Placed | None, other: Placed | None) -> bool:
    if is_null(one) and is_null(other):  # what is not there is null, too
        return True
    if isinstance(one, PlacedScalar) and isinstance(other, PlacedScalar):
        return one.value == other.value
    if isinstance(one, PlacedMapping) and isinstance(other, PlacedMapping):
        names = set(one.keys())
        return names == set(other.keys()) and all(_equal(one.value(name), other.value(name)) for name in names)
    if isinstance(one, PlacedSequence) and isinstance(other, PlacedSequence):
        return len(one.items) == len(other.items) and all(map(_equal, one.items, other.items))
    return False
