"""Parses the templates of Go's `text/template`.

Offsets count from the start of the template's text. Differences from Go: comments need not be alone in their action.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from typing import NamedTuple

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.text_cache import cached_by_text

DEEPEST = 100  # blocks and parentheses inside each other


class InvalidTemplate(Exception):
    """`text/template` would refuse the template. `at` is the offset of the problem."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


# Expressions


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, number, boolean or `nil`. A string has the range of its text within the quotes if it has no escapes."""

    value: str | int | float | bool | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Dot:
    start: int


@dataclass(frozen=True, slots=True)
class Variable:
    """`$` or `$name`; the name has the `$`."""

    name: str
    start: int


@dataclass(frozen=True, slots=True)
class Function:
    """A name that is called."""

    name: str
    start: int


@dataclass(frozen=True, slots=True)
class Field:
    """`.a.b` of the dot, of a variable or of a pipeline in parentheses."""

    base: Dot | Variable | Pipeline | Literal | Function
    names: tuple[str, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Command:
    """An operand, or a function or method with its arguments."""

    operands: tuple[Operand, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands, each of which is the last argument of the next one; `variables` get the result."""

    commands: tuple[Command, ...]
    variables: tuple[str, ...]
    declares: bool
    start: int


Operand = Literal | Dot | Variable | Function | Field | Pipeline


# Statements


@dataclass(frozen=True, slots=True)
class Plain:
    """Text that is written as it is; `start` and `end` are those without trimmed whitespace."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Action:
    """`{{ pipeline }}` with its braces."""

    pipeline: Pipeline
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Branch:
    """`if` or `with`."""

    word: str
    pipeline: Pipeline
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Loop:
    pipeline: Pipeline
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Call:
    """`template`, or a `block`, which calls the template that it defines."""

    name: str
    pipeline: Pipeline | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Jump:
    """`break` or `continue`."""

    word: str


Statement = Plain | Action | Branch | Loop | Call | Jump


@dataclass(frozen=True)
class Parsed:
    """A template: its statements, and the named templates that it defines."""

    body: tuple[Statement, ...]
    defined: dict[str, tuple[Statement, ...]] = field(default_factory=dict)


# Tokens


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


_TOKEN = regex(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<comment>/\*.*?\*/)
    |(?P<close>-?\}\})
    |(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    |(?P<char>'(?:[^'\\\n]|\\.[^'\n]*)')
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?\d+)?|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d+)(?:[eE][+-]?\d+)?)(?!\w))
    |(?P<field>\.[^\W\d]\w*)
    |(?P<variable>\$\w*)
    |(?P<name>[^\W\d]\w*)
    |(?P<operator>:=|=|,|\||\(|\))
    |(?P<dot>\.)""",
    re.VERBOSE | re.DOTALL,
)
_OPEN = regex(r"\{\{(?P<trim>-(?=[ \t\r\n]))?")
_SPACE = " \t\r\n"
_BLOCKS = frozenset(("if", "with", "range", "define", "block"))
_KEYWORDS = frozenset((*_BLOCKS, "end", "else", "template", "break", "continue"))


@cached_by_text(1_000_000)
def parsed(text: str) -> Parsed:
    """Parse a template. Raises InvalidTemplate."""
    return _Parser(text).template()


class _Tag(NamedTuple):
    """An action of the text: the tokens between its braces."""

    tokens: tuple[_Token, ...]
    start: int
    end: int


def _segments(text: str) -> Iterator[Plain | _Tag]:
    reached, trims = 0, False
    while True:
        opening = _OPEN.search(text, reached)
        end = opening.start() if opening else len(text)
        plain = text[reached:end]
        first = reached + (len(plain) - len(plain.lstrip(_SPACE)) if trims else 0)
        last = end - (len(plain) - len(plain.rstrip(_SPACE)) if opening and opening["trim"] else 0)
        if first < last:
            yield Plain(first, last)
        if opening is None:
            return
        tokens, reached, trims = _tokens(text, opening.end())
        yield _Tag(tuple(tokens), opening.start(), reached)


