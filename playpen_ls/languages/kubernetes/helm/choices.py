"""Functions that take what is not known: those whose result is one of their arguments, and Helm's own."""

from __future__ import annotations

from collections.abc import Callable

from playpen_ls.languages.kubernetes.helm import value_functions, yaml_text
from playpen_ls.languages.kubernetes.helm.registry import string
from playpen_ls.languages.kubernetes.helm.text import GAP, HOLE, common, placed
from playpen_ls.languages.kubernetes.helm.values import (
    UNKNOWN,
    CannotRender,
    Method,
    Unknown,
    Value,
    has_unknown,
    truth,
)


def _default(default: Value, *given: Value) -> Value:
    if not given or given[0] is None:
        return default
    empty = value_functions.is_empty(given[0])
    if empty is None:
        return HOLE if isinstance(given[0], str) and isinstance(default, str) and "\n" not in default else UNKNOWN
    return default if empty else given[0]


def is_same(one: Value, two: Value) -> bool:
    """Whether two values are certainly equal."""
    return not has_unknown(one) and not has_unknown(two) and value_functions.deep_equal(one, two)


def either(one: Value, two: Value) -> Value:
    """What is known of a value that is one or the other."""
    if one is two or is_same(one, two):
        return one
    if all(isinstance(text, str) and GAP not in text and "\n" not in text for text in (one, two)):
        return common(placed(one, None), placed(two, None))
    return UNKNOWN


def _ternary(yes: Value, no: Value, condition: Value) -> Value:
    if isinstance(condition, Unknown):
        return either(yes, no)
    if not isinstance(condition, bool):
        raise TypeError
    return yes if condition else no


def _coalesce(*values: Value) -> Value:
    for value in values:
        holds = truth(value)
        if holds is None:
            return UNKNOWN
        if holds:
            return value
    return None


def _all(*values: Value) -> Value:
    found = [truth(one) for one in values]
    return False if False in found else UNKNOWN if None in found else True


def _any(*values: Value) -> Value:
    found = [truth(one) for one in values]
    return True if True in found else UNKNOWN if None in found else False


def _not(value: Value) -> Value:
    holds = truth(value)
    return UNKNOWN if holds is None else not holds


def _required(message: Value, value: Value) -> Value:
    if value is None or value == "":
        raise CannotRender("a required value is missing")
    return value


def _fail(message: Value) -> Value:
    raise CannotRender("the chart refuses these values")


def _to_yaml(value: Value) -> Value:
    if isinstance(value, Method):
        raise TypeError
    return yaml_text.to_yaml(value)


def _from_yaml(text: Value) -> Value:
    return UNKNOWN if isinstance(text, Unknown) else yaml_text.from_yaml(string(text))


def _from_yaml_array(text: Value) -> Value:
    return UNKNOWN if isinstance(text, Unknown) else yaml_text.from_yaml_array(string(text))


def _from_json(text: Value) -> Value:
    if isinstance(text, Unknown) or GAP in string(text):
        return UNKNOWN
    return yaml_text.from_json(text)


def _to_json(value: Value) -> Value:
    return HOLE if isinstance(value, Unknown) else yaml_text.to_json(value)


def _to_pretty_json(value: Value) -> Value:
    return GAP if isinstance(value, Unknown) else yaml_text.to_json(value, 2)


def _to_raw_json(value: Value) -> Value:
    return HOLE if isinstance(value, Unknown) else yaml_text.to_json(value, None, False)


def _call_value(value: Value, *arguments: Value) -> Value:
    if isinstance(value, Method):
        return value.call(*arguments)
    return UNKNOWN if isinstance(value, Unknown) else _fail(None)


CHOICES: dict[str, Callable[..., Value]] = {
    "default": _default,
    "coalesce": _coalesce,
    "ternary": _ternary,
    "all": _all,
    "any": _any,
    "not": _not,
    "required": _required,
    "fail": _fail,
    "toYaml": _to_yaml,
    "mustToYaml": _to_yaml,
    "fromYaml": _from_yaml,
    "mustFromYaml": _from_yaml,
    "fromYamlArray": _from_yaml_array,
    "toJson": _to_json,
    "mustToJson": _to_json,
    "toPrettyJson": _to_pretty_json,
    "mustToPrettyJson": _to_pretty_json,
    "toRawJson": _to_raw_json,
    "mustToRawJson": _to_raw_json,
    "fromJson": _from_json,
    "mustFromJson": _from_json,
    "fromJsonArray": _from_yaml_array,
    "call": _call_value,
    "hello": lambda: "Hello!",
}
