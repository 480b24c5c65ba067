"""Patterns in the syntax of .gitignore, with git's results.

Matching takes at most the length of the pattern times that of the path, whatever the pattern: a regular expression
made of `a*a*a*b` backtracks for hours on a name of a hundred letters, and a workspace can contain such a pattern.
The patterns of a list are looked up by a literal text in them and the characters that can be next to it, so that a
path is compared with few of them.

Like git, everything is compared byte by byte (a non-ASCII letter is several `?`): paths and patterns are converted
to strings with one character for each byte of their UTF-8 form.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

_SPECIAL = re.compile(r"[*?\[\\]")
_PLAIN = re.compile(r"[^*?/\[\\]+")


class IgnorePatterns:
    """The lines of a .gitignore file. Paths are relative to its folder, with forward slashes."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._negated: list[bool] = []
        self._by_name, self._by_path = _Table(in_path=False), _Table(in_path=True)
        for line in lines:
            self._add(_bytewise(line))

    def _add(self, line: str) -> None:
        if line.startswith("#"):
            return
        pattern = _without_trailing_spaces(line.removesuffix("\r"))
        negated = pattern.startswith("!")
        pattern = pattern[negated:]
        folders_only = pattern.endswith("/")
        pattern = pattern[: len(pattern) - folders_only]
        if pattern:
            table = self._by_path if "/" in pattern else self._by_name
            table.add(pattern.removeprefix("/"), folders_only, len(self._negated))
            self._negated.append(negated)

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """Whether the path is ignored by the last pattern that matches it; None if no pattern matches."""
        path = _bytewise(path)
        last = max(self._by_name.last(path.rpartition("/")[2], is_folder), self._by_path.last(path, is_folder))
        return None if last < 0 else not self._negated[last]

    def ignores(self, path: str, is_folder: bool = False) -> bool:
        """Whether a path or a folder that it is in is ignored."""
        end = path.find("/")
        while end >= 0:
            if self.verdict(path[:end], True):
                return True
            end = path.find("/", end + 1)
        return bool(self.verdict(path, is_folder))


class _Table:
    """Patterns by literal text. `number` is the position of a pattern in its list; the last one that matches counts."""

    def __init__(self, in_path: bool) -> None:
        self._in_path = in_path
        self._exact: dict[tuple[str, bool], int] = {}
        self._globs: dict[tuple[str, bool], int] = {}

    def add(self, pattern: str, folders_only: bool, number: int) -> None:
        known = self._globs if _SPECIAL.search(pattern) else self._exact
        known[pattern, folders_only] = number  # of equal patterns the last one counts

    def last(self, text: str, is_folder: bool) -> int:
        """The number of the last matching pattern, -1 if none matches."""
        found = self._exact.get((text, False), -1)
        if is_folder:
            found = max(found, self._exact.get((text, True), -1))
        if self._globs:
            for entry in self._candidates(text):
                if entry.number > found and (is_folder or not entry.folders_only) and entry.glob.matches(text):
                    found = entry.number
        return found

    def _candidates(self, text: str) -> Iterator[_Entry]:
        starts, ends, inside = self._index
        for length, by_start in starts.items():
            for group in by_start.get(text[:length], ()):
                yield from group.near(text)
        for length, by_end in ends.items():
            for group in by_end.get(text[-length:], ()):
                yield from group.near(text)
        for literal, group in inside:
            if literal in text:
                yield from group.near(text)

    @cached_property
    def _index(self) -> tuple[_ByLength, _ByLength, list[tuple[str, _Group]]]:
        """The globs by the literal text that they begin with, by that they end with, and the others."""
        groups: dict[tuple[str, str, str], _Group] = {}
        for (pattern, folders_only), number in self._globs.items():
            glob = _Glob(pattern, self._in_path)
            if glob.tokens is None:
                continue
            group = groups.setdefault((glob.start, glob.end, glob.literal), _Group(glob))
            group.entries.append(_Entry(number, folders_only, glob))
        starts: _ByLength = {}
        ends: _ByLength = {}
        inside: list[tuple[str, _Group]] = []
        for group in groups.values():
            if group.end and group.literal == group.end:
                ends.setdefault(len(group.end), {}).setdefault(group.end, []).append(group)
            elif group.start and group.literal == group.start:
                starts.setdefault(len(group.start), {}).setdefault(group.start, []).append(group)
            else:
                inside.append((group.literal, group))
        return starts, ends, inside


