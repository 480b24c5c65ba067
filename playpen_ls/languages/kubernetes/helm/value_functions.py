"""The functions of sprig and Go for numbers, lists, maps, defaults, types and versions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from playpen_ls.languages.kubernetes.helm.registry import function, number, string
from playpen_ls.languages.kubernetes.helm.text import HOLE, Place
from playpen_ls.languages.kubernetes.helm.values import (
    UNKNOWN,
    CannotRender,
    List,
    Map,
    TooLarge,
    Unknown,
    Value,
    copied,
    has_unknown,
    is_vague,
    kind_of,
    printed,
    truth,
    type_of,
)
from playpen_ls.text.regex import regex

_MOST_ITEMS = 20_000

# Defaults and conditions


def is_empty(value: Value) -> bool | None:
    """None if it is not known."""
    found = truth(value)
    return None if found is None else not found


@function("empty", holes=True)
def empty(value: Value) -> Value:
    found = is_empty(value)
    return UNKNOWN if found is None else found


# Numbers


def to_integer(value: Value) -> int:
    """As `cast.ToInt64`."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float)):
        return int(value)
    if isinstance(value, str):
        whole = _ZERO_DECIMALS.sub("", value)
        if _INTEGER.fullmatch(whole):
            return int(_OCTAL.sub(r"\1o", whole), 0)
    return 0


