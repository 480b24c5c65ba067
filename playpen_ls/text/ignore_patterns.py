"""Patterns in the syntax of .gitignore, with git's results.

Matching takes at most the length of the pattern times that of the path, whatever the pattern: a regular expression
made of `a*a*a*b` backtracks for hours on a name of a hundred letters, and a workspace can contain such a pattern.
The patterns of a list are looked up by the literal text that they begin or end with, so that a path is compared with
few of them.

Like git, everything is compared byte by byte (a non-ASCII letter is several `?`): paths and patterns are converted
to strings with one character for each byte of their UTF-8 form.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from functools import cached_property

_SPECIAL = re.compile(r"[*?\[\\]")
_HARD = re.compile(r"[\[\\]")
_NOT_LITERAL = re.compile(r"[*?/]+")


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
            for number, folders_only, glob in self._candidates(text):
                if number > found and (is_folder or not folders_only) and glob.matches(text):
                    found = number
        return found

    def _candidates(self, text: str) -> Iterator[_Entry]:
        starts, ends, inside = self._index
        for length, by_start in starts.items():
            yield from by_start.get(text[:length], ())
        for length, by_end in ends.items():
            yield from by_end.get(text[-length:], ())
        for literal, entry in inside:
            if literal in text:
                yield entry

    @cached_property
    def _index(self) -> tuple[_ByLength, _ByLength, list[tuple[str, _Entry]]]:
        """The globs by the literal text that they begin with, by that they end with, and the others."""
        starts: _ByLength = {}
        ends: _ByLength = {}
        inside: list[tuple[str, _Entry]] = []
        for (pattern, folders_only), number in self._globs.items():
            glob = _Glob(pattern, self._in_path)
            entry = (number, folders_only, glob)
            if len(glob.literal) > max(len(glob.start), len(glob.end)) or not glob.literal:
                inside.append((glob.literal, entry))
            elif len(glob.start) > len(glob.end):
                starts.setdefault(len(glob.start), {}).setdefault(glob.start, []).append(entry)
            else:
                ends.setdefault(len(glob.end), {}).setdefault(glob.end, []).append(entry)
        return starts, ends, inside


class _Glob:
    """One pattern with special characters, for names, or for paths, where `**` is any number of folders."""

    def __init__(self, pattern: str, in_path: bool) -> None:
        self._in_path = in_path
        special, hard = _SPECIAL.search(pattern), _HARD.search(pattern)
        self.start = pattern[: special.start()] if special else pattern
        """The literal text before the first special character."""
        self._rest = pattern[len(self.start) :]
        # Sets and escaped characters are left out of literal texts.
        pieces = _NOT_LITERAL.split(pattern[: hard.start()] if hard else pattern)
        self.end = _NOT_LITERAL.split(pattern.rpartition("]")[2])[-1] if "\\" not in pattern else ""
        """A literal text that every match ends with, perhaps empty."""
        self.literal = max(*pieces, self.end, key=len)
        """A literal text that every match contains, perhaps empty."""

    def matches(self, text: str) -> bool:
        if not (text.startswith(self.start) and text.endswith(self.end)) or self._groups is None:
            return False
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
    def _groups(self) -> list[list[_Segment]] | None:
        """The segments between one `**` and the next; None for a pattern that matches nothing.

        As in git, what follows the literal start is a pattern of its own: that of `a**/b` begins with a `**`.
        """
        tokens = _tokens(self._rest)
        if tokens is None:
            return None
        groups: list[list[_Segment]] = [[]]
        segments = _split(tokens, "/")
        for number, segment in enumerate(segments, 1):
            if self._in_path and len(segment) > 1 and set(segment) == {"*"}:
                groups.append([_Segment(["*"])] if number == len(segments) else [])  # at the end it needs a name
            else:
                groups[-1].append(_Segment(segment))
        return groups


_Entry = tuple[int, bool, _Glob]
_ByLength = dict[int, dict[str, list[_Entry]]]


def _match(segments: list[_Segment], names: list[str], at: int) -> bool:
    if at + len(segments) > len(names):
        return False
    return all(segment.matches(names[at + number]) for number, segment in enumerate(segments))


class _Segment:
    """A pattern for one name of a path: parts of fixed length, with any text between them.

    The parts are regular expressions without repetition, which cannot backtrack.
    """

    def __init__(self, tokens: list[str]) -> None:
        parts = _split(tokens, "*")
        self._start, self._end = len(parts[0]), len(parts[-1])
        self._first, *self._others = [re.compile("".join(part), re.DOTALL) for part in parts]

    def matches(self, name: str) -> bool:
        if not self._others:
            return self._first.fullmatch(name) is not None
        at, end = self._start, len(name) - self._end
        *middle, last = self._others
        if at > end or not self._first.match(name) or not last.match(name, end):
            return False
        for part in middle:  # the leftmost match of each leaves most for the next
            found = part.search(name, at, end)
            if found is None:
                return False
            at = found.end()
        return True


def _split(tokens: list[str], separator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == separator:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _tokens(pattern: str) -> list[str] | None:
    """A regular expression for each character; `*` and `/` stand for themselves. None if a set is malformed."""
    tokens, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "\\":
            if at == len(pattern):
                return None
            char = pattern[at]
            at += 1
            tokens.append(char if char == "/" else re.escape(char))
        elif char == "[":
            found = _set(pattern, at)
            if found is None:
                return None
            chars, at = found
            tokens.append(f"[{''.join(map(re.escape, sorted(chars)))}]" if chars else "(?!)")
        elif char in "*/":
            tokens.append(char)
        else:
            tokens.append("." if char == "?" else re.escape(char))
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
    "space": " \t\n\r\v\f",
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
