"""The heredocs that a logical line opens, found by splitting it into words as BuildKit's lexer does."""

from __future__ import annotations

import re

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

_HEREDOC = regex(r"\d*<<(?P<chomp>-?)[\t\n\f\r ]*(?P<rest>[^<]+)", re.DOTALL)
_BLANK = regex(r"\s")
_NAME = regex(r"[A-Za-z_]\w*|[0-9]+|[@*#?$!-]")


class _Refused(Exception):
    """The line has unclosed quotes or braces, so it does not open a heredoc."""


@dataclass(frozen=True, slots=True)
class HeredocWord:
    """`chomps` is True for `<<-`; `expands` is False if any part of the delimiter is quoted."""

    name: str
    chomps: bool
    expands: bool


def heredocs_of(line: str) -> list[HeredocWord]:
    """Empty for a line with an unclosed quote, as in BuildKit. `<<<` and `cat<<EOF` are not heredocs."""
    try:
        words = _words(line)
    except _Refused:
        return []
    found = []
    for word in words:
        match = _HEREDOC.fullmatch(word)
        if match is None:
            continue
        name, quoted = _unquoted(match["rest"])
        if name and not _BLANK.search(match["rest"]):
            found.append(HeredocWord(name, bool(match["chomp"]), not quoted))
    return found


def _words(line: str) -> list[str]:
    """The words separated by whitespace, with quotes and escapes; whitespace after `<<` belongs to its word."""
    words: list[str] = []
    start, at, end = -1, 0, len(line)
    while at < end:
        char = line[at]
        if char.isspace():
            if start >= 0:
                words.append(line[start:at])
                start = -1
            at += 1
            continue
        if start < 0:
            start = at
        if char in "'\"":
            at = _closing_quote(line, at)
        elif char == "\\":
            at += 2
        elif char == "$":
            at = _dollar(line, at)
        elif line.startswith("<<", at):
            at += 2
            while at < end and line[at] in " \t\r\n\f\v":
                at += 1
        else:
            at += 1
    if start >= 0:
        words.append(line[start:end])
    return words


def _closing_quote(line: str, at: int) -> int:
    """The index after the quote that closes the one at `at`. Raises _Refused if there is none."""
    quote, end = line[at], len(line)
    at += 1
    while at < end:
        char = line[at]
        if char == quote:
            return at + 1
        if quote == '"' and char == "\\" and line[at + 1 : at + 2] in ('"', "$", "\\"):
            at += 2
        elif quote == '"' and char == "$":
            at = _dollar(line, at)
        else:
            at += 1
    raise _Refused


def _dollar(line: str, at: int) -> int:
    """The index after the `$name` or `${…}` at `at`. Raises _Refused for an unclosed brace."""
    if line[at + 1 : at + 2] != "{":
        match = _NAME.match(line, at + 1)
        return match.end() if match else at + 1
    depth, end, start = 0, len(line), at
    if line[at + 2 : at + 3] in ("", "{", "}", ":"):
        raise _Refused
    at += 1
    while at < end:
        char = line[at]
        if char == "{" and line[at - 1] == "$":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return at + 1
        elif char in "'\"" and at > start + 2:
            at = _closing_quote(line, at) - 1
        elif char == "\\":
            at += 1
        at += 1
    raise _Refused


def _unquoted(word: str) -> tuple[str, bool]:
    """The delimiter without quotes and escapes, and whether any of it was quoted."""
    pieces, at, quoted = [], 0, False
    while at < len(word):
        char = word[at]
        if char in "'\"":
            close = word.find(char, at + 1)
            if close < 0:
                return "", False
            pieces.append(word[at + 1 : close])
            quoted = True
            at = close + 1
        elif char == "\\":
            pieces.append(word[at + 1 : at + 2])
            at += 2
        else:
            pieces.append(char)
            at += 1
    return "".join(pieces), quoted