_ZERO_DECIMALS = regex(r"\.0*$")
_OCTAL = regex(r"^([+-]?0)(?=[\d_])")
_INTEGER = regex(
    r"[+-]?(?:0[xX](?:_?[\da-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?\d)*)"
)  # of Go's `ParseInt` with the base 0
_FLOAT = regex(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


def to_float(value: Value) -> float:
    if isinstance(value, (bool, int, float)):
        return float(value)
    return float(value) if isinstance(value, str) and _FLOAT.fullmatch(value) else 0.0


@function("int", "int64")
def int_(value: Value) -> int:
    return to_integer(value)


@function("float64")
def float64(value: Value) -> float:
    return to_float(value)


@function("toDecimal")
def to_decimal(value: Value) -> int:
    text = str(to_integer(value)) if not isinstance(value, str) else value
    return int(text, 8) if re.fullmatch(r"[0-7]+", text) else 0


@function("add")
def add(*values: Value) -> int:
    return sum(map(to_integer, values))


@function("add1")
def add1(value: Value) -> int:
    return to_integer(value) + 1


@function("sub")
def sub(one: Value, two: Value) -> int:
    return to_integer(one) - to_integer(two)


@function("mul")
def mul(first: Value, *values: Value) -> int:
    return math.prod(map(to_integer, (first, *values)))


@function("div")
def div(one: Value, two: Value) -> int:
    return math.trunc(Decimal(to_integer(one)) / Decimal(to_integer(two)))


@function("mod")
def mod(one: Value, two: Value) -> int:
    return int(math.fmod(to_integer(one), to_integer(two)))


@function("max", "biggest")
def max_(first: Value, *values: Value) -> int:
    return max(map(to_integer, (first, *values)))


@function("min")
def min_(first: Value, *values: Value) -> int:
    return min(map(to_integer, (first, *values)))


@function("maxf")
def maxf(first: Value, *values: Value) -> float:
    return max(map(to_float, (first, *values)))


@function("minf")
def minf(first: Value, *values: Value) -> float:
    return min(map(to_float, (first, *values)))


@function("addf")
def addf(*values: Value) -> float:
    return float(sum(Decimal(repr(to_float(one))) for one in values))


@function("add1f")
def add1f(value: Value) -> float:
    return addf(value, 1)


@function("subf")
def subf(first: Value, *values: Value) -> float:
    return float(Decimal(repr(to_float(first))) - sum(Decimal(repr(to_float(one))) for one in values))


@function("mulf")
def mulf(first: Value, *values: Value) -> float:
    return float(math.prod(Decimal(repr(to_float(one))) for one in (first, *values)))


@function("divf")
def divf(first: Value, *values: Value) -> float:
    result = Decimal(repr(to_float(first)))
    for one in values:
        result /= Decimal(repr(to_float(one)))
    return float(result)


@function("ceil")
def ceil(value: Value) -> float:
    return float(math.ceil(to_float(value)))


@function("floor")
def floor(value: Value) -> float:
    return float(math.floor(to_float(value)))


@function("round")
def round_(value: Value, places: Value, *more: Value) -> float:
    if more:
        raise CannotRender("`round` is not understood")
    power = math.pow(10, number(places))
    digits = power * to_float(value)
    up = math.modf(digits)[0] >= 0.5
    return float(math.ceil(digits) if up else math.floor(digits)) / power


@function("until")
def until(count: Value) -> List:
    return until_step(0, count, 1 if number(count) >= 0 else -1)


@function("untilStep")
def until_step(start: Value, stop: Value, step: Value) -> List:
    if number(step) == 0:
        return List()
    found = range(number(start), number(stop), number(step))
    if len(found) > _MOST_ITEMS:
        raise TooLarge("a list is too long")
    return List(found)


@function("seq")
def seq(*values: Value) -> str:
    numbers = [number(one) for one in values]
    match numbers:
        case [end]:
            start, step = 1, 1 if end >= 1 else -1
        case [start, end]:
            step = 1 if end >= start else -1
        case [start, step, end]:
            if not step or (step > 0) is not (end >= start):
                return ""
        case _:
            return ""
    found = range(start, end + (1 if step > 0 else -1), step)
    if len(found) > _MOST_ITEMS:
        raise TooLarge("a list is too long")
    return " ".join(map(str, found))


# Lists


def items(value: Value) -> list[Any]:
    """The items of an argument that must be a list."""
    if not isinstance(value, list):
        raise TypeError
    return value


def _like(value: Value, chosen: Iterable[int]) -> List:
    """Some items of a list with their places."""
    numbers = list(chosen)
    known = value.places if isinstance(value, List) else [None] * len(value)
    return List([value[one] for one in numbers], [known[one] for one in numbers])


@function("list", "tuple", holes=True)
def list_(*values: Value) -> List:
    return List(values)


@function("first", "mustFirst", holes=True)
def first(values: Value) -> Value:
    return items(values)[0] if items(values) else None


@function("last", "mustLast", holes=True)
def last(values: Value) -> Value:
    return items(values)[-1] if items(values) else None


@function("rest", "mustRest", holes=True)
def rest(values: Value) -> Value:
    return _like(items(values), range(1, len(values))) if values else None


@function("initial", "mustInitial", holes=True)
def initial(values: Value) -> Value:
    return _like(items(values), range(len(values) - 1)) if values else None


@function("append", "push", "mustAppend", "mustPush", holes=True)
def append(values: Value, item: Value) -> List:
    return concat(values if values is not None else List(), List([item]))


@function("prepend", "mustPrepend", holes=True)
def prepend(values: Value, item: Value) -> List:
    return concat(List([item]), values)


@function("concat", holes=True)
def concat(*lists: Value) -> List:
    found: list[Value] = []
    places: list[Place | None] = []
    for one in lists:
        found += items(one)
        places += one.places if isinstance(one, List) else [None] * len(one)
    return List(found, places)


@function("reverse", "mustReverse", holes=True)
def reverse(values: Value) -> List:
    return _like(items(values), range(len(values) - 1, -1, -1))


@function("compact", "mustCompact", holes=True)
def compact(values: Value) -> Value:
    if any(truth(one) is None for one in items(values)):
        return UNKNOWN
    return _like(values, (at for at, one in enumerate(values) if truth(one)))


@function("uniq", "mustUniq", holes=True)
def uniq(values: Value) -> Value:
    if has_unknown(items(values)):
        return values if len(values) == 1 else UNKNOWN
    found: list[Value] = []
    chosen = []
    for at, one in enumerate(values):
        if not any(deep_equal(one, other) for other in found):
            found.append(one)
            chosen.append(at)
    return _like(values, chosen)


@function("without", "mustWithout", holes=True)
def without(values: Value, *left_out: Value) -> Value:
    if has_unknown(items(values)) or any(map(has_unknown, left_out)):
        return UNKNOWN
    return _like(values, (at for at, one in enumerate(values) if not any(deep_equal(one, two) for two in left_out)))


@function("has", "mustHas", holes=True)
def has(item: Value, values: Value) -> Value:
    if values is None:
        return False
    if any(deep_equal(item, one) for one in items(values)) and not has_unknown(item):
        return True
    return UNKNOWN if has_unknown(item) or has_unknown(values) else False


@function("slice", "mustSlice", holes=True)
def slice_(values: Value, *bounds: Value) -> Value:
    start, end = [*map(number, bounds), *(0, len(values))[len(bounds) :]][:2]
    if not 0 <= start <= end <= len(items(values)):
        raise IndexError
    return _like(values, range(start, end))


@function("chunk", "mustChunk", holes=True)
def chunk(size: Value, values: Value) -> List:
    step = number(size)
    return List(_like(items(values), range(at, min(at + step, len(values)))) for at in range(0, len(values), step))


# Maps


def entries(value: Value) -> Map:
    """An argument that must be a map."""
    if not isinstance(value, Map):
        raise TypeError
    return value


@function("dict", holes=True)
def dict_(*pairs: Value) -> Map:
    made = Map()
    for key, value in zip(pairs[::2], [*pairs[1::2], *[""] * (len(pairs) % 2)], strict=True):
        if is_vague(key):
            made.unsure = True
        else:
            made.put(key if isinstance(key, str) else _key(key), value)
    return made


def _key(value: Value) -> str:
    return printed(value)


@function("get", holes=True)
def get(values: Value, key: Value) -> Value:
    if is_vague(key) or (entries(values).unsure and key not in values):
        return UNKNOWN
    return values.get(string(key), "")


@function("hasKey", holes=True)
def has_key(values: Value, key: Value) -> Value:
    if is_vague(key) or entries(values).unsure:
        return UNKNOWN
    return string(key) in values


@function("keys", holes=True)
def keys(*maps: Value) -> Value:
    """In no order, so it is only known for at most one key, and as a set for those who sort it."""
    if any(entries(one).unsure for one in maps):
        return UNKNOWN
    return List(sorted(key for one in maps for key in one))


@function("values", holes=True)
def values_(values: Value) -> Value:
    if entries(values).unsure:
        return UNKNOWN
    return List(values[key] for key in sorted(values))


@function("pick", holes=True)
def pick(values: Value, *chosen: Value) -> Map:
    return _chosen(entries(values), [key for key in chosen if is_vague(key) or string(key) in values])


@function("omit", holes=True)
def omit(values: Value, *left_out: Value) -> Map:
    made = _chosen(entries(values), [key for key in values if key not in left_out])
    made.unsure = made.unsure or any(map(is_vague, left_out))
    return made


def _chosen(values: Map, chosen: Iterable[str]) -> Map:
    made = Map((), values.place)
    made.unsure = values.unsure
    for key in chosen:
        if is_vague(key):
            made.unsure = True
        else:
            made.take(key, values)
    return made


@function("pluck", holes=True)
def pluck(key: Value, *maps: Value) -> Value:
    if is_vague(key) or any(entries(one).unsure for one in maps):
        return UNKNOWN
    return List(one[key] for one in maps if string(key) in one)


@function("dig", holes=True)
def dig(*arguments: Value) -> Value:
    *path, default, values = arguments
    here = values
    for key in path:
        if isinstance(here, Unknown) or is_vague(key):
            return UNKNOWN
        if not isinstance(here, Map):
            if here is not values:
                raise TypeError
            return default
        if string(key) not in here:
            return UNKNOWN if here.unsure else default
        here = here[key]
    return here


@function("deepCopy", "mustDeepCopy", holes=True)
def deep_copy(value: Value) -> Value:
    return copied(value)


# Types and comparison


# Whether an integer is an `int` or an `int64` depends on the function that it comes from, which is not kept.
_INTEGERS = ("int", "int64")


@function("kindOf", text=True)
def kind_of_(value: Value) -> str:
    return HOLE if kind_of(value) in _INTEGERS else kind_of(value)


@function("kindIs", holes=True)
def kind_is(kind: Value, value: Value) -> Value:
    return UNKNOWN if kind_of(value) in _INTEGERS and kind in _INTEGERS else kind_of(value) == string(kind)


@function("typeOf", text=True)
def type_of_(value: Value) -> str:
    return HOLE if type_of(value) in _INTEGERS else type_of(value)


@function("typeIs", "typeIsLike", holes=True)
def type_is(name: Value, value: Value) -> Value:
    return UNKNOWN if type_of(value) in _INTEGERS and name in _INTEGERS else type_of(value) == string(name)


@function("deepEqual", holes=True)
def deep_equal_(one: Value, two: Value) -> Value:
    return UNKNOWN if has_unknown(one) or has_unknown(two) else deep_equal(one, two)


def deep_equal(one: Value, two: Value) -> bool:
    if kind_of(one) != kind_of(two):
        return False
    if isinstance(one, list):
        return len(one) == len(two) and all(map(deep_equal, one, two))
    if isinstance(one, Map):
        return one.keys() == two.keys() and all(deep_equal(one[key], two[key]) for key in one)
    return bool(one == two)


def _comparable(one: Value, two: Value) -> None:
    if kind_of(one) != kind_of(two):
        raise TypeError


@function("eq", holes=True)
def eq(one: Value, *others: Value) -> Value:
    if not others:
        raise TypeError
    unknown = False
    for other in others:
        found = equal(one, other)
        if found:
            return True
        unknown = unknown or found is None
    return UNKNOWN if unknown else False


def equal(one: Value, two: Value) -> bool | None:
    if isinstance(one, Unknown) or isinstance(two, Unknown):
        return None
    if one is None or two is None:
        return one is two
    if isinstance(one, (list, dict)) or isinstance(two, (list, dict)):
        raise TypeError
    _comparable(one, two)
    if is_vague(one) or is_vague(two):
        return False if _differ(one, two) else None
    return bool(one == two)


def _differ(one: str, two: str) -> bool:
    """Whether two texts, at most one of which has an unknown part, are certainly not the same."""
    if is_vague(one) and is_vague(two):
        return False
    pattern, text = (one, two) if is_vague(one) else (two, one)
    parts = re.split("[\ue000\ue001]+", pattern)
    return not text.startswith(parts[0]) or not text.endswith(parts[-1])


@function("ne", holes=True)
def ne(one: Value, two: Value) -> Value:
    found = equal(one, two)
    return UNKNOWN if found is None else not found


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Value], bool]:
    def called(one: Value, two: Value) -> bool:
        _comparable(one, two)
        if isinstance(one, (bool, list, dict)) or one is None:
            raise TypeError
        return compare(one, two)

    return called


