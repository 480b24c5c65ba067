"""Validation of `when {…}` and `input {…}`."""

from __future__ import annotations

import re

from playpen_ls.languages.jenkinsfile.syntax.tree import Call, Statement
from playpen_ls.languages.jenkinsfile.validator.arguments import described, value, values
from playpen_ls.languages.jenkinsfile.validator.faults import (
    Faults,
    block_of,
    boolean,
    in_parentheses,
    misspelled,
    needs_block,
    shown,
    words_of,
)
from playpen_ls.languages.jenkinsfile.validator.known_steps import INPUT_FIELDS, WHEN, WHEN_PARAMETERS, WHEN_SETTINGS
from playpen_ls.languages.jenkinsfile.validator.sections import parameters

_NESTED = frozenset(("allOf", "anyOf", "not"))
_DEPTH = 30


def when(faults: Faults, call: Call) -> None:
    block = needs_block(faults, call)
    if block is None:
        return
    conditions = 0
    for statement in block.statements:
        one = statement.call
        if one is None:
            faults.add("ExpectedWhen", words_of(statement), "Expected a when condition")
        elif one.name in WHEN_SETTINGS:
            boolean_setting(faults, one)
            continue
        else:
            _condition(faults, statement, 0)
        conditions += 1
    if not conditions:
        message = "Empty when closure, remove the property or add some content."
        faults.add("EmptyWhen", call.name_span, message)


def boolean_setting(faults: Faults, call: Call) -> None:
    """Check `beforeAgent true`, `failFast true` and the like."""
    if len(call.arguments) != 1 or boolean(call.arguments[0]) is None:
        faults.add("ExpectedBoolean", call.name_span, f"Expected a boolean with {call.name}")


def _condition(faults: Faults, statement: Statement, depth: int) -> None:
    call = statement.call
    if call is None:
        faults.add("ExpectedWhen", words_of(statement), "Expected a when condition")
        return
    block = block_of(call)
    if call.name == "expression":
        if block is None:
            faults.add("StepWithoutBlock", call.name_span, "When step without a block")
        return
    if call.name not in WHEN:
        message = f"Unknown conditional {call.name}. Valid conditionals are: {', '.join(WHEN)}"
        faults.add("UnknownWhenConditional", call.name_span, message, sure=False, meant=misspelled(call.name, WHEN))
        return
    children = block.statements if block is not None else []
    if call.name in _NESTED:
        _nested(faults, call, children)
        for child in children if depth < _DEPTH else ():
            _condition(faults, child, depth + 1)
    elif children:
        message = f'No children when conditions are allowed for when condition "{call.name}".'
        faults.add("NoNestedWhenAllowed", call.name_span, message)
    else:
        _leaf(faults, call)


def _nested(faults: Faults, call: Call, children: list[Statement]) -> None:
    if in_parentheses(call):
        message = f'No additional arguments are allowed for children when condition "{call.name}".'
        faults.add("NestedWhenNoArgs", call.name_span, message)
    elif call.name == "not" and len(children) != 1:
        message = 'Nested when condition "not" requires exactly 1 child condition(s).'
        faults.add("NestedWhenWrongChildrenCount", call.name_span, message)
    elif not children:
        message = f'Nested when condition "{call.name}" requires at least one child condition.'
        faults.add("NestedWhenWithoutChildren", call.name_span, message)


def _leaf(faults: Faults, call: Call) -> None:
    values(faults, call)
    named = [one for one in call.arguments if one.name is not None]
    if call.name == "changelog":
        _changelog(faults, call)
    elif not named or len(named) == len(call.arguments):
        described(faults, call, WHEN_PARAMETERS[call.name])
        if not call.arguments:
            for name in WHEN_PARAMETERS[call.name].required if call.name != "tag" else ():
                message = f'Missing required parameter: "{name}"'
                if not any(one.span == call.name_span for one in faults.found):
                    faults.add("MissingRequiredStepParameter", call.name_span, message, sure=False)


def _changelog(faults: Faults, call: Call) -> None:
    argument = call.argument("pattern") or next(iter(call.positional), None)
    if argument is None or argument.value == "":
        message = 'Changelog is missing required parameter "pattern".'
        faults.add("changelog.missingParameter", call.name_span, message)
    elif argument.value is not None and len(argument.value) < 1_000:
        try:
            re.compile(argument.value)
        except (re.error, RecursionError, OverflowError):
            # Java can accept what Python rejects; both reject these two kinds.
            if re.match(r"[*+?]", argument.value) or argument.value.count("(") > argument.value.count(")") > 0:
                message = f'"{argument.value}" is not a valid regular expression.'
                faults.add("changelog.badPattern", argument.span, message)


def input_(faults: Faults, call: Call) -> None:
    block = needs_block(faults, call)
    if block is None:
        return
    found, missing = [], {"message"}
    for statement in block.statements:
        one = statement.call
        if one is None:
            message = f'Not a valid section definition: "{shown(statement)}". Some extra configuration is required.'
            faults.add("InvalidSectionDefinition", words_of(statement), message)
            continue
        found.append(one)
        if one.name == "parameters":
            parameters(faults, one)
            continue
        named = [argument for argument in one.arguments if argument.name is not None]
        count = len(one.arguments) - len(named) + bool(named) + (one.block is not None)
        if count == 0:
            faults.add("NoArgForField", one.name_span, f'No argument for field "{one.name}"')
        elif count > 1:
            faults.add("TooManyArgsForField", one.name_span, f'Too many arguments for field "{one.name}"')
        elif one.name not in INPUT_FIELDS:
            names = {other.call.name for other in block.statements if other.call is not None}
            meant = misspelled(one.name, INPUT_FIELDS - names)
            missing.discard(meant)
            faults.add("InvalidInputField", one.name_span, f'Not a valid field for input: "{one.name}"', meant=meant)
        else:
            for argument in one.arguments:
                value(faults, argument)
    faults.repeated(found)
    if missing and all(one.name != "message" for one in found):
        faults.add("MissingInputMessage", call.name_span, "No message specified for input")
