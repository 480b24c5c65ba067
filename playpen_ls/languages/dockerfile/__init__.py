"""Model of a Dockerfile, parsed as BuildKit parses it."""

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
from playpen_ls.languages.model import Model
from playpen_ls.text.source import Source

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
    "parse",
]


def parse(source: Source, previous: Model | None = None) -> Dockerfile:
    """Incremental: stages of `previous` are reused where neither their text nor their cache key has changed."""
    if not isinstance(previous, Dockerfile):
        return Dockerfile(source)
    if previous.source.text == source.text and previous.source.path == source.path:
        return previous
    return Dockerfile(source, previous)
