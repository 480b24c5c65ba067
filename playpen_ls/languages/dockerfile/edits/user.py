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

USER = "1000:1000"  # numbers, so that Kubernetes' runAsNonRoot can check it


def user_edit(stage: Stage) -> Edit:
    """Sets a non-root USER after the last instruction that can need root, before CMD or ENTRYPOINT.

    Counts from the start of the stage. Only a fix can call it.
    """
    at_work = [one for one in stage.instructions if isinstance(one, (Run, Copy, Add, Workdir, User))]
    last: Instruction = at_work[-1] if at_work else stage.start
    if isinstance(last, User) and is_root(last):
        return Edit(last.arguments_span.start, last.arguments_span.end, USER)
    starting = next(
        (one for one in stage.instructions if isinstance(one, (Cmd, Entrypoint)) and one.index > last.index), None
    )
    if starting is not None:
        source, above = starting.source, block(starting).start
        commented = above < source.line_start(starting.raw.start)
        gap = starting.file.model.source.newline if commented and is_blank_above(source, above) else ""
        return line_above(starting, f"{'user' if starting.keyword.islower() else 'USER'} {USER}{gap}")
    end = stage.instructions[-1] if stage.instructions else stage.start
    return line_below(end, f"{'user' if end.keyword.islower() else 'USER'} {USER}")
