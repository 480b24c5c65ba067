"""Dockerfiles as tests look at them: all instructions of a file, and what their ranges hold in it."""

from __future__ import annotations

from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel, parse
from playpen_ls.languages.dockerfile.parts import Instruction, Stage
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


def model(text: str) -> DockerfileModel:
    return parse(Source("Dockerfile", text))


def instructions(read: DockerfileModel) -> list[Instruction]:
    """All instructions of a file, those above the first FROM too."""
    return [*read.above, *(one for stage in read.stages for one in (stage.start, *stage.instructions))]


def placed(one: Instruction | Stage, span: Span) -> Span:
    """Where a range stands in the file."""
    return span.shifted(one.file.start)


def written(one: Instruction | Stage, span: Span) -> str:
    """What the file holds there."""
    return one.file.model.source.of(placed(one, span))
