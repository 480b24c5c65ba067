"""The documents in rendered texts, as trees of nodes that know where they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from playpen_ls.languages.kubernetes.helm.text import GAP, HOLE, Origins, Place, Text, cut
from playpen_ls.languages.kubernetes.kustomize.tree import (
    CannotBuild,
    Placed,
    PlacedMapping,
    PlacedScalar,
    PlacedSequence,
    Source,
)
from playpen_ls.languages.kubernetes.syntax import nodes
from playpen_ls.languages.kubernetes.syntax.compose import Unparsable, compose
from playpen_ls.languages.kubernetes.syntax.nodes import Entry

_MOST_NODES = 100_000
_SEPARATOR = re.compile(r"(?:\A|\s*\n)---\s*")
_GAP_LINE = re.compile(rf"^([ \t-]*){GAP}[ \t{GAP}{HOLE}]*$", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Document:
    """A document that a template gives. `template` is the path of the template.

    Unless it is `certain`, there can be more or less in it than its `root` has. None if it is not valid YAML.
    """

    template: str
    root: Placed | None
    certain: bool


@lru_cache(maxsize=512)
def documents(template: str, text: Text) -> tuple[Document, ...]:
    """The documents of a rendered text that are not empty."""
    return tuple(_documents(template, text))


def _documents(template: str, text: Text) -> Iterator[Document]:
    bounds = [0]
    for match in _SEPARATOR.finditer(text):
        bounds += [match.start(), match.end()]
    bounds.append(len(text))
    for start, end in zip(bounds[::2], bounds[1::2], strict=True):
        written = text[start:end]
        start, end = start + len(written) - len(written.lstrip()), start + len(written.rstrip())
        if start >= end:
            continue
        written = text[start:end] + "\n"
        gap = GAP in written
        masked = _GAP_LINE.sub(
            lambda match: f"{match[1].replace('-', ' ')}#".ljust(len(match[0]))[: len(match[0])], written
        )
        try:
            roots = compose(masked.replace(GAP, HOLE))
        except Unparsable:
            yield Document(template, None, False)
            continue
        if not roots and not gap:
            continue
        origins, budget = Origins(cut(text, start, end)), [_MOST_NODES]
        for root in roots:
            try:
                yield Document(template, _placed(root, origins, budget), not gap)
            except CannotBuild:
                yield Document(template, None, False)
        if not roots:
            yield Document(template, None, False)


def _source(place: Place | None) -> tuple[int, int, Source]:
    if place is None:
        return 0, 0, Source("", 0, "", False)
    return place.start, place.end, Source(place.path, 0, "")


def _placed(node: nodes.Node, origins: Origins, budget: list[int], depth: int = 0) -> Placed:
    """The node at its place in a file of the chart. Raises CannotBuild for what is too large."""
    budget[0] -= 1
    if budget[0] < 0 or depth > 300:
        raise CannotBuild("too large")
    found = nodes.resolved(node)
    if isinstance(found, nodes.Scalar):
        start, end, source = _source(origins.place(found.start, found.end))
        return PlacedScalar(start, end, found.value, found.style, source)
    if isinstance(found, nodes.Sequence):
        start, end, source = _source(_first(origins, found.start))
        items = tuple(_placed(item, origins, budget, depth + 1) for item in found.items)
        return PlacedSequence(start, end, items, found.flow, source)
    if not isinstance(found, nodes.Mapping):
        raise CannotBuild("an alias without an anchor")
    entries: dict[str, Entry] = {}
    for entry in found.entries:
        key = _placed(entry.key, origins, budget, depth + 1)
        if isinstance(key, PlacedScalar) and key.value == "<<" and not key.style:
            continue
        name = key.value if isinstance(key, PlacedScalar) else ""
        entries[name] = Entry(key, _placed(entry.value, origins, budget, depth + 1))
    if found.merges:
        merged = nodes.resolved(found.entry("<<").value)  # type: ignore[union-attr]
        for one in merged.items if isinstance(merged, nodes.Sequence) else (merged,):
            read = _placed(one, origins, budget, depth + 1) if one is not None else None
            for entry in read.entries if isinstance(read, PlacedMapping) else ():
                entries.setdefault(entry.key.value, entry)  # type: ignore[attr-defined]
    start, end, source = _source(_first(origins, found.start))
    return PlacedMapping(start, end, tuple(entries.values()), found.flow, source)


def _first(origins: Origins, start: int) -> Place | None:
    """Where a collection begins."""
    return origins.place(start, start + 1)
