"""Splits a Dockerfile into stages and instructions, at the same places as BuildKit's parser.

Lines end at `\\n` only: a `\\r` before it is dropped, a lone `\\r` is an ordinary character. For error
recovery, two constructs deviate from BuildKit and report a problem: a heredoc without its terminator
ends before the next instruction, and so does a line continuation that runs into one. Both occur while
a file is being typed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property

from playpen_ls.languages.dockerfile.syntax.heredoc import HeredocWord, heredocs_of
from playpen_ls.languages.dockerfile.syntax.raw import KEYWORD, KEYWORDS, SPACE, Cut, Directive, Heredoc, Piece
from playpen_ls.languages.model import Comment, Problem
from playpen_ls.text.span import Span

_OPENS_HEREDOCS = re.compile(r"[\t\v\f\r ]*(?:ONBUILD[\t\v\f\r ]+)?(?:ADD|COPY|RUN)[\t\v\f\r ]", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*(?P<key>[a-zA-Z][a-zA-Z0-9]*)\s*=\s*(?P<value>.+?)\s*$")
_DIRECTIVES = frozenset(("syntax", "escape", "check"))
_STARTS_INSTRUCTION = re.compile(rf"(?P<keyword>{'|'.join(sorted(KEYWORDS))})[ \t]+[^\s=]", re.IGNORECASE)


class Reader:
    """Parses a text from its start, or from a FROM at `start`; then `escape` is the escape character in effect."""

    def __init__(self, text: str, start: int = -1, escape: str = "\\") -> None:
        self.text = text
        self.escape = escape
        self.directives: list[Directive] = []
        self._above = start < 0  # before the first FROM
        self._at = self._start = max(start, 0)  # offset of the next line
        self._cut = Cut(self._at)

    def cuts(self) -> Iterator[Cut]:
        """The text before the first FROM, also if it is empty; then stage by stage."""
        text, size, escape = self.text, len(self.text), self.escape
        directives_over = not self._above
        while self._at < size:
            line = self._line()
            body = line.lstrip(SPACE)
            if body and body[0] != "#":
                directives_over, escape = True, self.escape
                end = self._at + len(line)
                start = end - len(body)
                if escape in line or "<<" in line or line[-1] == "\r":
                    yield from self._take(self._instruction(start))
                    continue
                self._at = end + 1
                piece = Piece(text, [(start, end)], end)
                if piece.keyword.upper() == "FROM":
                    taken = Cut(start)
                    taken.pieces.append(piece)
                    yield from self._take(taken)
                else:
                    self._cut.pieces.append(piece)
                continue
            if body:
                span = Span(self._at + len(line) - len(body), self._at + len(line.rstrip("\r")))
                directives_over = directives_over or not self._directive(span)
                self._cut.comments.append(Comment(span, text[span.start : span.end], True))
            else:
                directives_over = True
            self._at += len(line) + 1
        self._cut.text = text[self._cut.start :]
        yield self._cut

    def _take(self, taken: Cut) -> Iterator[Cut]:
        """Adds a parsed instruction; a FROM ends the current cut and starts another."""
        cut = self._cut
        if taken.pieces[0].keyword.upper() != "FROM" or not (self._above or cut.pieces):
            cut.add(taken)
            return
        cut.text = self.text[cut.start : taken.start]
        self._above, self._cut = False, taken
        yield cut

    def _line(self) -> str:
        """The next line, without its line end."""
        end = self.text.find("\n", self._at)
        return self.text[self._at : end] if end >= 0 else self.text[self._at :]

    def _directive(self, span: Span) -> bool:
        match = _DIRECTIVE.match(self.text, span.start, span.end)
        key = match["key"].lower() if match else ""
        if match is None or key not in _DIRECTIVES:
            return False
        problems, value = self._cut.problems, match["value"]
        value_span = Span(match.start("value"), match.end("value"))
        if any(directive.key == key for directive in self.directives):
            problems.append(Problem(span, f"duplicate parser directive `{key}`"))
        elif key == "escape" and value not in ("\\", "`"):
            problems.append(Problem(value_span, f"invalid escape character `{value}`; use `\\` or a backtick"))
        elif key == "escape":
            self.escape = value
        self.directives.append(Directive(key, value, span, value_span))
        return True

    def _instruction(self, start: int) -> Cut:
        """Parses the instruction at `start`, which is on the next line: a cut with only this instruction."""
        text, escape, taken = self.text, self.escape, Cut(start)
        segments: list[tuple[int, int]] = []
        while True:
            line = self._line()
            end = self._at + len(line)
            tail = line.rstrip("\t \r") if "\r" not in line else line.rstrip("\r").rstrip("\t ")
            continued = tail.endswith(escape) and (self._at + len(tail) - 1 == start or tail[-2:-1] != escape)
            segments.append((start, self._at + len(tail) - 1) if continued else (start, end))
            line_end = end - len(line) + len(line.rstrip("\r"))
            self._at = end + 1
            if not continued or not self._to_continuation(segments, taken):
                break
            start = self._at
        start, end = segments[-1]
        segments[-1] = (start, min(end, line_end))
        piece = Piece(text, segments, line_end)
        taken.pieces.append(piece)
        if "<<" in piece.logical and _OPENS_HEREDOCS.match(piece.logical):
            self._heredocs(piece, taken)
        return taken

    def _to_continuation(self, segments: list[tuple[int, int]], taken: Cut) -> bool:
        """Advances to the line that continues the instruction, over comments and blank lines; False if none does."""
        while self._at < len(self.text):
            line = self._line()
            body = line.lstrip(SPACE)
            if body and body[0] != "#":
                return not self._runs_into_instruction(body if body is line else "", segments, taken)
            if body:
                span = Span(self._at + len(line) - len(body), self._at + len(line.rstrip("\r")))
                taken.comments.append(Comment(span, self.text[span.start : span.end], True))
            self._at += len(line) + 1
        return False

    def _runs_into_instruction(self, line: str, segments: list[tuple[int, int]], taken: Cut) -> bool:
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
        at = segments[-1][1]
        message = f"line continuation makes the `{match['keyword']}` instruction below part of `{keyword}`"
        taken.problems.append(Problem(Span(at, at + 1), message))
        taken.looks_below = True
        return True

    def _heredocs(self, piece: Piece, taken: Cut) -> None:
        found: list[Heredoc] = []
        for word in heredocs_of(piece.logical):
            start, self._at = self._at, self._terminator(word)
            if self._at < 0:
                self._unterminated(piece, word.name, found, start, taken)
                return
            found.append(Heredoc(word.name, word.chomps, word.expands, Span(start, self._at)))
            line = self._line()
            piece.end = self._at + len(line.rstrip("\r"))
            self._at += len(line) + 1
        piece.heredocs = tuple(found)

    def _terminator(self, word: HeredocWord) -> int:
        """The offset of the terminator line of the heredoc, -1 if there is none."""
        if "_lines_by_text" not in self.__dict__:
            indentation = "\t*" if word.chomps else ""
            match = re.compile(rf"^{indentation}{re.escape(word.name)}\r*$", re.MULTILINE).search(self.text, self._at)
            if match is not None:
                return match.start()
        # If heredocs have no terminator, searching the whole text for each would take quadratic time.
        names = (word.name, "\t" + word.name) if word.chomps else (word.name,)
        lines = (self._lines_by_text.get(name, []) for name in names)
        found = [starts[at] for starts in lines if (at := bisect_left(starts, self._at)) < len(starts)]
        return min(found, default=-1)

    @cached_property
    def _lines_by_text(self) -> dict[str, list[int]]:
        """The offsets of lines by their text; several leading tabs are reduced to one."""
        found: dict[str, list[int]] = {}
        at = self._start
        for line in self.text[at:].split("\n"):
            text = line.rstrip("\r")
            if text[:1] == "\t":
                text = "\t" + text.lstrip("\t")
            found.setdefault(text, []).append(at)
            at += len(line) + 1
        return found

    def _unterminated(self, piece: Piece, name: str, found: list[Heredoc], start: int, taken: Cut) -> None:
        span = Span(piece.start, piece.head_end)
        taken.problems.append(Problem(span, f"heredoc has no terminator line `{name}`"))
        taken.looks_below = True
        size = len(self.text)
        self._at = start
        while self._at < size:
            line = self._line()
            match = _STARTS_INSTRUCTION.match(line)
            if match and match["keyword"].isupper() == piece.keyword.isupper():
                break
            if line.strip(SPACE):
                piece.end = self._at + len(line.rstrip("\r"))
            self._at += len(line) + 1
        found.append(Heredoc(name, False, True, Span(min(start, size), min(self._at, size))))
        piece.heredocs = tuple(found)