def _tokens(text: str, at: int) -> tuple[list[_Token], int, bool]:
    """The tokens of an action, the end of its braces, and whether the whitespace behind it is trimmed."""
    found: list[_Token] = []
    start = at
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise InvalidTemplate(f"unexpected character `{text[at]}`", at)
        kind = match.lastgroup or ""
        at = match.end()
        if kind == "close":
            trims = match[0].startswith("-")
            if trims and not (found and found[-1].kind in ("space", "comment")) and match.start() != start:
                raise InvalidTemplate("`-}}` without a space before it", match.start())
            return [one for one in found if one.kind != "comment"], at, trims
        found.append(_Token(kind, match[0], match.start(), at))
    raise InvalidTemplate("unclosed action", start - 2)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._segments = _segments(text)
        self._defined: dict[str, tuple[Statement, ...]] = {}

    def template(self) -> Parsed:
        body, ended = self._body(0)
        if ended is not None:
            raise InvalidTemplate("unexpected `end` or `else`", ended.start)
        return Parsed(body, self._defined)

    def _body(self, depth: int) -> tuple[tuple[Statement, ...], _Tag | None]:
        """The statements up to `end` or `else`, which is the tag; None at the end of the text."""
        if depth > DEEPEST:
            raise InvalidTemplate("nested too deeply", 0)
        found: list[Statement] = []
        for segment in self._segments:
            if isinstance(segment, Plain):
                found.append(segment)
                continue
            tokens = _Tokens(segment)
            first = tokens.peek()
            if first is None:
                continue  # a comment
            word = first.text if first.kind == "name" else ""
            if word in ("end", "else"):
                return tuple(found), segment
            if word in _KEYWORDS:
                tokens.take()
                found += self._keyword(word, tokens, segment, depth)
            else:
                found.append(Action(tokens.pipeline(), segment.start, segment.end))
                tokens.done()
        return tuple(found), None

    def _keyword(self, word: str, tokens: _Tokens, tag: _Tag, depth: int) -> Iterator[Statement]:
        if word in ("break", "continue"):
            tokens.done()
            yield Jump(word)
        elif word == "template":
            name = tokens.string()
            yield Call(name, tokens.pipeline() if tokens.peek() else None, tag.start, tag.end)
            tokens.done()
        elif word in ("define", "block"):
            name = tokens.string()
            pipeline = tokens.pipeline() if word == "block" else None
            tokens.done()
            body, ended = self._body(depth + 1)
            if ended is None or _word(ended) != ("end", ""):
                raise InvalidTemplate(f"`{word}` without `end`", tag.start)
            if name not in self._defined or not _is_empty(body, self._text):
                self._defined[name] = body
            if word == "block":
                yield Call(name, pipeline, tag.start, tag.end)
        else:
            yield self._block(word, tokens, tag, depth)

    def _block(self, word: str, tokens: _Tokens, tag: _Tag, depth: int) -> Statement:
        pipeline = tokens.pipeline(in_range=word == "range")
        tokens.done()
        body, ended = self._body(depth + 1)
        otherwise: tuple[Statement, ...] = ()
        if ended is not None and _word(ended)[0] == "else":
            also = _word(ended)[1]
            if also:
                if also not in ("if", "with"):
                    raise InvalidTemplate("unexpected word after `else`", ended.start)
                inner = _Tokens(ended)
                inner.take()
                inner.take()
                otherwise = (self._block(also, inner, ended, depth + 1),)
                return _made(word, pipeline, body, otherwise, tag.start)
            otherwise, ended = self._body(depth + 1)
        if ended is None or _word(ended) != ("end", ""):
            raise InvalidTemplate(f"`{word}` without `end`", tag.start)
        return _made(word, pipeline, body, otherwise, tag.start)


def _made(
    word: str,
    pipeline: Pipeline,
    body: tuple[Statement, ...],
    otherwise: tuple[Statement, ...],
    start: int,
) -> Statement:
    if word == "range":
        return Loop(pipeline, body, otherwise, start)
    return Branch(word, pipeline, body, otherwise, start)


def _word(tag: _Tag) -> tuple[str, str]:
    """The first two words of a tag: `else` and `if`."""
    words = [one.text for one in tag.tokens if one.kind != "space"]
    return words[0], (words[1] if len(words) > 1 else "")


def _is_empty(body: tuple[Statement, ...], text: str) -> bool:
    """A definition with whitespace only does not replace another one."""
    return all(isinstance(one, Plain) and not text[one.start : one.end].strip() for one in body)


