"""Reads syntax that is newer than the running Python: it is replaced by older syntax of the same length.

Offsets, lines and names stay, so that what stands around is found where it is. Known are type parameters and `type`
statements (PEP 695, 696), quotes, backslashes, comments and line ends in the placeholders of f-strings (PEP 701),
t-strings (PEP 750), `except` without parentheses (PEP 758), unpacking in comprehensions (PEP 798) and lazy imports
(PEP 810).
"""

from __future__ import annotations

import re

from playpen_ls.text.regex import regex

_NEWER = regex(
    r"\b(?:def|class)[ \t]+\w+[ \t]*\[|^[ \t]*(?:type[ \t]+\w|except\b[^:(\n]*,|lazy[ \t]+(?:import|from)\b)"
    r"|\b(?:[tT][rR]?|[rR][tT])[\"']|[\[({]\s*\*",
    re.MULTILINE,
)
_F_STRING = regex(r"\b(?:[fF][rR]?|[rR][fF])[\"']")
_NEWER_HOLE = regex(r"\{[^{}\"'\\#\n]*[\"'\\#\n]")  # in an f-string
_TOKEN = regex(
    r"#[^\n]*|(?P<prefix>\b[A-Za-z]{1,2})?(?P<quotes>\"\"\"|'''|\"|')"
    r"|(?P<bracket>[\[({])(?P<star>\s*\*\*?)?"
    r"|(?P<definition>\b(?:def|class)[ \t]+\w+[ \t]*)(?=\[)"
    r"|(?P<alias>^[ \t]*type[ \t]+)(?=\w+[ \t]*(?:\[|=(?!=)))"
    r"|(?P<except>^[ \t]*except\b[ \t]*\*?)"
    r"|(?P<lazy>^lazy(?P<gap>[ \t]+)(?P<import>import|from)\b)",
    re.MULTILINE,
)
_PREFIXES = frozenset("r u b f t br rb fr rf tr rt".split())
_FOR = regex(r"\bfor\b")


def in_older_syntax(text: str) -> str | None:
    """The text with what is newer replaced; None if there is nothing that is known to be newer."""
    if not _may_be_newer(text):
        return None
    made = _Rewriting(text)
    made.run()
    changed = "".join(made.out)
    return changed if changed != text else None


def _may_be_newer(text: str) -> bool:
    if _NEWER.search(text) is not None:
        return True
    first = _F_STRING.search(text)
    return first is not None and _NEWER_HOLE.search(text, first.end()) is not None


class _Rewriting:
    """`out` has the characters of the text, of which some are replaced."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.out = list(text)

    def run(self) -> None:
        text, at = self.text, 0
        while (match := _TOKEN.search(text, at)) is not None:
            at = match.end()
            if match["quotes"]:
                at = self._string(match)
            elif match["star"]:
                self._unpacking(match)
            elif match["definition"]:
                at = self._type_parameters(match.end())
            elif match["alias"]:
                self.out[match.end() - 1] = "."  # `type X = int` as `type.X = int`
                name = re.compile(r"\w+[ \t]*").match(text, match.end())
                if name is not None and text[name.end()] == "[":
                    at = self._type_parameters(name.end())
            elif match["except"]:
                self._exceptions(match.end())
            elif match["lazy"]:
                word = match["import"]
                self._put(match.start(), word + " " * (match.end() - match.start() - len(word)))

    def _put(self, start: int, text: str) -> None:
        self.out[start : start + len(text)] = text

    def _blank(self, start: int, end: int) -> None:
        """Replace a range by blanks; a line end in it is continued."""
        for at in range(start, end):
            if self.text[at] != "\n":
                self.out[at] = "\\" if self.text[at + 1 : at + 2] == "\n" and at + 1 < end else " "

    def _type_parameters(self, start: int) -> int:
        end = closing(self.text, start)
        if end is None:
            return start + 1
        self._blank(start, end + 1)
        return end + 1

    def _exceptions(self, start: int) -> None:
        """`except A, B:` as `except A| B:`."""
        depth = 0
        for at in range(start, len(self.text)):
            char = self.text[at]
            depth += (char in "([{") - (char in ")]}")
            if depth == 0 and char in ":\n":
                return
            if depth == 0 and char == ",":
                self.out[at] = "|"

    def _unpacking(self, match: re.Match[str]) -> None:
        """`[*a for a in b]` as `[ a for a in b]`."""
        start = match.start("star")
        end = closing(self.text, match.start())
        inside = self.text[start : end or start]
        first = re.match(r"(?:[^,()\[\]{}]|\([^()]*\)|\[[^\[\]]*\])*", inside)
        if first is not None and _FOR.search(first[0]):
            for at in range(start, match.end("star")):
                if self.text[at] == "*":
                    self.out[at] = " "

    def _string(self, match: re.Match[str]) -> int:
        """Look at a string; the offset after it."""
        prefix = (match["prefix"] or "").lower()
        prefix = prefix if prefix in _PREFIXES else ""
        start, opened = match.start("quotes") - len(prefix), match.start("quotes")
        if not {"f", "t"} & set(prefix):
            return plain_string_end(self.text, opened) or match.end()
        found = format_string(self.text, opened)
        if found is None:
            return match.end()
        end, holes = found
        quotes = match["quotes"]
        lines = len(quotes) == 1 and "\n" in self.text[opened:end]
        if "t" in prefix or lines:
            self._emptied(start, opened, end)
            return end
        for first, last in holes:
            inside = self.text[first:last]
            if quotes[0] in inside or "\\" in inside or "#" in inside:
                self._put(first, "_" + re.sub(r"[^\n]", " ", inside[1:]))
        return end

    def _emptied(self, start: int, opened: int, end: int) -> None:
        """Replace the content of a string by blanks, and the `t` of its prefix by `b`: bytes can be joined, too.

        An f-string keeps a placeholder, or is none any more.
        """
        text = self.text
        self._put(start, re.sub("[tT]", "b", text[start:opened]))
        size = 3 if text.startswith(('"""', "'''"), opened) else 1
        self._put(opened + size, re.sub(r"[^\r\n]", " ", text[opened + size : end - size]))
        if size == 3:
            return
        for match in re.finditer(r"\r?\n", text[opened:end]):
            last = opened + match.start() - 1
            if text[last] != "\n":
                self.out[last] = "\\"
            elif "\n" not in text[end - 3 : end]:  # an empty line cannot be continued
                self._put(start, '"""' + " " * (opened - start - 2))
                self._put(end - 3, '"""')
                return
        room = re.search(" {3}", "".join(self.out[opened + 1 : end - 1]))
        if room is not None and "f" in text[start:opened].lower():
            self._put(opened + 1 + room.start(), "{_}")
        else:
            prefix = re.sub("[fF]", "", "".join(self.out[start:opened]))
            self._put(start, prefix.rjust(opened - start))


