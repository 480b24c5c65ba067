"""The documents in rendered texts, whose nodes know where they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.languages.kubernetes.helm.text import GAP, HOLE, Origins, Place, Text, cut
from playpen_ls.languages.kubernetes.syntax import nodes
from playpen_ls.languages.kubernetes.syntax.compose import Unparsable, compose
from playpen_ls.languages.kubernetes.syntax.nodes import Node
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

_SEPARATOR = regex(r"(?:\A|\s*\n)---\s*")
_GAP_LINE = regex(rf"^([ \t-]*){GAP}[ \t{GAP}{HOLE}]*$", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class RenderedDocument:
    """A document that a template gives; `template` is its path. Offsets count from the start of its `text`.

    Unless it is `certain`, there can be more or less in it than its `root` has. None if it is not valid YAML.
    """

    template: str
    text: Text
    root: Node | None
    certain: bool

    @cached_property
    def _origins(self) -> Origins:
        return Origins(self.text)

    @cached_property
    def _starts(self) -> dict[int, frozenset[int]]:
        return {}

    def starts(self, mapping: nodes.Mapping) -> frozenset[int]:
        """Where the keys of one of its mappings are written in the template, without those that are elsewhere."""
        found = self._starts.get(id(mapping))
        if found is None:
            places = (self.place(entry.key) for entry in mapping.entries)
            found = frozenset(one.start for one in places if one is not None and one.path == self.template)
            self._starts[id(mapping)] = found
        return found

    def origins(self, scalar: nodes.Scalar) -> tuple[Place | None, ...]:
        """The places that the parts of a scalar come from, None for those that are not known."""
        return tuple(piece.place for _, piece in self._origins.within(*nodes.content(self.text, scalar)))

    def has(self, node: Node) -> bool:
        """Whether it is one of its nodes."""
        return self.root is not None and any(one is node for one in nodes.walk(self.root))

    def place(self, node: Node) -> Place | None:
        """Where a scalar or an empty collection is written, without quotes, or where another one begins."""
        found = nodes.resolved(node) or node
        if isinstance(found, nodes.Scalar):
            return self._origins.place(*nodes.content(self.text, found))
        if isinstance(found, nodes.Mapping) and not found.entries:
            return self._origins.place(found.start, found.end)
        return self._origins.place(found.start, found.start + 1)


@dataclass(frozen=True, eq=False)
class Output:
    """The rendered text of a template."""

    template: str
    text: Text

    @cached_property
    def documents(self) -> tuple[RenderedDocument, ...]:
        """Those that are not empty."""
        return tuple(_documents(self.template, self.text))


def _documents(template: str, text: Text) -> Iterator[RenderedDocument]:
    bounds = [0]
    for match in _SEPARATOR.finditer(text):
        bounds += [match.start(), match.end()]
    bounds.append(len(text))
    for start, end in zip(bounds[::2], bounds[1::2], strict=True):
        written = text[start:end]
        start, end = start + len(written) - len(written.lstrip()), start + len(written.rstrip())
        if start >= end:
            continue
        own, certain = cut(text, start, end), GAP not in written
        masked = _GAP_LINE.sub(_as_comment, own) + "\n"
        try:
            roots = compose(masked.replace(GAP, HOLE))
        except Unparsable:
            yield RenderedDocument(template, own, None, False)
            continue
        yield from (RenderedDocument(template, own, root, certain) for root in roots)
        if not roots and not certain:
            yield RenderedDocument(template, own, None, False)


def _as_comment(match: re.Match[str]) -> str:
    return f"{match[1].replace('-', ' ')}#".ljust(len(match[0]))[: len(match[0])]
