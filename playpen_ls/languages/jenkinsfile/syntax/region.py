"""Cutting a Jenkinsfile into regions: statements with blocks inside its frames, and the code between them.

The frames are the blocks around most of a file: `pipeline {`, `stages {`, `node {`. So a stage is a region of its own,
and so is a section, a method, or a step with a block in a scripted pipeline. The first words of a frame, up to its
brace, are a region too. Regions cover the whole text: each begins with a statement, at the start of its line if nothing
else is before it, and ends where the next one begins.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import Any, TypeVar, cast

from playpen_ls.languages.cutting import Boundary, joined, recut
from playpen_ls.languages.jenkinsfile.syntax.lexer import Lexed, Lexer, lex
from playpen_ls.languages.jenkinsfile.syntax.structure import Builder, State, Structure, structure, whole_structure
from playpen_ls.languages.model import Problem
from playpen_ls.text.edit import Edit, narrowed
from playpen_ls.text.source import Source

T = TypeVar("T")


class Parsed:
    """What the text of a region says by itself, given the state of the cutter; offsets count from its start.

    It is kept from version to version while the text and the state are the same, and with it what is `derived`.
    """

    def __init__(self, text: str, state: State, lexed: Lexed) -> None:
        self.text = text
        self.state = state
        self.key = (text, state)
        self.tokens = lexed.tokens
        self.holes = lexed.holes
        self.comments = lexed.comments
        self._lexed = lexed
        self._derived: dict[Hashable, Any] = {}

    @classmethod
    def whole(cls, source: Source) -> Parsed:
        """A whole file as one region."""
        lexed = lex(source.text)
        parsed = cls(source.text, State(), lexed)
        parsed.structure = whole_structure(source, lexed.tokens)
        return parsed

    @cached_property
    def structure(self) -> Structure:
        return structure(Source("", self.text), self.tokens, self.state)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What does not parse, in text order; frames that are not closed are not known here."""
        found = (*self._lexed.problems, *self.structure.problems)
        return tuple(sorted(found, key=lambda problem: problem.span))

    def derived(self, compute: Callable[..., T], *arguments: Hashable) -> T:
        """`compute(self, *arguments)`, cached: it must not depend on anything else."""
        key = (compute, arguments)
        try:
            found: T = self._derived[key]
        except KeyError:
            found = self._derived[key] = compute(self, *arguments)
        return found


class Cut:
    """The regions of a text, as `parsed`, each beginning at its boundary."""

    def __init__(self, source: Source, before: Cut | None = None, *, by_indentation: bool = False) -> None:
        self.source = source
        self.boundaries: list[Boundary]
        self.parsed: list[Parsed]
        edit, known = Edit(0, 0, ""), list[Parsed]()
        old = [Boundary(0, State((), by_indentation), 0)]
        if before is not None:
            edit, old, known = narrowed(0, before.source.text, source.text), before.boundaries, before.parsed
        cutter = _Cutter(source)
        keep, new, resume, seen = recut(source.text, edit, old, cutter.following)
        self.boundaries = joined(edit, old, keep, new, resume, seen)
        same = {one.key: one for one in known[keep - 1 : resume]}
        fresh = [self._parsed(number, cutter, same) for number in range(keep - 1, keep + len(new))]
        self.parsed = [*known[: keep - 1], *fresh, *known[resume:]]

    def _parsed(self, number: int, cutter: _Cutter, same: dict[tuple[str, State], Parsed]) -> Parsed:
        at = self.boundaries[number]
        last = number + 1 == len(self.boundaries)
        end = len(self.source.text) if last else self.boundaries[number + 1].offset
        text, state = self.source.text[at.offset : end], cast(State, at.state)
        return same.get((text, state)) or Parsed(text, state, cutter.read[at.offset].part(at.offset, end))


def cut(source: Source, before: Sequence[Cut] = ()) -> tuple[Cut, ...]:
    """The regions of a text, the last one counts: where braces are missing they are found by indentation.

    `before` is what this function returned for an earlier version.
    """
    balanced = Cut(source, *before[:1])
    if not balanced.parsed[-1].structure.unfinished:
        return (balanced,)
    return balanced, Cut(source, *before[1:2], by_indentation=True)


class _Cutter:
    """`read` is what was lexed from each boundary on, with the offsets of the file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.read: dict[int, Lexed] = {}
        self._lexer = Lexer(source.text)

    def following(self, text: str, at: Boundary) -> Boundary | None:
        lexer, state = self._lexer, cast(State, at.state)
        lexed = lexer.out = self.read[at.offset] = Lexed()
        lexer.seen = 0
        builder, tokens = Builder(self.source, lexed.tokens, state), lexed.tokens
        reached, index = at.offset, 0
        while reached < len(text):
            reached = lexer.read_line(reached)
            while index < len(tokens):
                first = builder.feed(index)
                if first >= 0:
                    frames = state.frames[: builder.frames]
                    if builder.frame is not None:
                        frames = (*frames, builder.frame)
                    return self._boundary(
                        tokens[first][1], State(frames, state.by_indentation), max(at.seen, lexer.seen)
                    )
                index += 1
        return None

    def _boundary(self, offset: int, state: State, seen: int) -> Boundary:
        start = self.source.line_start(offset)
        if not self.source.text[start:offset].strip(" \t"):
            return Boundary(start, state, seen)
        return Boundary(offset, state._replace(column=len(self.source.indentation(offset))), seen)
