"""Parsing of one statement."""

from __future__ import annotations

import ast
import re
import symtable
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from playpen_ls.languages.python.syntax.newer import in_older_syntax
from playpen_ls.text.pause import pause
from playpen_ls.text.regex import regex

CLASS_LINE = regex(r"(?:@[^\n]*\n)*class\s+\w+\s*(?:\[[^\n]*?\])?\s*(?:\([^\n]*\))?\s*:[ \t]*(?:#[^\n]*)?\r?\n")
_BLANK_BODY = regex(r"(?:[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z))*")


def with_line_feeds(text: str) -> str:
    """The text with lone carriage returns replaced by line feeds; offsets are unchanged."""
    return re.sub(r"\r(?!\n)", "\n", text) if "\r" in text else text


def parse(text: str, header: str = "") -> ast.Module | None:
    """The tree of a text (see `with_line_feeds`) after its `header`; None if it has a syntax error.

    Syntax that is newer than the running Python costs the expressions that it is in, see `newer`.
    """
    pause()
    with _quiet():
        return _parsed(text, header)


def parses(text: str) -> bool:
    """Whether the running Python can parse the whole file: faster than to find the statements that it cannot parse."""
    with _quiet():
        try:
            symtable.symtable(with_line_feeds(text), "", "exec")  # reads as `ast.parse` does, but makes no objects
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _parsed(text: str, header: str) -> ast.Module | None:
    try:
        return ast.parse(header + text)
    except SyntaxError:
        older = in_older_syntax(header + text)
        if older is not None:
            try:
                return _with_tuples(ast.parse(older))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                pass
    except (ValueError, RecursionError, MemoryError):
        pass
    line = CLASS_LINE.match(text)
    if line and _BLANK_BODY.fullmatch(text, line.end()):
        tree = _parsed(text[: line.end()] + "    pass\n", header)  # a class whose members are in other chunks
        if tree is not None:
            tree.body[0].body.clear()  # type: ignore[attr-defined]
        return tree
    return None


def _with_tuples(tree: ast.Module) -> ast.Module:
    """The tree with tuples in `except A| B:`, which is no older syntax but was written in place of `except A, B:`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.BinOp):
            kinds: list[ast.expr] = []
            kind: ast.expr = node.type
            while isinstance(kind, ast.BinOp):
                kinds.insert(0, kind.right)
                kind = kind.left
            node.type = ast.copy_location(ast.Tuple([kind, *kinds], ast.Load()), node.type)
    return tree


_TEMPLATE = regex(r"\{\{.*?\}\}|\{%.*?%\}")
_OLD = regex(r"^[ \t]*(?:print[ \t]+[\w\"'%]|exec[ \t]+[\w\"']|raise[ \t]+\w+[ \t]*,)|\b\d+L\b|<>", re.MULTILINE)


def unread_reason(text: str) -> tuple[str, str]:
    """(kind of text, as in `Language.unread`, and why it probably does not parse)."""
    if _TEMPLATE.search(text):
        return "template", "a template"
    if _OLD.search(text):
        return "Python 2 file", "Python 2"
    return "", f"a syntax error, or syntax that is newer than Python {sys.version_info[0]}.{sys.version_info[1]}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Ignore the warnings of `ast.parse`, such as for invalid escapes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
