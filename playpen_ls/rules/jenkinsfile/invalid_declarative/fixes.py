"""Fixes for what Jenkins would reject in a declarative pipeline."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from playpen_ls.api.file_view import FileView
from playpen_ls.api.finding import Fix, Refused
from playpen_ls.languages.jenkinsfile.edits.change import whole_file_change
from playpen_ls.languages.jenkinsfile.edits.indentation import begins_line, unit
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.queries import declares
from playpen_ls.languages.jenkinsfile.syntax.tree import Statement
from playpen_ls.languages.jenkinsfile.validator import Fault
from playpen_ls.languages.jenkinsfile.validator.known_steps import RENAMED_TO
from playpen_ls.rules.jenkinsfile.invalid_declarative.groovy_fixes import groovy_fixes
from playpen_ls.rules.jenkinsfile.invalid_declarative.wrapping import in_script, in_steps
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source

_STATEMENTS = frozenset(("ExpectedStep", "ObjectMethodCall", "ExpectedSymbol"))
_PROPERTY = regex(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\s*\?:\s*'[^'\\$\n]*')?")
_EMPTY = frozenset(("EmptySection", "NoEnvVars", "NoTools", "EmptyWhen", "NoExcludes"))


Edits = Callable[[Jenkinsfile, Fault], list[Edit]]
"""The edits of a fix; the fault is where it is in the file."""


def fixes_of(file: FileView, number: int, fault: Fault) -> tuple[Fix, ...]:
    """The fixes of a fault in a region; empty if the intended code cannot be derived from the text."""
    text = fault.text
    safe = False
    if fault.kind == "BareDollarCurly":
        title, edits, safe = f"Quote `{text}`", _replaced(f'"{text}"'), True
    elif fault.kind.startswith("Renamed."):
        name = RENAMED_TO[text]
        title, edits, safe = f"Rename `{text}` to `{name}`", _renamed(name), True
    elif fault.kind == "DuplicateStageName":
        title, edits = f"Append a number to the stage name `{text}`", _renumbered
    elif fault.kind == "RequiredSection" and fault.message.endswith('"agent"'):
        title, edits = "Add `agent any`", _with_agent
    elif fault.meant:
        title, edits = f"Rename `{text}` to `{fault.meant}`", _replaced(fault.meant)
    elif fault.kind in _STATEMENTS:
        title, edits = "Wrap the statements in `script {}`", in_script
    elif fault.kind in ("UnknownStageSection", "InvalidStageSectionDefinition"):
        title, edits = "Wrap the steps in `steps {}`", in_steps
    elif fault.kind in ("InvalidEnvironmentValue", "InvalidEnvironmentConcatValue"):
        if not _PROPERTY.fullmatch(text):
            return ()
        # A word that is not a variable is meant as it is.
        is_text = "." not in text and not text.isupper() and not file.ask(declares, text)
        quoted = f"'{text}'" if is_text else f'"${{{text}}}"'
        title, edits = f"Quote the value: `{quoted}`", _replaced(quoted)
    elif fault.kind.startswith("Groovy."):
        return groovy_fixes(file, number, fault)
    elif fault.kind in _EMPTY:
        title, edits = f"Remove the empty `{text}` block", _removed
    else:
        return ()

    def change(model: Jenkinsfile) -> list[Edit]:
        return edits(model, fault.shifted(model.chunks[number].begins))

    return (Fix(title, whole_file_change(file, change), safe=safe),)


def _replaced(text: str) -> Edits:
    return lambda _, fault: [Edit(fault.span.start, fault.span.end, text)]


def _renamed(name: str) -> Edits:
    def change(file: Jenkinsfile, fault: Fault) -> list[Edit]:
        pipeline = file.pipeline
        if pipeline is None or pipeline.section(name) is not None:
            raise Refused(f"the pipeline already has a section `{name}`")
        call = pipeline.section(fault.text)
        if call is None or call.block is None or call.arguments:
            raise Refused("the section is not a plain block")
        return [Edit(fault.span.start, fault.span.end, name)]

    return change


def _renumbered(file: Jenkinsfile, fault: Fault) -> list[Edit]:
    """The second stage of a name gets the number 2, and so on: their fixes are applied together."""
    old, stages = fault.text, file.stages_by_name
    literal = file.tree.string_around(fault.span.start)
    if literal is None or literal.holes:
        raise Refused("the stage name is not a plain string")
    numbered = (name.removeprefix(f"{old} ") for name in stages if name.startswith(f"{old} "))
    last = max((int(number) for number in numbered if _NUMBER.fullmatch(number)), default=1)
    before = bisect_left(stages.get(old, []), fault.span.start)
    return [Edit(fault.span.start, fault.span.end, f"{old} {last + max(before, 1)}")]


_NUMBER = regex(r"[1-9][0-9]{0,8}")


def _with_agent(file: Jenkinsfile, _: Fault) -> list[Edit]:
    pipeline = file.pipeline
    if pipeline is None:
        raise Refused("the file has no declarative pipeline")
    source, block = file.source, pipeline.block
    first = next(iter(block.statements), None)
    if first is None or not begins_line(source, first.start):
        return [Edit(block.start + 1, block.start + 1, " agent any;" if first else " agent any ")]
    indentation = source.indentation(first.start) or unit(file)
    at = source.next_line_start(block.start)
    return [Edit(at, at, f"{indentation}agent any{source.newline}")]


def _removed(file: Jenkinsfile, fault: Fault) -> list[Edit]:
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
    statement = next((one for one in file.statements if one.start == offset), None)
    return statement if statement is not None and statement.call is not None else None
