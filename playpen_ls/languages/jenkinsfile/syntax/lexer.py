"""Lexer for Groovy. Whitespace and comments are not tokens.

A string is one token, including its `${…}`. The lexer tolerates errors: an unterminated string, also
a triple-quoted one, ends at the end of its first line. It runs in linear time on malicious input:
failed scans are charged to a budget, and the nesting depth is limited.
"""

from __future__ import annotations

import re
from dataclasses import field
from sys import intern

from playpen_ls.languages.model import Problem
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

Token = tuple[str, int, int, str]
"""(kind, start, end, text). Kinds: "name", "string", "number", "\\n" for any line end; of the rest, its own text.

The text of a string token is "": take it from the source.
"""

_MASTER = regex(
    r"""(?:[ \t\f]++|\\(?:\r\n|\n|\r))*+(?:
      ([^\W\d][\w$]*+)                                                  # 1 name
    | (\r\n|\n|\r)                                                      # 2 line end
    | ([({\[\])}])                                                      # 3 bracket
    | ('(?!'')(?:[^'\\\r\n]++|\\[^\r\n])*+'
      |"(?!"")(?:[^"\\$\r\n]++|\\[^\r\n]|\$(?![{A-Za-z_]))*+")          # 4 string without a hole
    | (//[^\r\n]*+)                                                     # 5 comment
    | (\d\w*+(?:\.\d\w*+)?)                                             # 6 number
    | (\*\*=|<=>|>>>=|\.\.<|==~|===|!==|>>>|<<=|>>=|\*\*|\?\.|\*\.|\.&|\.\.|->|==|!=|<=|>=|=~|&&|\|\||\+\+|--
      |\+=|-=|\*=|%=|&=|\|=|\^=|<<|>>|\?:)                              # 7 long operator
    | ('{3}|"{3}|['"])                                                  # 8 any other string, scanned separately
    | (/|\$/)                                                           # 9 a slash: comment, slashy string or division
    | (\$[\w$]++)                                                       # 10 a name that begins with $
    | ([\s\S])                                                          # 11 anything else
    | (\Z)                                                              # 12 the end
    )""",
    re.VERBOSE,
)
# The body of a string by its delimiter, up to its end, an interpolation or an illegal line end.
_BODY = {
    "'": regex(r"(?:[^'\\\r\n]++|\\(?:\r\n|[\s\S]))*+"),
    '"': regex(r'(?:[^"\\$\r\n]++|\\(?:\r\n|[\s\S])|\$(?![{A-Za-z_]))*+'),
    "'''": regex(r"(?:[^'\\]++|\\[\s\S]|'(?!''))*+"),
    '"""': regex(r'(?:[^"\\$]++|\\[\s\S]|"(?!"")|\$(?![{A-Za-z_]))*+'),
    "/": regex(r"(?:[^/\\$]++|\\/?|\$(?![{A-Za-z_]))*+"),
    "$/": regex(r"(?:[^/$]++|/(?!\$)|\$[$/]|\$(?![{A-Za-z_$/]))*+"),
}
_CLOSER = {"$/": "/$"}
_NAMED_HOLE = regex(r"\$[A-Za-z_]\w*+(?:\.[A-Za-z_]\w*+)*+")
_CODE = regex(r"[^'\"/{}]*+")
_PLAIN = regex(r"'(?!'')(?:[^'\\\r\n]++|\\[^\r\n])*+'|\"(?!\"\")(?:[^\"\\$\r\n]++|\\[^\r\n])*+\"")
_COMMENT = regex(r"/\*(?:[^*]++|\*(?!/))*+\*/")
_LINE = regex(r"[^\r\n]*")
_PIECE = 100  # tokens of a long line that are read at a time
_DEPTH = 12  # nested `${…}`; real pipelines have two
_POOR = 200  # maximum length of a string once the budget is spent
_SLASHY = 2_000  # characters of a slashy string; a longer match is two divisions
_HOLE = 5_000  # maximum length of a one-line string with `${…}`

# After these a slash is a division (Groovy 2.4: tokens that end an expression).
_ENDS = frozenset(("name", "number", "string", ")", "]", "}", "++", "--"))
_OPENS_EXPRESSION = frozenset("return in case else instanceof assert throw as new do".split())


@dataclass
class Lexed:
    """Result of the lexer. `holes[start]` are the ranges of `${…}` and `$x` in the string at `start`."""

    tokens: list[Token] = field(default_factory=list)
    holes: dict[int, tuple[Span, ...]] = field(default_factory=dict)
    comments: list[Span] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def part(self, start: int, end: int) -> Lexed:
        """What begins between two offsets, with offsets that count from `start`."""
        return Lexed(
            [(kind, at - start, last - start, text) for kind, at, last, text in self.tokens if start <= at < end],
            {
                at - start: tuple([hole.shifted(-start) for hole in holes])
                for at, holes in self.holes.items()
                if start <= at < end
            },
            [span.shifted(-start) for span in self.comments if start <= span.start < end],
            [Problem(one.span.shifted(-start), one.message) for one in self.problems if start <= one.span.start < end],
        )


def lex(text: str) -> Lexed:
    lexer, at = Lexer(text), 0
    while at < len(text):
        at = lexer.read_line(at)
    return lexer.out


