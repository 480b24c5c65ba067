"""Parsing of one statement."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

CLASS_LINE = re.compile(r"(?:@[^\n]*\n)*class\s+\w+\s*(?:\([^\n]*\))?\s*:[ \t]*(?:#[^\n]*)?\r?\n")
_BLANK_BODY = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z))*")


def with_line_feeds(text: str) -> str:
    """The text with lone carriage returns replaced by line feeds; offsets are unchanged."""
    return re.sub(r"\r(?!\n)", "\n", text) if "\r" in text else text


def parse(text: str, header: str = "") -> ast.Module | None:
    """The tree of a text (see `with_line_feeds`) after its `header`; None if it has a syntax error."""
    with _quiet():
        return _parsed(text, header)


def _parsed(text: str, header: str) -> ast.Module | None:
    try:
        return ast.parse(header + text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    line = CLASS_LINE.match(text)
    if line and _BLANK_BODY.fullmatch(text, line.end()):
        tree = _parsed(text[: line.end()] + "    pass\n", header)  # a class whose members are in other chunks
        if tree is not None:
            tree.body[0].body.clear()  # type: ignore[attr-defined]
        return tree
    return None


@contextmanager
def _quiet() -> Iterator[None]:
    """Ignore the warnings of `ast.parse`, such as for invalid escapes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
