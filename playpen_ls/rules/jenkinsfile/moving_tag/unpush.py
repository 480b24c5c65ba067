"""Leaving out the pushes of an image under a tag that moves, where it is pushed under a fixed one too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.edits.retag import without_option, without_statement
from playpen_ls.languages.jenkinsfile.model.images import Mention
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.syntax.expressions import string_at
from playpen_ls.languages.shell.parser import Command
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference


def has_fixed_sibling(one: Mention, found: Sequence[Mention]) -> bool:
    """The same image is pushed under a tag that does not move, by the same kind of program."""
    return one.command is not None and any(
        other.role == "push"
        and other.command is not None
        and other.reference.repository == one.reference.repository
        and not other.floats
        and bool(other.reference.tag or other.reference.digest)
        for other in found
    )


def without_pushes(file: Jenkinsfile, reference: ImageReference, found: Sequence[Mention]) -> Iterator[Edit]:
    """Drop what pushes the reference, and the `tag` that only served that. Raises Refused."""
    mine = [one for one in found if one.reference.text == reference.text]
    pushes = [one for one in mine if one.role == "push"]
    targets = [one for one in mine if one.role == "target"]
    others = _count(file, reference) - len(mine)
    if any(one.role == "build" for one in mine):
        others += 1  # the local image keeps its name
    dropped = pushes if others else [*pushes, *targets]
    for one in sorted(dropped, key=lambda one: one.span):
        yield _without(file, one)


def _count(file: Jenkinsfile, reference: ImageReference) -> int:
    """How often the reference stands in the strings of the file."""
    old = re.compile(rf"(?<![\w./:@-]){re.escape(reference.text)}(?![\w:@/-]|\.\w)")
    count = 0
    for index, token in enumerate(file.tree.tokens):
        literal = string_at(file.tree, index) if token[0] == "string" else None
        if literal is not None and reference.base in file.source.text[literal.start : literal.end]:
            count += len(old.findall(literal.fragment.text))
    return count


def _without(file: Jenkinsfile, one: Mention) -> Edit:
    command, literal = one.command, one.literal
    if command is None or one.word is None:
        raise Refused("the image is pushed by a step of its own")
    if one.flag is not None or one.word.text.startswith("--"):
        return without_option(one)
    step = file.step_around(literal.start)
    if step is None or len(command.words) < 3:
        raise Refused("the push is part of something larger")
    siblings = [other for other in step.commands if other is not command]
    if not siblings:
        if step.statement.first != step.index or step.statement.last != step.last:
            raise Refused("the step's result is used")
        if len(step.statement.block.statements) == 1:
            raise Refused("nothing else stands in the block")
        return without_statement(file, step.statement)
    return _out_of_script(command, siblings)


def _out_of_script(command: Command, siblings: list[Command]) -> Edit:
    """Its line, or `&& command` behind another one."""
    fragment, text = command.fragment, command.fragment.text
    if any(other.start <= command.start and command.end <= other.end for other in siblings):
        raise Refused("the push stands inside another command")
    start, end = text.rfind("\n", 0, command.start) + 1, text.find("\n", command.end)
    end = len(text) if end < 0 else end
    line, own = text[start:end], text[command.start : command.end]
    if line.strip() == own.strip() and not text[:start].rstrip().endswith(("\\", "&&", "||", "|")):
        if end < len(text) and start > 0:
            return _edit(fragment.span(start, end + 1))
        raise Refused("the script's other lines stand in quotes of another kind")
    before = max((other.end for other in siblings if other.end <= command.start), default=-1)
    between = text[before : command.start].strip() if before >= 0 else ""
    behind = re.match(r"\s*(?:$|\n|&&|;)", text[command.end :])
    if between in ("&&", ";") and behind:
        return _edit(fragment.span(before, command.end))
    raise Refused("the push is part of something larger")


def _edit(span: Span) -> Edit:
    return Edit(span.start, span.end, "")
