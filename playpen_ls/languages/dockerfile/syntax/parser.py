"""Splits a Dockerfile into instructions, at the same places as BuildKit's parser.

Lines end at `\\n` only: a `\\r` before it is dropped, a lone `\\r` is an ordinary character. For error
recovery, two constructs deviate from BuildKit and report a problem: a heredoc without its terminator
ends before the next instruction, and so does a line continuation that runs into one. Both occur while
a file is being typed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from playpen_ls.languages.dockerfile.syntax.heredoc import HeredocWord, heredocs_of
from playpen_ls.languages.dockerfile.syntax.raw import KEYWORD, KEYWORDS, SPACE, Directive, Heredoc, RawInstruction
from playpen_ls.languages.model import Comment, Problem
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_OPENS_HEREDOCS = regex(r"[\t\v\f\r ]*(?:ONBUILD[\t\v\f\r ]+)?(?:ADD|COPY|RUN)[\t\v\f\r ]", re.IGNORECASE)
_DIRECTIVE = regex(r"#\s*(?P<key>[a-zA-Z][a-zA-Z0-9]*)\s*=\s*(?P<value>.+?)\s*$")
_DIRECTIVES = frozenset(("syntax", "escape", "check"))
_AWAITS_CMD = regex(r"HEALTHCHECK(?:[\t\v\f\r ]+--\S+)*[\t\v\f\r ]*", re.IGNORECASE)
_STARTS_INSTRUCTION = regex(rf"(?P<keyword>{'|'.join(sorted(KEYWORDS))})[ \t]+[^\s=]", re.IGNORECASE)


class Terminators:
    """Finds the lines of a text that end a heredoc."""

    def __init__(self, text: str) -> None:
        self._text = text

    def below(self, word: HeredocWord, at: int) -> int:
        """The offset of the terminator line of a heredoc whose body starts at `at`, -1 if there is none."""
        if "_lines_by_text" not in self.__dict__:
            indentation = "\t*" if word.chomps else ""
            match = re.compile(rf"^{indentation}{re.escape(word.name)}\r*$", re.MULTILINE).search(self._text, at)
            if match is not None:
                return match.start()
        # If heredocs have no terminator, searching the whole text for each would take quadratic time.
        names = (word.name, "\t" + word.name) if word.chomps else (word.name,)
        lines = (self._lines_by_text.get(name, []) for name in names)
        found = [starts[number] for starts in lines if (number := bisect_left(starts, at)) < len(starts)]
        return min(found, default=-1)

    @cached_property
    def _lines_by_text(self) -> dict[str, list[int]]:
        """The offsets of lines by their text; several leading tabs are reduced to one."""
        found: dict[str, list[int]] = {}
        at = 0
        for line in self._text.split("\n"):
            text = line.rstrip("\r")
            if text[:1] == "\t":
                text = "\t" + text.lstrip("\t")
            found.setdefault(text, []).append(at)
            at += len(line) + 1
        return found


class Reader:
    """Reads instructions from `start` on, which is the start of the text or of a FROM.

    `escape` is the escape character in effect; None at the start of a file, where parser directives can set it.
    What it comes across is collected: directives, comments, problems. `seen` is the end of what it has looked at,
    len(text) + 1 if the end of the text. `interrupted` is the keyword of the last instruction as written if that
    begins where the line before asks for a continuation, else "".
    """

    def __init__(
        self, text: str, start: int = 0, escape: str | None = None, terminators: Terminators | None = None
    ) -> None:
        self.text = text
        self.escape = escape or "\\"
        self.directives: list[Directive] = []
        self.comments: list[Comment] = []
        self.problems: list[Problem] = []
        self.seen = start
        self.interrupted = ""
        self._interrupts = ""
        self._directives_over = escape is not None
        self._terminators = terminators or Terminators(text)
        self._at = start  # offset of the next line

    def instructions(self) -> Iterator[RawInstruction]:
        text, size, escape = self.text, len(self.text), self.escape
        while self._at < size:
            line = self._line()
            body = line.lstrip(SPACE)
            if body and body[0] != "#":
                self._directives_over, escape = True, self.escape
                end = self._at + len(line)
                start = end - len(body)
                self.interrupted, self._interrupts = self._interrupts, ""
                if escape in line or "<<" in line or line[-1] == "\r":
                    yield self._instruction(start)
                else:
                    self._at = end + 1
                    yield RawInstruction(text, [(start, end)], end)
                continue
            if body:
                start = self._at + len(line) - len(body)
                span = Span(start, start + len(body.rstrip("\r")))
                self._directives_over = self._directives_over or not self._directive(span)
                self.comments.append(Comment(span, text[span.start : span.end], True))
            else:
                self._directives_over = True
            self._at += len(line) + 1

    def _line(self) -> str:
        """The next line, without its line end."""
        end = self.text.find("\n", self._at)
        if end < 0:
            end = len(self.text)
        if end >= self.seen:
            self.seen = end + 1
        return self.text[self._at : end]

    def _directive(self, span: Span) -> bool:
        match = _DIRECTIVE.match(self.text, span.start, span.end)
        key = match["key"].lower() if match else ""
        if match is None or key not in _DIRECTIVES:
            return False
        value, value_span = match["value"], Span(match.start("value"), match.end("value"))
        if any(directive.key == key for directive in self.directives):
            self.problems.append(Problem(span, f"duplicate parser directive `{key}`"))
        elif key == "escape" and value not in ("\\", "`"):
            message = f"invalid escape character `{value}`; use `\\` or a backtick"
            self.problems.append(Problem(value_span, message))
        elif key == "escape":
            self.escape = value
        self.directives.append(Directive(key, value, span, value_span))
        return True

    def _instruction(self, start: int) -> RawInstruction:
        """Reads the instruction at `start`, which is on the next line."""
        text, escape = self.text, self.escape
        segments: list[tuple[int, int]] = []
        while True:
            line = self._line()
            end = self._at + len(line)
            tail = line.rstrip("\t \r") if "\r" not in line else line.rstrip("\r").rstrip("\t ")
            continued = tail.endswith(escape) and (self._at + len(tail) - 1 == start or tail[-2:-1] != escape)
            segments.append((start, self._at + len(tail) - 1) if continued else (start, end))
            line_end = end - len(line) + len(line.rstrip("\r"))
            self._at = end + 1
            if not continued or not self._to_continuation(segments):
                break
            start = self._at
        start, end = segments[-1]
        segments[-1] = (start, min(end, line_end))
        raw = RawInstruction(text, segments, line_end)
        if "<<" in raw.logical and _OPENS_HEREDOCS.match(raw.logical):
            self._heredocs(raw)
        return raw

    def _to_continuation(self, segments: list[tuple[int, int]]) -> bool:
        """Advances to the line that continues the instruction, over comments and blank lines; False if none does."""
        while self._at < len(self.text):
            line = self._line()
            body = line.lstrip(SPACE)
            if body and body[0] != "#":
                return not self._runs_into_instruction(body if body is line else "", segments)
            if body:
                span = Span(self._at + len(line) - len(body), self._at + len(line.rstrip("\r")))
                self.comments.append(Comment(span, self.text[span.start : span.end], True))
            self._at += len(line) + 1
        self.seen = len(self.text) + 1
        return False

    def _runs_into_instruction(self, line: str, segments: list[tuple[int, int]]) -> bool:
        match = _STARTS_INSTRUCTION.match(line)
        if match is None:
            return False
        keyword = KEYWORD.match(self.text, segments[0][0])["keyword"]  # type: ignore[index]
        before = "".join([self.text[start:end] for start, end in segments])
        # The keyword can be part of a quoted SQL statement, or of text that is being typed.
        if match["keyword"].isupper() != keyword.isupper() or not keyword.isalpha():
            return False
        if before.count('"') % 2 or before.count("'") % 2:
            return False
        if _AWAITS_CMD.fullmatch(before) and match["keyword"].upper() == "CMD":
            return False
        self._interrupts = match["keyword"]
        self.problems.append(interruption(keyword, segments[-1][1], self._interrupts))
        return True

    def _heredocs(self, raw: RawInstruction) -> None:
        found: list[Heredoc] = []
        for word in heredocs_of(raw.logical):
            start, self._at = self._at, self._terminators.below(word, self._at)
            if self._at < 0:
                self._unterminated(raw, word.name, found, start)
                return
            found.append(Heredoc(word.name, word.chomps, word.expands, Span(start, self._at)))
            line = self._line()
            raw.end = self._at + len(line.rstrip("\r"))
            self._at += len(line) + 1
        raw.heredocs = tuple(found)

    def _unterminated(self, raw: RawInstruction, name: str, found: list[Heredoc], start: int) -> None:
        self.problems.append(Problem(Span(raw.start, raw.head_end), f"heredoc has no terminator line `{name}`"))
        size = len(self.text)
        self._at, self.seen = start, size + 1
        while self._at < size:
            line = self._line()
            match = _STARTS_INSTRUCTION.match(line)
            if match and match["keyword"].isupper() == raw.keyword.isupper():
                break
            if line.strip(SPACE):
                raw.end = self._at + len(line.rstrip("\r"))
            self._at += len(line) + 1
        found.append(Heredoc(name, False, True, Span(min(start, size), min(self._at, size))))
        raw.heredocs = tuple(found)


def interruption(keyword: str, at: int, below: str) -> Problem:
    """The problem that a line continuation at `at` runs into another instruction."""
    return Problem(Span(at, at + 1), f"line continuation makes the `{below}` instruction below part of `{keyword}`")
