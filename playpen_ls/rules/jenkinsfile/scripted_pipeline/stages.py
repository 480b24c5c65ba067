"""The declarative pipeline and stages to which a scripted pipeline is converted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.syntax.tree import Argument, Block, Call, Statement
from playpen_ls.rules.jenkinsfile.scripted_pipeline.as_written import agent_of
from playpen_ls.text.dataclass import dataclass


@dataclass
class PlannedStage:
    """`name` is the literal as written. One of `body`, `leading`, `branches` and `stages` is set."""

    name: str
    start: int
    end: int
    agent: str = ""
    when: str = ""
    body: Block | None = None
    leading: Sequence[Statement] = ()
    branches: list[PlannedStage] = field(default_factory=list)
    stages: list[PlannedStage] = field(default_factory=list)
    fails_fast: bool = False


@dataclass
class Plan:
    """`post` contains (condition, block, statements dropped from it); `docker` the entries of a docker agent."""

    first: Statement
    last: Statement
    properties: Call | None = None
    agent: str = ""
    docker: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)
    environment: list[str] = field(default_factory=list)
    hoisted: list[Statement] = field(default_factory=list)
    stages: list[PlannedStage] = field(default_factory=list)
    post: list[tuple[str, Block, list[Statement]]] = field(default_factory=list)
    dropped: list[Statement] = field(default_factory=list)
    implicit_checkout: bool = False


def planned_stage(call: Call, agent: str) -> PlannedStage:
    """The declarative stage for a `stage` call; `agent` is that of the whole pipeline. Raises Refused."""
    literal = call.arguments[0].string if len(call.arguments) == 1 else None
    if literal is None or literal.value is None or len(literal.quote) != 1:
        raise Refused("a stage name is computed, or the stage has options")
    if call.block is None:
        raise Refused(f"`stage {literal.raw}` has no block")
    planned = PlannedStage(literal.raw, call.span.start, call.span.end)
    body = call.block
    only = body.statements[0].call if len(body.statements) == 1 else None
    if only is not None and only.name == "node" and only.block is not None and agent in ("", "none"):
        planned.agent = agent_of(only)
        body = only.block
        only = body.statements[0].call if len(body.statements) == 1 else None
    if not body.statements:
        raise Refused(f"`stage {literal.raw}` has no steps")
    if only is not None and only.name == "parallel" and not planned.agent and _branches(only, planned):
        return planned
    planned.body = body
    return planned


def _branches(call: Call, planned: PlannedStage) -> bool:
    """Add the branches of `parallel` as stages. Returns False if they are not literal closures."""
    arguments: Sequence[Argument] = call.arguments
    if len(arguments) == 1 and arguments[0].name is None:
        arguments = arguments[0].items or ()
    branches = [one for one in arguments if one.name != "failFast"]
    if not branches or any(one.block is None or one.name is None for one in branches):
        return False
    made = [_branch(one) for one in branches]
    if any(one is None for one in made):
        return False
    planned.branches = [one for one in made if one is not None]
    planned.fails_fast = any(one.name == "failFast" and one.text == "true" for one in arguments)
    return True


def _branch(argument: Argument) -> PlannedStage | None:
    """The branch as a stage; None if it contains code that only a script can express."""
    body, name = argument.block, argument.name or ""
    assert body is not None
    escaped = name.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    branch = PlannedStage(f"'{escaped}'", argument.start, argument.end)
    only = body.statements[0].call if len(body.statements) == 1 else None
    if only is not None and only.name == "node" and only.block is not None:
        branch.agent, body = agent_of(only), only.block
    stages = [one.call for one in body.statements if one.call is not None and one.call.name == "stage"]
    if stages and len(stages) == len(body.statements):
        branch.stages = [planned_stage(one, branch.agent) for one in stages]
        names = {one.name[1:-1] for one in branch.stages}
        return branch if len(names) == len(stages) and not any(one.branches for one in branch.stages) else None
    if not body.statements or _names_inside(body) & {"stage", "parallel", "node"}:
        return None
    branch.body = body
    return branch


def _names_inside(block: Block) -> set[str]:
    return {call.name for statement in _inside(block) for call in statement.calls}


def _inside(block: Block) -> Iterator[Statement]:
    waiting = list(block.statements)
    while waiting:
        statement = waiting.pop()
        yield statement
        for inner in statement.blocks():
            waiting += inner.statements
