"""Rendering parts of a scripted pipeline (agents, arguments, entries) as source text of a declarative one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.edits.indentation import reindented, unit
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.syntax.tree import Argument, Block, Call, Expression, Statement
from playpen_ls.text.span import Span


def agent_of(call: Call) -> str:
    """The value of `agent` for a `node` call: `any` or `{ label 'x' }`. Raises Refused."""
    if not call.arguments:
        return "any"
    label = call.argument("label") or call.arguments[0]
    if len(call.arguments) != 1 or label.value is None or label.string is None:
        raise Refused("`node` has a computed label")
    return f"{{ label {label.string.raw} }}" if label.value else "any"


def is_literal(value: Expression, calls: bool = False) -> bool:
    """Whether the value is a literal: strings without interpolation, numbers, booleans, lists and maps of these.

    With `calls`, also calls with literal arguments: `cron('…')`.
    """
    tree = value.tree
    for index in range(value.first, value.last):
        kind, start, _, text = tree.tokens[index]
        following = tree.tokens[index + 1][0] if index + 1 < len(tree.tokens) else ""
        if kind == "string" and not tree.holes.get(start):
            continue
        if kind in ("number", "[", "]", ",", ":", "\n", "-") or (calls and kind in ("(", ")")):
            continue
        if kind == "name" and (text in ("true", "false", "null") or following == ":" or (calls and following == "(")):
            continue
        return False
    return True


def as_argument(argument: Argument) -> str:
    return f"{argument.name}: {argument.text}" if argument.name else argument.text


def as_entry(file: Jenkinsfile, expression: Expression) -> str:
    """The source text as an entry of a pipeline section, with its further lines re-indented."""
    source, start, end = file.source, expression.start, expression.end
    first = min(source.next_line_start(start), end)
    rest = reindented(file, Span(first, end), source.indentation(start), unit(file) * 2)
    return source.text[start:first] + rest


def shown(statement: Statement) -> str:
    """The first words of the statement for a message, without the text of strings, which can be a secret."""
    return re.split(r"['\"\n({]", statement.text)[0].strip()[:40] or "code"


def outside(statement: Statement, blocks: Sequence[Block]) -> str:
    """The text of the statement without its blocks."""
    text, at, pieces = statement.tree.text, statement.start, []
    for block in blocks:
        pieces.append(text[at : block.start])
        at = block.end
    return "".join(pieces) + text[at : statement.end]
