"""A region of a Jenkinsfile, or a whole one, with its assignments and the stages of a declarative pipeline."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from playpen_ls.languages.jenkinsfile.model.pipeline import Assignment, EnvironmentEntry, Stage, assignment
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import ShellStep, Statement, Tree
from playpen_ls.text.span import Span


class Region(Tree):
    """A stage, a section, a method or a step with a block; the first words of a frame; or the code between these."""

    def parts(self) -> Iterator[object]:
        """Itself and the stages in it, then assignments and calls, each kind in text order."""
        yield self
        yield from self.stages
        yield from self.assignments
        yield from self.calls

    @property
    def stages(self) -> Iterator[Stage]:
        """The stage of a declarative pipeline that the region is, and its nested stages; empty for other code."""
        if self.frame_names != ["pipeline", "stages"] or not self.structure.first:
            return
        call = Statement(self, 0).call
        if call is None or call.name != "stage" or call.block is None:
            return
        waiting = [Stage(call, call.block, 0)]
        while waiting:
            stage = waiting.pop()
            yield stage
            waiting += reversed(stage.children)

    @property
    def assignments(self) -> list[Assignment]:
        """Every assignment to a variable in text order; those in `environment {…}` are EnvironmentEntry."""
        found = (_assignment(Statement(self, number)) for number in self.parsed.derived(_assigning))
        return [one for one in found if one is not None]

    def steps_with(self, words: tuple[str, ...]) -> list[ShellStep]:
        """The shell steps whose source contains one of these words, case-insensitive; `words` are in lower case.

        A cheap filter before scripts are parsed.
        """
        places = self.parsed.derived(_places_with, words)
        return [step for place, step in enumerate(self.shell_steps) if place in places] if places else []


def _assigning(parsed: Parsed) -> tuple[int, ...]:
    """The numbers of the statements that are assignments."""
    return tuple([one.number for one in Tree(parsed).statements if assignment(one) is not None])


def _assignment(statement: Statement) -> Assignment | None:
    call = statement.block.call
    inside = call is not None and call.name == "environment"
    return assignment(statement, EnvironmentEntry if inside else Assignment)


def _places_with(parsed: Parsed, words: tuple[str, ...]) -> frozenset[int]:
    lower = parsed.text.replace("\u0130", "i").lower()  # the only letter that would become longer
    found = [(word, starts) for word in words if (starts := _starts(lower, word))]

    def has_one(span: Span) -> bool:
        for word, starts in found:
            first = bisect_left(starts, span.start)
            if first < len(starts) and starts[first] + len(word) <= span.end:
                return True
        return False

    if not found:
        return frozenset()
    # Half-typed steps can contain each other, so their texts are not searched one by one.
    return frozenset(place for place, step in enumerate(Tree(parsed).shell_steps) if has_one(step.span))


def _starts(text: str, word: str) -> list[int]:
    found, at = [], text.find(word)
    while at >= 0:
        found.append(at)
        at = text.find(word, at + 1)
    return found