class _Tokens:
    """The tokens of one action."""

    def __init__(self, tag: _Tag) -> None:
        self._tokens = tag.tokens
        self._at = 0
        self._tag = tag
        self._depth = 0

    def peek(self) -> _Token | None:
        """The next token that is no space."""
        while self._at < len(self._tokens) and self._tokens[self._at].kind == "space":
            self._at += 1
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def take(self) -> _Token:
        found = self.peek()
        if found is None:
            raise InvalidTemplate("unexpected end of the action", self._tag.end)
        self._at += 1
        return found

    def done(self) -> None:
        rest = self.peek()
        if rest is not None:
            raise InvalidTemplate(f"unexpected `{rest.text}`", rest.start)

    def string(self) -> str:
        token = self.take()
        if token.kind != "string":
            raise InvalidTemplate("a name in quotes is missing", token.start)
        return _string(token)

    def pipeline(self, in_range: bool = False) -> Pipeline:
        first = self.peek()
        start = first.start if first else self._tag.start
        variables, declares = self._variables(in_range)
        commands: list[Command] = []
        while True:
            commands.append(self._command())
            token = self.peek()
            if token is None or token.text != "|":
                break
            self.take()
        return Pipeline(tuple(commands), variables, declares, start)

    def _variables(self, in_range: bool) -> tuple[tuple[str, ...], bool]:
        before, names = self._at, list[str]()
        while (token := self.peek()) is not None and token.kind == "variable":
            self.take()
            names.append(token.text)
            following = self.peek()
            if following is None:
                break
            if following.text == "," and in_range and len(names) < 2:
                self.take()
                continue
            if following.text in (":=", "="):
                self.take()
                return tuple(names), following.text == ":="
            break
        self._at = before
        return (), False

    def _command(self) -> Command:
        operands: list[Operand] = []
        first = self.peek()
        while ((token := self.peek()) is not None and token.text not in ("|", ")") and token.kind != "operator") \
                or (token is not None and token.text == "("):  # fmt: skip
            operands.append(self._operand())
        if not operands:
            raise InvalidTemplate("missing value", first.start if first else self._tag.end)
        return Command(tuple(operands), operands[0].start)

    def _operand(self) -> Operand:
        token = self.take()
        base: Operand
        match token.kind:
            case "string":
                plain = token.text.startswith("`") or "\\" not in token.text
                inner = (token.start + 1, token.end - 1) if plain else (token.start, token.end)
                base = Literal(_string(token), *inner)
            case "char":
                base = Literal(ord(_unescaped(token.text[1:-1], token.start) or " "), token.start, token.end)
            case "number":
                base = Literal(_number(token), token.start, token.end)
            case "field":
                names = [token.text[1:], *self._chained()]
                return Field(Dot(token.start), tuple(names), token.start)
            case "variable":
                base = Variable(token.text, token.start)
            case "name" if token.text in ("true", "false", "nil"):
                value = None if token.text == "nil" else token.text == "true"
                base = Literal(value, token.start, token.end)
            case "name" if token.text not in _KEYWORDS:
                base = Function(token.text, token.start)
            case "dot":
                base = Dot(token.start)
            case "operator" if token.text == "(":
                self._depth += 1
                if self._depth > DEEPEST:
                    raise InvalidTemplate("nested too deeply", token.start)
                base = self.pipeline()
                self._depth -= 1
                closing = self.take()
                if closing.text != ")":
                    raise InvalidTemplate("unclosed parenthesis", token.start)
            case _:
                raise InvalidTemplate(f"unexpected `{token.text}`", token.start)
        names = self._chained()
        if not names:
            return base
        assert not isinstance(base, Field)
        return Field(base, tuple(names), token.start)

    def _chained(self) -> list[str]:
        names = []
        while self._at < len(self._tokens) and self._tokens[self._at].kind == "field":
            names.append(self._tokens[self._at].text[1:])
            self._at += 1
        return names


_ESCAPE = regex(
    r"\\(?:(?P<char>[abfnrtv\\'\"])|x(?P<hex>[0-9a-fA-F]{2})|u(?P<short>[0-9a-fA-F]{4})"
    r"|U(?P<long>[0-9a-fA-F]{8})|(?P<octal>[0-7]{3})|(?P<wrong>.?))",
    re.DOTALL,
)
_CHARACTERS = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))


def _unescaped(text: str, at: int) -> str:
    def replaced(match: re.Match[str]) -> str:
        if match["wrong"] is not None:
            raise InvalidTemplate("an invalid escape", at)
        if match["char"]:
            return _CHARACTERS[match["char"]]
        code = int(match["octal"], 8) if match["octal"] else int(match["hex"] or match["short"] or match["long"], 16)
        if code > 0x10FFFF:
            raise InvalidTemplate("an invalid escape", at)
        return chr(code)

    return _ESCAPE.sub(replaced, text) if "\\" in text else text


def _string(token: _Token) -> str:
    inner = token.text[1:-1]
    return inner.replace("\r", "") if token.text.startswith("`") else _unescaped(inner, token.start)


def _number(token: _Token) -> int | float:
    text = token.text.replace("_", "")
    digits = text.lstrip("+-").lower()
    try:
        if digits.startswith("0x") and ("p" in digits or "." in digits):
            return float.fromhex(text)
        if digits.startswith(("0x", "0b", "0o")):
            return int(text, 0)
        if digits.isdigit() and len(digits) < 20:
            if len(digits) > 1 and digits.startswith("0"):
                return int(text, 8)
            return int(text)
        return float(text)
    except ValueError:
        raise InvalidTemplate("an invalid number", token.start) from None
