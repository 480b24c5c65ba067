"""Validation of the arguments of steps, conditions, options, triggers and parameters."""

from __future__ import annotations

from playpen_ls.languages.jenkinsfile.syntax.tree import Argument, Call
from playpen_ls.languages.jenkinsfile.validator.faults import (
    Faults,
    block_of,
    fewest_edits,
    is_bare_dollar,
    literal_kind,
    misspelled,
    number,
)
from playpen_ls.languages.jenkinsfile.validator.known_steps import BLOCKED, SYMBOLS, Parameters
from playpen_ls.text.span import Span

_LARGEST = 2**63  # the first integer that does not fit into a Java long
_DEPTH = 8  # nested calls
_LONGEST = 100  # characters of a name that is compared with known ones
BIG = (
    "BigIntegers cannot be used as constants in Declarative. The maximum value for an integer is "
    "9,223,372,036,854,775,807 and the minimum value for an integer is -9,223,372,036,854,775,808."
)
_REFUSES = {
    "text": ("class java.lang.Integer", "class java.lang.Boolean"),
    "number": ("class java.lang.String", "class java.lang.Boolean"),
}
_CLASS = {"text": "class java.lang.String", "number": "int"}


def values(faults: Faults, call: Call) -> None:
    """Report `${X}` outside a string, integers that are too large, and duplicate names."""
    seen: set[str] = set()
    for argument in call.arguments:
        value(faults, argument)
        if argument.name is not None and argument.name in seen:
            faults.add("DuplicateNamedParameter", argument.span, f"Duplicate named parameter '{argument.name}' found")
        seen.add(argument.name or "")


def value(faults: Faults, argument: Argument) -> None:
    if is_bare_dollar(argument):
        message = f'{argument.text} cannot be used as a value directly. Did you mean "{argument.text}"? (add quotes)'
        faults.add("BareDollarCurly", argument.span, message)
    elif (text := number(argument)) is not None and text.isdigit() and int(text[:25]) >= _LARGEST:
        faults.add("BigIntegerValue", argument.span, BIG)


def plain_arguments(call: Call) -> tuple[Argument, ...]:
    """The arguments without the closure."""
    if call.block is None and block_of(call) is not None:
        return call.arguments[:-1]
    return call.arguments


def described(faults: Faults, call: Call, known: Parameters) -> None:
    """Check the arguments of a step or `when` condition against its known parameters."""
    arguments = plain_arguments(call)
    if any(one.name == "$class" or one.text.startswith("*") for one in arguments):
        return
    named = [one for one in arguments if one.name is not None]
    if not named and len(arguments) > 1:
        _must_be_named(faults, call)
    elif not named and arguments:
        if not known.sole and not known.block:
            message = "Step does not take a single required parameter - use named parameters instead"
            faults.add("NotSingleRequiredParameter", call.name_span, message, sure=False)
        elif known.sole:
            _kind(faults, arguments[0], known.kinds[known.sole], "")
    elif len(named) == len(arguments):
        _named(faults, call, named, known)


def _named(faults: Faults, call: Call, named: list[Argument], known: Parameters) -> None:
    good = True
    for one in named:
        name = one.name or ""
        if name not in known.kinds:
            _unknown(faults, one, known)
            good = False
        else:
            alone = len(named) == 1 and name == known.sole and not known.block
            good &= _kind(faults, one, known.kinds[name], "" if alone else name)
    given = {one.name for one in named}
    for name in known.required if good else ():
        if name not in given:
            message = f'Missing required parameter: "{name}"'
            faults.add("MissingRequiredStepParameter", call.name_span, message, sure=False)


def _unknown(faults: Faults, one: Argument, known: Parameters) -> None:
    tokens, at = one.tree.tokens, one.first - 2
    while at > 0 and tokens[at][0] not in ("name", "string"):
        at -= 1
    best = fewest_edits((one.name or "")[:_LONGEST], known.kinds)
    message = f'Invalid parameter "{one.name}", did you mean "{best}"?'
    meant = best if best and best == misspelled(one.name or "", known.kinds) else ""
    faults.add("InvalidStepParameter", Span(tokens[at][1], tokens[at][2]), message, sure=False, meant=meant)


def _kind(faults: Faults, one: Argument, wanted: str, name: str) -> bool:
    got = literal_kind(one)
    if got not in _REFUSES.get(wanted, ()):
        return True
    text = "…" if one.string else one.text  # the text of a string can be a secret
    if name:
        message = f'Expecting "{_CLASS[wanted]}" for parameter "{name}" but got "{text}" of type {got} instead'
        faults.add("InvalidParameterType", one.span, message, sure=False)
    else:
        message = f'Expecting "{_CLASS[wanted]}" but got "{text}" of type {got} instead'
        faults.add("InvalidUnnamedParameterType", one.span, message, sure=False)
    return False


def _must_be_named(faults: Faults, call: Call) -> None:
    message = f'Arguments to "{call.name}" must be explicitly named.'
    faults.add("TooManyUnnamedParameters", call.name_span, message, sure=False)


def symbol(faults: Faults, call: Call, depth: int = 0, known: bool = True) -> None:
    """Check a call in `options`, `triggers` or `parameters`, and recursively the calls among its arguments.

    Unless it is an argument of a call that is not `known`: `upstream` is a trigger, but in `buildSelector` of a plugin
    it is another thing with other parameters.
    """
    closures = [one for one in call.arguments if one.block is not None]
    for one in closures:
        faults.add("MethodCallWithClosure", one.span, "Method call arguments")
    if call.block is not None:
        faults.add("MethodCallWithClosure", call.name_span, "Method call arguments")
    named = [one for one in call.arguments if one.name is not None]
    if named and len(named) < len(call.arguments):
        message = "Cannot mix named and unnamed arguments"
        faults.add("MixedNamedAndUnnamedParameters", call.name_span, message)
    elif known and not closures and call.block is None:
        _symbol_arguments(faults, call, named, depth)
    for one in call.arguments:
        inner = one.call
        if inner is None:
            value(faults, one)
        elif depth < _DEPTH:
            if inner.name in BLOCKED:
                message = f'Invalid step "{inner.name}" used - not allowed in this context - {BLOCKED[inner.name]}'
                faults.add("BlockedStep", inner.name_span, message)
            else:
                symbol(faults, inner, depth + 1, call.name in SYMBOLS)


def _symbol_arguments(faults: Faults, call: Call, named: list[Argument], depth: int) -> None:
    known = SYMBOLS.get(call.name)
    if known is None:
        if not depth and not named and len(call.arguments) > 1:  # whatever the entry of a section is
            _must_be_named(faults, call)
        return
    if named:
        for one in named:
            if one.name not in known.kinds:
                _unknown(faults, one, known)
            else:
                _kind(faults, one, known.kinds[one.name or ""], one.name or "")
        return
    count = len(call.arguments)
    if count > 1:
        _must_be_named(faults, call)
    elif count != len(known.required):
        message = f'"{call.name}" should have {len(known.required)} arguments but has {count} arguments instead.'
        faults.add("WrongNumberOfStepParameters", call.name_span, message, sure=False)
