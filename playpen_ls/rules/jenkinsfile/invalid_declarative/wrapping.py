"""Wrapping statements of a declarative pipeline in `script {}` or `steps {}`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.edits.indentation import begins_line, ends_line, reindented, unit
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.pipeline import assignment
from playpen_ls.languages.jenkinsfile.syntax.tree import Statement
from playpen_ls.languages.jenkinsfile.validator import Fault
from playpen_ls.languages.jenkinsfile.validator.faults import Faults
from playpen_ls.languages.jenkinsfile.validator.stages import without_steps
from playpen_ls.languages.jenkinsfile.validator.steps import step
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span

_NOT_STEPS = frozenset(("ExpectedStep", "ObjectMethodCall", "ExpectedSymbol"))


def in_script(file: Jenkinsfile, fault: Fault) -> list[Edit]:
    """Wrap the statements that are not steps, with those between them and those that use their variables."""
    siblings = _siblings(file, fault)
    wrong = [number for number, one in enumerate(siblings) if not is_step(one)]
    first, last = wrong[0], wrong[-1]
    for name in _declared(siblings[first : last + 1]):
        uses = [number for number, one in enumerate(siblings) if re.search(rf"\b{re.escape(name)}\b", one.text)]
        last = max(last, *uses)
    return _wrapped(file, siblings[first : last + 1], "script")


def in_steps(file: Jenkinsfile, fault: Fault) -> list[Edit]:
    """Wrap the statements of a stage that are no sections; in `script {}` too, if they are not steps."""
    siblings = _siblings(file, fault)
    stray = without_steps(siblings[0].block)
    if not stray:
        raise Refused("the stage has steps already")
    numbers = [number for number, one in enumerate(siblings) if one in stray]
    if numbers != list(range(numbers[0], numbers[-1] + 1)):
        raise Refused("a section is between the steps")
    return _wrapped(file, stray, "steps", *(() if all(map(is_step, stray)) else ("script",)))


def is_step(statement: Statement) -> bool:
    """Whether a declarative pipeline takes the statement itself as a step; what is inside is not looked at."""
    found = Faults()
    step(found, statement)
    return all(one.kind not in _NOT_STEPS or one.anchor != statement.start for one in found.found)


def _siblings(file: Jenkinsfile, fault: Fault) -> list[Statement]:
    statement = next((one for one in file.statements if one.start == fault.anchor), None)
    if statement is None:
        raise Refused("the statement is part of a larger one")
    return statement.block.statements


def _declared(statements: Sequence[Statement]) -> list[str]:
    """The variables that the statements declare, which are visible only in their block."""
    names = []
    for one in statements:
        made = assignment(one)
        if made is not None and made.declared:
            names.append(made.name)
        elif one.word == "def":
            names += re.findall(r"\w+", one.text.partition("=")[0])[1:]
    return names


def _wrapped(file: Jenkinsfile, statements: Sequence[Statement], *names: str) -> list[Edit]:
    """Put statements that follow each other in blocks, outermost first. Raises Refused."""
    source, start, end = file.source, statements[0].start, statements[-1].end
    newline, outer, by = source.newline, source.indentation(start), unit(file, statements[0])
    if not begins_line(source, start) or not ends_line(source, end):
        if newline in source.text[start:end]:
            raise Refused("the statements share their lines with other code")
        before, after = "".join(f"{name} {{ " for name in names), " }" * len(names)
        return [Edit(start, start, before), Edit(end, end, after)]
    span = Span(source.line_start(start), source.next_line_start(end))
    text = reindented(file, span, outer, outer + by * len(names))
    if not text.endswith(("\n", "\r")):
        text += newline
    head = "".join(f"{outer}{by * number}{name} {{{newline}" for number, name in enumerate(names))
    tail = "".join(f"{outer}{by * number}}}{newline}" for number in reversed(range(len(names))))
    return [Edit(span.start, span.end, head + text + tail)]
