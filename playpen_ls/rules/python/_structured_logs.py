"""Structured log messages: a constant text, with the values as separate fields."""

from __future__ import annotations

import re

from playpen_ls.api.finding import Refused
from playpen_ls.rules.python._log_messages import Rewritten

# The attributes of logging.LogRecord, and `message` and `asctime`, which Logger.makeRecord also rejects.
RESERVED = frozenset(
    "name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName "
    "created msecs "
    "relativeCreated thread threadName processName process taskName message asctime".split()
)
_PIECE = re.compile(r"(?P<quotes>\"|')(?P<body>(?:\\.|(?!(?P=quotes)).)*)(?P=quotes)[ \t\r\n\\]*")
_PLAIN = re.compile(r"(?:[A-Za-z_]\w*\.)*(?P<last>[A-Za-z_]\w*)")
_HOLE = re.compile(r"%%|(?P<label>\b\w[\w.]*\s*=\s*)?%[\d.]*[a-zA-Z]")
_EMPTY = re.compile(r"\(\s*\)|\[\s*\]|\\?'\s*\\?'|\\?\"\s*\\?\"")


def structured(made: Rewritten, taken: frozenset[str]) -> tuple[str, dict[str, str]]:
    """(message without its values, {key: value}); no key is in `taken`. Raises Refused."""
    if not made.arguments:
        raise Refused("the message contains no values")
    values: dict[str, str] = {}
    for argument in dict.fromkeys(made.arguments):
        plain = _PLAIN.fullmatch(argument)
        if plain is None:
            raise Refused("a value of the message is not a name or attribute")
        key = plain["last"]
        while key in taken or key in values:
            key += "_"
        values[key] = argument
    return _without_holes(made.literal), values


def _without_holes(literal: str) -> str:
    pieces: list[re.Match[str]] = []
    at = 0
    while at < len(literal):
        match = _PIECE.match(literal, at)
        if (
            match is None
            or literal.startswith(match["quotes"] * 3, at)
            or (pieces and pieces[0]["quotes"] != match["quotes"])
        ):
            raise Refused("the form of the message is not supported")
        pieces.append(match)
        at = match.end()
    body = "".join(piece["body"] for piece in pieces)
    body = _EMPTY.sub("", _HOLE.sub(lambda match: "%" if match[0] == "%%" else "", body))
    body = re.sub(r" +([,.;:!?](?: |$))", r"\1", re.sub(r" {2,}", " ", body)).strip(" ,;:=-")
    if not re.search(r"\w", body):
        raise Refused("the message is empty without its values")
    quotes = pieces[0]["quotes"]
    return f"{quotes}{body}{quotes}"
