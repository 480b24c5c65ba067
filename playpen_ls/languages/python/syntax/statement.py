"""A statement of a file, read by itself: it does not depend on the rest of the file, so it is cached by its text."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from typing import Any

from playpen_ls.languages.python.syntax.bindings import Binding, bindings_of, member_bindings, returned, texts_of
from playpen_ls.languages.python.syntax.heads import (
    bindings_by_head,
    binds_members,
    class_name,
    holds_text,
    may_bind_logger,
    may_return_object,
)
from playpen_ls.languages.python.syntax.known_names import LOGGER_NAME
from playpen_ls.languages.python.syntax.nodes import is_main_guard, statements_in
from playpen_ls.languages.python.syntax.outline import outlined
from playpen_ls.languages.python.syntax.parsing import parse, with_line_feeds
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.text.words import mentions

_COMMENT_OR_STRING = regex(
    r"#[^\n]*"
    r"|\"\"\"(?:[^\\]|\\.)*?(?:\"\"\"|\Z)|'''(?:[^\\]|\\.)*?(?:'''|\Z)"
    r"|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?",
    re.DOTALL,
)


class Statement:
    """The text of a chunk, as it reads by itself: a statement with the comments after it, or a member of a long class.

    `header` (the class line of a member) precedes the text when it is parsed; offsets count from the start of the text.
    `kept` are the bindings that a half-typed statement keeps of what it was before. What follows from these three is
    cached here, but trees: they are large, and the garbage collector traverses them. A statement whose bindings its
    first line shows is not parsed for them.
    """

    def __init__(self, text: str, header: str = "", kept: tuple[Binding, ...] = ()) -> None:
        self.text = text
        self.header = header
        self.key: Hashable = (text, header, kept) if header or kept else text
        self.tells: bool | None = None
        """Whether the words of the text allow facts; None if nobody has looked."""
        self.facts: tuple[Mapping[str, str | None], tuple[Any, ...]] | None = None
        """Its facts, and the origins of names of the module that they follow from besides the text."""
        self._code = with_line_feeds(text)
        self._lines: list[int] | None = None
        self._ascii = text.isascii()
        self._comments: tuple[tuple[Span, bool], ...] | None = None
        self._statements: tuple[Span, ...] | None = None
        self._mentions: dict[str, tuple[object, bool]] = {}
        self._broken: bool | None = None
        self._outline: tuple[ast.stmt, ...] | None = None
        self.guards_main = False
        self._texts: tuple[tuple[str, str], ...] | None = () if header else None
        self._returns: tuple[tuple[str, str], ...] | None = () if header else None
        self._loggers: tuple[tuple[str, str, str | None], ...] | None = None
        known = (None if binds_members(self._code) else ()) if header else bindings_by_head(self._code)
        self.bindings: tuple[Binding, ...] = known or ()
        self.deferred = known is not None
        """Whether it need not be parsed until somebody asks for more than its bindings."""
        if known is None:
            tree = self.tree()
            self.bindings = tuple(member_bindings(tree) if header else bindings_of(tree.body))
            self.guards_main = any(is_main_guard(statement) for statement in tree.body)
        self.bindings += kept

    @property
    def broken(self) -> bool:
        if self._broken is None:
            self.tree()
        return bool(self._broken)

    @property
    def known_broken(self) -> bool:
        """True if a parse has failed; a statement that was not parsed counts as valid."""
        return self._broken is True

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """(name, value) of the string constants that the statement assigns."""
        if self._texts is None:
            self._texts = tuple(texts_of(self.tree().body)) if holds_text(self._code) else ()
        return self._texts

    @property
    def returns(self) -> tuple[tuple[str, str], ...]:
        """(function, dotted expression that it returns, see `returned`) of functions that make an object."""
        if self._returns is None:
            body = self.tree().body if may_return_object(self._code) else ()
            self._returns = tuple((one.name, value) for one in body if (value := returned(one)))  # type: ignore[attr-defined]
        return self._returns

    @property
    def loggers(self) -> tuple[tuple[str, str, str | None], ...]:
        """(class, attribute, value as in `Binding`) of attributes with the name of a logger."""
        if self._loggers is None:
            self._loggers = tuple(self._logger_attributes())
        return self._loggers

    def _logger_attributes(self) -> Iterator[tuple[str, str, str | None]]:
        name = class_name(self.header or self._code)
        if not name or not may_bind_logger(self._code):
            return
        for binding in self.bindings if self.header else member_bindings(self.tree()):
            attribute = binding.name.removeprefix("self.")
            if attribute != binding.name and LOGGER_NAME.search(attribute):
                yield name, attribute, binding.value

    @property
    def outline(self) -> tuple[ast.stmt, ...]:
        """Outlines of the statements, see `outlined`; empty for members of a class."""
        if self._outline is None:
            self._outline = () if self.header else tuple(map(outlined, self.tree().body))
        return self._outline

    def tree(self) -> ast.Module:
        """The syntax tree, parsed anew; empty if the text has a syntax error."""
        if self._broken:
            return ast.Module([], [])
        tree = parse(self._code, self.header)
        self._broken = tree is None
        return tree or ast.Module([], [])

    def body(self, tree: ast.Module | None = None) -> list[ast.stmt]:
        """The statements of the text itself, without the class of its header."""
        body = (tree or self.tree()).body
        return body[0].body if self.header and body and isinstance(body[0], ast.ClassDef) else body

    def offset(self, line: int, column: int) -> int:
        """The offset of an `ast` position (line from 1, column in UTF-8 bytes)."""
        if self._lines is None:
            self._lines = [0, *(match.end() for match in re.finditer("\n", self._code))]
        row = line - 1 - (1 if self.header else 0)
        if row >= len(self._lines):
            return len(self.text)
        start = self._lines[row]
        if self._ascii:
            return start + column
        end = self._lines[row + 1] if row + 1 < len(self._lines) else len(self.text)
        text = self.text[start:end]
        return start + (column if text.isascii() else len(text.encode()[:column].decode(errors="replace")))

    def span(self, node: ast.AST) -> Span:
        """The range of a node; a decorated definition starts at its first decorator."""
        line, column = node.lineno, node.col_offset  # type: ignore[attr-defined]
        end = self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        decorators = getattr(node, "decorator_list", None)
        if decorators:
            first = self.offset(decorators[0].lineno, decorators[0].col_offset)
            return Span(self.text.rfind("@", 0, first), end)
        return Span(self.offset(line, column), end)

    def comments(self) -> tuple[tuple[Span, bool], ...]:
        """(range, whether it is alone on its line) of each comment."""
        if self._comments is None:
            found = []
            if "#" in self.text:
                for match in _COMMENT_OR_STRING.finditer(self._code):
                    if match[0][0] == "#":
                        line = self._code.rfind("\n", 0, match.start()) + 1
                        end = match.start() + len(match[0].rstrip("\r"))
                        found.append((Span(match.start(), end), not self.text[line : match.start()].strip()))
            self._comments = tuple(found)
        return self._comments

    def has_comment_with(self, marks: Sequence[str]) -> bool:
        """Whether the text has a `#` and one of these lower-case words, ignoring case. Caches the last answer."""
        return self._cached("comments", marks, _has_comment_with)

    def mentions_any(self, names: Collection[str]) -> bool:
        """Whether it contains one of these names as a word. Caches the last answer."""
        return bool(names) and self._cached("names", names, _mentions_any)

    def _cached(self, kind: str, words: Collection[str], holds: Callable[[str, Collection[str]], bool]) -> bool:
        known, answer = self._mentions.get(kind, (None, False))
        if known is not words and known != words:
            answer = holds(self.text, words)
            self._mentions[kind] = (words, answer)
        return answer

    def statements(self) -> tuple[Span, ...]:
        """The ranges of all statements, nested ones too, sorted by start; outer ones first."""
        if self._statements is None:
            found, stack = [], list(self.body())
            while stack:
                statement = stack.pop()
                found.append(self.span(statement))
                stack += statements_in(statement)
            self._statements = tuple(sorted(found, key=lambda span: (span.start, -span.end)))
        return self._statements


def _has_comment_with(text: str, marks: Collection[str]) -> bool:
    lower = text.lower() if "#" in text else ""
    return any(mark in lower for mark in marks)


def _mentions_any(text: str, names: Collection[str]) -> bool:
    return any(mentions(text, name) for name in names)
