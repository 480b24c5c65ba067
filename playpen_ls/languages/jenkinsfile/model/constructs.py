"""The construct that an ignore comment covers, and the one that it can be written above."""

from __future__ import annotations

from bisect import bisect_left

from playpen_ls.languages.jenkinsfile.syntax.tree import Statement, Tree
from playpen_ls.text.span import Span


def construct_after(tree: Tree, offset: int) -> Span | None:
    """The next statement; inside brackets the rest of the list element, or of its line.

    None if there is none in the text of the tree, or if it does not end there.
    """
    tokens = tree.tokens
    index = bisect_left(tokens, offset, key=lambda token: token[1])
    while index < len(tokens) and tokens[index][0] in ("\n", ";", "}", ")", "]"):
        index += 1
    if index >= len(tokens):
        return None
    first = tree.structure.first
    number = bisect_left(first, index)
    if number < len(first) and first[number] == index:
        statement = Statement(tree, number)
        return None if _opens_frame(statement) else statement.span
    return _element(tree, index)


def _element(tree: Tree, index: int) -> Span | None:
    """From the token to the next comma or enclosing closing bracket."""
    at, end = index, tree.tokens[index][2]
    while at < len(tree.tokens) and tree.tokens[at][0] not in (",", ")", "]", "}", "\n", ";"):
        if at == tree.structure.frame_at:
            return None
        close = tree.partner[at]
        at = close if close > at else at
        end = tree.tokens[at][2]
        at += 1
    return Span(tree.tokens[index][1], end)


def construct_at(tree: Tree, offset: int) -> Span | None:
    """The innermost statement around `offset` that starts its line; None if it does not end in the text of the tree."""
    first = tree.structure.first
    at = bisect_left(first, True, key=lambda token: tree.tokens[token][1] > offset) - 1
    while at >= 0:
        statement: Statement | None = Statement(tree, at)
        while statement is not None and statement.end < offset:
            statement = statement.block.statement
        while statement is not None:
            if tree.starts_line(statement.start):
                return None if _opens_frame(statement) else statement.span
            statement = statement.block.statement
        at -= 1
        if at < 0 or Statement(tree, at).end < offset:
            return None
    return None


def _opens_frame(statement: Statement) -> bool:
    return statement.number == 0 and statement.tree.structure.frame_at >= 0
