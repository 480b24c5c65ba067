"""The instructions of a Dockerfile: their words, flags and forms, each with its span in the chunk."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from playpen_ls.api.file_view import FileView
from playpen_ls.languages.dockerfile.syntax.raw import SPACE, Heredoc, RawInstruction
from playpen_ls.languages.dockerfile.syntax.stage_text import StageText
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.pause import pause
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

# The characters at which BuildKit splits words, a subset of Go's unicode.IsSpace.
_WORD = regex(r"[^\t\v\f\r ]+")
_STRING = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+"'
_STRINGS = regex(rf"\[\s*(?:{_STRING}\s*(?:,\s*{_STRING}\s*)*+)?\]\s*")
_ONE_STRING = regex(_STRING)


@dataclass(frozen=True, slots=True)
class Word:
    """`text` is as written, without JSON quotes and escapes; `span` covers the word in the chunk."""

    text: str
    span: Span

    @property
    def plain(self) -> bool:
        """BuildKit uses the word unchanged: it contains no variable, quote or escape."""
        return not re.search(r"[$\"'\\`]", self.text)


@dataclass(frozen=True, slots=True)
class Flag:
    """`--name=value`; `value` is without quotes, and "" for a flag without a value."""

    name: str
    value: str
    span: Span
    value_span: Span


@dataclass(frozen=True, slots=True)
class Pair:
    """`NAME=value` of ENV, ARG and LABEL. `value` is None for an ARG without a default.

    Names and values are without quotes; their ranges exclude quotes that surround all of them.
    """

    name: str
    value: str | None
    name_span: Span
    value_span: Span


class Scope(Protocol):
    """The stage of an instruction, as far as the instruction's own words depend on it."""

    def posix_shell_at(self, instruction: Instruction, /) -> bool:
        """Whether a POSIX shell runs the instruction."""


