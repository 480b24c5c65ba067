"""Completion in Dockerfiles: images, stages, variables, files of the build context."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts
from playpen_ls.api.rule import RuleContext, given_as
from playpen_ls.languages.dockerfile.build_context.locate import context_of
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel
from playpen_ls.languages.dockerfile.model.references import PLATFORM
from playpen_ls.languages.dockerfile.model.variables import assignments_before
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import Argument
from playpen_ls.session.completion.item import Item, Proposals, Sort
from playpen_ls.session.completion.names import images
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_FROM = regex(r"\s*FROM\s+(?:--\S+\s+)*(?P<word>[^\s$]*)", re.IGNORECASE)
_ORIGIN = regex(r"\s*(?:(?:COPY|ADD)\s(?:.*\s)?--from=|RUN\s.*--mount=\S*\bfrom=)(?P<word>[^\s$,]*)", re.IGNORECASE)
_VARIABLE = regex(r".*(?<!\\)\$\{?(?P<word>\w*)", re.DOTALL)
_SOURCE = regex(r"\s*(?:COPY|ADD)\s+(?:--\S+\s+)*(?:[^\s\[\"']+\s+)*(?P<word>[^\s\[\"'$]*)", re.IGNORECASE)


@dataclass(frozen=True)
class _Knowledge:
    builds: Facts[ImageBuilt]


def proposals(model: DockerfileModel, workspace: Workspace, offset: int, only_images: bool) -> Proposals | None:
    """What can stand at the offset."""
    number = next(n for n, one in reversed([*enumerate(model.chunks)]) if one.begins <= offset)
    begins, context = model.chunks[number].begins, workspace.context(model.source.path)
    instruction = _at(model, number, offset - begins)
    if instruction is None:
        return None
    before = model.source.text[begins + instruction.span.start : offset]
    if begun := _FROM.fullmatch(before):
        found = images(context, as_base=True)
        return _proposed(begun, offset, (*found, *(_stages(model, number) if not only_images else ())))
    if begun := _ORIGIN.fullmatch(before):
        found = images(context, as_base=False)
        return _proposed(begun, offset, (*found, *(_stages(model, number) if not only_images else ())))
    if only_images:
        return None
    if begun := _VARIABLE.fullmatch(before):
        return _proposed(begun, offset, _variables(model, number, instruction))
    if (begun := _SOURCE.fullmatch(before)) and "--from=" not in before:
        return _proposed(begun, offset, _files(model, context, begun["word"]))
    return None


def _at(model: DockerfileModel, number: int, offset: int) -> Instruction | None:
    """The instruction on whose lines the offset is: it can be behind blanks at the end."""
    instructions: list[Instruction] = [*model.above] if not number else []
    if number:
        stage = model.stage(number)
        instructions = [stage.start, *stage.instructions]
    last = next((one for one in reversed(instructions) if one.span.start <= offset), None)
    if last is None or any(heredoc.body.start <= offset for heredoc in last.heredocs):
        return None
    text = model.chunks[number].content.text
    return last if last.span.end >= offset or not text[last.span.end : offset].strip(" \t") else None


def _proposed(begun: re.Match[str], offset: int, items: tuple[Item, ...] | Iterator[Item]) -> Proposals | None:
    return Proposals.of(Span(offset - len(begun["word"]), offset), items)


def _stages(model: DockerfileModel, number: int) -> Iterator[Item]:
    """The stages above one."""
    for other in range(1, number):
        start = model.stage(other).start
        if start.stage_name is not None:
            image = start.image.text if start.image is not None else ""
            yield Item(start.stage_name.text, Sort.STAGE, f"stage from {image}", 0)


def _variables(model: DockerfileModel, number: int, instruction: Instruction) -> Iterator[Item]:
    """The variables in scope; their values are not shown, since they can be secrets."""
    if instruction.name == "FROM" or not number:
        for argument in queries.arguments_of(model.outline.content(0)):
            yield from (Item(pair.name, Sort.VARIABLE, "ARG", 0) for pair in argument.pairs)
        yield from (Item(name, Sort.VARIABLE, "set by BuildKit", 1) for name in PLATFORM)
        return
    for assigning in assignments_before(instruction):
        for pair in assigning.pairs:
            yield Item(pair.name, Sort.VARIABLE, "ARG" if isinstance(assigning, Argument) else "ENV", 0)


def _files(model: DockerfileModel, context: RuleContext, word: str) -> Iterator[Item]:
    """The entries of the folder that the word begins with, in the build context."""
    path, files = model.source.path, context.files
    folders = context_of(path, context.platform.build_context, given_as(_Knowledge, context).builds, files).folders
    inside = posixpath.dirname(word.lstrip("/")) if "/" in word else ""
    if not folders or ".." in inside.split("/"):
        return
    for name in files.names(posixpath.join(folders[0], inside) or "."):
        if not name.startswith(".git") and name != posixpath.basename(path):
            shown = f"{word.rpartition('/')[0]}/{name}" if "/" in word else name
            yield Item(shown, Sort.FOLDER if name.endswith("/") else Sort.FILE, "", 1 if name.startswith(".") else 0)
