"""Splitting a file into stretches: the outermost statements with blocks inside its frame, and the code between them.

The frame consists of the blocks around most of a file: `pipeline {`, `stages {`, `node {`. So a stage is a stretch
of its own, and so is a section, a method, or a step with a block in a scripted pipeline.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from playpen_ls.languages.jenkinsfile.syntax.lexer import Token
from playpen_ls.languages.jenkinsfile.syntax.outline import Outline

_FRAME = frozenset(
    """pipeline stages node podTemplate timestamps ansiColor timeout retry withEnv withCredentials lock catchError wrap
    ws dir throttle container docker withDockerRegistry try""".split()
)
_DEPTH = 12  # nested frames; real pipelines have five


@dataclass(frozen=True, slots=True)
class Stretch:
    """The tokens, statements and blocks of a piece of a file, as (first, last) with `last` exclusive.

    A statement belongs to the stretch in which it starts. `around` are the enclosing statements, outermost
    first, each as (first token, token of the brace of its block).
    """

    tokens: tuple[int, int]
    statements: tuple[int, int]
    blocks: tuple[int, int]
    around: tuple[tuple[int, int], ...]


def stretches(tokens: list[Token], outline: Outline) -> list[Stretch]:
    """The stretches in text order. They do not overlap; only closing brackets and line ends belong to none."""
    made, reached = [], 0
    pieces = list(_Cutter(tokens, outline).pieces(0, 0))
    for first, last in (*((outline.first[one], outline.last[one]) for one in pieces), (len(tokens), len(tokens))):
        for begin, end in ((reached, first), (first, last)):
            one = _stretch(outline, begin, end)
            if one is not None:
                made.append(one)
        reached = last
    return made


def same_frame(old: list[Token], new: list[Token]) -> bool:
    """Whether replacing `old` tokens with `new` ones, with the same outline, leaves all stretches the same."""
    return all(
        one[3] == other[3] or (one[3] not in _FRAME and other[3] not in _FRAME)
        for one, other in zip(old, new, strict=True)
    )


def _stretch(outline: Outline, begin: int, end: int) -> Stretch | None:
    statements = bisect_left(outline.first, begin), bisect_left(outline.first, end)
    if statements[0] == statements[1]:
        return None
    blocks = bisect_left(outline.open, begin), bisect_left(outline.open, end)
    around: list[tuple[int, int]] = []
    block = outline.home[statements[0]]
    while outline.owner[block] >= 0:
        statement = outline.owner[block]
        around.append((outline.first[statement], outline.open[block]))
        block = outline.home[statement]
    return Stretch((outline.first[statements[0]], end), statements, blocks, tuple(reversed(around)))


class _Cutter:
    def __init__(self, tokens: list[Token], outline: Outline) -> None:
        self._tokens = tokens
        self._outline = outline

    def pieces(self, block: int, depth: int) -> Iterator[int]:
        """The statements in a block of the frame that become stretches, or those nested in them."""
        outline = self._outline
        for statement in outline.children[block]:
            kind, _, _, word = self._tokens[outline.first[statement]]
            inner: list[int] = []
            if kind == "name" and word in _FRAME and depth < _DEPTH:
                for one in self._blocks(statement):
                    inner += self.pieces(one, depth + 1)
            if inner:
                yield from inner
            elif self._has_block(statement):
                yield statement

    def _has_block(self, statement: int) -> bool:
        outline = self._outline
        at = bisect_left(outline.open, outline.first[statement])
        return at < len(outline.open) and outline.open[at] < outline.last[statement]

    def _blocks(self, statement: int) -> list[int]:
        """The closure of a call that ends with it, `a.b('x').c {…}`; the blocks of `try {…} catch (e) {…}`.

        Empty for other statements, where arguments can follow the block.
        """
        outline, tokens = self._outline, self._tokens
        at, last = outline.first[statement], outline.last[statement]
        tried, before, found = tokens[at][3] == "try", ".", list[int]()
        while at < last:
            kind = tokens[at][0]
            block = outline.block_at.get(at)
            if block is not None:
                found.append(block)
                if not tried:
                    return found if before in ("name", ")") and outline.close[block] + 1 == last else []
                at = outline.close[block]
            elif kind == "(" and outline.partner[at] > at:
                at = outline.partner[at]
                kind = ")"
            elif kind == "name":
                if before == "name" or (before != "." and not tried):
                    return []
            elif kind not in (".", "\n"):
                return []
            before = before if kind == "\n" else kind
            at += 1
        return found if tried else []
