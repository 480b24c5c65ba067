"""The program that a container of a stage's image runs, and the ports that its command gives."""

from __future__ import annotations

from collections.abc import Sequence

from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.syntax.instruction_types import Cmd, Entrypoint, Environment, ShellForm
from playpen_ls.languages.shell.commands import Word
from playpen_ls.languages.shell.servers import PortTold, Program, ports_told, program_of
from playpen_ls.text.dataclass import dataclass


@dataclass(frozen=True)
class Started:
    """`instruction` is None if the base image starts the program; `variables` are those that the image sets.

    `words` are those of all commands of ENTRYPOINT and CMD.
    """

    instruction: ShellForm | None
    program: Program
    ports: Sequence[PortTold]
    variables: dict[str, str]
    words: tuple[str, ...]

    @property
    def entrypoint(self) -> tuple[str, ...] | None:
        """The words before a manifest's `args`; None for the shell form, which ignores them."""
        one = self.instruction
        if not isinstance(one, Entrypoint):
            return ()
        return tuple(word.text for word in one.vector) if one.vector is not None else None


def started(stage: Stage) -> Started:
    """What the stage's own commands start; a CMD combined with an ENTRYPOINT is only its arguments."""
    variables: dict[str, str] = {}
    for one in (one for each in reversed(stage.ancestors) for one in each.instructions):
        if isinstance(one, Environment):
            variables |= {pair.name: pair.value or "" for pair in one.pairs}
    start = stage.effective(Entrypoint) or stage.effective(Cmd)
    program = program_of(_words(stage, start) if start is not None else ())
    ports = () if start is None or "GUNICORN_CMD_ARGS" in variables else tuple(ports_told(program, variables))
    starting = (one for one in (start, stage.effective(Cmd)) if one is not None)
    words = dict.fromkeys(word.text for one in starting for command in one.commands for word in command.words)
    return Started(start, program, ports, variables, tuple(words))


def _words(stage: Stage, start: ShellForm) -> tuple[Word, ...]:
    """The words of the long-running program, which is the last command of a shell script; empty if unknown."""
    commands = start.commands
    if not commands or not isinstance(start, Entrypoint) or start.vector is None:
        return commands[-1].words if commands else ()
    arguments = stage.effective(Cmd)
    if arguments is None or arguments.vector is None:
        return commands[-1].words if arguments is None else ()
    if len(commands) > 1:  # a shell script gets the arguments as `$0`, `$1` …
        return ()
    more = arguments.commands
    return (*commands[0].words, *(more[0].words if more else ()))
