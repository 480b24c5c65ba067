"""Build stages and their base images."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from playpen_ls.api.file_view import FileView
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.expansion import expanded, names_in
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction, Word
from playpen_ls.languages.dockerfile.syntax.instruction_types import (
    Argument,
    Assigning,
    Environment,
    From,
    Run,
    Shell,
    Workdir,
    instruction_of,
)
from playpen_ls.languages.dockerfile.syntax.stage_text import StageText, WordFilter
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference
from playpen_ls.vocabulary.names import words
from playpen_ls.vocabulary.purposes import DEVELOPMENT

MOST_ANCESTORS = 100  # base stages below a stage; deeper ones are not looked at, against hostile input
_DEVELOPING = DEVELOPMENT | frozenset("lint linter validate check devcontainer".split())
_HOLE = regex(r"\{\{|\}\}|\{%|<|>|@@|%%")  # placeholder of a template from which a Dockerfile is generated

Kind = TypeVar("Kind", bound=Instruction)


class BaseImage:
    """The image or stage that a FROM names. `reference` has the defaults of build arguments substituted.

    `known` is False if an argument has no default, and for a template placeholder; `literal` is True if the text
    itself is the reference. `stage` is the earlier stage of that name, or None.
    """

    def __init__(self, word: Word, stage: Stage) -> None:
        self.word = word
        self.owner = stage
        self.literal = word.plain
        resolved = word.text if self.literal else _with_defaults(word.text.strip("\"'"), stage.file)
        self.known = bool(resolved) and not _HOLE.search(word.text)
        self.reference = ImageReference.parse(resolved or word.text)

    def __repr__(self) -> str:
        return f"BaseImage({self.word.text!r})"

    @property
    def span(self) -> Span:
        return self.word.span

    @property
    def stage(self) -> Stage | None:
        return self.owner.base

    @property
    def external(self) -> bool:
        """The image is pulled: it is not an earlier stage or `scratch`, and its name is known."""
        return self.known and self.stage is None and self.reference.text != "scratch" and bool(self.reference.path)


def _with_defaults(text: str, file: FileView) -> str | None:
    defaults = {name: file.ask(queries.default_of, name) for name in sorted(names_in(text))}
    return expanded(text, {name: value for name, value in defaults.items() if value is not None})


class Stage:
    """A FROM and the instructions after it. `name` is in lower case, "" without AS; `base` is the base stage or None.

    Spans count from the start of its text. `number` is that of its chunk for a stage that another one continues; None
    for the stage that is looked at, which asks where it is.
    """

    def __init__(self, syntax: StageText, file: FileView, number: int | None = None) -> None:
        self.syntax = syntax
        self.file = file
        self.number = number

    def __repr__(self) -> str:
        return f"Stage({self.start.logical!r})"

    @property
    def text(self) -> str:
        """The text from its FROM to the next one."""
        return self.syntax.text

    @cached_property
    def name(self) -> str:
        return self.start.stage_name.text.lower() if self.start.stage_name else ""

    @cached_property
    def base(self) -> Stage | None:
        ask = self.file.ask
        number = ask(queries.base) if self.number is None else ask(queries.base_of, self.number)
        syntax = ask(queries.text_of, number) if number is not None else None
        return Stage(syntax, self.file, number) if syntax is not None else None

    @cached_property
    def start(self) -> From:
        start = self._made(0)
        assert isinstance(start, From)
        return start

    @cached_property
    def instructions(self) -> Sequence[Instruction]:
        """The instructions after the FROM."""
        return [self._made(index) for index in range(1, len(self.syntax.raw))]

    def _made(self, index: int) -> Instruction:
        return instruction_of(self.syntax, self.syntax.raw[index], index, self.file, self)

    @cached_property
    def image(self) -> BaseImage | None:
        word = self.start.image
        return BaseImage(word, self) if word else None

    @property
    def mentions(self) -> WordFilter:
        """The word filter of the whole stage text."""
        return self.syntax.mentions

    @cached_property
    def kinds(self) -> frozenset[type[Instruction]]:
        """The types of the instructions after the FROM."""
        return frozenset(map(type, self.instructions))

    @cached_property
    def assigning(self) -> Sequence[Assigning]:
        """The ENV and ARG instructions of the stage."""
        return [one for one in self.instructions if isinstance(one, (Environment, Argument))]

    @cached_property
    def _shells(self) -> Sequence[Shell]:
        if not any(raw.keyword.upper() == "SHELL" for raw in self.syntax.raw):
            return ()
        return [one for one in self.instructions if isinstance(one, Shell)]

    def shell_at(self, instruction: Instruction) -> Shell | None:
        """The SHELL in effect at one of its instructions, also from base stages; None for the default shell."""
        own = next((one for one in reversed(self._shells) if one.index < instruction.index), None)
        if own is not None:
            return own
        return next((shell for stage in self.ancestors[1:] for shell in reversed(stage._shells)), None)

    def posix_shell_at(self, instruction: Instruction) -> bool:
        """Whether a POSIX shell runs one of its instructions; assumed not to be the case if the escape character is a
        backtick, which is used for Windows images."""
        if self.syntax.escape != "\\":
            return False
        shell = self.shell_at(instruction)
        return shell is None or shell.posix

    @property
    def span(self) -> Span:
        last = self.instructions[-1] if self.instructions else self.start
        return Span(self.start.span.start, last.span.end)

    @property
    def final(self) -> bool:
        """The last stage, which a build without `--target` builds."""
        return self.file.ask(queries.is_last)

    @property
    def is_continued(self) -> bool:
        """Another stage is based on it."""
        return self.file.ask(queries.is_continued)

    @cached_property
    def ancestors(self) -> tuple[Stage, ...]:
        """The stage itself, its base stage, and so on to the stage with the external base image."""
        found, base = [self], self.base
        while base is not None and len(found) <= MOST_ANCESTORS:
            found.append(base)
            base = base.base
        return tuple(found)

    @property
    def all_instructions(self) -> Iterator[Instruction]:
        """The instructions of the stage and of its base stages, those of the stage first."""
        return (one for stage in self.ancestors for one in stage.instructions)

    def all_of(self, kind: type[Kind]) -> Iterator[Kind]:
        """Those of `all_instructions` that are of a type."""
        return (one for stage in self.ancestors for one in stage._of_kind(kind))

    def effective(self, kind: type[Kind]) -> Kind | None:
        """The last instruction of a type, also from base stages, where the last one replaces those before."""
        return next((own[-1] for stage in self.ancestors if (own := stage._of_kind(kind))), None)

    def users_of(self, name: str) -> Sequence[Instruction]:
        """The instructions that mention a variable, also in their heredocs, in text order."""
        return self._by_variable.get(name, ())

    @cached_property
    def _by_variable(self) -> dict[str, list[Instruction]]:
        found: dict[str, list[Instruction]] = {}
        for one in self.instructions:
            for name in names_in(one.whole_text if isinstance(one, Run) else one.raw.logical):
                found.setdefault(name, []).append(one)
        return found

    @cached_property
    def workdirs(self) -> tuple[Workdir, ...]:
        """The WORKDIR instructions of the stage, last one first."""
        return tuple(one for one in reversed(self.instructions) if isinstance(one, Workdir))

    @property
    def external_base(self) -> BaseImage | None:
        """The image at the end of the base stages, which is pulled."""
        return self.ancestors[-1].image

    def before(self, instruction: Instruction, kind: type[Kind]) -> Iterator[Kind]:
        """The instructions of a type above one in the stage, and those of its base stages, last one first."""
        own = self._of_kind(kind)
        for at in range(bisect_left(own, instruction.index, key=lambda one: one.index) - 1, -1, -1):
            yield own[at]
        for stage in self.ancestors[1:]:
            yield from reversed(stage._of_kind(kind))

    def _of_kind(self, kind: type[Kind]) -> list[Kind]:
        if kind not in self._by_kind:
            self._by_kind[kind] = [one for one in self.instructions if isinstance(one, kind)]
        return self._by_kind[kind]

    @cached_property
    def _by_kind(self) -> dict[type[Instruction], list[Any]]:
        return {}


def stage_of(instruction: Instruction) -> Stage | None:
    """The stage in which the instruction is; None above the first FROM."""
    return instruction.scope if isinstance(instruction.scope, Stage) else None


def is_for_developing(stage: str) -> bool:
    """Whether a stage of this name is for development or tests, not for production."""
    return not _DEVELOPING.isdisjoint(words(stage))