class Lexer:
    """Reads a text line by line into `out`, and long lines in several pieces.

    `seen` is the end of what was read to decide on the tokens so far, `len(text) + 1` if the end of the text was.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.out = Lexed()
        self.seen = 0
        self.budget = 1_000_000 + 4 * len(text)
        """How many characters all failed scans together can read."""

    def read_line(self, at: int) -> int:
        """Read from the start of a token to the next line end outside of strings, or to a bracket of a long line.

        Returns the offset after that.
        """
        text, tokens = self.text, self.out.tokens
        most = len(tokens) + _PIECE
        add, comment = tokens.append, self.out.comments.append
        if at == 0 and text.startswith("#!"):
            at = self._line_end(0)
            comment(Span(0, at))
        while at < len(text):
            for match in _MASTER.finditer(text, at):
                kind = match.lastindex or 12
                start, at = match.span(kind)
                if kind == 1 or kind == 10:
                    add(("name", start, at, intern(match[kind])))
                elif kind == 3 or kind == 7 or kind == 11:
                    operator = match[kind]
                    add((operator, start, at, operator))
                    if kind == 3 and len(tokens) > most:
                        self.seen = max(self.seen, at)
                        return at
                elif kind == 2:
                    add(("\n", start, at, "\n"))
                    self.seen = max(self.seen, at + 1)  # `\r` can become `\r\n`
                    return at
                elif kind == 4:
                    add(("string", start, at, ""))
                elif kind == 5:
                    comment(Span(start, at))
                elif kind == 6:
                    add(("number", start, at, match[6]))
                elif kind == 8 or kind == 9:
                    at = self._string(start, match[kind]) if kind == 8 else self._slash(start, match[9])
                    break  # continue after it
            else:
                break
        self.seen = len(text) + 1
        return len(text)

    def _line_end(self, at: int) -> int:
        return _LINE.match(self.text, at).end()  # type: ignore[union-attr]

    def _string(self, start: int, delimiter: str) -> int:
        """Add the string at `start`. Returns its end."""
        limit = len(self.text) if len(delimiter) == 3 else min(len(self.text), start + _HOLE)
        holes: list[Span] = []
        end = self._paid(start, delimiter, limit, holes)
        if end is None:
            end, holes = self._line_end(start), []
            self.out.problems.append(Problem(Span(start, start + len(delimiter)), "unterminated string"))
        self._add(start, end, holes)
        return end

    def _add(self, start: int, end: int, holes: list[Span]) -> None:
        self.out.tokens.append(("string", start, end, ""))
        if holes:
            self.out.holes[start] = tuple(holes)

    def _slash(self, start: int, delimiter: str) -> int:
        text = self.text
        if text.startswith("/*", start):
            end = self._comment(start)
            self.out.comments.append(Span(start, end))
            return end
        last = self.out.tokens[-1] if self.out.tokens else None
        if last is None or last[0] not in _ENDS or (last[0] == "name" and last[3] in _OPENS_EXPRESSION):
            holes: list[Span] = []
            end_or_none = self._paid(start, delimiter, min(len(text), start + _SLASHY), holes)
            if end_or_none is not None and end_or_none > start + 2:
                self._add(start, end_or_none, holes)
                return end_or_none
        end = start + (2 if text.startswith("/=", start) else 1)
        self.out.tokens.append((text[start:end], start, end, text[start:end]))
        return end

    def _comment(self, start: int) -> int:
        match = _COMMENT.match(self.text, start) if self.budget > 0 else None
        if match:
            return match.end()
        self._in_vain(start, len(self.text))
        self.out.problems.append(Problem(Span(start, start + 2), "unterminated comment"))
        return self._line_end(start)

    def _paid(self, start: int, delimiter: str, limit: int, holes: list[Span]) -> int | None:
        if self.budget <= 0:
            limit = min(limit, start + _POOR)
        end = self._end(start + len(delimiter), delimiter, limit, holes, 0)
        if end is None:
            self._in_vain(start, limit)
        return end

    def _in_vain(self, start: int, end: int) -> None:
        self.budget -= end - start
        self.seen = max(self.seen, end + 1)

    def _end(self, at: int, delimiter: str, limit: int, holes: list[Span] | None, depth: int) -> int | None:
        """The end of the string whose body starts at `at`; None if it is not closed before `limit`."""
        text, body, closer = self.text, _BODY[delimiter], _CLOSER.get(delimiter, delimiter)
        while True:
            at = body.match(text, at, limit).end()  # type: ignore[union-attr]
            if text.startswith(closer, at) and at + len(closer) <= limit:
                return at + len(closer)
            if at >= limit or text[at] != "$":
                return None
            if text.startswith("${", at):
                end = self._hole(at + 2, limit, depth + 1)
            else:
                named = _NAMED_HOLE.match(text, at, limit)
                end = named.end() if named else at + 1
            if end is None:
                return None
            if holes is not None:
                holes.append(Span(at, end))
            at = end

    def _hole(self, at: int, limit: int, depth: int) -> int | None:
        """The offset after the brace that closes the code at `at`; None if it is not closed before `limit`."""
        if depth > _DEPTH:
            return None
        text, opened = self.text, 1
        while True:
            at = _CODE.match(text, at, limit).end()  # type: ignore[union-attr]
            if at >= limit:
                return None
            char = text[at]
            if char == "{":
                opened += 1
            elif char == "}":
                opened -= 1
                if not opened:
                    return at + 1
            elif char != "/":
                end = self._inner_string(at, limit, depth)
                if end is None:
                    return None
                at = end
                continue
            at += 1

    def _inner_string(self, at: int, limit: int, depth: int) -> int | None:
        plain = _PLAIN.match(self.text, at, limit)
        if plain:
            return plain.end()
        quote = self.text[at]
        delimiter = quote * 3 if self.text.startswith(quote * 3, at) else quote
        return self._end(at + len(delimiter), delimiter, limit, None, depth)
