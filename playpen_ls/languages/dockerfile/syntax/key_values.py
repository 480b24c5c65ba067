"""`NAME=value` words of ENV, ARG and LABEL.

dockerfile-parse reads the names and values of plain lines, which is what nearly all ENV and ARG lines are. It has no
columns, and what it makes of escape characters and of half-typed lines is not what BuildKit does, so the ranges of
the words and the values of other lines are found here.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache

from playpen_ls.languages.dockerfile.syntax.instruction import Instruction, Pair, Word
from playpen_ls.languages.dockerfile.syntax.raw import SPACE
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_BLANKS = regex(r"[\t\v\f\r ]+")
# No escape character, no open quote, and `=` in each word. dockerfile-parse splits at what Python calls whitespace.
_SURROGATES = "\\ud800-\\udfff"
_NAME_AND_VALUE = (
    rf"[^\s=\"'\\{_SURROGATES}]++=(?:[^\s\"'\\{_SURROGATES}]"
    rf"|\"[^\"\\\r{_SURROGATES}]*+\"|'[^'\\\r{_SURROGATES}]*+')*+"
)
_PLAIN = regex(rf"{_NAME_AND_VALUE}(?:[ \t]++{_NAME_AND_VALUE})*+")


def pairs_of(instruction: Instruction) -> tuple[Pair, ...]:
    """Words without `=` are skipped, except in the legacy form `ENV NAME the rest` and for an ARG without a default."""
    start = instruction.arguments_at
    arguments, escape = instruction.arguments, instruction.syntax.escape
    words = _words(arguments, escape)
    if not words:
        return ()
    first = arguments[words[0][0] : words[0][1]]
    if instruction.name != "ARG" and "=" not in first:
        match = _BLANKS.search(arguments)
        return () if match is None else (_pair(instruction, start, match.start(), match.end(), len(arguments)),)
    if (
        instruction.name in ("ENV", "ARG")
        and (escape == "\\" or escape not in arguments)
        and _PLAIN.fullmatch(arguments)
    ):
        read = _read(instruction.name, arguments)
        if len(read) == len(words) or not read:  # not if a name is assigned twice: it gives a dictionary
            return tuple(_plain_pairs(instruction, words, read))
    found = []
    for begin, end in words:
        equals = arguments.find("=", begin, end)
        if equals >= 0:
            found.append(_pair(instruction, start + begin, equals - begin, equals + 1 - begin, end - begin))
        elif instruction.name == "ARG":
            span = instruction.place(start + begin, start + end)
            found.append(Pair(arguments[begin:end], None, span, Span(span.end, span.end)))
    return tuple(found)


def _is_plain(arguments: str, escape: str) -> bool:
    return (escape == "\\" or escape not in arguments) and bool(_PLAIN.fullmatch(arguments))


@lru_cache(maxsize=4096)
def _read(name: str, arguments: str) -> tuple[tuple[str, str], ...]:
    """The names and values of a plain ENV or ARG line, as dockerfile-parse reads it; empty if it does not."""
    from dockerfile_parse import DockerfileParser

    line = io.BytesIO(f"{name} {arguments}\n".encode())
    try:
        (context,) = DockerfileParser(fileobj=line, env_replace=False).context_structure
    except Exception:  # it can raise anything
        return ()
    return tuple((context.line_envs or context.line_args).items())


def _plain_pairs(
    instruction: Instruction, words: Sequence[tuple[int, int]], read: Sequence[tuple[str, str]]
) -> list[Pair]:
    start, arguments, found = instruction.arguments_at, instruction.arguments, list[Pair]()
    for (begin, end), (name, value) in zip(words, read, strict=False):
        equals = arguments.index("=", begin, end)
        name_span = instruction.place(start + begin, start + equals)
        found.append(Pair(name, value, name_span, _inside_quotes(instruction, start + equals + 1, start + end)))
    return found


def assigns(instruction: Instruction) -> bool:
    """Whether there is an assignment, whatever its value."""
    arguments = instruction.arguments
    return bool(arguments) and (instruction.name == "ARG" or "=" in arguments or bool(_BLANKS.search(arguments)))


def unassigned_in(instruction: Instruction) -> tuple[Word, ...]:
    """The words without `=`, which only ARG allows."""
    start, arguments = instruction.arguments_at, instruction.arguments
    return tuple(
        Word(arguments[begin:end], instruction.place(start + begin, start + end))
        for begin, end in _words(arguments, instruction.syntax.escape)
        if "=" not in arguments[begin:end]
    )


def _pair(instruction: Instruction, at: int, name_end: int, value_start: int, value_end: int) -> Pair:
    """The offsets are relative to `at`, which is an offset in the logical text."""
    logical, escape = instruction.logical, instruction.syntax.escape
    return Pair(
        _unquoted(logical[at : at + name_end], escape),
        _unquoted(logical[at + value_start : at + value_end], escape),
        _inside_quotes(instruction, at, at + name_end),
        _inside_quotes(instruction, at + value_start, at + value_end),
    )


def _inside_quotes(instruction: Instruction, start: int, end: int) -> Span:
    """The range of a name or a value, without quotes around all of it."""
    value = instruction.logical[start:end]
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" and value[0] not in value[1:-1]:
        start, end = start + 1, end - 1
    return instruction.place(start, end)


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
