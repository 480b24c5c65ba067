"""Values as YAML and JSON, and back: `toYaml`, `fromYaml`, `toJson`, with the places of what is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal

from playpen_ls.languages.kubernetes.helm.text import (
    GAP,
    HOLE,
    Origins,
    Place,
    Text,
    cut,
    joined,
    placed,
)
from playpen_ls.languages.kubernetes.helm.values import (
    UNKNOWN,
    List,
    Map,
    Object,
    TooLarge,
    Unknown,
    Value,
    float_text,
    has_unknown,
    items_of,
)
from playpen_ls.languages.kubernetes.syntax import nodes
from playpen_ls.languages.kubernetes.syntax.compose import Unparsable, compose
from playpen_ls.text.regex import regex

MOST_NODES = 100_000
_WIDEST = 80  # a line is only broken behind this column
_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"), False),
}
_INTEGER = regex(r"[-+]?(?:0|[1-9][0-9_]*)")
_OTHER_BASE = regex(r"([-+]?)0(?:b([01_]+)|x([0-9a-fA-F_]+)|o([0-7_]+)|([0-7_]+))")
_FLOAT = regex(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL_FLOATS = regex(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_TIMESTAMP = regex(r"\d{4}-\d\d?-\d\d?(?:[Tt ].*)?")
_PLAIN = regex(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`][^\n]*|[-?:](?=[^\s])[^\n]*")
_SPECIAL = regex(r": |:$| #|^[\-?:](?:\s|$)|[\t\x00-\x08\x0b-\x1f\x7f]")
_FLOW = regex(r"[,\[\]{}]")
_UNPRINTABLE = regex(r"[\x00-\x09\x0b-\x1f\x7f-\x84\x86-\x9f\ufeff\ud800-\udfff]")


def scalar_value(node: nodes.Scalar, tag: str = "") -> Value:
    """The value of a scalar as Helm's YAML reader resolves it. All numbers are float64."""
    text = node.value
    if node.style or tag == "!!str":
        return text
    if HOLE in text or GAP in text:
        return text
    if node.null:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    number = number_of(text)
    return text if number is None else float(number)


def number_of(text: str) -> int | float | None:
    """The number that a plain scalar is, None for other texts."""
    if not text or (not text[0].isdigit() and text[0] not in "+-."):
        return None
    if _INTEGER.fullmatch(text):
        return int(text.replace("_", ""))
    other = _OTHER_BASE.fullmatch(text)
    if other:
        sign, binary, hexadecimal, octal, old_octal = other.groups()
        for digits, base in ((binary, 2), (hexadecimal, 16), (octal, 8), (old_octal, 8)):
            if digits and digits.strip("_"):
                return int(f"{sign}{digits.replace('_', '')}", base)
    plain = text.replace("_", "")
    if _FLOAT.fullmatch(plain):
        return float(plain)
    return None


# Reading


def read_yaml(text: str, path: str = "") -> tuple[Value, ...]:
    """The values of the documents of a text, with their places. Raises Unparsable, and TooLarge."""
    roots = compose(text.replace(GAP, HOLE))
    origins = Origins(text)
    budget = [MOST_NODES]
    return tuple(_read(root, text, origins, budget, 0) for root in roots)


def _place(node: nodes.Node, text: str, origins: Origins) -> Place | None:
    if isinstance(node, nodes.Scalar):
        start, end = nodes.content(text, node)
        return origins.place(start, end)
    return origins.place(node.start, node.end)


def _scalar(node: nodes.Scalar, text: str, origins: Origins) -> Value:
    value = scalar_value(node, _tag(node, text))
    if not isinstance(value, str) or not value:
        return value
    start, end = nodes.content(text, node)
    if text[start:end] == value:
        return cut(text, start, end)
    return placed(str(value), origins.place(start, end))


def _tag(node: nodes.Scalar, text: str) -> str:
    if not node.prefixed:
        return ""
    before = text[max(0, node.start - 12) : node.start]
    return "!!str" if "!!str" in before else ""


def _read(node: nodes.Node | None, text: str, origins: Origins, budget: list[int], depth: int) -> Value:
    budget[0] -= 1
    if budget[0] < 0 or depth > 300:
        raise TooLarge("values are too large")
    node = nodes.resolved(node)
    if isinstance(node, nodes.Scalar):
        return _scalar(node, text, origins)
    if isinstance(node, nodes.Sequence):
        items = [_read(item, text, origins, budget, depth + 1) for item in node.items]
        places = [_place(item, text, origins) for item in node.items]
        return List(items, places, origins.place(node.start, node.end))
    if isinstance(node, nodes.Mapping):
        made = Map((), origins.place(node.start, node.end))
        if node.merges:
            merged = nodes.resolved(node.entry("<<").value)  # type: ignore[union-attr]
            for one in merged.items if isinstance(merged, nodes.Sequence) else (merged,):
                other = _read(one, text, origins, budget, depth + 1)
                if isinstance(other, Map):
                    for key in other:
                        if key not in made:
                            made.take(key, other)
        for entry in node.entries:
            if isinstance(entry.key, nodes.Scalar) and not (entry.key.value == "<<" and not entry.key.style):
                value = _read(entry.value, text, origins, budget, depth + 1)
                made.put(key_text(entry.key), value, _place(entry.key, text, origins),
                         _place(nodes.resolved(entry.value) or entry.value, text, origins))  # fmt: skip
        return made
    return None


