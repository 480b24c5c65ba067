"""Validation of `steps {…}` and of the conditions of `post {…}`."""

from __future__ import annotations

from playpen_ls.languages.jenkinsfile.syntax.tree import Argument, Block, Call, Statement
from playpen_ls.languages.jenkinsfile.validator.arguments import described, values
from playpen_ls.languages.jenkinsfile.validator.faults import (
    Faults,
    bare_dollar,
    block_of,
    boolean,
    method,
    misspelled,
    words_of,
)
from playpen_ls.languages.jenkinsfile.validator.known_steps import BLOCKED, CONDITIONS, STEPS
from playpen_ls.text.pause import pause
from playpen_ls.text.span import Span

NO_STEPS = "No steps specified for branch"
_DEPTH = 60  # nested steps; deeper nesting is malicious input


def steps(faults: Faults, call: Call, block: Block) -> list[str]:
    """Check the steps of a stage. Returns the names of the branches of `parallel a: {…}`, else a single name."""
    statements = block.statements
    only = statements[0].call if len(statements) == 1 else None
    if only is not None and only.name == "parallel":
        return _branches(faults, only)
    if not statements:
        faults.add("NoSteps", call.name_span, NO_STEPS)
    for statement in statements:
        step(faults, statement)
    return ["default"]


def _branches(faults: Faults, call: Call) -> list[str]:
    names: list[str] = []
    arguments: tuple[Argument, ...] = call.arguments
    if any(one.name is None for one in arguments):
        return names  # computed
    for one in arguments:
        if one.name == "failFast":
            if boolean(one) is None:
                faults.add("ExpectedBoolean", one.span, "Expected a boolean with failFast")
        elif one.block is None:
            faults.add("ExpectedClosureOrFailFast", one.span, "Expected closure or failFast")
        else:
            if one.name in names:
                faults.add("DuplicateParallelName", one.span, f'Duplicate parallel branch name: "{one.name}"')
            names.append(one.name or "")
            if not one.block.statements:
                faults.add("NoSteps", Span(one.start, one.start + 1), NO_STEPS)
            for statement in one.block.statements:
                step(faults, statement)
    return names


def step(faults: Faults, statement: Statement, depth: int = 0) -> None:
    pause()
    call = statement.call
    if call is None:
        _no_step(faults, statement)
        return
    block = block_of(call)
    if call.name in ("script", "expression"):
        if block is None:
            pronoun = "Script" if call.name == "script" else "When"
            faults.add("StepWithoutBlock", call.name_span, f"{pronoun} step without a block")
        return
    if call.name in BLOCKED and call.name != "node":
        message = f'Invalid step "{call.name}" used - not allowed in this context - {BLOCKED[call.name]}'
        faults.add("BlockedStep", call.name_span, message)
        return
    values(faults, call)
    named = [one for one in call.arguments if one.name is not None]
    known = STEPS.get(call.name)
    if known is not None and (
        not named or len(named) == len(call.arguments) - (call.block is None and block is not None)
    ):
        described(faults, call, known)
    if block is not None and depth < _DEPTH:
        for inner in block.statements:
            step(faults, inner, depth + 1)


def _no_step(faults: Faults, statement: Statement) -> None:
    tokens, first = statement.tree.tokens, statement.first
    if tokens[first][0] == "name" and bare_dollar(tokens, first + 1, statement.last):
        span = Span(tokens[first + 1][1], statement.end)
        text = statement.tree.of(span)
        if statement.tree.partner[first + 2] == statement.last - 1:
            message = f'{text} cannot be used as a value directly. Did you mean "{text}"? (add quotes)'
            faults.add("BareDollarCurly", span, message)
            return
    called = method(statement)
    if called is not None:
        span = Span(statement.start, called.name_span.end)
        if "." not in (called.receiver or ".") and called.receiver != "this":
            message = 'Method calls on objects not allowed outside "script" blocks.'
            faults.add("ObjectMethodCall", span, message)
            return
        if called.receiver == "this":
            return
        faults.add("ExpectedSymbol", words_of(statement), "Expected a symbol")
        return
    faults.add("ExpectedStep", words_of(statement), "Expected a step")


def post(faults: Faults, call: Call) -> None:
    block = block_of(call)
    if block is None:
        faults.add("ExpectedBlock", call.name_span, "Expected a block")
        return
    seen: set[str] = set()
    statements = block.statements
    present = {one.call.name for one in statements if one.call is not None}
    for statement in statements:
        condition = statement.call
        inner = block_of(condition) if condition is not None else None
        if condition is None or inner is None:
            valid = ", ".join(CONDITIONS)
            message = (
                "The ‘post’ section can only contain build condition names with code blocks. "
                f"Valid condition names are [{valid}]"
            )
            faults.add("InvalidBuildCondition", words_of(statement), message)
            continue
        if condition.name in seen:
            message = f'Duplicate build condition name: "{condition.name}"'
            faults.add("DuplicateBuildCondition", condition.name_span, message)
        seen.add(condition.name)
        if condition.name not in CONDITIONS:
            message = f'Invalid condition "{condition.name}" - valid conditions are [{", ".join(CONDITIONS)}]'
            meant = misspelled(condition.name, frozenset(CONDITIONS) - present)
            faults.add("InvalidBuildCondition", condition.name_span, message, sure=False, meant=meant)
        if not inner.statements:
            faults.add("NoSteps", condition.name_span, NO_STEPS)
        for one in inner.statements:
            step(faults, one)
    if not statements:
        faults.add("EmptySection", call.name_span, "post can not be empty")
