"""Patterns in the syntax of .gitignore, with git's results.

Matching takes at most the length of the pattern times that of the path, whatever the pattern: a regular expression
made of `a*a*a*b` backtracks for hours on a name of a hundred letters, and a workspace can contain such a pattern.
All patterns of a list are matched at once, with the bits of one integer.

Like git, everything is compared byte by byte (a non-ASCII letter is several `?`): paths and patterns are converted
to strings with one character for each byte of their UTF-8 form.
"""

from __future__ import annotations

import string
from collections import defaultdict
from collections.abc import Iterable, Sequence

from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.regex import regex

_SPECIAL = regex(r"[*?\[\\]")
_SPECIAL_BUT_STAR = regex(r"[?\[\\]")
_PLAIN = regex(r"[^*?/\[\\]+")
_PLAIN_SET = regex(r"([^\]!^\[\\-][^\]\[\\-]*)\]")
_KEPT = 1 << 26  # bits of states that are kept


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
    """Some of the patterns. `number` is the position of a pattern in its list; the last one that matches counts."""

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
        return max(found, self._automaton.last(text, is_folder)) if self._globs else found

    @cached_property
    def _automaton(self) -> _Automaton:
        globs = sorted(self._globs.items(), key=lambda item: item[1])
        return _Automaton((_tokens(pattern, self._in_path), only, number) for (pattern, only), number in globs)


Token = str | frozenset[str]
"""A character, the characters of a set, `*` for any of one name, `_FOLDERS`, or `_INSIDE`. An escaped `*` is a set."""
_FOLDERS = "**/"
"""Any number of folders."""
_INSIDE = "**/ inside"
"""Behind each `_FOLDERS`: the place inside of the name of a folder."""


class _State:
    """The places in all patterns that can be reached by a text, and what follows each character that was seen then."""

    __slots__ = ("bits", "following")

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.following: dict[str, _State] = {}


class _Automaton:
    """Many patterns, matched at once: a bit stands for the place before a token of one of them.

    For a text each character costs a few operations on all bits, and nothing where the same followed before.
    """

    def __init__(self, patterns: Iterable[tuple[Sequence[Token] | None, bool, int]]) -> None:
        self._places: defaultdict[Token, list[int]] = defaultdict(list)
        self._masks: dict[str, int] = {}
        self._numbers: dict[int, int] = {}
        starts, ends, folder_ends = list[int](), list[int](), list[int]()
        place = 0
        for tokens, folders_only, number in patterns:
            if tokens is None:
                continue
            starts.append(place)
            for at, token in enumerate(tokens, place):
                self._places[token].append(at)
            place += len(tokens)
            (folder_ends if folders_only else ends).append(place)
            self._numbers[place] = number
            place += 1
        self._size = place
        self._stars, self._folders = (self._bits(self._places.pop(token, [])) for token in ("*", _FOLDERS))
        self._sets = [(token, places) for token, places in self._places.items() if isinstance(token, frozenset)]
        self._ends = self._bits(ends)
        self._any_ends = self._ends | self._bits(folder_ends)
        self._start = _State(self._closed(self._bits(starts)))
        self._states: dict[int, _State] = {}

    def last(self, text: str, is_folder: bool) -> int:
        """The number of the last matching pattern, -1 if none matches."""
        state = self._start
        for char in text:
            following = state.following.get(char)
            state = self._following(state, char) if following is None else following
            if not state.bits:
                return -1
        ends = state.bits & (self._any_ends if is_folder else self._ends)
        return self._numbers[ends.bit_length() - 1] if ends else -1

    def _following(self, state: _State, char: str) -> _State:
        bits, inside = state.bits, self._folders << 1
        after = (bits & self._mask(char)) << 1
        if char == "/":
            after |= (bits & inside) >> 1 | bits & self._folders
        else:
            after |= bits & (self._stars | inside) | (bits & self._folders) << 1
        after = self._closed(after)
        known = self._states.get(after)
        if known is None:
            if len(self._states) * self._size > _KEPT:
                self._states.clear()
                self._start.following.clear()
            known = self._states[after] = _State(after)
        state.following[char] = known
        return known

    def _closed(self, bits: int) -> int:
        """With the places behind what can match nothing."""
        bits |= (bits & self._folders) << 2
        return bits | (bits & self._stars) << 1

    def _mask(self, char: str) -> int:
        """The places before a token that matches the character; a slash is matched by itself only."""
        mask = self._masks.get(char)
        if mask is None:
            sets = self._sets if char != "/" else ()
            places = [place for chars, those in sets if char in chars for place in those]
            mask = self._masks[char] = self._bits(self._places.get(char, []) + places)
        return mask

    def _bits(self, places: Iterable[int]) -> int:
        bits = bytearray(self._size // 8 + 1)
        for place in places:
            bits[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(bits, "little")


def _tokens(pattern: str, in_path: bool) -> Sequence[Token] | None:
    """The tokens of a pattern; None for one that matches nothing.

    As in git, what follows the text before the first special character is a pattern of its own: that of `a**/b` begins
    with a `**`.
    """
    if "**" not in pattern:
        return _with_sets(pattern)
    special = _SPECIAL.search(pattern)
    start = pattern[: special.start()] if special else pattern
    read = _with_sets(pattern[len(start) :])
    if read is None:
        return None
    tokens: list[Token] = [*start]
    segments = read.split("/") if isinstance(read, str) else _split(read, "/")
    for number, segment in enumerate(segments, 1):
        is_last = number == len(segments)
        if in_path and len(segment) > 1 and set(segment) == {"*"}:
            if tokens[-1:] != [_INSIDE]:
                tokens += (_FOLDERS, _INSIDE)
            segment = "*" if is_last else ""  # at the end it needs a name
        elif not is_last:
            segment = [*segment, "/"]
        before: Token = ""
        for token in segment:
            if token != "*" or before != "*":
                tokens.append(token)
            before = token
    return tokens


def _split(tokens: Sequence[Token], separator: str) -> list[Sequence[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token == separator:
            parts.append([])
        else:
            parts[-1].append(token)
    return [*parts]


def _with_sets(pattern: str) -> Sequence[Token] | None:
    """The tokens of a pattern, with a `*` for each of `**`; None if a set is malformed."""
    return _read(pattern) if _SPECIAL_BUT_STAR.search(pattern) else pattern


def _read(pattern: str) -> list[Token] | None:
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
    plain = _PLAIN_SET.match(pattern, at)
    if plain is not None:
        return frozenset(plain[1]), plain.end()
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
