"""Whitespace between the elements of a bracket, as libcst has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # its first import takes 200 ms, so it is imported when the change of a fix is computed
    import libcst

    Whitespace = libcst.BaseParenthesizableWhitespace


def own_line(indentation: str) -> libcst.ParenthesizedWhitespace:
    """A line end and the indentation of the next line."""
    import libcst

    return libcst.ParenthesizedWhitespace(last_line=libcst.SimpleWhitespace(indentation))


def comma(after: Whitespace) -> libcst.Comma:
    import libcst

    return libcst.Comma(whitespace_after=after)


def divided(tail: Whitespace, between: Whitespace) -> tuple[Whitespace, Whitespace]:
    """What stands after the last old element and after the new ones, where `tail` stood after the old one.

    A comment in it stays beside the old element if the new ones are on lines of their own.
    """
    import libcst

    if isinstance(tail, libcst.ParenthesizedWhitespace) and isinstance(between, libcst.ParenthesizedWhitespace):
        closing = tail.with_changes(first_line=libcst.TrailingWhitespace(), empty_lines=[])
        return tail.with_changes(last_line=between.last_line), closing
    return between, tail
