"""Rewrites formatted log messages to a format string with logging arguments."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from itertools import pairwise

from playpen_ls.api.finding import Refused
from playpen_ls.languages.python.edits.call_arguments import width
from playpen_ls.languages.python.model.parts import Called
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

_LITERAL = regex(
    r"(?P<prefix>[A-Za-z]{0,2})(?P<quotes>\"\"\"|'''|\"|')(?P<body>(?:\\.|(?!(?P=quotes)).)*)(?P=quotes)", re.DOTALL
)
_NUMERIC = regex(r"(?:\d*\.?\d*)[dfxXoeEgG]|\.\d+[fgeE]")
_PIECE = regex(r"(?P<quotes>[\"'])(?P<body>(?:\\.|(?!(?P=quotes))[^\\\r\n])*)(?P=quotes)[ \t\r\n]*")
_STRING = {
    '"': regex(r"'([^'\"\\\r\n]*)'"),
    "'": regex(r'"([^\'"\\\r\n]*)"'),
}  # fmt: skip
_HOLE = regex(r"%[-+ #0-9.]*[a-zA-Z]")


@dataclass(frozen=True)
class Rewritten:
    """`literal` replaces the message, `arguments` follow it. `sure`: the logged text is certainly the same."""

    literal: str
    arguments: tuple[str, ...]
    sure: bool = True


@dataclass(frozen=True)
class _Hole:
    expression: str
    conversion: str  # a %-format such as "%s"
    sure: bool


def rewritten(call: Called, message: ast.expr, has_arguments: bool) -> Rewritten:
    """The message with `%s` for its placeholders. Raises Refused with the reason if that is not possible."""
    if isinstance(message, ast.JoinedStr):
        return _format_string(call.text_of(message), has_arguments)
    if isinstance(message, ast.BinOp) and isinstance(message.op, ast.Add):
        return _sum(call, message, has_arguments)
    if isinstance(message, ast.BinOp) and isinstance(message.op, ast.Mod):
        return _percent(call, message, has_arguments)
    if isinstance(message, ast.Call) and isinstance(message.func, ast.Attribute):
        return _formatted(call, message, message.func.value, has_arguments)
    raise Refused("the form of the message is not supported")


def laid_out(call: Called, message: ast.expr, made: Rewritten, limit: int) -> Rewritten:
    """As a formatter would have it: in the file's quotes, and in one piece if that has become short enough for a line.

    `limit` is the length of lines, 0 for that of the file.
    """
    pieces = [*_PIECE.finditer(made.literal)]
    if "".join(one[0] for one in pieces) != made.literal:
        return made
    arguments, source = made.arguments, call.source.text
    forced = '"' in call.text_of(message) and source.count('"') > _RARE * source.count("'")
    quotes = ['"' if forced and not re.search(r"[\"\\]", one["body"]) else one["quotes"] for one in pieces]
    if {*quotes} == {'"'}:
        # In an f-string they had to have the other quotes; a file can prefer these.
        usual = "'" if source.count("'") > _RARE * source.count('"') else '"'
        arguments = tuple(_in_quotes(argument, usual) for argument in arguments)
    gaps = [one[0][len(one["body"]) + 2 :] for one in pieces]
    literal = "".join(f"{one}{piece['body']}{one}{gap}" for one, piece, gap in zip(quotes, pieces, gaps, strict=True))
    text = "".join(one["body"] for one in pieces)
    start = call.chunk.position(call.span_of(message).start)[1]
    before = len(re.sub(r"[ \t]*\\?\r?\n[ \t]*", " ", call.text_of(message)))  # on one line, as black has what fits
    short = start + len(text) + len("'',") <= (limit or width(call)) < start + before + 1
    if len(pieces) > 1 and len({*quotes}) == 1 and short:
        literal = f"{quotes[0]}{text}{quotes[0]}"
    return replace(made, literal=literal, arguments=arguments)


_RARE = 3  # how much more often a file has the quotes that it prefers


def with_braces(made: Rewritten) -> Rewritten:
    """The same message for Loguru, whose placeholders are those of `str.format`. Raises Refused."""
    if not made.arguments:
        return made
    if re.search(r"[{}]", made.literal):
        raise Refused("the message contains braces")

    def placeholder(match: re.Match[str]) -> str:
        spec, kind = match["spec"], match["kind"]
        if kind == "%":
            return "%"
        return "{}" if kind == "s" else f"{{!{kind}}}" if kind in "ra" else f"{{:{spec}{kind}}}"

    written = re.sub(r"%(?P<spec>[\d.]*)(?P<kind>[%a-zA-Z])", placeholder, made.literal)
    return Rewritten(written, made.arguments, made.sure)


def _formatted(call: Called, message: ast.Call, pattern: ast.expr, has_arguments: bool) -> Rewritten:
    """`"{} of {}".format(a, b)`: placeholders without a format, each for another argument, all of them used."""
    match = _LITERAL.fullmatch(call.text_of(pattern))
    if match is None or has_arguments or match["prefix"]:
        raise Refused("the call already has arguments, or the literal has a prefix")
    body = match["body"]
    holes = [one[1] for one in re.finditer(r"\{([^{}]*)\}", body)]
    given = {str(at): one for at, one in enumerate(message.args)}
    given |= {one.arg: one.value for one in message.keywords if one.arg}
    numbered = [str(at) if hole == "" else hole for at, hole in enumerate(holes)]
    if re.search(r"\{\{|\}\}|\\N", body) or sorted(numbered) != sorted(given) or ("" in holes and set(holes) != {""}):
        raise Refused("the `format` call uses more than plain placeholders, one for each argument")
    arguments = [given[hole] for hole in numbered]
    if any(one.arg is None for one in message.keywords) or any(
        isinstance(argument, (ast.Starred, ast.GeneratorExp)) for argument in arguments
    ):
        raise Refused("the arguments of the `format` call are unpacked")
    written = re.sub(r"\{[^{}]*\}", "%s", body.replace("%", "%%"))
    quotes = match["quotes"]
    return Rewritten(f"{quotes}{written}{quotes}", tuple(call.text_of(argument) for argument in arguments))


def _format_string(text: str, has_arguments: bool) -> Rewritten:
    pieces: list[tuple[str, str, list[str | _Hole]]] = []
    at, out = 0, ""
    gaps: list[str] = []
    while at < len(text):
        match = _LITERAL.match(text, at)
        if match is None:
            raise Refused("the form of the message is not supported")
        prefix = match["prefix"]
        body: list[str | _Hole] = [match["body"]]
        if "f" in prefix.lower():
            body = [
                replace(one, expression=_in_quotes(one.expression, match["quotes"])) if isinstance(one, _Hole) else one
                for one in _read(match["body"], "r" in prefix.lower())
            ]
        pieces.append((re.sub("[fF]", "", prefix), match["quotes"], body))
        gap = re.compile(r"[ \t\r\n\\]*").match(text, match.end())
        assert gap is not None
        gaps.append(gap[0])
        at = gap.end()
    holes = [one for _, _, body in pieces for one in body if isinstance(one, _Hole)]
    if holes and has_arguments:
        raise Refused("the call already has arguments")
    for (prefix, quotes, body), gap_text in zip(pieces, gaps, strict=True):
        written = "".join(
            one.conversion if isinstance(one, _Hole) else one.replace("%", "%%") if holes else one for one in body
        )
        out += f"{prefix}{quotes}{written}{quotes}{gap_text}"
    return Rewritten(out, tuple(hole.expression for hole in holes), all(hole.sure for hole in holes))


def _in_quotes(expression: str, quotes: str) -> str:
    """The expression with the quotes of the message in its strings, which had to have the others."""
    simple = _STRING.get(quotes)
    return simple.sub(rf"{quotes}\1{quotes}", expression) if simple and quotes not in expression else expression


def _read(body: str, raw: bool) -> list[str | _Hole]:
    """The text between the placeholders, with `{{` as `{`, and the placeholders, in order."""
    found: list[str | _Hole] = []
    at, text = 0, ""
    while at < len(body):
        char = body[at]
        if char == "\\" and not raw:
            if body.startswith("\\N{", at):
                end = body.find("}", at) + 1
                text += body[at:end]
                at = end
            else:
                text += body[at : at + 2]
                at += 2
        elif body.startswith(("{{", "}}"), at):
            text += char
            at += 2
        elif char == "{":
            end = _hole_end(body, at)
            found += [text, _hole(body[at + 1 : end])]
            text, at = "", end + 1
        else:
            text += char
            at += 1
    return [*found, text]


def _hole_end(body: str, at: int) -> int:
    """The offset of the brace that closes the one at `at`. Raises Refused."""
    depth, quote = 0, ""
    for index in range(at, len(body)):
        char = body[index]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                return index
    raise Refused("a placeholder of the f-string is not closed")


def _hole(text: str) -> _Hole:
    expression, conversion, spec, shows = _taken_apart(text)
    try:
        node = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise Refused(f"`{{{text}}}` cannot be passed as an argument") from None
    if any(isinstance(one, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)) for one in ast.walk(node)):
        raise Refused("a placeholder of the f-string contains `await`, `yield` or `:=`")
    if isinstance(node, (ast.Tuple, ast.Lambda, ast.Starred, ast.GeneratorExp)):
        raise Refused(f"`{{{text}}}` cannot be passed as an argument without changes")
    if (
        isinstance(node, ast.Call)
        and dotted(node.func) == "str"
        and len(node.args) == 1
        and not (node.keywords or spec)
    ):
        inner = ast.get_source_segment(expression.strip(), node.args[0])
        if inner and conversion in ("", "s") and not shows and not isinstance(node.args[0], ast.Starred):
            expression = inner  # `%s` does it
    expression = _spaced(expression.strip(), node)
    if spec:
        if not _NUMERIC.fullmatch(spec) or conversion:
            raise Refused(f"`%` formatting has no equivalent of `:{spec}`")
        return _Hole(expression.strip(), ("%" if not shows else f"{shows.replace('%', '%%')}%") + spec, False)
    mark = {"": "%s", "s": "%s", "r": "%r", "a": "%a"}.get(conversion)
    if mark is None:
        raise Refused(f"`!{conversion}` is not a valid conversion")
    if shows:
        mark = shows.replace("%", "%%") + (mark if conversion else "%r")
    return _Hole(expression.strip(), mark, True)


def _spaced(expression: str, node: ast.expr) -> str:
    """The expression with spaces around its operators, as black writes them; unchanged if more would change."""
    if not any(isinstance(one, (ast.BinOp, ast.Compare)) for one in ast.walk(node)) or "**" in expression:
        return expression
    if any(isinstance(one, ast.Slice) for one in ast.walk(node)):
        return expression
    written = ast.unparse(node)
    return written if written.replace(" ", "") == expression.replace(" ", "") else expression


def _taken_apart(text: str) -> tuple[str, str, str, str]:
    """(expression, conversion, format, `name=` prefix) of a placeholder."""
    depth, quote, end = 0, "", len(text)
    for index, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif depth == 0 and (char == ":" or (char == "!" and text[index + 1 : index + 2] != "=")):
            end = index
            break
    expression, rest = text[:end], text[end:]
    conversion = ""
    if rest.startswith("!"):
        conversion, _, rest = rest[1:].partition(":")
        rest = ":" + rest if rest else ""
    shows = ""
    if re.search(r"(?<![=!<>])=\s*$", expression):
        shows, expression = expression, expression.rstrip().removesuffix("=")
    return expression, conversion.strip(), rest[1:], shows


def _sum(call: Called, message: ast.BinOp, has_arguments: bool) -> Rewritten:
    """`"listening on " + port` as one literal with arguments."""
    if has_arguments:
        raise Refused("the call already has arguments")
    terms: list[ast.expr] = []
    node: ast.expr = message
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        terms.append(node.right)
        node = node.left
    terms.append(node)
    terms.reverse()
    quotes, written, arguments = "", "", []
    for term in terms:
        text = call.text_of(term)
        if isinstance(term, ast.Constant) and isinstance(term.value, str):
            match = _LITERAL.fullmatch(text)
            if match is None or match["prefix"] or len(match["quotes"]) > 1 or quotes not in ("", match["quotes"]):
                raise Refused("the string literals of the message have different quotes or prefixes")
            quotes = match["quotes"]
            written += match["body"].replace("%", "%%")
        elif isinstance(term, (ast.JoinedStr, ast.Constant, ast.BinOp)) or re.search(r"[\r\n]", text):
            raise Refused("the message concatenates more than string literals, names and calls")
        else:
            plain_str = isinstance(term, ast.Call) and isinstance(term.func, ast.Name) and term.func.id == "str"
            if plain_str and len(term.args) == 1 and not term.keywords:  # type: ignore[attr-defined]
                text = call.text_of(term.args[0])  # type: ignore[attr-defined]
            arguments.append(text)
            written += "%s"
    if not quotes or re.search(r"[()]\s*\+|\+\s*\(", _between(call, terms)):
        raise Refused("the concatenation contains parentheses")
    return Rewritten(f"{quotes}{written}{quotes}", tuple(arguments))


def _between(call: Called, terms: list[ast.expr]) -> str:
    """The source text between the terms of a concatenation. Raises Refused."""
    spans = [call.span_of(term) for term in terms]
    text = call.chunk.text
    between = "".join(text[one.end : other.start] for one, other in pairwise(spans))
    if "#" in between:
        raise Refused("there is a comment inside the message")
    return between


def _percent(call: Called, message: ast.BinOp, has_arguments: bool) -> Rewritten:
    """`"…%s" % (a, b)`, or `"…%s" % a`, in which `a` is not certain to be one value. Raises Refused."""
    if has_arguments or not isinstance(message.left, ast.Constant):
        raise Refused("the call already has arguments, or the message is computed")
    if isinstance(message.right, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
        if len(_HOLE.findall(str(message.left.value).replace("%%", ""))) != 1 or "%(" in str(message.left.value):
            raise Refused("the right operand of `%` can be a tuple or a mapping")
        return Rewritten(call.text_of(message.left), (call.text_of(message.right),), False)
    if not isinstance(message.right, ast.Tuple):
        raise Refused("the right operand of `%` can be a tuple or a mapping")
    if any(isinstance(element, ast.Starred) for element in message.right.elts) or not message.right.elts:
        raise Refused("the tuple after `%` is empty or unpacks values")
    arguments = tuple(call.text_of(element) for element in message.right.elts)
    return Rewritten(call.text_of(message.left), arguments)
