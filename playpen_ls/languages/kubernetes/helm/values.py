"""The values of templates, as Go has them.

A string is a `str`, an `int` a Go `int64`, a `float` a `float64` (all numbers of values files), None is nil. A `Map` or
`List` knows where its keys and values are written. Text with a HOLE or GAP, and UNKNOWN, are not known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from playpen_ls.languages.kubernetes.helm.text import GAP, HOLE, Place, joined

Value = Any


class CannotRender(Exception):
    """Helm would refuse the chart, or what it gives cannot be known. The message has no text of values."""


class TooLarge(CannotRender):
    """The limits of steps, depth or size are reached."""


class Unknown:
    """Any value, of any type. `written` is the text that is printed for it."""

    __slots__ = ("written",)

    def __init__(self, written: str) -> None:
        self.written = written

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, memo: object) -> Unknown:
        return self


UNKNOWN = Unknown(GAP)
UNKNOWN_NUMBER = Unknown(HOLE)
"""A number or a boolean."""


class Map(dict[str, Value]):
    """`places` are those of keys and values: {key: (place of the key, of the value)}; `place` is that of the map.

    `unsure`: there can be other keys, or some of these are not there. `shared`: several templates see it. `methods`: it
    is all values of a chart, for which Helm has methods.
    """

    __slots__ = ("methods", "place", "places", "shared", "unsure")

    def __init__(self, entries: Any = (), place: Place | None = None) -> None:
        super().__init__(entries)
        self.place = place
        self.places: dict[str, tuple[Place | None, Place | None]] = {}
        self.unsure = False
        self.shared = False
        self.methods = False

    def put(self, key: str, value: Value, key_place: Place | None = None, place: Place | None = None) -> None:
        self[key] = value
        self.places[key] = (key_place, place)

    def take(self, key: str, other: dict[str, Value]) -> None:
        """Take a value of another map, with its places."""
        self[key] = other[key]
        self.places[key] = other.places.get(key, (None, None)) if isinstance(other, Map) else (None, None)

    def drop(self, key: str) -> None:
        self.pop(key, None)
        self.places.pop(key, None)

    def value_place(self, key: str) -> Place | None:
        return self.places.get(key, (None, None))[1]


class List(list[Value]):
    __slots__ = ("place", "places")

    def __init__(
        self, items: Iterable[Value] = (), places: Iterable[Place | None] = (), place: Place | None = None
    ) -> None:
        super().__init__(items)
        known = list(places)
        self.places: list[Place | None] = known if len(known) == len(self) else [None] * len(self)
        self.place = place


class Object:
    """A struct with fields and methods. A name that is not among them is an error, or unknown if it is `open`.

    One with `items` is a map at the same time.
    """

    def __init__(self, name: str, fields: dict[str, Value], is_open: bool = False, items: Map | None = None) -> None:
        self.name = name
        self.fields = fields
        self.open = is_open
        self.items = items


class Method:
    """A function that is called with the arguments of a template."""

    def __init__(self, call: Any) -> None:
        self.call = call


class Filled(str):
    """A text in one line that is not known, but not empty."""

    __slots__ = ()


def copied(value: Value, depth: int = 0) -> Value:
    """A deep copy, with the places. Raises TooLarge."""
    if depth > 100:
        raise TooLarge("values are nested too deeply")
    if isinstance(value, Map):
        made = Map({key: copied(one, depth + 1) for key, one in value.items()}, value.place)
        made.places, made.unsure = dict(value.places), value.unsure
        return made
    if isinstance(value, List):
        return List((copied(one, depth + 1) for one in value), value.places, value.place)
    return value


def is_vague(value: Value) -> bool:
    """Whether the value is not known, or only a part of its text is."""
    return isinstance(value, Unknown) or (isinstance(value, str) and (HOLE in value or GAP in value))


def has_unknown(value: Value) -> bool:
    """Whether something in it is not known."""
    if isinstance(value, Map):
        return value.unsure or any(map(has_unknown, value.values()))
    if isinstance(value, list):
        return any(map(has_unknown, value))
    return is_vague(value) or isinstance(value, Object)


def truth(value: Value) -> bool | None:
    """Whether a value counts as true in `if`; None if that is not known."""
    if isinstance(value, Unknown):
        return None
    if isinstance(value, str):
        if not value.strip(HOLE + GAP):
            return isinstance(value, Filled) or (None if value else False)
        return True
    if isinstance(value, Map):
        return bool(value) or (None if value.unsure else False)
    if isinstance(value, (list, bool, int)):
        return bool(value)
    if isinstance(value, float):
        return value != 0
    if isinstance(value, Object) and value.items is not None:
        return bool(value.items)
    return value is not None


def kind_of(value: Value) -> str:
    """The name of the kind in Go's `reflect`."""
    if value is None:
        return "invalid"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "int64"
    if isinstance(value, float):
        return "float64"
    if isinstance(value, dict):
        return "map"
    if isinstance(value, list):
        return "slice"
    return "ptr" if isinstance(value, Object) else "func"


_TYPES = {"map": "map[string]interface {}", "slice": "[]interface {}", "invalid": "<nil>"}


def type_of(value: Value) -> str:
    """The name of the type, as `printf "%T"` writes it."""
    kind = kind_of(value)
    return _TYPES.get(kind, kind)


def items_of(value: Map) -> Iterator[tuple[str, Value]]:
    """The entries in the order in which templates see them."""
    return ((key, value[key]) for key in sorted(value, key=lambda key: key.encode("utf-8", "surrogatepass")))


def float_text(value: float, threshold: int = 6) -> str:
    """A float64 with the fewest digits, as `%v` writes it: with an exponent from 1e+06 on, in JSON from 1e+21."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    shortest = Decimal(repr(value)).normalize()
    sign, digits, power = shortest.as_tuple()
    assert isinstance(power, int)
    point = len(digits) + power - 1
    if -4 <= point < threshold:
        return f"{shortest:f}"
    text = str(digits[0]) + ("." + "".join(map(str, digits[1:])) if len(digits) > 1 else "")
    return f"{'-' if sign else ''}{text}e{'-' if point < 0 else '+'}{abs(point):02d}"


def printed(value: Value) -> str:
    """A value as `%v` writes it."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, Map):
        if value.unsure:
            return GAP
        parts: list[str] = []
        for key, one in items_of(value):
            parts += [" " if parts else "", f"{key}:", printed(one)]
        return joined(["map[", *parts, "]"])
    if isinstance(value, list):
        parts = []
        for one in value:
            parts += [" " if parts else "", printed(one)]
        return joined(["[", *parts, "]"])
    return value.written if isinstance(value, Unknown) else HOLE
