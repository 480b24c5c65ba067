"""String literals: their value, the source position of each character, and escaping of new text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from playpen_ls.api.finding import Refused
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", "r": "\r", "f": "\f"}
_ESCAPE = regex(r"\\(?:u+([0-9a-fA-F]{4})|([0-7]{1,3})|(\r\n|[\s\S]))")
_SLASHY_ESCAPE = regex(r"\\(/)")
_DOLLAR_ESCAPE = regex(r"\$([$/])")
_HOLE_NAME = regex(r"\$\{\s*(?:env\.)?([A-Za-z_]\w*)\s*\}|\$(?:env\.)?([A-Za-z_]\w*)")


class StringLiteral:
    """A Groovy string; `holes` are its interpolations. Offsets count from the start of `text`.

    `quote` is one of `'` `"` `'''` `\"\"\"` `/` `$/`.
    """

    __slots__ = ("__dict__", "end", "holes", "start", "text")

    def __init__(self, text: str, start: int, end: int, holes: tuple[Span, ...]) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.holes = holes

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    @property
    def raw(self) -> str:
        return self.text[self.start : self.end]

    @cached_property
    def quote(self) -> str:
        text, start = self.text, self.start
        if text[start] in "'\"":
            return text[start] * 3 if text.startswith(text[start] * 3, start) and self.end - start >= 6 else text[start]
        return "$/" if text[start] == "$" else "/"

    @property
    def inside(self) -> Span:
        """The text between the quotes."""
        width = len(self.quote)
        return Span(self.start + width, max(self.start + width, self.end - width))

    @property
    def interpolates(self) -> bool:
        """Whether this kind of quote allows `${…}`."""
        return self.quote not in ("'", "'''")

    @cached_property
    def value(self) -> str | None:
        """The decoded value; None if the string has interpolations."""
        return None if self.holes else self.fragment.text

    @cached_property
    def fragment(self) -> Fragment:
        """The decoded text, with interpolations as written."""
        inside, text, quote = self.inside, self.text, self.quote
        escape = {"/": _SLASHY_ESCAPE, "$/": _DOLLAR_ESCAPE}.get(quote, _ESCAPE)
        raw = text[inside.start : inside.end]
        if ("$" if quote == "$/" else "\\") not in raw:
            holes = tuple(hole.shifted(-inside.start) for hole in self.holes)
            starts = range(inside.start, inside.end)
            return Fragment(raw, starts, range(inside.start + 1, inside.end + 1), holes, partial(_encoded, quote))
        return _decoded(text, inside, self.holes, escape, partial(_encoded, quote))

    def encode(self, text: str) -> str:
        """Escape text for this kind of quote. Raises Refused for slashy strings."""
        return _encoded(self.quote, text)

    def hole_text(self, hole: Span) -> str:
        return self.text[hole.start : hole.end]

    def hole_name(self, hole: Span) -> str | None:
        """The variable of `${X}`, `${env.X}`, `$X`; None for other code."""
        match = _HOLE_NAME.fullmatch(self.hole_text(hole))
        return (match[1] or match[2]) if match else None


def _encoded(quote: str, text: str) -> str:
    if quote in ("/", "$/"):
        raise Refused("text in a slashy string cannot be rewritten")
    text = text.replace("\\", "\\\\")
    if quote in ('"', '"""'):
        text = text.replace("$", "\\$")
    if len(quote) == 1:
        return text.replace(quote, "\\" + quote).replace("\n", "\\n")
    return re.sub(rf"{quote[0]}{{2,}}", lambda run: ("\\" + quote[0]) * len(run[0]), text)


def _decoded(
    text: str, inside: Span, holes: tuple[Span, ...], escape: re.Pattern[str], encode: Callable[[str], str]
) -> Fragment:
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    made_holes: list[Span] = []

    def plain(start: int, end: int) -> None:
        pieces.append(text[start:end])
        starts.extend(range(start, end))
        ends.extend(range(start + 1, end + 1))

    def decode(start: int, end: int) -> None:
        at = start
        for match in escape.finditer(text, start, end):
            plain(at, match.start())
            at = match.end()
            value = _value(match)
            pieces.append(value)
            if value:
                starts.extend([match.start()] * len(value))
                ends.extend([match.end()] * len(value))
        plain(at, end)

    at = inside.start
    for hole in holes:
        decode(at, hole.start)
        made_holes.append(Span(len(starts), len(starts) + hole.end - hole.start))
        plain(hole.start, hole.end)
        at = hole.end
    decode(at, inside.end)
    return Fragment("".join(pieces), starts, ends, tuple(made_holes), encode)


def _value(match: re.Match[str]) -> str:
    groups = match.groups()
    if len(groups) == 1:
        return str(groups[0])
    hexadecimal, octal, char = groups
    if hexadecimal:
        return chr(int(hexadecimal, 16))
    if octal:
        return chr(int(octal, 8))
    if char in ("\n", "\r", "\r\n"):
        return ""
    return _ESCAPES.get(char) or (char if char in "\\'\"$/" else "\\" + char)