class Instruction:
    """One instruction. Offsets named `at` are offsets in its logical text, where continued lines are joined.

    `name` is the keyword in upper case; `span` extends from the keyword to the end of the last line,
    including heredocs. Spans count from the start of the chunk, whose text is `syntax`; `index` counts the
    instructions of the chunk from 0. `scope` is None before the first FROM. `onbuild` is the ONBUILD that
    contains the instruction, or None.
    """

    def __init__(
        self,
        syntax: StageText,
        raw: RawInstruction,
        index: int,
        file: FileView | None = None,
        scope: Scope | None = None,
        onbuild: Instruction | None = None,
    ) -> None:
        self.syntax = syntax
        self.raw = raw
        self.index = index
        self.scope = scope
        self.onbuild = onbuild
        self.logical = raw.logical
        self.keyword = raw.keyword
        self.name = raw.keyword.upper()
        self._file = file

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.logical!r})"

    @property
    def file(self) -> FileView:
        """The way to the rest of the file, which only the parts that rules look at have."""
        assert self._file is not None, f"{self!r} is not a part"
        return self._file

    @property
    def source(self) -> Source:
        """The text of the chunk, with its lines."""
        return self.syntax.source

    @property
    def span(self) -> Span:
        return self.raw.span

    @property
    def heredocs(self) -> tuple[Heredoc, ...]:
        return self.raw.heredocs

    @property
    def keyword_span(self) -> Span:
        at = self._keyword_at
        return self.place(at, at + len(self.keyword))

    @property
    def words_span(self) -> Span:
        """From the keyword to the end of the last word, without heredoc bodies and a trailing `\\`."""
        return self.place(self._keyword_at, len(self.logical.rstrip(SPACE)))

    @property
    def _keyword_at(self) -> int:
        return len(self.logical) - len(self.logical.lstrip(SPACE))

    def offset(self, at: int) -> int:
        """The offset in the chunk of the character at `at` in the logical text."""
        if not self.raw.is_continued:
            return self.raw.start + at
        index = max(bisect_right(self._starts, at) - 1, 0)
        return self.raw.segments[index][0] + at - self._starts[index]

    def place(self, start: int, end: int) -> Span:
        """The span in the chunk of `logical[start:end]`."""
        if not self.raw.is_continued:
            return Span(self.raw.start + start, self.raw.start + max(start, end))
        if start >= end:
            at = self.offset(start) if start < len(self.logical) else self.raw.segments[-1][1]
            return Span(at, at)
        return Span(self.offset(start), self.offset(end - 1) + 1)

    @cached_property
    def _starts(self) -> list[int]:
        starts, reached = [], 0
        for start, end in self.raw.segments:
            # An empty segment contains no character: the next one starts at the same offset and is used.
            starts.append(reached)
            reached += end - start
        return starts

    @cached_property
    def _flags(self) -> tuple[tuple[Flag, ...], int]:
        """The flags, and the offset of the arguments."""
        logical, flags = self.logical, list[Flag]()
        at = _beyond_space(logical, self._keyword_at + len(self.keyword))
        while logical.startswith("--", at):
            end, text = _flag_word(logical, at, self.syntax.escape)
            if text == "--":
                return tuple(flags), _beyond_space(logical, end)
            name, equals, value = text[2:].partition("=")
            value_start = at + 3 + len(name) if equals and logical[at + 2 : at + 2 + len(name)] == name else at
            flags.append(Flag(name, value, self.place(at, end), self.place(value_start, end)))
            at = _beyond_space(logical, end)
        return tuple(flags), at

    @property
    def flags(self) -> tuple[Flag, ...]:
        return self._flags[0]

    def flag(self, name: str) -> Flag | None:
        return next((flag for flag in self.flags if flag.name == name), None)

    @property
    def arguments_at(self) -> int:
        """The offset of the text after keyword and flags."""
        return self._flags[1]

    @cached_property
    def arguments(self) -> str:
        """The text after keyword and flags, continued lines joined, without surrounding whitespace."""
        return self.logical[self.arguments_at :].rstrip(SPACE)

    @property
    def arguments_span(self) -> Span:
        return self.place(self.arguments_at, self.arguments_at + len(self.arguments))

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The arguments split at whitespace; the strings of the JSON form."""
        pause()  # a rule can look at all instructions of a file
        if self.json is not None:
            return self.json
        return tuple(self._cut())

    def _cut(self) -> Iterator[Word]:
        for match in _WORD.finditer(self.logical, self.arguments_at, self.arguments_at + len(self.arguments)):
            yield Word(match[0], self.place(match.start(), match.end()))

    @cached_property
    def json(self) -> tuple[Word, ...] | None:
        """The words of the JSON form, None for other forms."""
        return self.json_behind(self.arguments_at)

    def json_behind(self, at: int) -> tuple[Word, ...] | None:
        if not self.logical.startswith("[", at) or not _STRINGS.fullmatch(self.logical, at):
            return None
        return tuple(
            Word(json.loads(match[0]), self.place(match.start(), match.end()))
            for match in _ONE_STRING.finditer(self.logical, at)
        )

    def fragment(self, start: int, end: int) -> Fragment:
        """A range of the logical text as a Fragment, which maps its offsets to the chunk."""
        if not self.raw.is_continued:
            at = self.raw.start
            return Fragment(self.logical[start:end], range(at + start, at + end), range(at + start + 1, at + end + 1))
        starts = list(chain.from_iterable(range(*segment) for segment in self.raw.segments))[start:end]
        return Fragment(self.logical[start:end], starts, [offset + 1 for offset in starts])


def _beyond_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in SPACE:
        at += 1
    return at


def _flag_word(text: str, at: int, escape: str) -> tuple[int, str]:
    """The end of the flag at `at`, and its text without quotes and escapes."""
    pieces, quote, end = [], "", len(text)
    while at < end:
        char = text[at]
        if char == escape:
            pieces.append(text[at + 1 : at + 2])
            at += 1
        elif quote:
            if char == quote:
                quote = ""
            else:
                pieces.append(char)
        elif char in "'\"":
            quote = char
        elif char in SPACE:
            break
        else:
            pieces.append(char)
        at += 1
    return min(at, end), "".join(pieces)
