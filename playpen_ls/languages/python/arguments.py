"""Edits of a call's arguments that leave the rest as it is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from playpen_ls.finding import Refused
from playpen_ls.languages.python.parts import Called
from playpen_ls.source import Edit

if TYPE_CHECKING:
    import libcst

_REST = re.compile(r"(?P<blank>\s+|\\\r?\n)|(?P<comment>#[^\r\n]*)|(?P<comma>,)|(?P<close>\))")


def appended(call: Called, *arguments: str) -> Edit:
    """The edit that adds arguments behind the last one; each on its own line where the others are. Raises Refused."""
    edit = _inserted(call, arguments)
    return edit if edit is not None else _rebuilt(call, arguments)


def _inserted(call: Called, arguments: tuple[str, ...]) -> Edit | None:
    """A plain insertion; None where comments stand in the way."""
    node = call.node
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    source, end = call.model.source, call.span.end - 1
    if not given:
        return Edit(end, end, ", ".join(arguments)) if not source.text[call.callee_span.end + 1 : end].strip() else None
    last = max(call.span_of(argument).end for argument in given)
    at, comma, comment = last, False, False
    position = last
    while position < end:
        match = _REST.match(source.text, position, end)
        if match is None:
            return None
        if match.lastgroup == "close":
            at, comma = match.end(), False
        comma = comma or match.lastgroup == "comma"
        comment = comment or match.lastgroup == "comment"
        position = match.end()
    opening = call.callee_span.end
    own_lines = source.line_of(opening) != source.line_of(last) and source.line_of(last) != source.line_of(end)
    if comment:
        return None
    if not own_lines:
        return Edit(at, at, "".join(f", {argument}" for argument in arguments)) if not comma else None
    first = min(call.span_of(argument).start for argument in given)
    indentation = source.newline + source.indentation(first)
    if not comma:
        return Edit(at, at, "".join(f",{indentation}{argument}" for argument in arguments))
    line = source.line_span(source.line_of(at))
    text = "".join(f"{indentation}{argument}," for argument in arguments)
    return Edit(line.end, line.end, text) if source.text.find(",", at, line.end) >= 0 else None


def _rebuilt(call: Called, arguments: tuple[str, ...]) -> Edit:
    """The call with its arguments, by its concrete syntax tree: comments stay beside what they are about."""
    import libcst  # 200 ms at its first import, so only where a plain insertion will not do

    source = call.model.source
    text = source.of(call.span)
    try:
        tree = libcst.parse_expression(text)
        added = [libcst.ensure_type(libcst.parse_expression(f"f({one})"), libcst.Call).args[0] for one in arguments]
    except libcst.ParserSyntaxError:
        raise Refused("the call is written in a way that cannot be kept") from None
    if not isinstance(tree, libcst.Call):
        raise Refused("the call is written in a way that cannot be kept")
    whole = tree.with_changes(args=_joined(tree.args, added, tree))
    module = libcst.Module([], default_newline=source.newline)
    return _changed(call.span.start, text, module.code_for_node(whole))


def _joined(old: Sequence[libcst.Arg], added: list[libcst.Arg], before: libcst.Call) -> list[libcst.Arg]:
    """Old and new arguments, each new one on its own line where the last old one is."""
    import libcst as cst

    if not old:
        return [*(one.with_changes(comma=_comma(cst.SimpleWhitespace(" "))) for one in added[:-1]), added[-1]]
    last = old[-1]
    trailing = isinstance(last.comma, cst.Comma)
    tail = last.comma.whitespace_after if isinstance(last.comma, cst.Comma) else last.whitespace_after_arg
    between, after_added, final = tail, tail, tail
    if isinstance(tail, cst.ParenthesizedWhitespace):
        line = tail.with_changes(first_line=cst.TrailingWhitespace(), empty_lines=[])
        opening = before.whitespace_before_args
        step = opening if isinstance(opening, cst.ParenthesizedWhitespace) else tail
        between = tail.with_changes(last_line=step.last_line)
        after_added, final = line.with_changes(last_line=step.last_line), line
    else:
        between = after_added = cst.SimpleWhitespace(" ")
    nothing = cst.SimpleWhitespace("")
    result = [*old[:-1], last.with_changes(comma=_comma(between), whitespace_after_arg=nothing)]
    result += (one.with_changes(comma=_comma(after_added)) for one in added[:-1])
    end = {"comma": _comma(final)} if trailing else {"whitespace_after_arg": final}
    return [*result, added[-1].with_changes(**end)]


def _comma(after: libcst.BaseParenthesizableWhitespace) -> libcst.Comma:
    import libcst as cst

    return cst.Comma(whitespace_after=after)


def _changed(start: int, old: str, new: str) -> Edit:
    """The part of the text that differs, as one edit."""
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    rest = shorter - head
    tail = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    return Edit(start + head, start + len(old) - tail, new[head : len(new) - tail])
