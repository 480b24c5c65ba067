"""Escapes texts for XML 1.0."""

from __future__ import annotations

from playpen_ls.text.regex import regex

# What XML 1.0 has no form for, not even as a character reference.
_FORBIDDEN = regex(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


def attribute(text: str) -> str:
    """The text as the value of an attribute, in quotes. Line breaks and tabs are kept."""
    escaped = "".join(_ESCAPES.get(char, char) for char in _FORBIDDEN.sub("\ufffd", text))
    return f'"{escaped}"'


def content(text: str) -> str:
    """The text between two tags."""
    return _FORBIDDEN.sub("\ufffd", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
