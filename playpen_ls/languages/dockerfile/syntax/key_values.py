"""`NAME=value` words of ENV, ARG and LABEL, split as in BuildKit."""

from __future__ import annotations

import re

from playpen_ls.languages.dockerfile.syntax.instruction import Instruction, Pair, Word
from playpen_ls.languages.dockerfile.syntax.raw import SPACE
from playpen_ls.text.span import Span

_BLANKS = re.compile(r"[\t\v\f\r ]+")


def pairs_of(instruction: Instruction) -> tuple[Pair, ...]:
    """Words without `=` are skipped, except in the legacy form `ENV NAME the rest` and for an ARG without a default."""
    start = instruction.arguments_at
    arguments = instruction.arguments
    words = list(_words(arguments, instruction.document.escape))
    if not words:
        return ()
    first = arguments[words[0][0] : words[0][1]]
    if instruction.name != "ARG" and "=" not in first:
        match = _BLANKS.search(arguments)
        if match is None:
            return ()
        return (_pair(instruction, start, match.start(), match.end(), len(arguments)),)
    found = []
    for begin, end in words:
        equals = arguments.find("=", begin, end)
        if equals >= 0:
            found.append(_pair(instruction, start + begin, equals - begin, equals + 1 - begin, end - begin))
        elif instruction.name == "ARG":
            span = instruction.place(start + begin, start + end)
            found.append(Pair(arguments[begin:end], None, span, Span(span.end, span.end)))
    return tuple(found)


def unassigned_in(instruction: Instruction) -> tuple[Word, ...]:
    """The words without `=`, which only ARG allows."""
    start, arguments = instruction.arguments_at, instruction.arguments
    return tuple(
        Word(arguments[begin:end], instruction.place(start + begin, start + end))
        for begin, end in _words(arguments, instruction.document.escape)
        if "=" not in arguments[begin:end]
    )


def _pair(instruction: Instruction, at: int, name_end: int, value_start: int, value_end: int) -> Pair:
    """The offsets are relative to `at`, which is an offset in the logical text."""
    logical = instruction.logical
    value = logical[at + value_start : at + value_end]
    start, end = at + value_start, at + value_end
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" and value[0] not in value[1:-1]:
        start, end = start + 1, end - 1
    return Pair(
        logical[at : at + name_end],
        _unquoted(value, instruction.document.escape),
        instruction.place(at, at + name_end),
        instruction.place(start, end),
    )


def _words(text: str, escape: str) -> list[tuple[int, int]]:
    """The ranges of the words; whitespace in quotes or after the escape character does not end a word."""
    found, start, quote, at = [], -1, "", 0
    while at < len(text):
        char = text[at]
        if char == escape and quote != "'":
            start = at if start < 0 else start
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in SPACE:
            if start >= 0:
                found.append((start, at))
                start = -1
        else:
            start = at if start < 0 else start
            quote = char if char in "'\"" else ""
        at += 1
    if start >= 0:
        found.append((start, len(text)))
    return found


def _unquoted(value: str, escape: str) -> str:
    pieces, quote, at = [], "", 0
    while at < len(value):
        char = value[at]
        following = value[at + 1 : at + 2]
        if char == escape and (not quote or (quote == '"' and following in ('"', "$", escape))):
            pieces.append(following)
            at += 1
        elif char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        else:
            pieces.append(char)
        at += 1
    return "".join(pieces)
