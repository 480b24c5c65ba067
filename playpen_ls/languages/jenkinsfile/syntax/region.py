"""Cutting a Jenkinsfile into regions: statements with blocks inside its frames, and the code between them.

The frames are the blocks around most of a file: `pipeline {`, `stages {`, `node {`. So a stage is a region of its own,
and so is a section, a method, or a step with a block in a scripted pipeline. The first words of a frame, up to its
brace, are a region too. Regions cover the whole text: each begins with a statement, at the start of its line if nothing
else is before it, and ends where the next one begins.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from playpen_ls.languages.cutting import Boundary, joined, recut
from playpen_ls.languages.jenkinsfile.syntax.lexer import Lexed, Lexer, lex
from playpen_ls.languages.jenkinsfile.syntax.structure import (
    Builder,
    State,
    Structure,
    structure,
    whole_structure,
)
from playpen_ls.languages.model import Problem
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.edit import Edit, narrowed
from playpen_ls.text.pause import pause
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

    @property
    def may_leave_frames(self) -> bool:
        """Whether its first words, by their indentation, may show that a brace before them is missing."""
        frames, blanks = self.state.frames, len(self.text) - len(self.text.lstrip(" \t"))
        return len(frames) > 1 and self.state.column < 0 and blanks <= frames[-1].indentation

    def derived(self, compute: Callable[..., T], *arguments: Hashable) -> T:
        """`compute(self, *arguments)`, cached: it must not depend on anything else."""
        key = (compute, arguments)
        try:
            found: T = self._derived[key]
        except KeyError:
            found = self._derived[key] = compute(self, *arguments)
        return found


def is_well_indented(parsed: Parsed) -> bool:
    """Whether a region is read in the same way where missing braces are found by indentation."""
    state = parsed.state._replace(by_indentation=True)
    return vars(structure(Source("", parsed.text), parsed.tokens, state)) == vars(parsed.structure)


Known = Mapping[tuple[str, State], Parsed]


class Cut:
    """The regions of a text, as `parsed`, each beginning at its boundary.

    Given a cut in which braces are missing, `unfinished`, they are found by indentation. `before` is the same for an
    earlier version of the text, and `known` has what else was parsed before.
    """

    def __init__(self, source: Source, before: Cut | None, known: Known, unfinished: Cut | None = None) -> None:
        self.source = source
        self.boundaries: list[Boundary]
        self.parsed: list[Parsed]
        edit, parsed = Edit(0, 0, ""), list[Parsed]()
        old = [Boundary(0, State((), unfinished is not None), 0)]
        if before is not None:
            edit, old, parsed = narrowed(0, before.source.text, source.text), before.boundaries, before.parsed
        cutter = _Cutter(source, unfinished)
        keep, new, resume, seen = recut(source.text, edit, old, cutter.following)
        self.boundaries = joined(edit, old, keep, new, resume, seen)
        known = {**known, **{one.key: one for one in parsed[keep - 1 : resume]}}
        fresh = [self._parsed(number, cutter, known) for number in range(keep - 1, keep + len(new))]
        self.parsed = [*parsed[: keep - 1], *fresh, *parsed[resume:]]

    def _parsed(self, number: int, cutter: _Cutter, known: Known) -> Parsed:
        at = self.boundaries[number]
        if at.offset in cutter.same:
            return cutter.same[at.offset]
        last = number + 1 == len(self.boundaries)
        end = len(self.source.text) if last else self.boundaries[number + 1].offset
        text, state = self.source.text[at.offset : end], cast(State, at.state)

        def parsed(state: State) -> Parsed:
            return known.get((text, state)) or Parsed(text, state, cutter.read[at.offset].part(at.offset, end))

        if state.by_indentation:  # most regions are read as they are in a text without missing braces
            found = parsed(state._replace(by_indentation=False))
            if found.derived(is_well_indented):
                return found
        return parsed(state)


def cut(source: Source, before: Sequence[Cut] = ()) -> tuple[Cut, ...]:
    """The regions of a text, the last one counts: where braces are missing they are found by indentation.

    `before` is what this function returned for an earlier version.
    """
    balanced = Cut(source, before[0] if before else None, _known(before[1:]))
    if not balanced.parsed[-1].structure.unfinished:
        return (balanced,)
    known = _known((*before, balanced)) if len(before) < 2 else {}
    return balanced, Cut(source, before[1] if len(before) > 1 else None, known, balanced)


def _known(cuts: Iterable[Cut]) -> Known:
    return {one.key: one for each in cuts for one in each.parsed}


class _Cutter:
    """`read` is what was lexed from each boundary on, with the offsets of the file; `same` the regions that need not be
    read by indentation, since they are read in the same way."""

    def __init__(self, source: Source, unfinished: Cut | None) -> None:
        self.source = source
        self.read: dict[int, Lexed] = {}
        self.same: dict[int, Parsed] = {}
        self._lexer = Lexer(source.text)
        self._unfinished = unfinished
        boundaries = unfinished.boundaries if unfinished is not None else ()
        self._numbers = {at.offset: number for number, at in enumerate(boundaries)}

    def following(self, text: str, at: Boundary) -> Boundary | None:
        known = self._as_balanced(at)
        if known is not None:
            return known
        lexer, state = self._lexer, cast(State, at.state)
        lexed = lexer.out = self.read[at.offset] = Lexed()
        lexer.seen = 0
        builder, reached = Builder(self.source, lexed.tokens, state), at.offset
        while reached < len(text):
            pause()
            reached = lexer.read_line(reached)
            first = builder.read(final=reached >= len(text))
            if first >= 0:
                frames = state.frames[: builder.frames] + ((builder.frame,) if builder.frame is not None else ())
                seen = max(at.seen, lexer.seen)
                return self._boundary(lexed.tokens[first][1], State(frames, state.by_indentation), seen)
        return None

    def _as_balanced(self, at: Boundary) -> Boundary | None:
        """The boundary after one of the unfinished cut, if the region between is read in the same way."""
        cut, number, state = self._unfinished, self._numbers.get(at.offset), cast(State, at.state)
        if cut is None or number is None or number + 1 == len(cut.boundaries):
            return None
        parsed, following = cut.parsed[number], cut.boundaries[number + 1]
        after = cast(State, following.state)
        same = cut.boundaries[number].state == state._replace(by_indentation=False)
        if not same or not parsed.derived(is_well_indented) or cut.parsed[number + 1].may_leave_frames:
            return None
        self.same[at.offset] = parsed
        return Boundary(following.offset, after._replace(by_indentation=True), max(at.seen, following.seen))

    def _boundary(self, offset: int, state: State, seen: int) -> Boundary:
        start = self.source.line_start(offset)
        if not self.source.text[start:offset].strip(" \t"):
            return Boundary(start, state, seen)
        return Boundary(offset, state._replace(column=len(self.source.indentation(offset))), seen)
