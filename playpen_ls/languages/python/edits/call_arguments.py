"""Edits that add arguments to a call and keep the formatting of the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from playpen_ls.api.finding import Refused
from playpen_ls.languages.python.model.parts import Called
from playpen_ls.text.edit import Edit, narrowed
from playpen_ls.text.source import LINE_END, Source

if TYPE_CHECKING:
    import libcst

_REST = re.compile(r"(?P<blank>\s+|\\\r?\n)|(?P<comment>#[^\r\n]*)|(?P<comma>,)|(?P<close>\))")


def appended(call: Called, *arguments: str) -> Edit:
    """The edit that appends arguments, each on its own line if the existing ones are. Raises Refused."""
    edit = _inserted(call, arguments)
    return edit if edit is not None else _rebuilt(call, arguments)


def width(source: Source) -> int:
    """The line length limit of a file: its 98th percentile (long strings cannot be broken), between 88 and 120."""
    lengths = sorted(map(len, LINE_END.split(source.text)))
    return max(88, min(120, lengths[int(len(lengths) * 0.98)]))


def laid_out(call: Called, arguments: Sequence[str]) -> Edit:
    """The edit that replaces the arguments of a one-line call, split over several lines if the line gets too long."""
    source, start, end = call.model.source, call.callee_span.end, call.span.end
    joined = ", ".join(arguments)
    line = source.line_span(source.line_of(end))
    if line.end - line.start + len(joined) + 2 - (end - start) > width(source):
        indentation = source.indentation(start)
        inner = indentation + ("\t" if indentation.startswith("\t") else "    ")
        if len(inner) + len(joined) <= width(source):
            joined = f"{source.newline}{inner}{joined}{source.newline}{indentation}"
        else:
            joined = "".join(f"{source.newline}{inner}{one}," for one in arguments) + source.newline + indentation
    return Edit(start, end, f"({joined})")


def _inserted(call: Called, arguments: tuple[str, ...]) -> Edit | None:
    """A plain insertion; None if comments prevent one."""
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
    line = source.line_span(source.line_of(at))
    if not own_lines:
        if comma:
            return None
        text = "".join(f", {argument}" for argument in arguments)
        if line.end - line.start + len(text) > width(source) and source.line_of(opening) == source.line_of(end):
            return laid_out(call, [*_written(call), *arguments])
        return Edit(at, at, text)
    first = min(call.span_of(argument).start for argument in given)
    indentation = source.newline + source.indentation(first)
    if not comma and len(given) > 1 and source.line_of(first) == source.line_of(last):
        # All arguments share one line of their own.
        text = "".join(f", {argument}" for argument in arguments)
        if line.end - line.start + len(text) <= width(source):
            return Edit(at, at, text)
        return Edit(first, at, "".join(f"{one},{indentation}" for one in (*_written(call), *arguments)).rstrip())
    if not comma:
        return Edit(at, at, "".join(f",{indentation}{argument}" for argument in arguments))
    text = "".join(f"{indentation}{argument}," for argument in arguments)
    return Edit(line.end, line.end, text) if source.text.find(",", at, line.end) >= 0 else None


def _written(call: Called) -> list[str]:
    """The source text of the arguments, in order."""
    given = [call.span_of(argument) for argument in call.node.args]
    given += [call.span_of(keyword) for keyword in call.node.keywords]
    return [call.model.source.of(span) for span in sorted(given)]


def _rebuilt(call: Called, arguments: tuple[str, ...]) -> Edit:
    """The call with the new arguments, through libcst: comments stay next to their arguments. Raises Refused."""
    import libcst  # its first import takes 200 ms, so only if a plain insertion is not possible

    source = call.model.source
    text = source.of(call.span)
    try:
        tree = libcst.parse_expression(text)
        added = [libcst.ensure_type(libcst.parse_expression(f"f({one})"), libcst.Call).args[0] for one in arguments]
    except libcst.ParserSyntaxError:
        raise Refused("the form of the call is not supported") from None
    if not isinstance(tree, libcst.Call):
        raise Refused("the form of the call is not supported")
    whole = tree.with_changes(args=_joined(tree.args, added, tree))
    module = libcst.Module([], default_newline=source.newline)
    return narrowed(call.span.start, text, module.code_for_node(whole))


def _joined(old: Sequence[libcst.Arg], added: list[libcst.Arg], before: libcst.Call) -> list[libcst.Arg]:
    """Old and new arguments; each new one is on its own line if the last old one is."""
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
