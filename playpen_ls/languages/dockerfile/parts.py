"""The parts of a Dockerfile that rules look at: stages, base images, instructions, words, and the whole file."""

from __future__ import annotations

from playpen_ls.languages.dockerfile.model.dockerfile import Dockerfile
from playpen_ls.languages.dockerfile.model.stage import BaseImage, Stage
from playpen_ls.languages.dockerfile.syntax.instruction import Flag, Instruction, Onbuild, Pair, Word
from playpen_ls.languages.dockerfile.syntax.instruction_types import (
    Add,
    Argument,
    Assigning,
    Cmd,
    Copy,
    Entrypoint,
    Environment,
    Expose,
    From,
    Healthcheck,
    Label,
    Run,
    Shell,
    ShellForm,
    Transfer,
    User,
    Volume,
    Workdir,
)

__all__ = [
    "Add",
    "Argument",
    "Assigning",
    "BaseImage",
    "Cmd",
    "Copy",
    "Dockerfile",
    "Entrypoint",
    "Environment",
    "Expose",
    "Flag",
    "From",
    "Healthcheck",
    "Instruction",
    "Label",
    "Onbuild",
    "Pair",
    "Run",
    "Shell",
    "ShellForm",
    "Stage",
    "Transfer",
    "User",
    "Volume",
    "Word",
    "Workdir",
]
