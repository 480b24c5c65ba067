"""Edits of a call's arguments that leave the rest as it is written."""

from __future__ import annotations

import re

from playpen_ls.finding import Refused
from playpen_ls.languages.python.parts import Called
from playpen_ls.source import Edit

_REST = re.compile(r"(?P<blank>\s+|\\\r?\n)|(?P<comment>#[^\r\n]*)|(?P<comma>,)|(?P<close>\))")


def appended(call: Called, *arguments: str) -> Edit:
    """The edit that adds arguments behind the last one; each on its own line where the others are. Raises Refused."""
    node = call.node
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    source, end = call.model.source, call.span.end - 1
    if not given:
        return Edit(end, end, ", ".join(arguments))
    last = max(call.span_of(argument).end for argument in given)
    at, comma, comment = last, False, False
    position = last
    while position < end:
        match = _REST.match(source.text, position, end)
        if match is None:
            raise Refused("the call is written in a way that cannot be kept")
        if match.lastgroup == "close":
            at, comma = match.end(), False
        comma = comma or match.lastgroup == "comma"
        comment = comment or match.lastgroup == "comment"
        position = match.end()
    opening = call.callee_span.end
    own_lines = source.line_of(opening) != source.line_of(last) and source.line_of(last) != source.line_of(end)
    if not own_lines:
        if comment:
            raise Refused("a comment stands where the argument would go")
        return Edit(at, at, "".join(f", {argument}" for argument in arguments))
    first = min(call.span_of(argument).start for argument in given)
    indentation = source.newline + source.indentation(first)
    if not comma:
        return Edit(at, at, "".join(f",{indentation}{argument}" for argument in arguments))
    # Behind the comma and the comment of the last argument's line.
    line = source.line_span(source.line_of(at))
    text = "".join(f"{indentation}{argument}," for argument in arguments)
    if source.text.find(",", at, line.end) < 0:
        raise Refused("the call is written in a way that cannot be kept")
    return Edit(line.end, line.end, text)
