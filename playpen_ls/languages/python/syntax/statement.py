"""One parsed statement of a file, with offsets relative to its own text.

It does not depend on the rest of the file, so it can be cached by its text.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playpen_ls.languages.python.syntax.bindings import Binding, bindings_of, member_bindings, texts_of
from playpen_ls.languages.python.syntax.heads import bindings_by_head, holds_text
from playpen_ls.languages.python.syntax.nodes import is_main_guard, statements_in
from playpen_ls.languages.python.syntax.outline import outlined
from playpen_ls.languages.python.syntax.prefilter import look
from playpen_ls.languages.python.syntax.statements import CLASS_LINE
from playpen_ls.text.span import Span

_COMMENT_OR_STRING = re.compile(
    r"#[^\n]*"
    r"|\"\"\"(?:[^\\]|\\.)*?(?:\"\"\"|\Z)|'''(?:[^\\]|\\.)*?(?:'''|\Z)"
    r"|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?",
    re.DOTALL,
)
_BLANK_BODY = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z))*")


@contextmanager
def quiet() -> Iterator[None]:
    """Ignore the warnings of `ast.parse`, such as for invalid escapes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Parsed:
    """A statement. `header` (the class line of a member) precedes the text when it is parsed; offsets do not count it.

    `look` is the result of the text filter, see `idle`. A `lazy` statement is parsed when more than its bindings is
    needed.
    """

    def __init__(self, text: str, header: str = "") -> None:
        self.text = text
        self.header = header
        self._lines: list[int] | None = None
        self._ascii = text.isascii()
        self._comments: tuple[tuple[Span, bool], ...] | None = None
        self._statements: tuple[Span, ...] | None = None
        self._mentions: tuple[Sequence[str], bool] = ((), False)
        self._tree: ast.Module | None = None
        self._broken: bool | None = None
        self._outline: tuple[ast.stmt, ...] | None = None
        self.bindings: tuple[Binding, ...] = ()
        self.guards_main = False
        self._texts: tuple[tuple[str, str], ...] | None = () if header else None
        self.look = look(text)
        known = None if header else bindings_by_head(text)
        self.lazy = known is not None or (bool(header) and self.look.idle)
        if known is not None:
            self.bindings = known
        elif not self.lazy:
            self._read()

    def _read(self) -> None:
        tree = self._tree = _parse(self.text, self.header)
        self._broken = tree is None
        if tree is not None:
            if not self.header:
                self._outline = tuple(map(outlined, tree.body))
            self.bindings = tuple(bindings_of(tree.body)) if not self.header else tuple(member_bindings(tree))
            self.guards_main = any(is_main_guard(statement) for statement in tree.body)

    @property
    def broken(self) -> bool:
        if self._broken is None:
            self.tree()
        return bool(self._broken)

    @property
    def known_broken(self) -> bool:
        """Whether a parse has failed; an idle statement is not parsed, so its syntax errors stay unknown."""
        return self._broken is True

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """(name, value) of the string constants that the statement assigns."""
        if self._texts is None:
            self._texts = tuple(texts_of(self.tree().body)) if holds_text(self.text) else ()
        return self._texts

    @property
    def outline(self) -> tuple[ast.stmt, ...]:
        """Outlines of the statements, see `outlined`; empty for members of a class."""
        if self._outline is None:
            self._outline = () if self.header else tuple(map(outlined, self.tree().body))
        return self._outline

    def tree(self) -> ast.Module:
        """The syntax tree, parsed again if it was dropped; empty if the text has a syntax error."""
        if self._tree is None and not self._broken:
            with quiet():
                self._tree = _parse(self.text, self.header)
            self._broken = self._tree is None
        return self._tree or ast.Module([], [])

    def let_go(self) -> None:
        """Drop the tree: trees are large, and the garbage collector traverses them."""
        self._tree = None

    def body(self) -> list[ast.stmt]:
        """The statements of the text itself, without the class of its header."""
        body = self.tree().body
        return body[0].body if self.header and body and isinstance(body[0], ast.ClassDef) else body

    def offset(self, line: int, column: int) -> int:
        """The offset of an `ast` position (line from 1, column in UTF-8 bytes)."""
        if self._lines is None:
            self._lines = [0, *(match.end() for match in re.finditer("\n", self.text))]
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
                for match in _COMMENT_OR_STRING.finditer(self.text):
                    if match[0][0] == "#":
                        line = self.text.rfind("\n", 0, match.start()) + 1
                        end = match.start() + len(match[0].rstrip("\r"))
                        found.append((Span(match.start(), end), not self.text[line : match.start()].strip()))
            self._comments = tuple(found)
        return self._comments

    def mentions(self, marks: Sequence[str]) -> bool:
        """Whether the text has a `#` and one of these lower-case words, ignoring case. Caches the last answer."""
        known, answer = self._mentions
        if known is not marks:
            text = self.text.lower() if "#" in self.text else ""
            answer = any(mark in text for mark in marks)
            self._mentions = (marks, answer)
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


def _parse(text: str, header: str) -> ast.Module | None:
    try:
        return ast.parse(header + text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    line = CLASS_LINE.match(text)
    if line and _BLANK_BODY.fullmatch(text, line.end()):
        tree = _parse(text[: line.end()] + "    pass\n", header)  # a class whose members are in other chunks
        if tree is not None:
            tree.body[0].body.clear()  # type: ignore[attr-defined]
        return tree
    return None
