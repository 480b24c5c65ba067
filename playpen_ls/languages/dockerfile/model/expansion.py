"""Expansion of `$NAME` and `${NAME:-default}` in the words of a Dockerfile, as in BuildKit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import translate

_VARIABLE = re.compile(r"\$(?:(?P<bare>\w+)|\{(?P<name>\w+)(?P<operator>:?[-+?]|##?|%%?|//?)?)")
_NAMES = re.compile(r"\$(?:\{)?([A-Za-z_]\w*)")
_DEPTH = 10  # nested defaults; deeper nesting is not expanded, against hostile input


def names_in(text: str) -> frozenset[str]:
    """The names of the variables in a word."""
    return frozenset(_NAMES.findall(text)) if "$" in text else frozenset()


def expanded(text: str, values: Mapping[str, str], depth: int = 0) -> str | None:
    """The text with its variables expanded; None if a value is unknown or the text is malformed."""
    if "$" not in text:
        return text
    pieces, at = [], 0
    while (found := text.find("$", at)) >= 0:
        pieces.append(text[at:found])
        match = _VARIABLE.match(text, found)
        if match is None or depth > _DEPTH:
            return None
        if match["bare"]:
            value, at = values.get(match["bare"]), match.end()
        else:
            close = _closing(text, match.end())
            if close < 0:
                return None
            value = _substituted(match["name"], match["operator"] or "", text[match.end() : close], values, depth)
            at = close + 1
        if value is None:
            return None
        pieces.append(value)
    return "".join([*pieces, text[at:]])


def _closing(text: str, at: int) -> int:
    """The index of the `}` that closes a brace opened before `at`, or -1."""
    depth = 1
    for index in range(at, len(text)):
        depth += (text[index] == "{" and text[index - 1] == "$") - (text[index] == "}")
        if depth == 0:
            return index
    return -1


def _substituted(name: str, operator: str, word: str, values: Mapping[str, str], depth: int) -> str | None:
    value = values.get(name)
    if not operator:
        return value if not word else None
    empty = value is None or (operator[0] == ":" and not value)
    if operator[-1] == "-":
        return expanded(word, values, depth + 1) if empty else value
    if operator[-1] == "+":
        # A variable that is not set here can still be set by the base image.
        return None if value is None else "" if empty else expanded(word, values, depth + 1)
    if value is None or operator[-1] == "?":
        return None if empty else value
    if operator[0] == "/":
        pattern, _, replacement = word.partition("/")
        glob = re.compile(_unanchored(pattern))
        return glob.sub(lambda _: replacement, value, count=0 if operator == "//" else 1)
    return _trimmed(value, operator, word)


def _trimmed(value: str, operator: str, pattern: str) -> str:
    """`${value#pattern}` and `%`: removes the shortest matching prefix or suffix, the longest for `##` and `%%`."""
    matches = re.compile(translate(pattern)).fullmatch
    front = operator[0] == "#"
    lengths = range(len(value) + 1) if len(operator) == 1 else range(len(value), -1, -1)
    for length in lengths:
        if matches(value[:length] if front else value[len(value) - length :]):
            return value[length:] if front else value[: len(value) - length]
    return value


def _unanchored(pattern: str) -> str:
    return translate(pattern).removesuffix(r"\Z").removesuffix(r"\z")
