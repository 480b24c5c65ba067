"""`replacements:` of a kustomization: values that are copied from one object into others."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.languages.kubernetes.kustomize.files import Layer, mappings, scalars
from playpen_ls.languages.kubernetes.kustomize.objects import Built, Id, compiled, fits, matches
from playpen_ls.languages.kubernetes.kustomize.tree import (
    CannotBuild,
    Placed,
    PlacedMapping,
    PlacedScalar,
    PlacedSequence,
    documents,
    empty_mapping,
    is_null,
    made,
)
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

_DEFAULT_PATH = "metadata.name"
_ITEM = regex(r"\[([^\[\]=]+)=([^\[\]]*)\]")


def replaced(objects: list[Built], layer: Layer, root: PlacedMapping) -> list[Built]:
    """The objects after the replacements of a kustomization. Raises CannotBuild."""
    for entry in _entries(layer, root):
        value = _source_value(objects, entry)
        targets = mappings(entry.value("targets"))
        if not targets:
            raise CannotBuild("a replacement without a target")
        for target in targets:
            objects = _with_value(objects, target, value)
    return objects


def _entries(layer: Layer, root: PlacedMapping) -> Iterator[PlacedMapping]:
    for entry in mappings(root.value("replacements")):
        path = entry.text("path")
        if not path:
            yield entry
            continue
        file = layer.file(path)
        if file.text is None:
            raise CannotBuild("a file of replacements is missing")
        for one in documents(file.path, file.text, "settings"):
            yield from [one] if isinstance(one, PlacedMapping) else mappings(one)


def _source_value(objects: list[Built], entry: PlacedMapping) -> Placed:
    given, source = entry.value("sourceValue"), entry.value("source")
    if isinstance(given, PlacedScalar):
        return given
    if not isinstance(source, PlacedMapping):
        raise CannotBuild("a replacement without a source")
    found = [one for one in objects if any(_selected(each, source) for each in one.ids)]
    if len(found) != 1:
        raise CannotBuild(f"a replacement has {len(found)} sources, not one")
    if not found[0].certain:
        raise CannotBuild("the source of a replacement is not known")
    values = list(_values(found[0].node, _parts(source.text("fieldPath") or _DEFAULT_PATH)))
    if len(values) != 1 or is_null(values[0]):
        raise CannotBuild("the source of a replacement has no such field")
    options = source.mapping("options")
    return _refined(values[0], options) if options is not None and options.text("delimiter") else values[0]


def _selected(one: Id, selector: Mapping) -> bool:
    name, namespace = selector.text("name"), selector.text("namespace")
    if (name and name != one.name) or (namespace and namespace != one.effective_namespace):
        return False
    return one.is_selected(selector.text("group"), selector.text("version"), selector.text("kind"))


def _refined(value: Placed, options: Mapping) -> Placed:
    if not isinstance(value, PlacedScalar):
        raise CannotBuild("a delimiter for what is no text")
    parts = value.value.split(options.text("delimiter"))
    index = _index(options)
    if not 0 <= index < len(parts):
        raise CannotBuild("a replacement has an index that its source does not have")
    return made(parts[index], value, value.style)


def _index(options: Mapping) -> int:
    text = options.text("index") or "0"
    if not re.fullmatch(r"-?\d{1,4}", text):
        raise CannotBuild("an index that is no number")
    return int(text)


def _with_value(objects: list[Built], target: PlacedMapping, value: Placed) -> list[Built]:
    selector = target.mapping("select")
    if selector is None:
        raise CannotBuild("a replacement without a selector")
    rejected = mappings(target.value("reject"))
    paths = [one.value for one in scalars(target.value("fieldPaths"))] or [_DEFAULT_PATH]
    setter = _Setter(value, target.mapping("options"))

    def change(one: Built) -> Built:
        if not fits(one.node, selector) or not any(_is_target(each, selector) for each in one.ids):
            return one
        if any(_rejects(one, each) for each in rejected):
            return one
        if not one.certain:
            return one
        node: Placed = one.node
        for path in paths:
            node = setter.at(node, _parts(path))
        assert isinstance(node, PlacedMapping)
        return one.with_node(node)

    return [change(one) for one in objects]


def _is_target(one: Id, selector: Mapping) -> bool:
    return all(
        matches(selector.text(key), getattr(one, key)) for key in ("group", "version", "kind", "name", "namespace")
    )


def _rejects(one: Built, selector: Mapping) -> bool:
    if any(selector.text(key) for key in ("labelSelector", "annotationSelector")) and fits(one.node, selector):
        return True
    if not any(selector.text(key) for key in ("group", "version", "kind", "name", "namespace")):
        return False
    return any(_is_target(each, selector) for each in one.ids)


def _parts(path: str) -> list[str]:
    r"""The parts of a field path; `\.` is a dot in a part, `[name=a.b]` one part."""
    parts = [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", path.removeprefix("."))]
    result: list[str] = []
    waiting: list[str] = []
    for part in parts:
        if waiting or (part.startswith("[") and not part.endswith("]")):
            waiting.append(part)
            if part.endswith("]"):
                joined, waiting = ".".join(waiting), []
                result.append(joined if "=" in joined else joined.strip("[]"))
        else:
            result.append(part)
    if waiting:
        raise CannotBuild("a field path that does not end")
    return result


def _values(node: Placed, parts: list[str]) -> Iterator[Placed]:
    """The nodes at the end of a path."""
    if not parts:
        yield node
    elif isinstance(node, PlacedMapping):
        value = node.value(parts[0])
        if value is not None:
            yield from _values(value, parts[1:])
    elif isinstance(node, PlacedSequence):
        for number in _items(node, parts[0]):
            yield from _values(node.items[number], parts[1:])


def _items(node: PlacedSequence, part: str) -> list[int]:
    if part == "*":
        return list(range(len(node.items)))
    if part.isascii() and part.isdigit():
        if int(part) >= len(node.items):
            raise CannotBuild("a replacement has an index that its target does not have")
        return [int(part)]
    match = _ITEM.fullmatch(part)
    if match is None:
        raise CannotBuild("a field path that is not understood")
    wanted = compiled(match[2])
    return [
        number
        for number, item in enumerate(node.items)
        # Not anchored, as in kustomize.
        if isinstance(item, PlacedMapping) and item.value(match[1]) is not None and wanted.search(item.text(match[1]))
    ]


@dataclass(frozen=True)
class _Setter:
    value: Placed
    options: Mapping | None

    def at(self, node: Placed, parts: list[str]) -> Placed:
        """The tree with the value at the path. Raises CannotBuild if there is no such field."""
        changed, count = self._at(node, parts)
        if not count:
            raise CannotBuild("the target of a replacement has no such field")
        return changed

    def _at(self, node: Placed, parts: list[str]) -> tuple[Placed, int]:
        if not parts:
            return self._set(node), 1
        if isinstance(node, PlacedMapping):
            value = node.value(parts[0])
            if value is None:
                if self.options is None or not self.options.true("create"):
                    return node, 0
                if any(part.startswith("[") or part.isdigit() or part == "*" for part in parts):
                    raise CannotBuild("a replacement creates an item of a list")
                value = empty_mapping(node) if len(parts) > 1 else made("", node)
            new, count = self._at(value, parts[1:])
            return (node.having(parts[0], new) if count else node), count
        if not isinstance(node, PlacedSequence):
            raise CannotBuild("a replacement changes a part of a text")
        items, total = list(node.items), 0
        for number in _items(node, parts[0]):
            items[number], count = self._at(items[number], parts[1:])
            total += count
        if not total and self.options is not None and self.options.true("create"):
            raise CannotBuild("a replacement creates an item of a list")
        return (node.having(items) if total else node), total

    def _set(self, node: Placed) -> Placed:
        value = self.value
        options = self.options
        if options is not None and options.text("delimiter"):
            if not isinstance(node, PlacedScalar) or not isinstance(value, PlacedScalar):
                raise CannotBuild("a delimiter for what is no text")
            delimiter, index = options.text("delimiter"), _index(options)
            parts = node.value.split(delimiter)
            if index < 0:
                parts.insert(0, value.value)
            elif index >= len(parts):
                parts.append(value.value)
            else:
                parts[index] = value.value
            return made(delimiter.join(parts), value, node.style)
        if isinstance(node, PlacedScalar) and isinstance(value, PlacedScalar) and node.value:
            return made(value.value, value, node.style or _style(node))
        return value


def _style(node: PlacedScalar) -> str:
    """The value keeps the type that the field had: a text stays one."""
    return "" if re.fullmatch(r"[-+.\d][\w.]*|true|false|True|False", node.value) else '"'
