"""Validation of `tools`, `libraries`, `options`, `triggers` and `parameters`."""

from __future__ import annotations

from collections.abc import Sequence

from playpen_ls.languages.jenkinsfile.syntax.tree import Call, Statement
from playpen_ls.languages.jenkinsfile.validator.arguments import symbol, value
from playpen_ls.languages.jenkinsfile.validator.faults import (
    Faults,
    block_of,
    boolean,
    edits,
    misspelled,
    nearest,
    needs_block,
    shown,
    words_of,
)
from playpen_ls.languages.jenkinsfile.validator.known_steps import (
    BUILT_IN_OPTIONS,
    BUILT_IN_STAGE_OPTIONS,
    JOB_OPTIONS,
    NEAR_PARAMETERS,
    NEAR_TOOLS,
    NEAR_TRIGGERS,
    NO_OPTIONS,
    PARAMETERS,
    SECOND_NAMES,
    STAGE_OPTIONS,
    STEPS,
    TOOLS,
    TRIGGERS,
)

_SLIP = 3  # maximum edit distance of a misspelled name


def tools(faults: Faults, call: Call) -> None:
    block = needs_block(faults, call)
    if block is None:
        return
    for statement in block.statements:
        one = statement.call
        if one is None:
            tokens = statement.tree.tokens
            if tokens[statement.first][0] == "string":
                continue  # 'hudson.plugins.…Installation' 'name'
            message = 'Expected to find ‘someTool "someVersion"’'
            faults.add("ExpectedTool", words_of(statement), message)
        elif not one.arguments and one.block is None:
            faults.add("NoArgForTool", one.name_span, f'No argument for tool "{one.name}"')
        elif len([argument for argument in one.arguments if argument.name is None]) > 1:
            faults.add("TooManyArgsForTool", one.name_span, f'Too many arguments for tool "{one.name}"')
        else:
            _typed(faults, [one], "tool", TOOLS, NEAR_TOOLS)
            for argument in one.arguments:
                value(faults, argument)
    if not block.statements:
        faults.add("NoTools", call.name_span, "No tools specified")


def libraries(faults: Faults, call: Call) -> None:
    block = needs_block(faults, call)
    if block is None:
        return
    found = 0
    for statement in block.statements:
        one = statement.call
        message = f'Expected a "lib(...)" but got {shown(statement)}'
        if one is None or one.name != "lib":
            faults.add("ExpectedLibrary", words_of(statement), message)
        elif block_of(one) is not None:
            faults.add("CannotHaveBlocks", one.name_span, "Libraries definitions cannot have blocks")
        elif len(one.arguments) != 1 or one.arguments[0].name is not None:
            faults.add("ExpectedLibrary", one.name_span, message)
        else:
            found += 1
    if not found:
        faults.add("EmptySection", call.name_span, "libraries can not be empty")


def _entries(faults: Faults, call: Call, title: str, expected: tuple[str, str]) -> list[Call]:
    """The calls in a section; statements that are not calls, and an empty section, are reported."""
    block = needs_block(faults, call)
    if block is None:
        return []
    found = []
    for statement in block.statements:
        one = statement.call
        if one is None:
            tokens = statement.tree.tokens
            if tokens[statement.first][0] == "[" and statement.tree.partner[statement.first] == statement.last - 1:
                faults.add("MapNotAllowed", words_of(statement), f"{title} cannot be defined as maps")
            elif _is_chain(statement):
                continue
            else:
                faults.add(expected[0], words_of(statement), expected[1])
        elif block_of(one) is not None and one.block is not None:
            faults.add("CannotHaveBlocks", one.name_span, f"{title} definitions cannot have blocks")
        else:
            symbol(faults, one)
            found.append(one)
    if not block.statements:
        faults.add("EmptySection", call.name_span, f"{call.name} can not be empty")
    return found


def _is_chain(statement: Statement) -> bool:
    """Whether the statement is like `a('b').c()` or `${X}`, which is not checked."""
    tokens = statement.tree.tokens
    return tokens[statement.first][0] == "name" and tokens[statement.last - 1][0] in (")", "}")


