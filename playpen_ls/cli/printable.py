"""Texts without characters that control a terminal: a checked file must not be able to do that, nor may its name."""

from __future__ import annotations

import os
import re

from playpen_ls.text.regex import regex

# C0 but the tab, DEL, C1, line separators, and what reverses the direction of the text around it.
_CONTROL = regex(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_UNQUOTABLE = regex(rf"{_CONTROL.pattern}|[\t\"\\\\\udc80-\udcff]")
_ESCAPES = {"\t": r"\t", "\n": r"\n", "\r": r"\r", '"': r"\"", "\\": r"\\"}


def printable(text: str) -> str:
    """The text with U+FFFD for each control character but the tab."""
    return _CONTROL.sub("\ufffd", text)


def quoted_name(name: str) -> str:
    """The name of a file in a patch, in the form of C strings where git and patch expect it."""
    escaped = _UNQUOTABLE.sub(_escaped, name)
    return name if escaped == name else f'"{escaped}"'


def json_escaped(document: str) -> str:
    """A JSON document in which control characters that JSON allows are escaped too."""
    return _CONTROL.sub(lambda match: "\n" if match[0] == "\n" else f"\\u{ord(match[0]):04x}", document)


def _escaped(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0]) or "".join(f"\\{byte:03o}" for byte in os.fsencode(match[0]))
