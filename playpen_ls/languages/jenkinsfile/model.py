"""The model of a Jenkinsfile. The whole file is one chunk: it is read again in a few milliseconds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeVar

from playpen_ls.facts import Fact
from playpen_ls.languages.base import Chunk, Comment, Model, Problem
from playpen_ls.languages.jenkinsfile.call_sites import find_calls
from playpen_ls.languages.jenkinsfile.calls import Call
from playpen_ls.languages.jenkinsfile.declarative import Assignment, EnvironmentEntry, Pipeline, assignment
from playpen_ls.languages.jenkinsfile.expressions import string_at
from playpen_ls.languages.jenkinsfile.images import Mention, mentions
from playpen_ls.languages.jenkinsfile.steps import SHELLS, ShellStep
from playpen_ls.languages.jenkinsfile.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.tree import Statement, Tree
from playpen_ls.languages.jenkinsfile.validator import Fault, Memory, validate
from playpen_ls.source import Source, Span

T = TypeVar("T")


class Whole(Chunk):
    """The one chunk of a Jenkinsfile."""

    def __init__(self, model: Jenkinsfile) -> None:
        self.model = model
        self.span = Span(0, len(model.source.text))
        self.key = model.source.text
        self.broken = bool(model.tree.problems)

    def parts(self) -> Iterator[object]:
        """The pipeline and its stages, then assignments and calls, each kind in text order."""
        model = self.model
        if model.pipeline is not None:
            yield model.pipeline
            yield from model.pipeline.all_stages()
        yield from model.assignments
        yield from model.calls


class Jenkinsfile(Model):
    language = "jenkinsfile"
    comment_mark = "//"

    def __init__(self, source: Source, previous: Jenkinsfile | None = None) -> None:
        self.source = source
        self.memory: Memory = Memory(previous.memory if previous is not None else None)
        self.tree: Tree = Tree(source, previous.tree if previous is not None else None)
        if not self.tree.sites_before:
            find_calls(self.tree, dict.fromkeys(SHELLS, ShellStep))

    @property
    def chunks(self) -> tuple[Whole]:  # type: ignore[override]  # kept, it would hold the model in a circle
        return (Whole(self),)

    @property
    def problems(self) -> Sequence[Problem]:
        return self.tree.problems

    @cached_property
    def statements(self) -> Sequence[Statement]:
        """Every statement in text order, each before those in its blocks."""
        return tuple(self.tree.statements)

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Every call in text order."""
        return tuple(self.tree.calls(0, len(self.tree.outline.first)))

    @cached_property
    def shell_steps(self) -> tuple[ShellStep, ...]:
        return tuple(call for call in self.calls if isinstance(call, ShellStep))

    def steps_with(self, words: Iterable[str]) -> list[ShellStep]:
        """The shell steps in whose code one of these words stands, in any case; `words` are in lower case.

        It costs little where there is none, so rules ask it before they read any script.
        """
        words = tuple(words)
        # Word by word in small texts: beyond 30,000 characters `in` takes a way that is five times as slow.
        codes = zip(self.shell_steps, self._step_codes, strict=True)
        return [step for step, code in codes if any(word in code for word in words)]

    def of_step(self, step: ShellStep, look: Callable[[ShellStep], Iterable[T]]) -> list[T]:
        """What `look` finds in a shell step, not looked for again where the same text had nothing for it.

        It must look at nothing but the step.
        """
        tokens = self.tree.tokens
        code = self.source.text[tokens[step.index][1] : tokens[step.last - 1][2]]
        if self.memory.is_clean(look, code):
            return []
        found = list(look(step))
        if not found:
            self.memory.put_clean(look, code)
        return found

    @cached_property
    def faults(self) -> list[Fault]:
        """What Jenkins would refuse of a declarative pipeline that parses, in text order."""
        return validate(self, self.memory)

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """The image references: those in shell scripts first, then those of `docker` steps."""
        return tuple(mentions(self))

    def step_around(self, offset: int) -> ShellStep | None:
        """The shell step whose code holds this offset."""
        place = bisect_right(self._step_starts, offset) - 1
        return self.shell_steps[place] if place >= 0 and offset < self.shell_steps[place].span.end else None

    @cached_property
    def _step_codes(self) -> list[str]:
        text, tokens = self.source.text, self.tree.tokens
        return [text[tokens[one.index][1] : tokens[one.last - 1][2]].lower() for one in self.shell_steps]

    @cached_property
    def _step_starts(self) -> list[int]:
        tokens = self.tree.tokens
        return [tokens[step.index][1] for step in self.shell_steps]

    @cached_property
    def pipeline(self) -> Pipeline | None:
        """The declarative pipeline at the top of the file."""
        for statement in self.tree.root.statements:
            call = statement.call
            if call is not None and call.name == "pipeline" and call.block is not None:
                return Pipeline(call, call.block, self.memory.answer)
        return None

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """Every assignment to a name; those in `environment {…}` are EnvironmentEntry."""
        tree, found = self.tree, []
        for number, first in enumerate(tree.outline.first):
            if first in tree.site_at:  # most statements begin with a call
                continue
            statement = Statement(tree, number)
            call = statement.block.call
            inside = call is not None and call.name == "environment"
            one = assignment(statement, EnvironmentEntry if inside else Assignment)
            if one is not None:
                found.append(one)
        return tuple(found)

    def facts(self) -> Iterator[Fact]:
        from playpen_ls.languages.jenkinsfile.facts import facts

        return facts(self)

    @cached_property
    def _comments(self) -> tuple[Comment, ...]:
        source, text = self.source, self.source.text
        made = []
        for span in self.tree.comments:
            line = source.line_of(span.start)
            before = text[source.line_starts[line] : span.start]
            after = text[span.end : source.line_span(source.line_of(span.end)).end]
            made.append(Comment(span, text[span.start : span.end], not before.strip() and not after.strip()))
        return tuple(made)

    def comments(self) -> Sequence[Comment]:
        return self._comments

    def string_around(self, offset: int) -> StringLiteral | None:
        """The string literal that holds this offset."""
        index = bisect_right(self._token_starts, offset) - 1
        literal = string_at(self.tree, index) if index >= 0 else None
        return literal if literal is not None and offset < literal.end else None

    def construct_after(self, offset: int) -> Span | None:
        """The next statement; inside brackets the rest of the list's element, or its line."""
        tokens = self.tree.tokens
        index = bisect_left(self._token_starts, offset)
        while index < len(tokens) and tokens[index][0] in ("\n", ";", "}", ")", "]"):
            index += 1
        if index >= len(tokens):
            return None
        place = bisect_left(self._statement_starts, tokens[index][1])
        if place < len(self._statement_starts) and self._statement_starts[place] == tokens[index][1]:
            return self.statements[place].span
        return self._element(index)

    def _element(self, index: int) -> Span:
        """From the token to the next comma or closing bracket around it."""
        tree, at, end = self.tree, index, self.tree.tokens[index][2]
        while at < len(tree.tokens) and tree.tokens[at][0] not in (",", ")", "]", "}", "\n", ";"):
            close = tree.partner[at]
            at = close if close > at else at
            end = tree.tokens[at][2]
            at += 1
        return Span(tree.tokens[index][1], end)

    def construct_at(self, offset: int) -> Span | None:
        """The innermost statement around `offset` that begins its line."""
        source = self.source
        at = bisect_right(self._statement_starts, offset) - 1
        while at >= 0:
            statement: Statement | None = self.statements[at]
            while statement is not None and statement.end < offset:
                statement = statement.block.statement
            while statement is not None:
                start = statement.start
                if not source.text[source.line_start(start) : start].strip(" \t"):
                    return statement.span
                statement = statement.block.statement
            at -= 1
            if at < 0 or self.statements[at].end < offset:
                return None
        return None

    @cached_property
    def _token_starts(self) -> list[int]:
        return [token[1] for token in self.tree.tokens]

    @cached_property
    def _statement_starts(self) -> list[int]:
        return [statement.start for statement in self.statements]


def parse(source: Source, previous: Model | None = None) -> Jenkinsfile:
    return Jenkinsfile(source, previous if isinstance(previous, Jenkinsfile) else None)