def closing(text: str, opened: int) -> int | None:
    """The offset of the bracket that closes the one at `opened`; None if there is none."""
    depth, at = 0, opened
    while at < len(text):
        char = text[at]
        if char in "\"'":
            end = plain_string_end(text, at)
            if end is None:
                return None
            at = end
            continue
        if char == "#":
            at = _line_end(text, at)
            continue
        depth += (char in "([{") - (char in ")]}")
        if depth == 0:
            return at
        at += 1
    return None


def plain_string_end(text: str, opened: int) -> int | None:
    """The offset after the string whose quotes are at `opened`; None if it is not terminated."""
    quotes = text[opened : opened + 3]
    quotes = quotes if quotes in ('"""', "'''") else quotes[:1]
    at = opened + len(quotes)
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(quotes, at):
            return at + len(quotes)
        elif text[at] == "\n" and len(quotes) == 1:
            return None
        else:
            at += 1
    return None


def format_string(text: str, opened: int) -> tuple[int, list[tuple[int, int]]] | None:
    """(offset after it, ranges of its placeholders) of the f-string or t-string with quotes at `opened`, as in PEP 701.

    None if it is not terminated.
    """
    quotes = text[opened : opened + 3]
    quotes = quotes if quotes in ('"""', "'''") else quotes[:1]
    holes: list[tuple[int, int]] = []
    at = opened + len(quotes)
    while at < len(text):
        char = text[at]
        if text.startswith(quotes, at):
            return at + len(quotes), holes
        if char == "\\":
            name = text.startswith("\\N{", at)
            at = text.find("}", at) + 1 or len(text) if name else at + (1 if text[at + 1 : at + 2] in "{}" else 2)
        elif char == "\n" and len(quotes) == 1:
            return None
        elif text.startswith(("{{", "}}"), at):
            at += 2
        elif char == "{":
            end = _placeholder_end(text, at, quotes)
            if end is None:
                return None
            holes.append((at + 1, end))
            at = end + 1
        else:
            at += 1
    return None


def _placeholder_end(text: str, opened: int, quotes: str) -> int | None:
    """The offset of the brace that closes the placeholder opened there."""
    depth, at = 0, opened + 1
    while at < len(text):
        char = text[at]
        if char in "\"'":
            letters = text[max(opened, at - 2) : at].lower()
            found = format_string(text, at) if letters[-1:] in ("f", "t") or letters in ("fr", "tr") else None
            end = found[0] if found is not None else plain_string_end(text, at)
            if end is None:
                return None
            at = end
        elif char == "#":
            at = _line_end(text, at)
        elif char in "([{":
            depth, at = depth + 1, at + 1
        elif char == "}" and depth == 0:
            return at
        elif char in ")]}":
            if depth == 0:
                return None
            depth, at = depth - 1, at + 1
        elif char == ":" and depth == 0:
            return _format_end(text, at + 1, quotes)
        else:
            at += 1
    return None


def _format_end(text: str, at: int, quotes: str) -> int | None:
    """The offset of the brace that ends the format of a placeholder, which can have placeholders itself."""
    while at < len(text) and not text.startswith(quotes, at):
        if text[at] == "{":
            end = _placeholder_end(text, at, quotes)
            if end is None:
                return None
            at = end
        elif text[at] == "}":
            return at
        at += 1
    return None


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
