"""The model of a Jenkinsfile, split into passages so that an edit invalidates only one of them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeVar

from playpen_ls.api.file_view import FileView
from playpen_ls.languages.jenkinsfile.model.images import Mention, mentions
from playpen_ls.languages.jenkinsfile.model.pipeline import Assignment, EnvironmentEntry, Pipeline
from playpen_ls.languages.jenkinsfile.model.region import Passage
from playpen_ls.languages.jenkinsfile.model.steps import SHELLS, ShellStep
from playpen_ls.languages.jenkinsfile.syntax.call_sites import Record, find_calls
from playpen_ls.languages.jenkinsfile.syntax.calls import Call
from playpen_ls.languages.jenkinsfile.syntax.expressions import string_at
from playpen_ls.languages.jenkinsfile.syntax.memo import Memory
from playpen_ls.languages.jenkinsfile.syntax.regions import Stretch
from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.tree import Statement, Tree
from playpen_ls.languages.jenkinsfile.validator import Fault, validate
from playpen_ls.languages.model import Chunk, Comment, Model, Problem
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

T = TypeVar("T")

_WORD = re.compile(r"\w+")


_STEPS = dict.fromkeys(SHELLS, ShellStep)


def _calls_in(tree: Tree, stretch: Stretch) -> Record:
    return find_calls(tree, stretch, _STEPS)


class Whole(Chunk):
    """The chunk for rules that check the whole file or the whole pipeline."""

    def __init__(self, file: Jenkinsfile) -> None:
        self.file = file
        self.span = Span(0, len(file.source.text))
        self.key = ("whole", file.source.text)
        self.broken = bool(file.tree.problems)

    def parts(self, file: FileView | None = None) -> Iterator[object]:
        if self.file.pipeline is not None:
            yield self.file.pipeline


class Jenkinsfile(Model):
    language = "jenkinsfile"

    def __init__(self, source: Source, previous: Jenkinsfile | None = None) -> None:
        self.source = source
        self.memory: Memory = previous.memory if previous is not None else Memory()
        self.memory.next_version()
        self._headers: dict[tuple[tuple[int, int], ...], tuple[str, ...]] = {}
        self.tree: Tree = Tree(source, _calls_in, self.memory, previous.tree if previous is not None else None)

    def release(self) -> None:
        self.__dict__.pop("passages", None)

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """The file split into passages, in text order."""
        return tuple(Passage(self, number) for number in range(len(self.tree.stretches)))

    def headers(self, around: tuple[tuple[int, int], ...]) -> tuple[str, ...]:
        """The text of each statement around a stretch, up to its brace; cached per file."""
        found = self._headers.get(around)
        if found is None:
            text, tokens = self.source.text, self.tree.tokens
            found = tuple(text[tokens[first][1] : tokens[brace][2]] for first, brace in around)
            self._headers[around] = found
        return found

    @property
    def chunks(self) -> tuple[Chunk, ...]:  # type: ignore[override]
        return (Whole(self), *self.passages)

    @property
    def problems(self) -> Sequence[Problem]:
        return self.tree.problems

    @cached_property
    def statements(self) -> Sequence[Statement]:
        """Every statement in text order, each before those in its blocks."""
        return tuple(self.tree.statements)

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Every call in text order. Slow: rules that need few calls use `named` or `steps_with`."""
        return tuple(call for passage in self.passages for call in passage.calls)

    def named(self, *names: str) -> list[Call]:
        """The calls with one of these names, in text order."""
        found: list[Call] = []
        for passage in self.passages:
            if not passage.record.by_name.keys().isdisjoint(names):
                found += passage.named(*names)
        return found

    @cached_property
    def shell_steps(self) -> tuple[ShellStep, ...]:
        return tuple(step for passage in self.passages for step in passage.shell_steps)

    def steps_with(self, words: tuple[str, ...]) -> list[ShellStep]:
        """The shell steps whose source contains one of these words, case-insensitive; `words` are in lower case.

        A cheap filter before scripts are parsed.
        """
        return [step for passage in self.passages for step in passage.steps_with(words)]

    def of_step(self, step: ShellStep, look: Callable[[ShellStep], Iterable[T]]) -> list[T]:
        """The results of `look` for a shell step; that there are none is cached by the text of the step.

        `look` must not depend on anything but the step.
        """
        tokens, found = self.tree.tokens, list[T]()
        code = self.source.text[tokens[step.index][1] : tokens[step.last - 1][2]]

        def is_clean() -> bool:
            found.extend(look(step))
            return not found

        return found if self.memory.of((look, code), is_clean) or found else list(look(step))

    @cached_property
    def faults(self) -> list[Fault]:
        """What Jenkins would reject in a declarative pipeline, in text order; empty if the file does not parse."""
        return validate(self, self.memory)

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """The image references: first those in shell scripts, then those in `docker` steps."""
        return tuple(mentions(self))

    def step_around(self, offset: int) -> ShellStep | None:
        """The shell step that contains this offset."""
        place = bisect_right(self._step_starts, offset) - 1
        return self.shell_steps[place] if place >= 0 and offset < self.shell_steps[place].span.end else None

    @cached_property
    def _step_starts(self) -> list[int]:
        tokens = self.tree.tokens
        return [tokens[step.index][1] for step in self.shell_steps]

    @cached_property
    def pipeline(self) -> Pipeline | None:
        """The declarative pipeline at the top level of the file."""
        for statement in self.tree.root.statements:
            call = statement.call
            if call is not None and call.name == "pipeline" and call.block is not None:
                return Pipeline(call, call.block, self.memory)
        return None

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """Every assignment to a variable in text order; those in `environment {…}` are EnvironmentEntry."""
        return tuple(one for passage in self.passages for one in passage.assignments)

    @cached_property
    def declared_names(self) -> frozenset[str]:
        """The variables that the file declares."""
        return frozenset[str]().union(*(passage.names.declared for passage in self.passages))

    @cached_property
    def literal_names(self) -> frozenset[str]:
        """The variables that the file sets to a literal that is not empty."""
        return frozenset[str]().union(*(passage.names.literal for passage in self.passages))

    @cached_property
    def credential_entries(self) -> list[EnvironmentEntry]:
        """The entries `NAME = credentials('id')` of `environment {…}`."""
        if "credentials" not in self.source.text:
            return []
        return [
            one
            for one in self.assignments
            if isinstance(one, EnvironmentEntry) and one.value.call is not None and one.value.call.name == "credentials"
        ]

    @cached_property
    def ids(self) -> frozenset[str]:
        """The words after `credentialsId` and the like on their line: a variable among them contains an id."""
        text, names = self.source.text, set[str]()
        for use in ("credentialsId", "credentials(", "withRegistry", "sshagent"):
            at = text.find(use)
            while at >= 0:
                end = self.source.line_span(self.source.line_of(at)).end
                names.update(_WORD.findall(text, at + len(use), end))
                at = text.find(use, end)
        return frozenset(names)

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
        """The string literal that contains this offset."""
        index = bisect_right(self._token_starts, offset) - 1
        literal = string_at(self.tree, index) if index >= 0 else None
        return literal if literal is not None and offset < literal.end else None

    def construct_after(self, offset: int) -> Span | None:
        """The next statement; inside brackets the rest of the list element, or of its line."""
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
        """From the token to the next comma or enclosing closing bracket."""
        tree, at, end = self.tree, index, self.tree.tokens[index][2]
        while at < len(tree.tokens) and tree.tokens[at][0] not in (",", ")", "]", "}", "\n", ";"):
            close = tree.partner[at]
            at = close if close > at else at
            end = tree.tokens[at][2]
            at += 1
        return Span(tree.tokens[index][1], end)

    def construct_at(self, offset: int) -> Span | None:
        """The innermost statement around `offset` that starts its line."""
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
