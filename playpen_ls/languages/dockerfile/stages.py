"""Build stages and the images that they begin with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from playpen_ls.languages.dockerfile.instructions import Instruction, Word
from playpen_ls.languages.dockerfile.kinds import From
from playpen_ls.languages.dockerfile.mentions import Mentions
from playpen_ls.languages.dockerfile.values import expanded
from playpen_ls.source import Span
from playpen_ls.vocabulary.images import ImageReference

if TYPE_CHECKING:
    from playpen_ls.languages.dockerfile.model import Dockerfile

_HOLE = re.compile(r"\{\{|\}\}|\{%|<|>|@@|%%")  # of a template that a Dockerfile is made from


class BaseImage:
    """What a FROM names. `reference` has the defaults of build arguments filled in.

    `known` is False where an argument has no default, and in a template; `literal` where the text is the reference
    itself. `stage` is the earlier stage of that name, if it is one.
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
        """It is pulled: no earlier stage, not `scratch`, and its name is known."""
        return self.known and self.stage is None and self.reference.text != "scratch" and bool(self.reference.path)


class Stage:
    """A FROM and what follows it. `name` is in lower case, "" without AS; `base` the stage it continues."""

    def __init__(self, document: Dockerfile, start: From, index: int, earlier: dict[str, Stage]) -> None:
        self.document = document
        self.start = start
        self.index = index
        name = start.stage_name
        self.name = name.text.lower() if name else ""
        self.instructions: list[Instruction] = []
        self.mentions = Mentions("")  # of its whole text, once that is known
        word = start.image
        self.base = earlier.get(word.text.lower()) if word else None
        self.image = BaseImage(word, self, self.base) if word else None

    def __repr__(self) -> str:
        return f"Stage({self.start.logical!r})"

    @property
    def span(self) -> Span:
        last = self.instructions[-1] if self.instructions else self.start
        return Span(self.start.span.start, last.span.end)

    @property
    def final(self) -> bool:
        """The image that a build without `--target` makes."""
        return self is self.document.stages[-1]

    @cached_property
    def lineage(self) -> tuple[Stage, ...]:
        """The stage, the stage that it continues, and so on down to the one with a pulled image."""
        found, base = [self], self.base
        while base is not None:
            found.append(base)
            base = base.base
        return tuple(found)

    @cached_property
    def assigned(self) -> Mapping[int, Sequence[tuple[str, str | None]]]:
        """The names and unexpanded values of its ENV and ARG, by the instruction's index; read when asked."""
        from playpen_ls.languages.dockerfile.environment import assigned_in

        return assigned_in(self)

    @property
    def pulled(self) -> BaseImage | None:
        """The image at the bottom of the lineage."""
        return self.lineage[-1].image

    def before(self, instruction: Instruction) -> Iterator[Instruction]:
        """What has run before it in the stage and those it continues, latest first."""
        for stage in self.lineage:
            for one in reversed(stage.instructions):
                if one.index < instruction.index:
                    yield one
