"""Fixes for what Jenkins would reject in a declarative pipeline."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from playpen_ls.api.finding import Fix, Refused
from playpen_ls.languages.jenkinsfile.edits.indentation import begins_line, unit
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.syntax.calls import Call
from playpen_ls.languages.jenkinsfile.syntax.tree import Statement
from playpen_ls.languages.jenkinsfile.validator import Fault
from playpen_ls.languages.jenkinsfile.validator.known_steps import RENAMED_TO, SECOND_NAMES
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source

_EMPTY = frozenset(("EmptySection", "NoEnvVars", "NoTools", "EmptyWhen", "NoExcludes"))


def mended(file: Jenkinsfile, fault: Fault) -> tuple[Fix, ...]:
    """The fixes of a fault; empty if the intended code cannot be derived from the text."""
    text = file.source.of(fault.span)
    if fault.kind == "BareDollarCurly":
        return (Fix(f"Quote `{text}`", lambda: [Edit(fault.span.start, fault.span.end, f'"{text}"')], safe=True),)
    if fault.kind.startswith("Renamed."):
        name = RENAMED_TO[text]
        return (Fix(f"Rename `{text}` to `{name}`", _renamed(file, fault, name), safe=True),)
    if fault.kind == "DuplicateStageName":
        return (Fix(f"Append a number to the stage name `{text}`", _renumbered(file, fault)),)
    if fault.kind == "RequiredSection" and fault.message.endswith('"agent"'):
        return (Fix("Add `agent any`", _with_agent(file)),)
    if fault.kind == "InvalidSectionType" and text in SECOND_NAMES:
        name = SECOND_NAMES[text]
        return (Fix(f"Rename `{text}` to `{name}`", lambda: [Edit(fault.span.start, fault.span.end, name)]),)
    if fault.kind in _EMPTY:
        return (Fix(f"Remove the empty `{text}` block", _removed(file, fault)),)
    return ()


def _renamed(file: Jenkinsfile, fault: Fault, name: str) -> Callable[[], list[Edit]]:
    def change() -> list[Edit]:
        pipeline = file.pipeline
        if pipeline is None or pipeline.section(name) is not None:
            raise Refused(f"the pipeline already has a section `{name}`")
        call = pipeline.section(file.source.of(fault.span))
        if call is None or call.block is None or call.arguments:
            raise Refused("the section is not a plain block")
        return [Edit(fault.span.start, fault.span.end, name)]

    return change


def _renumbered(file: Jenkinsfile, fault: Fault) -> Callable[[], list[Edit]]:
    def change() -> list[Edit]:
        taken = {stage.name for stage in file.pipeline.all_stages()} if file.pipeline else set()
        old = file.source.of(fault.span)
        literal = file.string_around(fault.span.start)
        if literal is None or literal.holes:
            raise Refused("the stage name is not a plain string")
        name = next(name for number in range(2, len(taken) + 3) if (name := f"{old} {number}") not in taken)
        return [Edit(fault.span.start, fault.span.end, name)]

    return change


def _with_agent(file: Jenkinsfile) -> Callable[[], list[Edit]]:
    def change() -> list[Edit]:
        pipeline = file.pipeline
        assert pipeline is not None
        source, block = file.source, pipeline.block
        first = next(iter(block.statements), None)
        if first is None or not begins_line(source, first.start):
            return [Edit(block.start + 1, block.start + 1, " agent any;" if first else " agent any ")]
        by = unit(source, file.tree)
        indentation = source.indentation(first.start) or by
        at = source.next_line_start(block.start)
        return [Edit(at, at, f"{indentation}agent any{source.newline}")]

    return change


def _removed(file: Jenkinsfile, fault: Fault) -> Callable[[], list[Edit]]:
    def change() -> list[Edit]:
        statement = _statement_at(file, fault.span.start)
        if statement is None:
            raise Refused("the section is part of a larger statement")
        span = statement.span
        if any(span.start <= comment.start < span.end for comment in file.tree.comments):
            raise Refused("the section contains a comment")
        siblings = statement.block.statements
        if len(siblings) < 2:
            raise Refused("the block around the section would be empty")
        return [_without(file.source, statement)]

    return change


def _without(source: Source, statement: Statement) -> Edit:
    """Remove the lines of a statement; if it shares them with other code, only the statement and its separator."""
    start, end = statement.start, statement.end
    rest = source.text[end : source.next_line_start(end)]
    if begins_line(source, start) and not rest.strip():
        return Edit(source.line_start(start), source.next_line_start(end), "")
    text = source.text
    while end < len(text) and text[end] in " \t":
        end += 1
    if text[end : end + 1] == ";":
        end += 1
        while end < len(text) and text[end] in " \t":
            end += 1
    return Edit(start, end, "")


def _statement_at(file: Jenkinsfile, offset: int) -> Statement | None:
    starts = file.tree.outline.first
    place = bisect_left(starts, offset, key=lambda token: file.tree.tokens[token][1])
    if place >= len(starts):
        return None
    statement = Statement(file.tree, place)
    return statement if statement.start == offset and isinstance(statement.call, Call) else None
