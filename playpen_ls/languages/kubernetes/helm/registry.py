"""The table of the functions that templates can call, and what is common to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from playpen_ls.languages.kubernetes.helm.text import HOLE
from playpen_ls.languages.kubernetes.helm.values import (
    UNKNOWN,
    CannotRender,
    TooLarge,
    Unknown,
    Value,
    is_vague,
)

C = TypeVar("C", bound=Callable[..., Any])
LONGEST = 2_000_000  # characters of a text


class FunctionOf(NamedTuple):
    """`call` gets the arguments. It is only called with known ones, unless it takes `holes` in texts.

    `text`: the result is a text in one line, so that it is a HOLE if an argument is not known.
    """

    call: Callable[..., Value]
    holes: bool
    text: bool


FUNCTIONS: dict[str, FunctionOf] = {}


def function(*names: str, holes: bool = False, text: bool = False) -> Callable[[C], C]:
    """Enter a function in the table."""

    def entered(call: C) -> C:
        for name in names:
            FUNCTIONS[name] = FunctionOf(call, holes, text)
        return call

    return entered


def called(name: str, arguments: list[Value]) -> Value:
    """Call a function of the table. Raises CannotRender for arguments that it does not take."""
    found = FUNCTIONS[name]
    for one in arguments:
        if isinstance(one, Unknown) or (not found.holes and is_vague(one)):
            return HOLE if found.text else UNKNOWN
    try:
        result = found.call(*arguments)
    except (TypeError, ValueError, OverflowError, ArithmeticError, IndexError, KeyError, AttributeError):
        raise CannotRender(f"`{name}` is called with wrong arguments") from None
    if isinstance(result, str) and len(result) > LONGEST:
        raise TooLarge("a text is too long")
    return result


def string(value: Value) -> str:
    """An argument that must be a string."""
    if not isinstance(value, str):
        raise TypeError
    return value


def number(value: Value) -> int:
    """An argument that must be an integer."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise TypeError
    return int(value)
