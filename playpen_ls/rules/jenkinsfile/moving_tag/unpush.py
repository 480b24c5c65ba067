"""Removing the pushes of an image with a mutable tag if it is also pushed with a fixed tag."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.edits.retag import without_option, without_statement
from playpen_ls.languages.jenkinsfile.model.images import ImageUse, Mention, floats
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.syntax.tree import ShellStep, string_at
from playpen_ls.languages.shell.parser import Command
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference


def has_fixed_sibling(one: Mention | ImageUse, found: Sequence[Mention | ImageUse]) -> bool:
    """Whether a shell command also pushes the same image with a fixed tag or digest."""
    return one.in_script and any(
        other.role == "push"
        and other.in_script
        and other.reference.repository == one.reference.repository
        and not floats(other.reference)
        and bool(other.reference.tag or other.reference.digest)
        for other in found
    )


def without_pushes(file: Jenkinsfile, reference: ImageReference, found: Sequence[Mention]) -> Iterator[Edit]:
    """Remove the pushes of the reference, and its `tag` commands if nothing else uses it. Raises Refused."""
    mine = [one for one in found if one.reference.text == reference.text]
    pushes = [one for one in mine if one.role == "push"]
    targets = [one for one in mine if one.role == "target"]
    others = _count(file, reference) - len(mine)
    if any(one.role == "build" for one in mine):
        others += 1  # the build still needs the local name
    dropped = pushes if others else [*pushes, *targets]
    for one in sorted(dropped, key=lambda one: one.span):
        yield _without(file, one)


def _count(file: Jenkinsfile, reference: ImageReference) -> int:
    """The number of occurrences of the reference in strings of the file."""
    old = re.compile(rf"(?<![\w./:@-]){re.escape(reference.text)}(?![\w:@/-]|\.\w)")
    count = 0
    for index, token in enumerate(file.tree.tokens):
        literal = string_at(file.tree, index) if token[0] == "string" else None
        if literal is not None and reference.base in file.source.text[literal.start : literal.end]:
            count += len(old.findall(literal.fragment.text))
    return count


def _without(file: Jenkinsfile, one: Mention) -> Edit:
    command, step = one.command, one.call
    if command is None or one.word is None:
        raise Refused("the image is pushed by a `docker` step instead of a shell command")
    if one.flag is not None or one.word.text.startswith("--"):
        return without_option(one)
    if not isinstance(step, ShellStep) or len(command.words) < 3:
        raise Refused("the push is part of a larger command")
    siblings = [other for other in step.commands if other is not command]
    if not siblings:
        if step.statement.first != step.index or step.statement.last != step.last:
            raise Refused("the step is part of a larger statement")
        if len(step.statement.block.statements) == 1:
            raise Refused("the block around the push would be empty")
        return without_statement(file, step.statement)
    return _out_of_script(command, siblings)


def _out_of_script(command: Command, siblings: list[Command]) -> Edit:
    """Remove the line of the command, or `&& command` after another one. Raises Refused."""
    fragment, text = command.fragment, command.fragment.text
    if any(other.start <= command.start and command.end <= other.end for other in siblings):
        raise Refused("the push is inside another command")
    start, end = text.rfind("\n", 0, command.start) + 1, text.find("\n", command.end)
    end = len(text) if end < 0 else end
    line, own = text[start:end], text[command.start : command.end]
    if line.strip() == own.strip() and not text[:start].rstrip().endswith(("\\", "&&", "||", "|")):
        if end < len(text) and start > 0:
            return _edit(fragment.span(start, end + 1))
        raise Refused("the push is on the first or last line of the script")
    before = max((other.end for other in siblings if other.end <= command.start), default=-1)
    between = text[before : command.start].strip() if before >= 0 else ""
    behind = re.match(r"\s*(?:$|\n|&&|;)", text[command.end :])
    if between in ("&&", ";") and behind:
        return _edit(fragment.span(before, command.end))
    raise Refused("the push is part of a larger command")


def _edit(span: Span) -> Edit:
    return Edit(span.start, span.end, "")
