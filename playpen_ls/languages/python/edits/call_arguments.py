"""Edits of the arguments of a call, through libcst on that call: comments stay next to their arguments."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from playpen_ls.api.finding import Refused
from playpen_ls.languages.python.edits.imports import model_of
from playpen_ls.languages.python.edits.whitespace import comma, divided, own_line
from playpen_ls.languages.python.model.module import PythonModel
from playpen_ls.languages.python.model.parts import Called, Part
from playpen_ls.text.edit import Edit, narrowed
from playpen_ls.text.regex import regex
from playpen_ls.text.source import LINE_END
from playpen_ls.text.span import Span

if TYPE_CHECKING:  # its first import takes 200 ms, so it is imported when the change of a fix is computed
    import libcst

    from playpen_ls.languages.python.edits.whitespace import Whitespace


def width(part: Part) -> int:
    """The line length limit of a file: the 98th percentile of its lines, between 88 and 120.

    It is 88 where only strings and comments are longer, which formatters do not break.
    """
    return model_of(part).once(line_length)


def line_length(model: PythonModel) -> int:
    """See `width`."""
    text = model.source.text
    code = map(len, LINE_END.split(_UNBREAKABLE.sub(_without_text, text)))
    if sum(length > _BLACK for length in code) < _SOME:
        return _BLACK
    lengths = sorted(map(len, LINE_END.split(text)))
    return max(_BLACK, min(120, lengths[int(len(lengths) * 0.98)]))


def _without_text(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


_BLACK = 88
_SOME = 2  # lines of code that are longer than that, of a file that black has not formatted
_UNBREAKABLE = regex(
    r"[rRbBuUfF]{0,2}(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')|#[^\n]*",
    re.DOTALL,
)


def appended(call: Called, *arguments: str, limit: int = 0) -> Edit:
    """The edit that appends arguments, each on its own line if the existing ones are. Raises Refused.

    `limit` is the length of lines, 0 for that of the file.
    """
    layout = _Layout(call, limit)
    old, new = layout.arguments, [layout.argument(one) for one in arguments]
    added = sum(len(one) + 2 for one in arguments)
    if not old:
        return layout.edit([*_on_one_line(new)])
    if not layout.ends_with_comment and layout.is_one_line and not layout.ends_with_comma and layout.too_long(added):
        return layout.spread([*old, *new])
    if layout.shares_own_line:
        if layout.too_long(added, layout.last_line):
            return layout.edit(layout.on_own_lines([*old, *new]))
        return layout.edit(_appended(old, new, layout.space))
    return layout.edit(_appended(old, new, layout.between))


def replaced(call: Called, argument: ast.expr, *arguments: str, limit: int = 0) -> Edit:
    """The edit that replaces a positional argument by several, in the layout of the call. Raises Refused.

    `limit` is as in `appended`.
    """
    layout = _Layout(call, limit)
    at, span = call.node.args.index(argument), call.span_of(argument)
    old, new = layout.arguments, [layout.argument(one) for one in arguments]
    source = call.chunk
    line = source.line_span(source.line_of(span.end))
    added = len(", ".join(arguments)) - (span.end - span.start)
    multiline = LINE_END.search(arguments[0]) is not None
    added_behind = sum(len(one) + 2 for one in arguments[1:])
    starts_line = not source.text[source.line_start(span.start) : span.start].strip()
    behind = source.text[span.end : line.end].split("#")[0].strip()
    put = _put(old[at], new, layout.space)
    if starts_line and len(new) > 1:
        too_long = line.end - source.line_start(span.start) + added > layout.width
        if behind == "," or (not behind and (multiline or too_long)):
            put = _put(old[at], new, own_line(source.indentation(span.start)), trailing_comma=True)
        elif too_long and layout.shares_own_line:
            return layout.edit(layout.on_own_lines([*old[:at], *put, *old[at + 1 :]]))
    elif (
        not multiline
        and layout.is_one_line
        and added > 0
        and layout.too_long(added)
        and "#" not in source.text[span.end : line.end]
    ):
        return layout.spread([*old[:at], *put, *old[at + 1 :]])
    elif (
        len(old) == 1
        and len(new) > 1
        and LINE_END.search(source.of(span))
        and '"""' not in arguments[0]
        and (
            layout.too_long(added_behind)
            if multiline
            else source.position(span.start)[1] + len(", ".join(arguments)) + len(behind) > layout.width
        )
    ):
        # Strings that are joined below the bracket: they move to lines of their own.
        lines = re.sub(r"(\r?\n)[ \t]*", rf"\g<1>{layout.inner}", arguments[0])
        return layout.spread([layout.argument(lines), *new[1:]])
    return layout.edit([*old[:at], *put, *old[at + 1 :]], within=span)


