"""Values of declared types as JSON, for other processes: named tuples and dataclasses are lists of their fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import IntEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

Reader = Callable[[Any], Any]
"""Gives the value that JSON stands for; raises Malformed if it does not fit."""


class Malformed(Exception):
    """The data are not of the type; the message names what was expected."""


def written(value: Any) -> bytes:
    """The JSON of a value that a `reader` can read, in one line."""
    return json.dumps(value, default=_plain, separators=(",", ":")).encode()


def _plain(value: Any) -> list[Any]:
    if isinstance(value, frozenset):
        return sorted(value)
    if is_dataclass(value):
        return [getattr(value, one.name) for one in fields(value)]
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def reader(hint: Any) -> Reader:
    """The reader of a type that is made of str, int, bool, None, `|`, tuples, frozen sets, dataclasses and IntEnums."""
    parts = get_args(hint)
    if get_origin(hint) is UnionType:
        return _either([reader(part) for part in parts])
    if get_origin(hint) is tuple and parts[1:] == (...,):
        return _sequence(reader(parts[0]))
    if get_origin(hint) is tuple:
        return _row([reader(part) for part in parts])
    if get_origin(hint) is frozenset:
        return _made(frozenset, _sequence(reader(parts[0])))
    if hint in (str, int, bool, NoneType):
        return _exactly(hint)
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return _made(hint, reader(int))
    if isinstance(hint, type) and (is_dataclass(hint) or hasattr(hint, "_fields")):
        row = _row([reader(one) for one in get_type_hints(hint).values()])
        return lambda value: hint(*row(value))
    raise TypeError(f"{hint} has no form in JSON")


def _exactly(kind: type) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise Malformed(f"expected {kind.__name__}, not {type(value).__name__}")
        return value

    return read


def _sequence(item: Reader) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not list:
            raise Malformed(f"expected a list, not {type(value).__name__}")
        return tuple([item(one) for one in value])

    return read


def _row(items: list[Reader]) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not list or len(value) != len(items):
            raise Malformed(f"expected a list of {len(items)}")
        return tuple([item(one) for item, one in zip(items, value, strict=True)])

    return read


def _either(choices: list[Reader]) -> Reader:
    def read(value: Any) -> Any:
        for choice in choices:
            try:
                return choice(value)
            except Malformed:
                pass
        raise Malformed(f"did not expect {type(value).__name__}")

    return read


def _made(make: Callable[[Any], Any], read: Reader) -> Reader:
    def make_it(value: Any) -> Any:
        try:
            return make(read(value))
        except ValueError:
            raise Malformed(f"did not expect {value!r}") from None

    return make_it
