"""Validation of `agent any` and `agent {…}`."""

from __future__ import annotations

from playpen_ls.languages.jenkinsfile.syntax.tree import Block, Call, Statement
from playpen_ls.languages.jenkinsfile.validator.arguments import value
from playpen_ls.languages.jenkinsfile.validator.faults import (
    Faults,
    bare_dollar,
    block_of,
    in_parentheses,
    misspelled,
    nearest,
    words_of,
)
from playpen_ls.languages.jenkinsfile.validator.known_steps import AGENT_PARAMETERS, AGENTS

_INVALID = 'Only "agent none", "agent any" or "agent {...}" are allowed.'
_OPEN = frozenset(("kubernetes", "ecs", "dockerContainer", "dockerNode", "podTemplate", "openshift", "azureContainer"))
"""Agent types whose options are defined by plugins."""


def agent(faults: Faults, call: Call) -> None:
    block = block_of(call)
    if block is None or in_parentheses(call):
        _bare(faults, call)
        return
    statements = block.statements
    if not statements:
        message = f"No agent type specified. Must be one of [{', '.join(AGENTS)}]"
        faults.add("NoAgentType", call.name_span, message)
    elif len(statements) > 1:
        faults.add("OneAgentMax", call.name_span, "Only one agent type is allowed per agent section")
    else:
        _typed(faults, statements[0])


def _bare(faults: Faults, call: Call) -> None:
    if not call.arguments:
        faults.add("NoArgForAgent", call.name_span, "No argument for agent")
    elif len(call.arguments) > 1 or call.arguments[0].text.strip("'\"") not in ("any", "none"):
        faults.add("InvalidAgent", call.arguments[0].span, _INVALID)


def _typed(faults: Faults, statement: Statement) -> None:
    call = statement.call
    if call is None:
        tokens, first = statement.tree.tokens, statement.first
        if not (tokens[first][0] == "name" and bare_dollar(tokens, first + 1, statement.last)):
            faults.add("ExpectedAgent", words_of(statement), "Expected an agent")
        return
    _pairs(faults, [statement])
    block = block_of(call)
    if call.name in ("any", "none") or call.name in _OPEN:
        return
    known = AGENT_PARAMETERS.get(call.name)
    if known is None:
        if not nearest(call.name, AGENTS) and (block is not None or call.argument("name")):
            return  # can be an agent type of a plugin
        message = f'Invalid agent type "{call.name}" specified. Must be one of [{", ".join(AGENTS)}]'
        meant = misspelled(call.name, AGENTS)
        faults.add("InvalidAgentType", call.name_span, message, sure=False, meant=meant)
    elif block is not None and not in_parentheses(call):
        _parameters(faults, call, block)


def _parameters(faults: Faults, call: Call, block: Block) -> None:
    known = AGENT_PARAMETERS[call.name]
    inner = [one.call for one in block.statements if one.call is not None]
    given = {one.name for one in inner}
    meant = {name: misspelled(name, known.kinds.keys() - given) for name in given - known.kinds.keys()}
    given |= set(meant.values())
    for name in known.required:
        if name not in given and len(inner) == len(block.statements):
            message = f'Missing required parameter for agent type "{call.name}": {name}'
            faults.add("MissingAgentParameter", call.name_span, message, sure=False)
    for one in inner:
        if one.name not in known.kinds:
            message = (
                f'Invalid config option "{one.name}" for agent type "{call.name}". '
                f"Valid config options are [{', '.join(known.kinds)}]"
            )
            faults.add("InvalidAgentParameter", one.name_span, message, sure=False, meant=meant.get(one.name, ""))


def _pairs(faults: Faults, statements: list[Statement], depth: int = 0) -> None:
    """Check entries `someKey "someValue"`, and recursively the entries of a key with a block."""
    for statement in statements:
        call = statement.call
        if call is None:
            tokens, first = statement.tree.tokens, statement.first
            if not bare_dollar(tokens, first + 1, statement.last):
                faults.add("ExpectedMapMethod", words_of(statement), 'Expected to find ‘someKey "someValue"’')
            continue
        block = block_of(call)
        if block is not None and not in_parentheses(call):
            if depth < 5:
                _pairs(faults, block.statements, depth + 1)
            continue
        named = [one for one in call.arguments if one.name is not None]
        count = len(call.arguments) - len(named) + bool(named)
        if count == 0:
            message = f'No argument for map key "{call.name}"'
            faults.add("NoArgForMapMethodKey", call.name_span, message)
        elif count > 1:
            message = f'Too many arguments for map key "{call.name}"'
            faults.add("TooManyArgsForMapMethodKey", call.name_span, message)
        else:
            for one in call.arguments:
                value(faults, one)
