"""Trees of objects that are built in memory. Each node knows the document that it was read from.

Trees are never changed: a changed copy shares all other nodes with its original.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Literal

from playpen_ls.languages.kubernetes.syntax import nodes
from playpen_ls.languages.kubernetes.syntax.compose import Unparsable, compose
from playpen_ls.languages.kubernetes.syntax.documents import document_starts
from playpen_ls.languages.kubernetes.syntax.nodes import Entry, Node
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.text.text_cache import cached_by_text

MOST_NODES = 200_000  # of a document, with aliases written out; the largest CustomResourceDefinitions have about 30,000
_MERGES = 10  # nested `<<`; deeper ones are hostile


class CannotBuild(Exception):
    """kustomize would refuse this build, or what it gives cannot be known. The message has no text of the files."""


class TooMuch(CannotBuild):
    """A limit of this program was reached, or a build never ends."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document, or the part of one, that nodes were read from. Their offsets count from its start.

    `start` is its offset in the file of that path, and `text` its text. A text inside a scalar (an inline patch) has
    the place of that scalar: its nodes have no exact place of their own (`exact`).
    """

    path: str
    start: int
    text: str
    exact: bool = True


class PlacedScalar(nodes.Scalar):
    __slots__ = ("source",)

    def __init__(self, start: int, end: int, value: str, style: str, source: Source) -> None:
        super().__init__(start, end, False, value, style)
        self.source = source


class PlacedSequence(nodes.Sequence):
    __slots__ = ("gaps", "source")
    items: tuple[Placed, ...]

    def __init__(self, start: int, end: int, items: tuple[Placed, ...], flow: bool, source: Source) -> None:
        super().__init__(start, end, False, items, flow)
        self.source = source
        self.gaps: bool | None = None

    def having(self, items: Iterable[Placed]) -> PlacedSequence:
        """The same sequence, at the same place, with other items."""
        return PlacedSequence(self.start, self.end, tuple(items), self.flow, self.source)


class PlacedMapping(nodes.Mapping):
    __slots__ = ("gaps", "source")

    def __init__(self, start: int, end: int, entries: tuple[Entry, ...], flow: bool, source: Source) -> None:
        super().__init__(start, end, False, entries, flow)
        self.source = source
        self.gaps: bool | None = None

    def value(self, name: str) -> Placed | None:
        """The value as it is written; a null is a scalar."""
        entry = self.entry(name)
        return entry.value if entry is not None else None  # type: ignore[return-value]

    def keys(self) -> Iterator[str]:
        return (entry.key.value for entry in self.entries if isinstance(entry.key, nodes.Scalar))

    def having(self, name: str, value: Placed | None, key: Node | None = None) -> PlacedMapping:
        """The same mapping, at the same place, with this value; None leaves the key out."""
        old = self.entry(name)
        if old is None:
            if value is None:
                return self
            added = Entry(key or PlacedScalar(value.start, value.start, name, "", value.source), value)
            return self._of((*self.entries, added))
        if old.value is value:
            return self
        if value is None:
            return self._of(tuple(entry for entry in self.entries if entry is not old))
        return self._of(tuple(Entry(entry.key, value) if entry is old else entry for entry in self.entries))

    def _of(self, entries: tuple[Entry, ...]) -> PlacedMapping:
        return PlacedMapping(self.start, self.end, entries, self.flow, self.source)


Placed = PlacedScalar | PlacedSequence | PlacedMapping


def made(value: str, like: Placed, style: str = '"') -> PlacedScalar:
    """A scalar that is written nowhere, at the place of the node that it follows from. A string unless plain."""
    return PlacedScalar(like.start, like.end, value, style, like.source)


def empty_mapping(like: Placed) -> PlacedMapping:
    return PlacedMapping(like.start, like.end, (), False, like.source)


def empty_sequence(like: Placed) -> PlacedSequence:
    return PlacedSequence(like.start, like.end, (), False, like.source)


def is_null(node: Placed | None) -> bool:
    return node is None or (isinstance(node, PlacedScalar) and node.null)


def has_gaps(node: Placed | None) -> bool:
    """Whether some value in it is left out, `key:`, which kustomize drops when it patches an object."""
    if isinstance(node, PlacedScalar) or node is None:
        return node is not None and not node.style and not node.value
    if node.gaps is None:
        inner = node.items if isinstance(node, PlacedSequence) else [entry.value for entry in node.entries]
        node.gaps = any(has_gaps(one) for one in inner)  # type: ignore[arg-type]
    return node.gaps


def with_written_nulls(node: PlacedMapping) -> PlacedMapping:
    """The tree with `null` for the values that are left out, as they are after kustomize has written it as JSON."""
    return _with_written_nulls(node) if has_gaps(node) else node  # type: ignore[return-value]


def _with_written_nulls(node: Placed) -> Placed:
    if not has_gaps(node):
        return node
    if isinstance(node, PlacedScalar):
        return made("null", node, "")
    if isinstance(node, PlacedSequence):
        return node.having(map(_with_written_nulls, node.items))
    for entry in node.entries:
        value: Placed = entry.value  # type: ignore[assignment]
        node = node.having(entry.key.value, _with_written_nulls(value))  # type: ignore[attr-defined]
    return node


def content_of(scalar: PlacedScalar) -> Span:
    """The range of a text in one line, or of what it follows from, in its file, if it has an exact place."""
    quoted = scalar.source.text[scalar.start : scalar.start + 1] in ("'", '"')
    return Span(scalar.start + quoted, scalar.end - quoted).shifted(scalar.source.start)


Role = Literal["object", "patch", "settings"]
"""What a text is to kustomize, which reads a key that is given twice in three ways.

