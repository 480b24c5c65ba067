"""Validation of `environment {…}`."""

from __future__ import annotations

from collections.abc import Iterable

from playpen_ls.languages.jenkinsfile.model.pipeline import Assignment, assignment
from playpen_ls.languages.jenkinsfile.syntax.tree import Call, Expression, Statement
from playpen_ls.languages.jenkinsfile.validator.faults import (
    Faults,
    is_bare_dollar,
    needs_block,
    number,
    shown,
    words_of,
)
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_OPERANDS = frozenset(("name", "string", "number", "\n", *"( ) [ ] { } . ?. *. $ @".split()))
IDENTIFIER = regex(r"[A-Za-z_][A-Za-z0-9_]*")
_JAVA_WORDS = frozenset(
    """abstract assert boolean break byte case catch char class const continue default do double else enum extends final
    finally float for goto if implements import instanceof int interface long native new package private protected
    public return short static strictfp super switch synchronized this throw throws transient try void volatile while
    true false null _""".split()
)
_NO_EXPRESSIONS = frozenset(("if", "for", "while", "do", "try", "switch", "return", "throw", "assert"))


def not_an_identifier(name: str) -> str:
    return (
        f'"{name}" is not a valid identifier and cannot be used for an environment variable. Identifiers must start '
        "with a letter or underscore and can contain only letters, numbers or underscores."
    )


def is_identifier(name: str) -> bool:
    return IDENTIFIER.fullmatch(name) is not None and name not in _JAVA_WORDS


def environment(faults: Faults, call: Call) -> None:
    block = needs_block(faults, call)
    if block is None:
        return
    seen: set[str] = set()
    for statement in block.statements:
        one = assignment(statement)
        if one is None or one.owner:
            _no_entry(faults, statement)
            continue
        if one.name in seen:
            message = f'Duplicate environment variable name: "{one.name}"'
            faults.add("DuplicateEnvVar", one.name_span, message)
            continue
        seen.add(one.name)
        if not is_identifier(one.name):
            faults.add("InvalidIdentifierInEnv", one.name_span, not_an_identifier(one.name))
        _entry(faults, one)
    if not block.statements:
        faults.add("NoEnvVars", call.name_span, "No variables specified for environment")


def _no_entry(faults: Faults, statement: Statement) -> None:
    tokens = statement.tree.tokens
    if statement.word in _NO_EXPRESSIONS:
        faults.add("ExpectedNVPairs", words_of(statement), "Expected name=value pairs")
        return
    equals = next((at for at in range(statement.first, statement.last) if tokens[at][0] == "="), None)
    if equals is not None and equals > statement.first:
        span = Span(statement.start, tokens[equals - 1][2])
        faults.add("InvalidIdentifierInEnv", span, not_an_identifier(statement.tree.of(span)))
        return
    message = (
        f'"{shown(statement)}" is not a valid environment expression. '
        'Use "key = value" pairs with valid Java/shell keys.'
    )
    faults.add("InvalidEnvironmentIdentifier", words_of(statement), message)


def _entry(faults: Faults, one: Assignment) -> None:
    value_ = one.value
    if is_bare_dollar(value_):
        message = f'{value_.text} cannot be used as a value directly. Did you mean "{value_.text}"? (add quotes)'
        faults.add("BareDollarCurly", value_.span, message)
        return
    if value_.string is not None or number(value_) is not None or value_.text in ("true", "false", "null"):
        return
    if value_.call is not None:
        if value_.call.name == "credentials":
            _credentials(faults, value_.call)
        return
    operators = _operators(value_)
    if not operators:
        if not _is_call(value_):
            message = "Environment variable values must either be single quoted, double quoted, or function calls."
            faults.add("InvalidEnvironmentValue", value_.span, message)
    elif "?" in operators or "?:" in operators:
        message = "Environment variable values must either be single quoted, double quoted, or function calls."
        faults.add("InvalidEnvironmentValue", value_.span, message)
    elif set(operators) != {"+"}:
        message = "Environment variable values can only be joined together with ‘+’s."
        faults.add("InvalidEnvironmentOperation", value_.span, message)
    else:
        _joined(faults, value_)


def _credentials(faults: Faults, call: Call) -> None:
    for one in call.arguments:
        if one.name is not None or (one.string is None and number(one) is None):
            message = "Internal function call parameters must be strings."
            faults.add("InvalidInternalFunctionArg", one.span, message)


def _top(value_: Expression) -> Iterable[int]:
    """The tokens of an expression outside its brackets."""
    tree, at = value_.tree, value_.first
    while at < value_.last:
        yield at
        close = tree.partner[at]
        at = close if close > at else at
        at += 1


def _operators(value_: Expression) -> list[str]:
    tokens = value_.tree.tokens
    return [
        tokens[at][0]
        for at in _top(value_)
        if tokens[at][0]
        not in ("name", "string", "number", "\n", "(", ")", "[", "]", "{", "}", ".", "?.", "*.", "$", "@")
    ]


def _is_call(value_: Expression) -> bool:
    """Whether the expression ends with a call, or is of a kind that is not checked."""
    tokens = value_.tree.tokens
    return tokens[value_.last - 1][0] in (")", "}") or (
        tokens[value_.first][0] in ("(", "name")
        and (value_.last - value_.first > 1 and tokens[value_.first + 1][0] in ("string", "name", "number"))
    )


def _joined(faults: Faults, value_: Expression) -> None:
    """Check that `'a' + "b"` concatenates only strings and constants."""
    tokens = value_.tree.tokens
    first = value_.first
    for at in [*(at for at in _top(value_) if tokens[at][0] == "+"), value_.last]:
        parts = [index for index in range(first, at) if tokens[index][0] != "\n"]
        alone = len(parts) == 1 and (
            tokens[parts[0]][0] in ("string", "number") or tokens[parts[0]][3] in ("true", "false", "null")
        )
        if parts and not alone:
            message = "Environment variable values to be concatenated together must be single or double quoted."
            span = Span(tokens[parts[0]][1], tokens[parts[-1]][2])
            faults.add("InvalidEnvironmentConcatValue", span, message)
        first = at + 1