class _Layout:
    """A call as libcst reads it, and how its arguments are laid out."""

    def __init__(self, call: Called, limit: int) -> None:
        import libcst

        self._cst = libcst
        self._call = call
        self._text = call.text_of(call.node)
        tree = self._parsed(self._text)
        self._tree = tree
        self.arguments: list[libcst.Arg] = [*tree.args]
        self.width = limit or width(call)
        self.space = libcst.SimpleWhitespace(" ")

    def _parsed(self, text: str) -> libcst.Call:
        try:
            tree = self._cst.parse_expression(text)
        except self._cst.ParserSyntaxError:
            tree = None
        if not isinstance(tree, self._cst.Call):
            raise Refused("the form of the call is not supported")
        return tree

    def argument(self, text: str) -> libcst.Arg:
        return self._parsed(f"f({text})").args[0]

    @property
    def is_one_line(self) -> bool:
        source = self._call.chunk
        return source.line_of(self._call.callee_span.end) == source.line_of(self._call.span.end)

    @property
    def _opening_line(self) -> int:
        return self._call.chunk.line_of(self._call.callee_span.end)

    @property
    def last_line(self) -> int:
        """The line on which the last argument ends."""
        return self._call.chunk.line_of(self._last)

    @property
    def _last(self) -> int:
        node = self._call.node
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        return max(self._call.span_of(argument).end for argument in given)

    @property
    def shares_own_line(self) -> bool:
        """Whether several arguments share a line of their own, without a comma after them."""
        source, call = self._call.chunk, self._call
        node = call.node
        given = [*node.args, *node.keywords]
        first = source.line_of(min(call.span_of(argument).start for argument in given))
        opening, end = source.line_of(call.callee_span.end), source.line_of(call.span.end - 1)
        if self.ends_with_comma or self.ends_with_comment or len(given) < 2:
            return False
        return opening != first == self.last_line != end

    @property
    def ends_with_comma(self) -> bool:
        return isinstance(self.arguments[-1].comma, self._cst.Comma)

    @property
    def ends_with_comment(self) -> bool:
        """Whether a comment follows the last argument, which has no comma."""
        return "#" in self._cst.Module([]).code_for_node(self.arguments[-1].whitespace_after_arg)

    def too_long(self, added: int, line: int | None = None) -> bool:
        """Whether the line (by default that of the end of the call) is too long with that many characters more."""
        source = self._call.chunk
        span = source.line_span(source.line_of(self._call.span.end) if line is None else line)
        return span.end - span.start + added > self.width

    @property
    def between(self) -> Whitespace:
        """What stands between the last argument and one after it: a line of its own, if the last one has one."""
        last, opening = self.arguments[-1], self._tree.whitespace_before_args
        has_comma = isinstance(last.comma, self._cst.Comma)
        tail = last.comma.whitespace_after if isinstance(last.comma, self._cst.Comma) else last.whitespace_after_arg
        if not isinstance(tail, self._cst.ParenthesizedWhitespace):
            return self.space
        if not (has_comma or self.ends_with_comment) and self.last_line == self._opening_line:
            return self.space
        step = opening if isinstance(opening, self._cst.ParenthesizedWhitespace) else tail
        return own_line(step.last_line.value)

    def on_own_lines(self, arguments: Sequence[libcst.Arg]) -> list[libcst.Arg]:
        """Each on a line of its own, as the first one is, with a comma after the last but no line."""
        opening = self._tree.whitespace_before_args
        assert isinstance(opening, self._cst.ParenthesizedWhitespace)
        return _separated(arguments, own_line(opening.last_line.value), self.arguments[-1].whitespace_after_arg)

    @property
    def inner(self) -> str:
        """The indentation of the lines below the call."""
        indentation = self._call.chunk.indentation(self._call.callee_span.end)
        return indentation + ("\t" if indentation.startswith("\t") else "    ")

    def spread(self, arguments: Sequence[libcst.Arg]) -> Edit:
        """The edit that lays the arguments out over several lines: one for all if they fit, else one for each."""
        call, inner = self._call, self.inner
        opening, closing = own_line(inner), own_line(call.chunk.indentation(call.callee_span.end))
        code = self._cst.Module([]).code_for_node
        plain = [one.with_changes(comma=self._cst.MaybeSentinel.DEFAULT) for one in arguments]
        size = sum(len(code(one)) for one in plain) + 2 * (len(plain) - 1)
        if len(inner) + size <= self.width and not any(LINE_END.search(code(one)) for one in plain):
            put = [*_on_one_line(plain)]
            put[-1] = put[-1].with_changes(whitespace_after_arg=closing)
        else:
            put = _separated(plain, opening, closing)
        return self.edit(put, opening, Span(call.callee_span.end, call.span.end))

    def edit(
        self, arguments: Sequence[libcst.Arg], opening: Whitespace | None = None, within: Span | None = None
    ) -> Edit:
        """The edit to a call with these arguments: of the text `within`, or else of the characters that differ."""
        call = self._tree.with_changes(args=arguments)
        if opening is not None:
            call = call.with_changes(whitespace_before_args=opening)
        new = self._cst.Module([], default_newline=self._call.source.newline).code_for_node(call)
        start, old = self._call.span.start, self._text
        if within is not None:
            before, after = old[: within.start - start], old[within.end - start :]
            if new.startswith(before) and new.endswith(after):
                return Edit(within.start, within.end, new[len(before) : len(new) - len(after)])
        return narrowed(start, old, new)