function("lt")(_ordered(lambda one, two: one < two))
function("le")(_ordered(lambda one, two: one <= two))
function("gt")(_ordered(lambda one, two: one > two))
function("ge")(_ordered(lambda one, two: one >= two))


@function("len")
def len_(value: Value) -> Value:
    if isinstance(value, Map) and value.unsure:
        return UNKNOWN
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if not isinstance(value, (list, dict)):
        raise TypeError
    return len(value)


@function("index", holes=True)
def index(value: Value, *path: Value) -> Value:
    here = value
    for key in path:
        if isinstance(here, Unknown) or is_vague(key):
            return UNKNOWN
        if isinstance(here, Map):
            if string(key) not in here and here.unsure:
                return UNKNOWN
            here = here.get(string(key))
        elif isinstance(here, (list, str)):
            at = number(key)
            if not 0 <= at < len(here):
                raise IndexError
            here = here[at] if isinstance(here, list) else ord(here[at])
        else:
            raise TypeError
    return here


# Versions

_VERSION = regex(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?")
_CONSTRAINT = regex(
    r"\s*(?P<operator>=|!=|>=|=>|<=|=<|>|<|~>|~|\^|)\s*v?(?P<major>\d+|[xX*])(?:\.(?P<minor>\d+|[xX*]))?"
    r"(?:\.(?P<patch>\d+|[xX*]))?(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?\s*"
)
_Version = tuple[tuple[int, int, int], str]


@function("semver")
def semver(text: Value) -> Map:
    match = _VERSION.fullmatch(string(text))
    if match is None:
        raise ValueError
    major, minor, patch = (int(match[one] or 0) for one in (1, 2, 3))
    return Map(
        {
            "Major": major,
            "Minor": minor,
            "Patch": patch,
            "Prerelease": match[4] or "",
            "Metadata": match[5] or "",
            "Original": text,
        }
    )


@function("semverCompare")
def semver_compare(constraint: Value, text: Value) -> bool:
    match = _VERSION.fullmatch(string(text))
    if match is None:
        raise ValueError
    version = (tuple(int(match[one] or 0) for one in (1, 2, 3)), match[4] or "")
    return any(_meets_all(part, version) for part in string(constraint).split("||"))  # type: ignore[arg-type]


def _meets_all(text: str, version: _Version) -> bool:
    if " - " in text:
        raise CannotRender("a version range that is not understood")
    reached, parts = 0, []
    text = text.replace(",", " ").strip()
    while reached < len(text):
        match = _CONSTRAINT.match(text, reached)
        if match is None:
            raise ValueError
        parts.append(match)
        reached = match.end()
    if not parts:
        raise ValueError
    return all(_meets(one, version) for one in parts)


def _order(version: _Version) -> tuple[object, ...]:
    numbers, pre = version
    parts = [(0, int(one), "") if one.isdigit() else (1, 0, one) for one in pre.split(".")] if pre else []
    return (numbers, (0, parts) if pre else (1, []))


def _meets(match: re.Match[str], version: _Version) -> bool:
    operator = match["operator"]
    texts = [match[one] for one in ("major", "minor", "patch")]
    given = 0
    while given < 3 and texts[given] is not None and texts[given].isdigit():
        given += 1
    numbers = tuple(int(one) for one in (*texts[:given], *["0"] * (3 - given)))
    pre = match["pre"] or ""
    if version[1] and not pre:
        return False
    bound: _Version = (numbers, pre)  # type: ignore[assignment]
    here, there = _order(version), _order(bound)
    above = _next(numbers, given)
    match operator:
        case "" | "=":
            if given < 3:
                return here >= there and (not given or version[0] < above)
            return here == there
        case "!=":
            return not (here >= there and version[0] < above) if 0 < given < 3 else here != there
        case ">":
            return here > there if given == 3 else version[0] >= above
        case ">=" | "=>":
            return here >= there
        case "<":
            return here < there
        case "<=" | "=<":
            return here <= there if given == 3 else version[0] < above
        case "~" | "~>":
            return here >= there and (not given or version[0] < _next(numbers, min(given, 2)))
    leading = next((at for at, one in enumerate(numbers[:given]) if one), given - 1)
    return here >= there and (not given or version[0] < _next(numbers, leading + 1))


def _next(numbers: tuple[int, ...], given: int) -> tuple[int, int, int]:
    """The first version that does not begin with these numbers."""
    if not given:
        return (10**9, 0, 0)
    kept = [*numbers[: given - 1], numbers[given - 1] + 1]
    major, minor, patch = [*kept, 0, 0, 0][:3]
    return (major, minor, patch)
