"""What every language offers: a model of a file, cut into chunks, made of parts that rules look at.

A model never raises on any text. It is immutable: an edit makes a new model, which may take over
what the `previous` one had parsed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from playpen_ls.api.file_view import FileView
from playpen_ls.facts import Fact
from playpen_ls.source import Edit, Source, Span


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its marker; `text` is all of it. `alone` means that nothing else stands on its line."""

    span: Span
    text: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """Text that the language's own tools would refuse."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """The file itself says, by other means than a comment, that checks of another tool do not count in `span`.

    `tool` is as in `like` of a rule; no `codes` means all of that tool's checks.
    """

    span: Span
    tool: str
    codes: frozenset[str]


class Chunk(ABC):
    """A piece of a file that is parsed on its own: one YAML document, one top-level statement.

    What rules find in a chunk is remembered by `key` and by what its parts asked of the rest of the file. Where parts
    ask (`Model.asks`) the key is its text, with the state of the cutter that decides how that is read, and positions
    of its parts count from its start. Else the key must hold everything of the file that its parts show, such as the
    import table, and positions are the file's.
    """

    span: Span
    key: Hashable
    broken: bool = False
    """It does not parse as it stands; its parts are what could be saved."""

    @property
    def seems_broken(self) -> bool:
        """As far as is known without work: what has nothing to report need not be parsed to know."""
        return self.broken

    @property
    def begins(self) -> int:
        return self.span.start

    @property
    def content(self) -> Any:
        """What its text says by itself: what queries about the file are made of. Offsets count from its start."""
        raise NotImplementedError

    @abstractmethod
    def parts(self, file: FileView) -> Iterable[object]:
        """Everything in the chunk that a rule's first parameter can name, each once, in text order.

        What is outside of the chunk they ask of the `file`. They are made anew for each check.
        """


class Model(ABC):
    """A file as its language sees it."""

    language: ClassVar[str]
    comment_mark: ClassVar[str] = "#"
    asks: ClassVar[bool] = False
    """Parts ask the rest of the file in recorded questions, and their positions count from the start of the chunk."""
    source: Source
    chunks: Sequence[Chunk]

    def parts(self, file: FileView) -> Iterable[object]:
        """What rules for the whole file look at; where parts ask, what shows nothing but answers."""
        return (self,)

    @property
    def problems(self) -> Sequence[Problem]:
        return ()

    def settled(self) -> Model:
        """The same text when typing pauses, without what was only assumed while it went on."""
        return self

    def release(self) -> None:  # noqa: B027  # most models have no circles
        """A newer model has taken its place, and nobody looks at it again: let go of what points in circles.

        Without that it stays in memory until the garbage collector runs, which a keystroke can feel.
        """

    @abstractmethod
    def facts(self) -> Iterable[Fact]:
        """What the file tells other files."""

    def span_of(self, fact: Fact) -> Span | None:
        """Where the file states a fact that one of its parts knows without its place; None if it does no more."""
        return next((one.place.span for one in self.facts() if replace(one, place=fact.place) == fact), None)

    @abstractmethod
    def comments(self) -> Sequence[Comment]:
        """All comments in text order; never text inside a string, a heredoc or a block scalar."""

    def exemptions(self) -> Sequence[Exemption]:
        """What is excused by other means than comments, such as annotations."""
        return ()

    def may_mention(self, marks: Sequence[str]) -> bool:
        """The text holds one of these lower-case words, in any case."""
        text = self.source.text.lower()
        return any(mark in text for mark in marks)

    def comments_with(self, marks: Sequence[str]) -> Sequence[Comment]:
        """The comments that may hold one of these lower-case words, in any case."""
        return self.comments() if self.may_mention(marks) else ()

    @abstractmethod
    def construct_after(self, offset: int) -> Span | None:
        """The whole instruction, statement, step or key that starts first at or after `offset`."""

    @abstractmethod
    def construct_at(self, offset: int) -> Span | None:
        """The innermost construct that holds `offset` and that a comment line may stand above.

        None where no comment can stand (JSON). Its start is the first character after indentation.
        """

    def comment_above(self, offset: int, text: str) -> Edit | None:
        """The edit that puts a comment line above the construct at `offset`, indented like it."""
        construct = self.construct_at(offset)
        if construct is None:
            return None
        start = self.source.line_start(construct.start)
        indentation = self.source.indentation(construct.start)
        return Edit(start, start, f"{indentation}{self.comment_mark} {text}{self.source.newline}")

    def chunks_touching(self, span: Span) -> list[Chunk]:
        return [chunk for chunk in self.chunks if chunk.span.touches(span)]