def _on_one_line(arguments: Sequence[libcst.Arg]) -> list[libcst.Arg]:
    import libcst

    space = comma(libcst.SimpleWhitespace(" "))
    return [*(one.with_changes(comma=space) for one in arguments[:-1]), arguments[-1]]


def _separated(
    arguments: Sequence[libcst.Arg],
    between: Whitespace,
    closing: Whitespace,
) -> list[libcst.Arg]:
    """With a comma after each, the last one too."""
    import libcst

    nothing = libcst.SimpleWhitespace("")
    first = [one.with_changes(comma=comma(between), whitespace_after_arg=nothing) for one in arguments[:-1]]
    return [*first, arguments[-1].with_changes(comma=comma(closing), whitespace_after_arg=nothing)]


def _appended(old: Sequence[libcst.Arg], new: Sequence[libcst.Arg], between: Whitespace) -> list[libcst.Arg]:
    """Old and new arguments. The last old one keeps its comment; the whitespace before the bracket goes to the end."""
    import libcst

    last = old[-1]
    has_comma = isinstance(last.comma, libcst.Comma)
    tail = last.comma.whitespace_after if isinstance(last.comma, libcst.Comma) else last.whitespace_after_arg
    first, final = divided(tail, between)
    kept = last.with_changes(comma=comma(first), whitespace_after_arg=libcst.SimpleWhitespace(""))
    exploded = isinstance(between, libcst.ParenthesizedWhitespace)
    end = {"comma": comma(final)} if has_comma or exploded else {"whitespace_after_arg": final}
    return [
        *old[:-1],
        kept,
        *(one.with_changes(comma=comma(between)) for one in new[:-1]),
        new[-1].with_changes(**end),
    ]


def _put(
    old: libcst.Arg,
    new: Sequence[libcst.Arg],
    between: Whitespace,
    trailing_comma: bool = False,
) -> list[libcst.Arg]:
    """New arguments in place of an old one; the last one has what followed the old one."""
    import libcst

    if len(new) == 1:
        value = new[0].value.with_changes(lpar=old.value.lpar, rpar=old.value.rpar)
        return [old.with_changes(value=value)]
    end: dict[str, object] = {"comma": old.comma, "whitespace_after_arg": old.whitespace_after_arg}
    if trailing_comma and not isinstance(old.comma, libcst.Comma):
        end = {"comma": comma(old.whitespace_after_arg)}
    return [*(one.with_changes(comma=comma(between)) for one in new[:-1]), new[-1].with_changes(**end)]
