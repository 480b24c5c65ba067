"""Parses YAML text to a tree of nodes.

Built from libyaml's events instead of PyYAML's `compose`: events give the position of aliases, are
faster, and need no recursion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from playpen_ls.languages.kubernetes.syntax.nodes import Alias, Entry, Mapping, Node, Scalar, Sequence
from playpen_ls.languages.yaml_loader import yaml_loader
from playpen_ls.text.pause import pause
from playpen_ls.text.regex import regex

DEEPEST = 200  # levels; the deepest real manifests (schemas of custom resources) have about 60
_BRACKET = regex(r"[\[\]{}]")
# PyYAML's pure Python parser wrongly rejects tabs that only separate tokens.
_SEPARATING_TAB = regex(r"(?<=[:,-])[ \t]*\t[ \t]*|[ \t]*\t[ \t]*(?=#|[\r\n]|\Z)")
_PREFIX = regex(r"(?:[&!][^\s,\[\]{}]*[ \t]+)+")


class Unparsable(Exception):
    """A syntax error. `at` is its offset, `opened` the offset where the enclosing construct began, if known."""

    def __init__(self, message: str, at: int, opened: int | None = None, unreadable: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.opened = opened
        self.unreadable = unreadable


def compose(text: str) -> tuple[Node, ...]:
    """The root node of every document that is not empty. Raises Unparsable."""
    _refuse_depth(text)
    try:
        return tuple(_Builder(text).roots())
    except UnicodeEncodeError as error:  # a lone surrogate cannot be encoded in UTF-8
        raise Unparsable("invalid Unicode character", error.start, unreadable=True) from None
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark.index if error.problem_mark else 0
        opened = error.context_mark.index if error.context_mark and error.context else None
        message = " ".join(part for part in (error.problem, error.context) if part)
        raise Unparsable(message or "invalid YAML", at, opened) from None
    except RecursionError:  # only the pure Python parser recurses
        raise Unparsable("nested too deeply", 0) from None
    except yaml.reader.ReaderError:
        raise Unparsable("invalid control character", 0, unreadable=True) from None


def _refuse_depth(text: str) -> None:
    """Reject deep nesting early: libyaml takes quadratic time for nested brackets (5 s for 60,000)."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth = 0
    for match in _BRACKET.finditer(text):
        depth = depth + 1 if match[0] in "[{" else max(0, depth - 1)
        if depth > 2 * DEEPEST:  # brackets in strings are counted, too, so allow twice the depth
            raise Unparsable("nested too deeply", match.start())


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match[0])


class _Builder:
    def __init__(self, text: str) -> None:
        self.text = text
        self.anchors: dict[str, Node] = {}

    def roots(self) -> Iterator[Node]:
        # Each level: the event that opened it, and its nodes so far.
        stack: list[tuple[Any, list[Node]]] = [(None, [])]
        loader = yaml_loader()
        text = self.text if loader is not yaml.SafeLoader else _SEPARATING_TAB.sub(_spaces, self.text)
        parser = loader(text)
        while (kind := type(event := parser.get_event())) is not StreamEndEvent:
            if kind is ScalarEvent:
                stack[-1][1].append(self._scalar(event))
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if len(stack) > DEEPEST:
                    raise Unparsable("nested too deeply", event.start_mark.index)
                stack.append((event, []))
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                pause()
                opening, nodes = stack.pop()
                stack[-1][1].append(self._collection(opening, nodes, event.end_mark.index))
            elif kind is AliasEvent:
                target = self.anchors.get(event.anchor)
                stack[-1][1].append(Alias(event.start_mark.index, event.end_mark.index, event.anchor, target))
            elif kind is DocumentEndEvent:
                for root in stack[0][1]:
                    if not (isinstance(root, Scalar) and root.null):
                        yield root
                stack[0][1].clear()
                self.anchors = {}

    def _start(self, event: Any) -> tuple[int, bool]:
        start = event.start_mark.index
        if event.anchor is None and event.tag is None:
            return start, False
        match = _PREFIX.match(self.text, start)
        return (match.end() if match else start), True

    def _scalar(self, event: Any) -> Scalar:
        start, prefixed = self._start(event)
        end, style = max(start, event.end_mark.index), event.style or ""
        if style in ("|", ">"):
            # libyaml includes the blank lines after a block scalar; they belong to it only with `+`.
            header = self.text[start : min(start + 4, end)].partition("\n")[0]
            end = max(min(end, len(self.text)), start + 1)
            if "+" not in header:
                end = start + len(self.text[start:end].rstrip())
        scalar = Scalar(start, end, prefixed, event.value, style)
        if event.anchor is not None:
            self.anchors[event.anchor] = scalar
        return scalar

    def _collection(self, opening: Any, nodes: list[Node], closed: int) -> Mapping | Sequence:
        start, prefixed = self._start(opening)
        flow = bool(opening.flow_style)
        if nodes and not flow:
            start = nodes[0].start if isinstance(opening, MappingStartEvent) else start
            closed = nodes[-1].end
        node: Mapping | Sequence
        if isinstance(opening, MappingStartEvent):
            entries = tuple(Entry(key, value) for key, value in zip(nodes[::2], nodes[1::2], strict=False))
            node = Mapping(start, closed, prefixed, entries, flow)
        else:
            node = Sequence(start, closed, prefixed, tuple(nodes), flow)
        if opening.anchor is not None:
            self.anchors[opening.anchor] = node
        return node