It refuses an object that has one; of a strategic merge patch the first counts; of its own files, and of a JSON patch,
the last.
"""


@cached_by_text(1_000_000)
def documents(path: str, text: str, role: Role) -> tuple[Placed, ...]:
    """The roots of all documents of a file that are not empty. Raises CannotBuild if one is not valid YAML."""
    bounds = pairwise([*document_starts(text), len(text)])
    return tuple(root for start, end in bounds for root in _roots(path, start, text[start:end], role))


def inline(scalar: PlacedScalar, role: Role) -> tuple[Placed, ...]:
    """The roots of the documents in the text of a scalar, which have the place of that scalar."""
    found = documents("", scalar.value, role)
    source = Source(scalar.source.path, scalar.source.start, scalar.source.text, False)
    return tuple(_moved(root, scalar, source) for root in found)


def _moved(node: Placed, to: PlacedScalar, source: Source) -> Placed:
    if isinstance(node, PlacedScalar):
        return PlacedScalar(to.start, to.end, node.value, node.style, source)
    if isinstance(node, PlacedSequence):
        return PlacedSequence(
            to.start, to.end, tuple(_moved(item, to, source) for item in node.items), node.flow, source
        )
    entries = tuple(
        Entry(_moved(entry.key, to, source), _moved(entry.value, to, source))  # type: ignore[arg-type]
        for entry in node.entries
    )
    return PlacedMapping(to.start, to.end, entries, node.flow, source)


@cached_by_text(1_000_000)
def _roots(path: str, start: int, text: str, role: Role) -> tuple[Placed, ...]:
    """The roots of a document. Cached apart, so that an edit costs the documents from the edited one on."""
    try:
        roots = compose(text)
    except Unparsable:
        raise CannotBuild("invalid YAML") from None
    reader = _Reader(Source(path, start, text), role)
    return tuple(reader.read(root) for root in roots)


class _Reader:
    """Gives the nodes of a document their place, without aliases and merges."""

    def __init__(self, source: Source, role: Role) -> None:
        self._source = source
        self._role = role
        self._budget = MOST_NODES

    def read(self, node: Node, inside: tuple[int, ...] = ()) -> Placed:
        """Raises CannotBuild for cycles and what is too large."""
        self._budget -= 1
        if self._budget < 0:
            raise TooMuch("a document is too large")
        if isinstance(node, nodes.Alias):
            if node.target is None or id(node.target) in inside:
                raise CannotBuild("an alias without an anchor, or inside itself")
            return self.read(node.target, inside)
        if isinstance(node, nodes.Scalar):
            value = _refolded(node.value) if node.style == ">" and self._role != "settings" else node.value
            return PlacedScalar(node.start, node.end, value, node.style, self._source)
        inside = (*inside, id(node))
        if isinstance(node, nodes.Sequence):
            items = tuple([self.read(item, inside) for item in node.items])
            return PlacedSequence(node.start, node.end, items, node.flow, self._source)
        assert isinstance(node, nodes.Mapping)
        return self._mapping(node, inside)

    def _mapping(self, node: nodes.Mapping, inside: tuple[int, ...]) -> PlacedMapping:
        entries: dict[str, Entry] = {}
        for entry in node.entries:
            if not isinstance(entry.key, nodes.Scalar):
                raise CannotBuild("a key that is no scalar")
            name = entry.key.value
            if name == "<<" and not entry.key.style:
                continue
            if name in entries:
                if self._role == "object":
                    raise CannotBuild("a key that is given twice")
                if self._role == "patch":
                    continue
            key = PlacedScalar(entry.key.start, entry.key.end, name, entry.key.style, self._source)
            entries[name] = Entry(key, self.read(entry.value, inside))
        if node.merges:
            for merged in self._merged(node, inside):
                entries.setdefault(merged.key.value, merged)  # type: ignore[attr-defined]
        return PlacedMapping(node.start, node.end, tuple(entries.values()), node.flow, self._source)

    def _merged(self, node: nodes.Mapping, inside: tuple[int, ...]) -> Iterator[Entry]:
        entry = node.entry("<<")
        target = nodes.resolved(entry.value) if entry is not None else None
        for one in target.items if isinstance(target, nodes.Sequence) else (target,):
            found = nodes.resolved(one)
            if not isinstance(found, nodes.Mapping) or id(found) in inside or len(inside) > _MERGES * 20:
                raise CannotBuild("a merge of what is no mapping")
            read = self.read(found, inside)
            assert isinstance(read, PlacedMapping)
            yield from read.entries


_FLUSH_LINE = regex(r"^([^ \t\n].*)(\n+)", re.MULTILINE)
_NOT_FOLDED = regex(r" $| \n|[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")


def _refolded(text: str) -> str:
    """The value of a folded scalar after kustomize has written and read it again.

    Its YAML library (`yaml_emitter_write_folded_scalar` of go-yaml) adds a line break in front of each indented line
    that follows one that is not, and loses others where the text begins with a space.
    """
    if _NOT_FOLDED.search(text):  # written in double quotes
        return text
    begins_indented = text.lstrip("\n")[:1] in (" ", "\t")

    def written(match: re.Match[str]) -> str:
        line, breaks = match.groups()
        after = text[match.end() : match.end() + 1]
        if begins_indented:
            return match[0] if after in ("", " ", "\t") else line + (breaks[1:] or " ")
        is_longer = after in (" ", "\t") if after else len(breaks) > 1
        return f"{match[0]}\n" if is_longer else match[0]

    return _FLUSH_LINE.sub(written, text)


Change = Callable[[Placed], Placed | None]
"""Gives the changed node, the same one if there is nothing to change, None to leave it out."""


def at_path(node: Placed, path: tuple[str, ...], change: Change, create: str = "") -> Placed | None:
    """The tree with what is at the path changed, in each item of the sequences on the way.

    `create` is "mapping" or "scalar" if a missing path is to be created with such a node at its end.
    """
    if not path:
        return change(node)
    if is_null(node):
        return node
    if isinstance(node, PlacedSequence):
        items = [at_path(item, path, change, create) for item in node.items]
        if all(new is old for new, old in zip(items, node.items, strict=True)):
            return node
        return node.having(item for item in items if item is not None)
    if isinstance(node, PlacedScalar):
        raise CannotBuild(f"`{path[0]}` is inside a scalar")
    name, is_sequence = path[0].removesuffix("[]"), path[0].endswith("[]")
    value = node.value(name)
    if is_null(value):
        if is_sequence and value is not None:
            return node.having(name, empty_sequence(value))
        if not create or is_sequence:
            return node
        value = made("", node) if len(path) == 1 and create == "scalar" else empty_mapping(value or node)
    assert value is not None
    return node.having(name, at_path(value, path[1:], change, create))
