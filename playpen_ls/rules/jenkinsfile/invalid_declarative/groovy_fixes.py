"""Fixes for what Groovy's parser rejects."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from playpen_ls.api.file_view import FileView
from playpen_ls.api.finding import Fix, Refused
from playpen_ls.languages.jenkinsfile.edits.change import whole_file_change
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.tree import Statement
from playpen_ls.languages.jenkinsfile.validator import Fault
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

# A backslash that Groovy needs before a quote or a dollar sign, or that is escaped, is as its writer wants it.
_ESCAPED = regex(r"\\(?:[\\'\"$]|(\S))")


def groovy_fixes(file: FileView, number: int, fault: Fault) -> tuple[Fix, ...]:
    kind, text, safe = fault.kind.removeprefix("Groovy."), fault.text, False
    edits: Callable[[Jenkinsfile, Span], list[Edit]]
    if kind == "comment":
        title, edits, safe = "Begin the comment with `//`", _replaced("//"), True
    elif kind == "space":
        title, edits, safe = "Replace the no-break space with a space", _replaced(" "), True
    elif kind in ("escape", "unicode"):
        title, edits = f"Escape the backslash of `{text}`, and others of its word", _escaped_word
    elif kind == "dollar":
        title, edits = "Escape the dollar sign: `\\$`", _escaped
    elif kind == "comma":
        title, edits = "Insert the missing comma", _with_comma
    elif kind == "key":
        title, edits = "Quote the key", _replaced(f"'{text}'")
    elif kind == "elseif":
        title, edits = "Replace it with `else if`", _replaced("else if")
    elif kind == "line":
        title, edits = f"Move `{text}` to the end of the line before", _moved_up
    elif kind == "parentheses":
        title, edits = "Put the arguments in parentheses", _in_parentheses
    else:
        return ()

    def change(model: Jenkinsfile) -> list[Edit]:
        return edits(model, fault.span.shifted(model.chunks[number].begins))

    return (Fix(title, whole_file_change(file, change), safe=safe),)


def _replaced(text: str) -> Callable[[Jenkinsfile, Span], list[Edit]]:
    return lambda _, span: [Edit(span.start, span.end, text)]


def _with_escapes(file: Jenkinsfile, span: Span) -> StringLiteral:
    """The string around a place. Raises Refused if it is of a kind that has no escapes."""
    literal = file.tree.string_around(span.start)
    if literal is None or literal.quote in ("/", "$/"):
        raise Refused("a slashy string has no escape for it")
    return literal


def _escaped(file: Jenkinsfile, span: Span) -> list[Edit]:
    _with_escapes(file, span)
    return [Edit(span.start, span.start, "\\")]


def _escaped_word(file: Jenkinsfile, span: Span) -> list[Edit]:
    """Who writes `.\\node_modules\\.bin` means no line end: `\\n` is escaped with the rest."""
    literal, text = _with_escapes(file, span), file.source.text
    start, end = span.start, span.end
    while start > literal.inside.start and not text[start - 1].isspace():
        start -= 1
    while end < literal.inside.end and not text[end].isspace():
        end += 1
    found = (match.start() for match in _ESCAPED.finditer(text, start, end) if match[1] is not None)
    return [Edit(at, at, "\\") for at in found if not any(hole.start <= at < hole.end for hole in literal.holes)]


def _before(file: Jenkinsfile, offset: int) -> int:
    """The end of the last token before an offset that is not a line end."""
    tokens = file.tree.tokens
    at = bisect_left(tokens, offset, key=lambda token: token[1]) - 1
    while at >= 0 and tokens[at][0] == "\n":
        at -= 1
    return tokens[at][2] if at >= 0 else 0


def _with_comma(file: Jenkinsfile, span: Span) -> list[Edit]:
    tokens = file.tree.tokens
    here = bisect_left(tokens, span.start, key=lambda token: token[1])
    named = here + 1 < len(tokens) and tokens[here + 1][0] == ":"
    if named and here > 1 and tokens[here - 1][0] == "name" and tokens[here - 2][0] == ",":
        raise Refused(f"`{tokens[here - 1][3]}` before it is no argument of its own")
    at = _before(file, span.start)
    return [Edit(at, at, ",")]


def _moved_up(file: Jenkinsfile, span: Span) -> list[Edit]:
    at, text = _before(file, span.start), file.source.text
    end = span.end
    while text[end : end + 1] in (" ", "\t"):
        end += 1
    return [Edit(at, at, f" {text[span.start : span.end]}"), Edit(span.start, end, "")]


def _in_parentheses(file: Jenkinsfile, span: Span) -> list[Edit]:
    statement = _statement_around(file, span.start)
    if statement is None or any(True for _ in statement.blocks()):
        raise Refused("the call has a closure")
    return [Edit(_before(file, span.start), span.start, "("), Edit(statement.end, statement.end, ")")]


def _statement_around(file: Jenkinsfile, offset: int) -> Statement | None:
    """The innermost statement around an offset."""
    found = None
    for statement in file.statements:
        if statement.start > offset:
            break
        if offset < statement.end:
            found = statement
    return found