def key_text(key: nodes.Scalar) -> str:
    """A key as JSON has it: a number without needless digits, a boolean in lower case."""
    if key.style or HOLE in key.value:
        return key.value
    value = scalar_value(key)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return float_text(value, 21) if isinstance(value, float) else key.value


# Writing


def to_yaml(value: Value) -> Text:
    """The value as Helm's `toYaml` writes it, without the last line end."""
    if isinstance(value, (Unknown, Object)):
        return placed(_other(value), None)
    place = value.place if isinstance(value, (Map, List)) else None
    return joined(list(_lines(value, "", place, True, [MOST_NODES])))


def _lines(
    value: Value, indentation: str, place: Place | None, first: bool, budget: list[int], column: int = 0
) -> Iterator[str]:
    """The parts of the text; `first`: its first line continues one that is begun, up to the `column`."""
    budget[0] -= 1
    if budget[0] < 0 or len(indentation) > 200:
        raise TooLarge("values are too large")
    if isinstance(value, dict) and value:
        for key, one in items_of(value):  # type: ignore[arg-type]
            if not first:
                yield "\n" + indentation
            first = False
            key_place, value_place = value.places.get(key, (None, None)) if isinstance(value, Map) else (None, None)
            written = _scalar_text(key, indentation + "  ", True)
            yield placed(written, key_place)
            yield ":"
            if isinstance(one, dict) and one:
                yield "\n" + indentation + "  "
                yield from _lines(one, indentation + "  ", value_place, True, budget)
            elif isinstance(one, list) and one:
                yield "\n" + indentation
                yield from _lines(one, indentation, value_place, True, budget)
            else:
                yield " "
                column = len(indentation) + len(written) + 2
                yield from _lines(one, indentation + "  ", value_place, True, budget, column)
        if isinstance(value, Map) and value.unsure:
            yield placed("\n" + GAP, None)
    elif isinstance(value, list) and value:
        places = value.places if isinstance(value, List) else [None] * len(value)
        for one, its in zip(value, places, strict=True):
            if not first:
                yield "\n" + indentation
            first = False
            yield "- "
            yield from _lines(one, indentation + "  ", its, True, budget, len(indentation) + 2)
    elif isinstance(value, str):
        yield _folded(_with_places(value, _scalar_text(value, indentation), place), indentation, column)
    else:
        yield placed(_other(value), place)


def _with_places(value: str, written: str, place: Place | None) -> Text:
    """The written form of a string with the places that the string has."""
    if not isinstance(value, Text):
        return placed(written, place)
    if written == value:
        return value
    if written[:1] == "'" and written[1:-1] == value:
        return joined(["'", value, "'"])
    pieces = value.pieces
    whole = Origins(value).place(0, len(value)) if pieces else None
    return placed(written, whole or place)


def _folded(written: Text, indentation: str, column: int) -> Text:
    """A scalar that is not a block in several lines, if it has words behind the widest column."""
    if column + len(written) <= _WIDEST or "\n" in written or HOLE in written or GAP in written:
        return written
    quote = written[:1] if written[:1] in "'\"" else ""
    words = range(len(quote) + bool(quote), len(written) - 1 - len(quote))
    parts: list[str] = []
    start, behind = 0, column  # the column behind which the character at `start` is
    for at in words:
        if written[at] != " " or behind + at - start <= _WIDEST or " " in (written[at - 1], written[at + 1]):
            continue
        parts += [cut(written, start, at), "\n" + indentation]
        start, behind = at + 1, len(indentation)
    return joined([*parts, cut(written, start, len(written))]) if parts else written


def _other(value: Value) -> str:
    if isinstance(value, dict):
        return GAP if isinstance(value, Map) and value.unsure else "{}"
    if isinstance(value, list):
        return "[]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):  # it was written as JSON and read again
        return str(int(value)) if value.is_integer() and -(2**63) <= value < 2**64 else float_text(value)
    return value.written if isinstance(value, Unknown) else GAP


def _scalar_text(text: str, indentation: str, is_key: bool = False) -> str:
    if not text:
        return '""'
    if "\n" in text and not is_key:
        return _block(text, indentation)
    if _UNPRINTABLE.search(text) or "\n" in text:
        return json.dumps(text, ensure_ascii=False)
    if _reads_as_other(text):
        return f'"{text}"' if '"' not in text and "\\" not in text else json.dumps(text, ensure_ascii=False)
    if _PLAIN.fullmatch(text) and not _SPECIAL.search(text) and text == text.strip() and not _FLOW.match(text):
        return text
    return "'" + text.replace("'", "''") + "'"