class _Group:
    """The patterns that have the same literal texts. `literal` is the longest one, `start` and `end` can be empty."""

    def __init__(self, glob: _Glob) -> None:
        self.start, self.end, self.literal = glob.start, glob.end, glob.literal
        self.entries: list[_Entry] = []
        self._by_neighbors: dict[tuple[str, ...], list[_Entry]] = {}

    def near(self, text: str) -> Iterator[_Entry]:
        """Those of the patterns that a text can match by what is beside the literal text in it."""
        if not text.startswith(self.start) or not text.endswith(self.end):
            return
        first, last = text[len(self.start) :][:1], text[: len(text) - len(self.end)][-1:]
        at = text.find(self.literal)
        while at >= 0:
            behind = at + len(self.literal)
            beside = (
                (first, last, text[at - 1 : at], text[behind : behind + 1]) if self.literal else (first, last, "", "")
            )
            known = self._by_neighbors.get(beside)
            if known is None:
                known = self._by_neighbors[beside] = [entry for entry in self.entries if entry.glob.can_have(*beside)]
            yield from known
            at = text.find(self.literal, at + 1) if self.literal else -1


Token = str | frozenset[str]
"""A character, or the characters of a set; `*` and `/` stand for themselves, so an escaped one is a set."""


class _Glob:
    """One pattern with special characters, for names, or for paths, where `**` is any number of folders."""

    def __init__(self, pattern: str, in_path: bool) -> None:
        self._in_path = in_path
        special = _SPECIAL.search(pattern)
        self.start = pattern[: special.start()] if special else pattern
        """The literal text before the first special character."""
        self.tokens = _tokens(pattern[len(self.start) :])
        """Of the rest; None for a pattern that matches nothing."""
        tokens = self.tokens or []
        runs = list(_literal_runs(tokens))
        first, stop = max(runs, key=lambda run: run[1] - run[0], default=(0, 0))
        self.end = _text(tokens[runs[-1][0] :]) if runs and runs[-1][1] == len(tokens) else ""
        """A literal text that every match ends with, perhaps empty."""
        if len(self.end) == stop - first and self.end:
            first, stop = runs[-1]
        in_start = len(self.start) > stop - first
        self.literal = self.start if in_start else _text(tokens[first:stop])
        """The longest literal text that every match contains, perhaps empty."""
        inside = bool(self.literal) and not in_start
        last = len(tokens) - len(self.end)
        self._beside = tuple(
            tokens[at] if wanted and 0 <= at < len(tokens) and isinstance(tokens[at], frozenset) else None
            for wanted, at in ((True, 0), (True, last - 1), (inside, first - 1), (inside, stop))
        )

    def can_have(self, *beside: str) -> bool:
        """Whether these characters can follow `start`, precede `end`, and precede and follow `literal`."""
        return all(chars is None or char in chars for chars, char in zip(self._beside, beside, strict=True))

    def matches(self, text: str) -> bool:
        names, (first, *middle) = text[len(self.start) :].split("/"), self._groups
        if not middle:
            return len(names) == len(first) and _match(first, names, 0)
        last = middle.pop()
        at, end = len(first), len(names) - len(last)
        if at > end or not _match(first, names, 0) or not _match(last, names, end):
            return False
        for group in middle:  # the leftmost match of each leaves most for the next
            while not _match(group, names[:end], at):
                at += 1
                if at > end:
                    return False
            at += len(group)
        return True

    @cached_property
    def _groups(self) -> list[list[_Segment]]:
        """The segments between one `**` and the next.

        As in git, what follows the literal start is a pattern of its own: that of `a**/b` begins with a `**`.
        """
        groups: list[list[_Segment]] = [[]]
        segments = _split(self.tokens or [], "/")
        for number, segment in enumerate(segments, 1):
            if self._in_path and len(segment) > 1 and set(segment) == {"*"}:
                groups.append([_Segment(["*"])] if number == len(segments) else [])  # at the end it needs a name
            else:
                groups[-1].append(_Segment(segment))
        return groups


class _Entry(NamedTuple):
    number: int
    folders_only: bool
    glob: _Glob


_ByLength = dict[int, dict[str, list[_Group]]]


def _literal_runs(tokens: list[Token]) -> Iterator[tuple[int, int]]:
    """The ranges of plain characters."""
    start = 0
    for number, token in enumerate([*tokens, "/"]):
        if token in ("*", "/") or not isinstance(token, str):
            if start < number:
                yield start, number
            start = number + 1


def _text(tokens: Iterable[Token]) -> str:
    return "".join(token for token in tokens if isinstance(token, str))


def _match(segments: list[_Segment], names: list[str], at: int) -> bool:
    if at + len(segments) > len(names):
        return False
    return all(segment.matches(names[at + number]) for number, segment in enumerate(segments))


