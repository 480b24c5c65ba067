"""Renders values in the style of the document: block, flow or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

Value = str | int | bool | Mapping[str, "Value"] | Sequence["Value"]

_PLAIN = regex(r"-{0,2}[A-Za-z_/](?:[\w./-]|:(?=\w))*|\d+(?:\.\d+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))  # not strings in YAML 1.1


@dataclass(frozen=True)
class Style:
    """`step` is the indentation of a nested mapping, `dash` that of a list's dashes, both in spaces."""

    step: int = 2
    dash: int = 0
    newline: str = "\n"
    json: bool = False


def scalar(value: str | int | bool, style: Style) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if not style.json and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


def flow(value: Value, style: Style) -> str:
    """On one line: `{httpGet: {path: /health, port: 8000}}`."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(flow_entry(key, one, style) for key, one in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(flow(one, style) for one in value) + "]"
    return scalar(value, style)


def flow_entry(key: str, value: Value, style: Style) -> str:
    return f"{json.dumps(key) if style.json else key}: {flow(value, style)}"


def pretty(value: Value, indentation: str, style: Style) -> str:
    """Multi-line JSON; the closing brace is indented by `indentation`, which can consist of tabs."""
    if isinstance(value, str | int) or not value:
        return flow(value, style)
    inner = indentation + ("\t" if "\t" in indentation else " " * style.step)
    if isinstance(value, Mapping):
        lines = [f"{json.dumps(key)}: {pretty(one, inner, style)}" for key, one in value.items()]
    else:
        lines = [pretty(one, inner, style) for one in value]
    start, end = "{}" if isinstance(value, Mapping) else "[]"
    return start + style.newline + inner + f",{style.newline}{inner}".join(lines) + style.newline + indentation + end


def block_entry(key: str, value: Value, column: int, style: Style) -> str:
    """`key: value` in block style at `column`; without indentation of the first line and without a final newline."""
    if isinstance(value, Mapping) and value:
        return f"{key}:{style.newline}" + block(value, column + style.step, style)
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        at = column + style.dash
        return f"{key}:{style.newline}" + style.newline.join(" " * at + _item(one, at, style) for one in value)
    return f"{key}: {flow(value, style)}"


def block(value: Mapping[str, Value], column: int, style: Style) -> str:
    """The entries of a mapping, with every line indented and without a final newline."""
    return style.newline.join(" " * column + block_entry(key, one, column, style) for key, one in value.items())


def _item(value: Value, column: int, style: Style) -> str:
    """An item of a block list whose dash is at `column`; without indentation of the first line."""
    if isinstance(value, Mapping) and value:
        return "- " + block(value, column + 2, style).lstrip(" ")
    return f"- {flow(value, style)}"