def _reads_as_other(text: str) -> bool:
    """Whether the plain scalar would not be read as a string."""
    return (
        text in _BOOLEANS
        or text in ("~", "null", "Null", "NULL", "<<", "=")
        or number_of(text) is not None
        or _SPECIAL_FLOATS.fullmatch(text) is not None
        or _TIMESTAMP.fullmatch(text) is not None
    )


def _block(text: str, indentation: str) -> str:
    if _UNPRINTABLE.search(text) or re.search(r" (?:\n|\Z)", text):
        return json.dumps(text, ensure_ascii=False)
    body = text.rstrip("\n")
    if not body:
        return json.dumps(text)
    ends = len(text) - len(body)
    header = "|" + ("2" if text[0] in " \n" else "") + ("-" if not ends else "" if ends == 1 else "+")
    lines = text[: len(body) + max(ends - 1, 0)].split("\n")
    indentation = indentation or "  "
    return header + "".join("\n" + (indentation + line if line else "") for line in lines)


def to_json(value: Value, indent: int | None = None, escapes: bool = True) -> str:
    """The value as Go's `encoding/json` writes it; unknown if something in it is."""
    if has_unknown(value) and not _only_holes(value):
        return HOLE
    return joined(list(_json(value, "\n" if indent is not None else "", escapes)))


def _only_holes(value: Value) -> bool:
    """Whether all that is unknown is inside of strings, which stay where they are."""
    if isinstance(value, Map):
        return not value.unsure and all(map(_only_holes, value.values()))
    if isinstance(value, list):
        return all(map(_only_holes, value))
    return not isinstance(value, (Unknown, Object)) and not (isinstance(value, str) and GAP in value)


def _json(value: Value, newline: str, escapes: bool, place: Place | None = None) -> Iterator[str]:
    inner = newline + "  " if newline else ""
    if isinstance(value, dict):
        yield "{"
        for number, (key, one) in enumerate(items_of(value)):  # type: ignore[arg-type]
            key_place, value_place = value.places.get(key, (None, None)) if isinstance(value, Map) else (None, None)
            yield ("," if number else "") + inner
            yield placed(_json_string(key, escapes), key_place)
            yield ": " if newline else ":"
            yield from _json(one, inner, escapes, value_place)
        yield newline + "}" if value else "}"
    elif isinstance(value, list):
        yield "["
        places = value.places if isinstance(value, List) else [None] * len(value)
        for number, (one, its) in enumerate(zip(value, places, strict=True)):
            yield ("," if number else "") + inner
            yield from _json(one, inner, escapes, its)
        yield newline + "]" if value else "]"
    elif isinstance(value, str):
        written = _json_string(value, escapes)
        yield (
            joined(['"', value, '"']) if written[1:-1] == value and isinstance(value, Text) else placed(written, place)
        )
    else:
        yield placed(_json_number(value) if isinstance(value, float) else _other(value), place)


def _json_number(value: float) -> str:
    """As `encoding/json`: without an exponent from a millionth on, and with one digit in it if that is enough."""
    if 1e-6 <= abs(value) < 1e-4:
        return f"{Decimal(repr(value)):f}"
    return float_text(value, 21).replace("e-0", "e-")


def _json_string(text: str, escapes: bool) -> str:
    written = json.dumps(str(text), ensure_ascii=False)
    if escapes:
        for character in "<>&":
            written = written.replace(character, f"\\u{ord(character):04x}")
    return written.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def from_json(text: str) -> Value:
    """`fromJson`: a map; one with the key `Error` if the text is none. JSON is read as YAML, which keeps the places."""
    try:
        found = json.loads(text)
    except ValueError:
        return _no_map(text)
    return from_yaml(text) if found is None or isinstance(found, dict) else _no_map(text)


def from_yaml(text: str) -> Value:
    """`fromYaml`: a map; one with the key `Error` if the text is not a map."""
    if GAP in text:
        return UNKNOWN
    try:
        roots = read_yaml(text)
    except Unparsable:
        return _no_map(text)
    if not roots or roots[0] is None:
        return Map()
    return roots[0] if isinstance(roots[0], Map) else _no_map(text)


def _no_map(text: str) -> Value:
    """What a text is read as that is no map, as far as it is known."""
    return UNKNOWN if HOLE in text else Map({"Error": HOLE})


def from_yaml_array(text: str) -> Value:
    if GAP in text:
        return UNKNOWN
    try:
        roots = read_yaml(text)
    except Unparsable:
        return List([HOLE])
    if not roots:
        return List()
    return roots[0] if isinstance(roots[0], List) else List([HOLE])
