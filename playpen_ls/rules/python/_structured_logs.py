"""Structured log messages: a constant text, with the values as separate fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from playpen_ls.api.finding import Refused
from playpen_ls.rules.python._log_messages import Rewritten
from playpen_ls.text.regex import regex

# The attributes of logging.LogRecord, and `message` and `asctime`, which Logger.makeRecord also rejects.
RESERVED = frozenset(
    "name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName "
    "created msecs "
    "relativeCreated thread threadName processName process taskName message asctime".split()
)
_PIECE = regex(r"(?P<quotes>\"|')(?P<body>(?:\\.|(?!(?P=quotes)).)*)(?P=quotes)[ \t\r\n\\]*")
_PLAIN = regex(r"(?:[A-Za-z_]\w*\.)*?(?:(?P<owner>[A-Za-z_]\w*)\.)?(?P<last>[A-Za-z_]\w*)")
_VAGUE = frozenset(("id", "pk", "uuid"))  # keys that need to say whose
_HOLE = regex(r"%%|%[\d.]*[a-zA-Z]")
_EMPTY = regex(r"\(\s*\)|\[\s*\]|\\?'\s*\\?'|\\?\"\s*\\?\"")
# A verb or a preposition whose value is gone: "the path is:, the other is:", "to".
_INCOMPLETE = regex(
    r"\b(?:is|are|was|were|than|to|of|by|and|or|with|from|for|the|a|an)(?:\s*[:,;]|\.(?!\.)|$)|^(?:to|of|by|and|or|with)\b",
    re.IGNORECASE,
)
_LONGEST = 100  # characters of a message that is made of several strings
# What stands before a value and is nothing without it: `x=`, and words such as `at`.
_ASSIGNED = regex(r"\b\w[\w.]*\s*=\s*$")
_LABEL = regex(r"(?:^|(?<=[,;(\[|:=-])|(?<=[,;|:=-]\s))(?P<word>\w[\w.]*)\s*:\s*$")
_BEFORE = regex(r"(?<=\S)\s+(?:at|by|for|from|in|into|of|on|to|via|with)(?:\s+(?P<word>\w+))?\s+$")


def structured(made: Rewritten, taken: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """(message without its values, {key: value}); no key is in `taken`, which are names with their values.

    A value that is given already is left out. Raises Refused.
    """
    if not made.arguments:
        raise Refused("the message contains no values")
    values: dict[str, str] = {}
    keys: list[str] = []
    for argument in made.arguments:
        plain = _PLAIN.fullmatch(argument)
        if plain is None:
            raise Refused("a value of the message is not a name or attribute")
        key = plain["last"].lower() if plain["last"].isupper() else plain["last"]
        if key in _VAGUE and plain["owner"] not in (None, "self"):
            key = f"{plain['owner']}_{key}"
        while values.get(key, argument) != argument or taken.get(key, argument) != argument:
            key += "_"
        keys.append(key)
        if key not in taken:
            values[key] = argument
    return _without_holes(made.literal, keys), values


def _without_holes(literal: str, keys: Sequence[str]) -> str:
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
    if any("\\n" in piece["body"] for piece in pieces):
        raise Refused("the message has several lines")
    body, out, remaining = "".join(piece["body"] for piece in pieces), "", [*keys]
    at = 0
    for hole in _HOLE.finditer(body):
        out += body[at : hole.start()]
        at = hole.end()
        out = out + "%" if hole[0] == "%%" else _without_label(out, remaining.pop(0))
    body = _EMPTY.sub("", out + body[at:])
    body = re.sub(r" +([,.;:!?)\]](?: |$))", r"\1", re.sub(r" {2,}", " ", body)).strip(" ,;:=-")
    body = re.sub(r"\s*[,;:]\s*(?=\.{1,3}$)", "", body)
    if not re.search(r"\w", body):
        raise Refused("the message is empty without its values")
    if re.search(r"\w[:=](?:\s+\w+[:=]|[)\]])", body):
        raise Refused("the message is a list of values")
    if _INCOMPLETE.search(body):
        raise Refused("the message is incomplete without its values")
    if len(pieces) > 1 and len(body) > _LONGEST:
        raise Refused("the message without its values is too long for one line")
    quotes = pieces[0]["quotes"]
    return f"{quotes}{body}{quotes}"


def _without_label(text: str, key: str) -> str:
    """A text before a value without what only introduces that."""
    words = (None, key.rstrip("_"), *key.split("_"))
    for introduction in (_LABEL, _BEFORE):
        found = introduction.search(text)
        if found is not None and (found["word"] and found["word"].lower()) in words:
            return text[: found.start()] + " "
    return _ASSIGNED.sub("", text)
