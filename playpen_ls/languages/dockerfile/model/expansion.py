"""Expansion of `$NAME` and `${NAME:-default}` in the words of a Dockerfile, as in BuildKit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from playpen_ls.text.regex import regex

_VARIABLE = regex(r"\$(?:(?P<bare>\w+)|\{(?P<name>\w+)(?P<operator>:?[-+?]|##?|%%?|//?)?)")
_PATTERN = regex(r"(?:\\.|[^\\/])*", re.DOTALL)
_NAMES = regex(r"\$(?:\{)?([A-Za-z_]\w*)")
# Against hostile input, beyond these a value counts as unknown:
_DEPTH = 10  # nested defaults
_LONGEST = 1_000  # characters of an expanded text; each variable can double the one before
_LONGEST_PATTERN = 100  # characters


def names_in(text: str) -> frozenset[str]:
    """The names of the variables in a word."""
    return frozenset(_NAMES.findall(text)) if "$" in text else frozenset()


def expanded(text: str, values: Mapping[str, str], depth: int = 0) -> str | None:
    """The text with its variables expanded; None if a value is unknown, too long, or the text is malformed."""
    if "$" not in text:
        return text
    if len(text) > _LONGEST:
        return None
    pieces, at, length = list[str](), 0, 0
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
        length += len(value or "")
        if value is None or length > _LONGEST:
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
    if len(value) > _LONGEST or len(word) > _LONGEST_PATTERN:
        return None
    if operator[0] == "/":
        return _replaced(value, word, every=operator == "//")
    return _trimmed(value, operator, word)


def _replaced(value: str, word: str, every: bool) -> str | None:
    """`${value/pattern/replacement}`: replaces the first match, each for `//`; None if the pattern is malformed."""
    end = _PATTERN.match(word).end()  # type: ignore[union-attr]
    pattern, replacement = word[:end], word[end + 1 :]
    tokens = _tokens(pattern)
    if tokens is None or end == len(word):
        return None
    pieces, at = [], 0
    while (found := _match(tokens, value, at, anchored=False, longest=True)) is not None:
        start, end = found
        # An empty match is before a character, which stays.
        rest = end if end > start else end + 1
        pieces += [value[at:start], replacement, value[end:rest]]
        at = rest
        if not every or at > len(value):
            break
    return "".join([*pieces, value[at:]])


def _trimmed(value: str, operator: str, pattern: str) -> str | None:
    """`${value#pattern}` and `%`: removes the shortest matching prefix or suffix, the longest for `##` and `%%`."""
    tokens = _tokens(pattern)
    if tokens is None:
        return None
    if operator[0] == "%":
        return _without_prefix(value[::-1], tokens[::-1], len(operator) > 1)[::-1]
    return _without_prefix(value, tokens, len(operator) > 1)


def _without_prefix(value: str, tokens: Sequence[str], longest: bool) -> str:
    found = _match(tokens, value, 0, anchored=True, longest=longest)
    return value if found is None else value[found[1] :]


_STAR, _ANY = "*", "."  # as tokens; other tokens are regular expressions of one character


def _tokens(pattern: str) -> list[str] | None:
    """The tokens of a pattern as BuildKit reads it: `*`, `?`, and no brackets; None if an escape is invalid."""
    tokens, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
            char = pattern[at : at + 1]
            if char not in ("*", "?", "\\", "/", "}"):
                return None
            tokens.append(re.escape(char))
        else:
            tokens.append({"*": _STAR, "?": _ANY}.get(char) or re.escape(char))
        at += 1
    return tokens


def _match(tokens: Sequence[str], value: str, at: int, *, anchored: bool, longest: bool) -> tuple[int, int] | None:
    """(start, end) of the first match at or behind `at`, without backtracking.

    Each piece between two stars is taken where it first appears, since a star matches the rest; for the `longest`
    match, the last piece where it last appears.
    """
    pieces: list[list[str]] = [[]]
    for token in tokens:
        if token == _STAR:
            pieces.append([])
        else:
            pieces[-1].append(token)
    first, *others = [re.compile("".join(piece), re.DOTALL) for piece in pieces]
    found = first.match(value, at) if anchored else first.search(value, at)
    if found is None:
        return None
    start, end = found.span()
    for number, piece in enumerate(others, 1):
        if longest and number == len(others):
            places = range(len(value) - len(pieces[number]), end - 1, -1)
            found = next((match for place in places if (match := piece.match(value, place))), None)
        else:
            found = piece.search(value, end)
        if found is None:
            return None
        end = found.end()
    return start, end