def _repeated(faults: Faults, calls: list[Call], kind: str, word: str) -> None:
    seen: set[str] = set()
    for one in calls:
        if one.name in seen:
            faults.add(kind, one.name_span, f'Duplicate {word} name: "{one.name}"')
        seen.add(one.name)


_REJECTED = {
    "parameters": ("RejectParameters", "parameters"),
    "pipelineTriggers": ("RejectTriggers", "triggers"),
}


def options(faults: Faults, call: Call, in_stage: bool) -> None:
    found = _entries(faults, call, "Options", ("ExpectedOption", "Expected an option"))
    _repeated(faults, found, "DuplicateOptionName", "option")
    for one in found:
        if one.name in _REJECTED:
            kind, name = _REJECTED[one.name]
            message = (
                f'The "{name}" job property can\'t be used in the "options" directive. '
                f'Use the "{name} {{...}}" directive instead.'
            )
            faults.add(kind, one.name_span, message)
            continue
        discards = not in_stage and _discards(one)
        if discards or one.name in NO_OPTIONS or (in_stage and one.name in JOB_OPTIONS) or _slip(one.name, in_stage):
            valid = BUILT_IN_STAGE_OPTIONS if in_stage else BUILT_IN_OPTIONS
            message = f'Invalid option type "{one.name}". Valid option types: [{", ".join(valid)}]'
            meant = "" if one.name in _KNOWN_ELSEWHERE else misspelled(one.name, valid)
            meant = "buildDiscarder" if discards else meant
            faults.add("InvalidSectionType", one.name_span, message, sure=False, meant=meant)


_KNOWN_ELSEWHERE = NO_OPTIONS | JOB_OPTIONS | STAGE_OPTIONS


def _discards(call: Call) -> bool:
    """Whether an unknown option takes `logRotator(…)`, which only `buildDiscarder` does."""
    inner = call.arguments[0].call if len(call.arguments) == 1 else None
    return inner is not None and inner.name == "logRotator" and call.name not in _KNOWN_ELSEWHERE


def _slip(name: str, in_stage: bool) -> bool:
    """Whether an unknown option is a misspelled known one; other unknown names can belong to plugins."""
    known = STAGE_OPTIONS | JOB_OPTIONS | STEPS.keys()
    return name not in known and _is_slip_of(name, sorted(STAGE_OPTIONS if in_stage else known))


def _is_slip_of(name: str, known: Sequence[str]) -> bool:
    """Whether the name is a few edits from a known one; `withDockerServer` is not a misspelled `withDockerRegistry`."""
    meant = nearest(name, known)
    return bool(meant) and edits(name, meant) <= _SLIP


def _typed(faults: Faults, calls: list[Call], word: str, known: frozenset[str], near: tuple[str, ...]) -> None:
    for one in calls:
        truth = word == "parameter" and _is_truth(one)
        known_slip = truth or one.name in STEPS or one.name in SECOND_NAMES or _is_slip_of(one.name, near)
        if one.name in known or not known_slip:
            continue
        message = f'Invalid {word} type "{one.name}". Valid {word} types: [{", ".join(near)}]'
        meant = SECOND_NAMES.get(one.name, "") if word == "parameter" else ""
        meant = meant or ("" if one.name in STEPS else misspelled(one.name, near))
        if truth and one.name.lower().startswith("bool"):
            meant = "booleanParam"
        faults.add("InvalidSectionType", one.name_span, message, sure=False, meant=meant)


def _is_truth(call: Call) -> bool:
    """Whether it has the arguments of `booleanParam`, and `true` or `false` as its default."""
    default = call.argument("defaultValue")
    names = {one.name for one in call.arguments}
    return default is not None and boolean(default) is not None and names <= {"name", "defaultValue", "description"}


def triggers(faults: Faults, call: Call) -> None:
    found = _entries(faults, call, "Triggers", ("ExpectedTrigger", "Expected a trigger"))
    _repeated(faults, found, "DuplicateTriggerName", "trigger")
    _typed(faults, found, "trigger", TRIGGERS, NEAR_TRIGGERS)


def parameters(faults: Faults, call: Call) -> None:
    expected = ("ExpectedBuildParameter", "Expected a build parameter definition")
    found = _entries(faults, call, "Build parameters", expected)
    _typed(faults, found, "parameter", PARAMETERS, NEAR_PARAMETERS)
