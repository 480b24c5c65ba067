"""What a RUN installs, and whether the rest of it can run without the copied sources."""

from __future__ import annotations

from playpen_ls.languages.dockerfile.model.container_paths import (
    joined,
    working_directory,
)
from playpen_ls.languages.dockerfile.syntax.instruction_types import Run
from playpen_ls.rules.dockerfile._context_free import is_context_free
from playpen_ls.rules.dockerfile._installs import Install, install_of
from playpen_ls.text.dataclass import dataclass


@dataclass(frozen=True)
class Step:
    """The installs of a RUN. `opaque` is a command that cannot be analyzed, or ""."""

    run: Run
    folder: str
    installs: tuple[Install, ...]
    opaque: str

    @property
    def needs_sources(self) -> Install | None:
        return next((one for one in self.installs if one.needs or one.alone), None)


def read_step(run: Run, destination: str) -> Step:
    """What a RUN installs. A literal `cd` counts at its head, before anything was done."""
    folder = working_directory(run)
    installs: list[Install] = []
    opaque = "" if run.commands else run.keyword
    for command in run.commands:
        words = [word.text for word in command.operands]
        if command.name == "cd" and len(words) == 1 and command.operands[0].plain and not installs and not opaque:
            folder = joined(folder, words[0])
            continue
        install = install_of(command)
        if install is not None:
            installs.append(install)
        if not is_context_free(command, folder, destination, run, install is not None):
            opaque = opaque or command.name or run.keyword
    return Step(run, folder, tuple(installs), opaque)
