"""The declarative pipeline: its sections, stages, environment and steps."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.languages.jenkinsfile.syntax.tree import Block, Call, Expression, Statement
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.span import Span

_DEPTH = 40  # nested stages; deeper nesting is malicious input


class Assignment:
    """`NAME = value`, `def NAME = value`, `String NAME = value`, `env.NAME = value`.

    `declared` is true for `def NAME` and `String NAME`; `owner` is "env" for `env.NAME`, "" for a bare name.
    """

    __slots__ = ("declared", "name", "name_span", "owner", "statement", "value")

    def __init__(
        self, statement: Statement, name: str, name_span: Span, owner: str, declared: bool, value: Expression
    ) -> None:
        self.statement = statement
        self.name = name
        self.name_span = name_span
        self.owner = owner
        self.declared = declared
        self.value = value


class EnvironmentEntry(Assignment):
    """An assignment inside `environment {…}`."""

    __slots__ = ()

    @property
    def scope(self) -> Block | None:
        """The block where the variable is visible: the one around `environment {…}`.

        None if that is the innermost frame around the region, or in a whole file nothing.
        """
        around = self.statement.block.statement
        return around.block if around is not None and around.block.open >= 0 else None


def assignment(statement: Statement, kind: type[Assignment] = Assignment) -> Assignment | None:
    """The statement as an assignment to a variable; None if it is something else."""
    tokens, at, last = statement.tree.tokens, statement.first, statement.last
    while at < last - 1 and tokens[at][0] != "=":
        if tokens[at][0] not in ("name", ".", "@"):
            return None
        at += 1
    if not statement.first < at < last - 1 or statement.first in statement.tree.record.at:
        return None
    owner = ""
    before = at - 1
    if tokens[before][0] != "name":
        return None
    if before - 2 >= statement.first and tokens[before - 1][0] == ".":
        owner = tokens[before - 2][3]
        before -= 2
    value = Expression(statement.tree, at + 1, last)
    name_token = tokens[at - 1]
    declared = before > statement.first and not owner
    return kind(statement, name_token[3], Span(name_token[1], name_token[2]), owner, declared, value)


class Sectioned:
    """A block with named sections: the pipeline or a stage. Of duplicate sections the first counts."""

    def __init__(self, call: Call, block: Block) -> None:
        self.call = call
        self.block = block

    @cached_property
    def sections(self) -> dict[str, Call]:
        found: dict[str, Call] = {}
        for statement in self.block.statements:
            call = statement.call
            if call is not None:
                found.setdefault(call.name, call)
        return found

    def section(self, name: str) -> Call | None:
        return self.sections.get(name)

    @cached_property
    def environment(self) -> tuple[EnvironmentEntry, ...]:
        section = self.section("environment")
        entries = (assignment(one, EnvironmentEntry) for one in section.statements) if section else ()
        return tuple(one for one in entries if isinstance(one, EnvironmentEntry))

    def _stages_of(self, section: Call | None, depth: int) -> Iterator[Stage]:
        for statement in section.statements if section else ():
            call = statement.call
            if call is not None and call.name == "stage" and call.block is not None and depth < _DEPTH:
                yield Stage(call, call.block, depth)


class Pipeline(Sectioned):
    """`pipeline {…}` at the top level of a whole file."""

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The stages directly in `stages {…}`, without nested ones."""
        return tuple(self._stages_of(self.section("stages"), 0))

    def all_stages(self) -> Iterator[Stage]:
        """Every stage in text order, including nested ones."""
        waiting = list(reversed(self.stages))
        while waiting:
            stage = waiting.pop()
            yield stage
            waiting += reversed(stage.children)


class Stage(Sectioned):
    """`stage('name') {…}` of a declarative pipeline, nested in `depth` other stages."""

    def __init__(self, call: Call, block: Block, depth: int) -> None:
        super().__init__(call, block)
        self.depth = depth

    @cached_property
    def name(self) -> str | None:
        """The literal name; None if it is computed."""
        first = next(iter(self.call.positional), None)
        return first.value if first else None

    @property
    def name_span(self) -> Span:
        """The name without its quotes; the word `stage` if the name is not a literal."""
        first = next(iter(self.call.positional), None)
        return first.string.inside if first and first.string else self.call.name_span

    @property
    def steps(self) -> Call | None:
        return self.section("steps")

    @cached_property
    def children(self) -> tuple[Stage, ...]:
        """The directly nested stages of `stages`, `parallel` and `matrix`."""
        text = self.call.tree.of(self.block.inside)
        if not any(word in text for word in ("stages", "parallel", "matrix")):  # fast path: most stages have none
            return ()
        matrix = self.section("matrix")
        nested = (
            next((one.call for one in matrix.statements if one.call and one.call.name == "stages"), None)
            if (matrix)
            else None
        )
        sections = (self.section("stages"), self.section("parallel"), nested)
        return tuple(stage for one in sections for stage in self._stages_of(one, self.depth + 1))
