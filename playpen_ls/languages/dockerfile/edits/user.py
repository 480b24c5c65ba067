"""The edit that makes a stage run as an ordinary user."""

from __future__ import annotations

from playpen_ls.languages.dockerfile.edits.lines import block, is_blank_above, line_above, line_below
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.model.user import is_root
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import (
    Add,
    Cmd,
    Copy,
    Entrypoint,
    Run,
    User,
    Workdir,
)
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

_NAME = regex(r"[a-z_][a-z0-9_-]*")
_OWNER = regex(r"(?:\bchown\s+(?:-\w+\s+)*|--chown=)([1-9]\d*(?::\d+)?)(?=\s)")
USER = "1000:1000"  # numbers, so that Kubernetes' runAsNonRoot can check it


def user_of(stage: Stage) -> str:
    """The user for USER: the only one that the stage creates, by its number if it has one, or the only one to whom it
    gives files by a number, else 1000."""
    created = [
        command
        for one in stage.all_instructions
        if isinstance(one, Run)
        for command in one.commands
        if command.name in ("useradd", "adduser")
    ]
    if not created:
        owners = {match[1] for one in stage.all_instructions for match in _OWNER.finditer(one.logical)}
        return owners.pop() if len(owners) == 1 else USER
    if len(created) != 1 or len(created[0].operands) != 1:  # with two operands, `adduser` adds to a group
        return USER
    number, (name,) = created[0].option("-u", "--uid"), created[0].operands
    if number is not None and number.text.isdigit():
        return number.text if int(number.text) else USER
    return name.text if number is None and _NAME.fullmatch(name.text) else USER


def user_edit(stage: Stage) -> Edit:
    """Sets a non-root USER after the last instruction that can need root, before CMD or ENTRYPOINT.

    Counts from the start of the stage. Only a fix can call it.
    """
    user = user_of(stage)
    at_work = [one for one in stage.instructions if isinstance(one, (Run, Copy, Add, Workdir, User))]
    last: Instruction = at_work[-1] if at_work else stage.start
    if isinstance(last, User) and is_root(last):
        return Edit(last.arguments_span.start, last.arguments_span.end, user)
    starting = next(
        (one for one in stage.instructions if isinstance(one, (Cmd, Entrypoint)) and one.index > last.index), None
    )
    if starting is not None:
        source, above = starting.source, block(starting).start
        commented = above < source.line_start(starting.raw.start)
        gap = starting.file.model.source.newline if commented and is_blank_above(source, above) else ""
        return line_above(starting, f"{'user' if starting.keyword.islower() else 'USER'} {user}{gap}")
    end = stage.instructions[-1] if stage.instructions else stage.start
    return line_below(end, f"{'user' if end.keyword.islower() else 'USER'} {user}")
