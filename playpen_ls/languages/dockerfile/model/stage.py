"""Build stages and their base images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from playpen_ls.languages.dockerfile.model.expansion import expanded
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction, Word
from playpen_ls.languages.dockerfile.syntax.instruction_types import (
    Argument,
    Assigning,
    Environment,
    From,
    Shell,
    Workdir,
)
from playpen_ls.languages.dockerfile.syntax.raw import Cut
from playpen_ls.languages.dockerfile.syntax.word_filter import Mentions
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference
from playpen_ls.vocabulary.names import words

if TYPE_CHECKING:
    from playpen_ls.languages.dockerfile.model.dockerfile import Dockerfile

_DEVELOPING = frozenset(
    "dev develop development devel debug test tests testing ci lint linter validate check local devcontainer".split()
)
_HOLE = re.compile(r"\{\{|\}\}|\{%|<|>|@@|%%")  # placeholder of a template from which a Dockerfile is generated


class BaseImage:
    """The image or stage that a FROM names. `reference` has the defaults of build arguments substituted.

    `known` is False if an argument has no default, and for a template placeholder; `literal` is True if the text
    itself is the reference. `stage` is the earlier stage of that name, or None.
    """

    def __init__(self, word: Word, stage: Stage, base: Stage | None) -> None:
        self.word = word
        self.owner = stage
        self.stage = base
        self.literal = word.plain
        resolved = word.text if self.literal else expanded(word.text.strip("\"'"), stage.document.global_defaults)
        self.known = bool(resolved) and not _HOLE.search(word.text)
        self.reference = ImageReference.parse(resolved or word.text)

    def __repr__(self) -> str:
        return f"BaseImage({self.word.text!r})"

    @property
    def span(self) -> Span:
        return self.word.span

    @property
    def external(self) -> bool:
        """The image is pulled: it is not an earlier stage or `scratch`, and its name is known."""
        return self.known and self.stage is None and self.reference.text != "scratch" and bool(self.reference.path)


@dataclass(frozen=True, slots=True)
class Heading:
    """What follows from the FROM line alone. `image` and `name` (after AS) are in lower case, "" if absent.

    `reference` is the image it pulls, unless an earlier stage has that name; None if it depends on build arguments.
    `span` is the span of the image at the offset where the line was parsed.
    """

    image: str
    name: str
    reference: ImageReference | None
    span: Span

    @classmethod
    def of(cls, start: From) -> Heading:
        image, name = start.image, start.stage_name
        reference = ImageReference.parse(image.text) if image is not None and image.plain else None
        if reference is not None and (reference.text == "scratch" or not reference.path):
            reference = None
        span = image.span if image is not None else start.span
        return cls(image.text.lower() if image else "", name.text.lower() if name else "", reference, span)


class Stage:
    """A FROM and the instructions after it. `name` is in lower case, "" without AS; `base` is the base stage or None.

    Instructions are created lazily; `first` is the index of its FROM among the instructions of the file.
    """

    def __init__(self, document: Dockerfile, index: int, first: int, earlier: Mapping[str, Stage]) -> None:
        self.document = document
        self.index = index
        self._first = first
        self.cut: Cut = document.cuts[index + 1]
        heading: Heading | None = self.cut.made.get("heading")
        if heading is None:
            heading = self.cut.made["heading"] = Heading.of(self.start)
        self.heading = heading
        self.name = heading.name
        self.base = earlier.get(heading.image)

    def __repr__(self) -> str:
        return f"Stage({self.start.logical!r})"

    @property
    def text(self) -> str:
        """The text from its FROM to the next one."""
        return self.cut.text

    @cached_property
    def start(self) -> From:
        (start,) = self.document.made(self.index + 1, self._first, self, 0, 1)
        assert isinstance(start, From)
        return start

    @cached_property
    def instructions(self) -> Sequence[Instruction]:
        """The instructions after the FROM."""
        return self.document.made(self.index + 1, self._first, self, 1)

    @cached_property
    def image(self) -> BaseImage | None:
        word = self.start.image
        return BaseImage(word, self, self.base) if word else None

    @property
    def pulled_by_name(self) -> ImageReference | None:
        """The image that its FROM pulls; None for an earlier stage, `scratch`, or if it depends on build arguments."""
        return self.heading.reference if self.base is None else None

    @cached_property
    def mentions(self) -> Mentions:
        """The word filter of the whole stage text."""
        kept: Mentions | None = self.cut.made.get("mentions")
        if kept is None:
            kept = self.cut.made["mentions"] = Mentions(self.text)
        return kept

    @cached_property
    def every(self) -> Sequence[Instruction]:
        """The FROM and the instructions after it."""
        return [self.start, *self.instructions]

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
        if not any(piece.keyword.upper() == "SHELL" for piece in self.cut.pieces):
            return ()
        return [one for one in self.instructions if isinstance(one, Shell)]

    def shell_at(self, instruction: Instruction) -> Shell | None:
        """The SHELL in effect at the instruction, also from base stages; None for the default shell."""
        shells = (one for stage in self.lineage for one in reversed(stage._shells))
        return next((one for one in shells if one.index < instruction.index), None)

    @property
    def span(self) -> Span:
        last = self.instructions[-1] if self.instructions else self.start
        return Span(self.start.span.start, last.span.end)

    @property
    def final(self) -> bool:
        """The last stage, which a build without `--target` builds."""
        return self is self.document.stages[-1]

    @cached_property
    def lineage(self) -> tuple[Stage, ...]:
        """The stage itself, its base stage, and so on to the stage with the external base image."""
        found, base = [self], self.base
        while base is not None:
            found.append(base)
            base = base.base
        return tuple(found)

    @cached_property
    def assigned(self) -> Mapping[int, Sequence[tuple[str, str | None]]]:
        """The names and unexpanded values of its ENV and ARG, by instruction index; computed on first access."""
        from playpen_ls.languages.dockerfile.model.variables import assigned_in

        return assigned_in(self)

    @cached_property
    def workdirs(self) -> tuple[Workdir, ...]:
        """The WORKDIR instructions of the stage, last one first."""
        return tuple(one for one in reversed(self.instructions) if isinstance(one, Workdir))

    @property
    def pulled(self) -> BaseImage | None:
        """The external base image, at the end of the lineage."""
        return self.lineage[-1].image

    def before(self, instruction: Instruction) -> Iterator[Instruction]:
        """The earlier instructions in the stage and its base stages, last one first."""
        for stage in self.lineage:
            for one in reversed(stage.instructions):
                if one.index < instruction.index:
                    yield one


def is_for_developing(stage: str) -> bool:
    """Whether a stage of this name is for development or tests, not for production."""
    return not _DEVELOPING.isdisjoint(words(stage))
