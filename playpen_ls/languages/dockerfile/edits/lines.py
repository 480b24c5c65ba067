"""Insertion of whole lines around instructions and the comments directly above them."""

from __future__ import annotations

from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


def block(instruction: Instruction) -> Span:
    """The lines of an instruction of a stage and of the comments directly above it, without the final line end."""
    source = instruction.source
    start = source.line_start(instruction.raw.start)
    comments = instruction.syntax.comment_lines
    while start and source.line_start(start - 1) in comments:
        start = source.line_start(start - 1)
    return Span(start, instruction.raw.end)


def line_above(instruction: Instruction, line: str) -> Edit:
    """Inserts a line above an instruction and its comments. Only a fix can call it."""
    source, newline = instruction.source, instruction.file.model.source.newline
    at = block(instruction).start
    return Edit(at, at, f"{source.indentation(instruction.raw.start)}{line}{newline}")


def line_below(instruction: Instruction, line: str) -> Edit:
    """Inserts a line below an instruction; a missing final newline stays missing. Only a fix can call it."""
    at = instruction.raw.end
    return Edit(at, at, f"{instruction.file.model.source.newline}{line}")


def is_blank_above(source: Source, offset: int) -> bool:
    """Whether the line above `offset` is blank or does not exist."""
    line = source.line_of(offset)
    return line == 0 or not source.line_text(line - 1).strip()


def is_blank_below(source: Source, offset: int) -> bool:
    """Whether the line below `offset` is blank or does not exist."""
    line = source.line_of(offset) + 1
    return line >= len(source.line_starts) or not source.line_text(line).strip()