class _Segment:
    """A pattern for one name of a path: parts of fixed length, with any text between them."""

    def __init__(self, tokens: list[Token]) -> None:
        self._first, *self._others = [_Part(part) for part in _split(tokens, "*")]

    def matches(self, name: str) -> bool:
        if not self._others:
            return len(name) == self._first.length and self._first.is_at(name, 0)
        *middle, last = self._others
        at, end = self._first.length, len(name) - last.length
        if at > end or not self._first.is_at(name, 0) or not last.is_at(name, end):
            return False
        for part in middle:  # the leftmost match of each leaves most for the next
            at = part.end_in(name, at, end)
            if at < 0:
                return False
        return True


class _Part:
    """Characters and sets. No regular expression, since compiling one takes longer than all that it is used for."""

    def __init__(self, tokens: list[Token]) -> None:
        self.length = len(tokens)
        self._tokens = tokens
        self._plain = _text(tokens) if all(isinstance(token, str) for token in tokens) else None

    def is_at(self, name: str, at: int) -> bool:
        """The name is long enough."""
        if self._plain is not None:
            return name.startswith(self._plain, at)
        return all(char in token for char, token in zip(name[at : at + self.length], self._tokens, strict=True))

    def end_in(self, name: str, at: int, end: int) -> int:
        """Where the leftmost match between two offsets ends, or -1."""
        if self._plain is not None:
            found = name.find(self._plain, at, end)
            return found + self.length if found >= 0 else -1
        places = range(at, end - self.length + 1)
        return next((place + self.length for place in places if self.is_at(name, place)), -1)


def _split(tokens: list[Token], separator: str) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token == separator:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _tokens(pattern: str) -> list[Token] | None:
    """The tokens of a pattern; None if a set is malformed."""
    tokens: list[Token] = []
    at = 0
    while at < len(pattern):
        plain = _PLAIN.match(pattern, at)
        if plain is not None:
            tokens += plain[0]
            at = plain.end()
            continue
        char = pattern[at]
        at += 1
        if char == "\\":
            if at == len(pattern):
                return None
            char = pattern[at]
            at += 1
            tokens.append(frozenset("*") if char == "*" else char)
        elif char == "[":
            found = _set(pattern, at)
            if found is None:
                return None
            chars, at = found
            tokens.append(chars)
        else:
            tokens.append(_EVERY if char == "?" else char)
    return tokens


_EVERY = frozenset(map(chr, range(256)))
_CLASSES = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "blank": " \t",
    "cntrl": [*map(chr, range(32)), "\x7f"],
    "digit": string.digits,
    "graph": string.ascii_letters + string.digits + string.punctuation,
    "lower": string.ascii_lowercase,
    "print": string.ascii_letters + string.digits + string.punctuation + " ",
    "punct": string.punctuation,
    "space": " \t\n\r",  # of git, whatever the locale
    "upper": string.ascii_uppercase,
    "xdigit": string.hexdigits,
}


def _set(pattern: str, at: int) -> tuple[frozenset[str], int] | None:
    """(the characters of a set like `[a-z]`, the offset behind it); None if it is malformed. `at` is behind its `[`.

    Follows the order of git's wildmatch.c: a `]` at the start is a member, and so is a `-` at an end or behind a range.
    """
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    chars, before, first = set[str](), "", True
    while first or pattern[at : at + 1] != "]":
        first = False
        char = pattern[at : at + 1]
        if not char:
            return None
        if char == "\\":
            at += 1
            char = pattern[at : at + 1]
            if not char:
                return None
            chars.add(char)
        elif char == "-" and before and pattern[at + 1 : at + 2] not in ("", "]"):
            at += 1 + (pattern[at + 1] == "\\")
            if at >= len(pattern):
                return None
            chars.update(map(chr, range(ord(before), ord(pattern[at]) + 1)))
            char = ""
        elif char == "[" and pattern[at + 1 : at + 2] == ":":
            end = pattern.find("]", at + 2)
            if end < 0:
                return None
            if pattern[end - 1] == ":" and end - 1 > at + 1:
                members = _CLASSES.get(pattern[at + 2 : end - 1])
                if members is None:
                    return None
                chars.update(members)
                at, char = end, ""
            else:
                chars.add("[")
        else:
            chars.add(char)
        before = char
        at += 1
    return (_EVERY - chars if negated else frozenset(chars)), at + 1


def _without_trailing_spaces(line: str) -> str:
    """A space behind a backslash stays."""
    stripped = line.rstrip(" ")
    escapes = len(stripped) - len(stripped.rstrip("\\"))
    return line[: len(stripped) + escapes % 2]


def _bytewise(text: str) -> str:
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    except UnicodeEncodeError:  # a lone surrogate, which no file's name has
        return text.encode("utf-8", "surrogatepass").decode("latin-1")
