"""The interface of a language: a model of a file, split into separately parsed chunks that yield parts for rules.

A model never raises, whatever the text. It is immutable: an edit creates a new model, which can reuse what
the `previous` one has parsed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, ClassVar

from playpen_ls.api.facts import Fact
from playpen_ls.api.file_view import FileView
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment. `text` includes its marker; `alone` means that nothing else is on its line."""

    span: Span
    text: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """A syntax error, or other text that the language's own tools reject."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """A range where the file disables checks of another tool by other means than a comment, such as an annotation.

    `tool` is a key of a rule's `like`; empty `codes` means all checks of that tool.
    """

    span: Span
    tool: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Embedded:
    """A text of another language inside a chunk: the pod of an agent in a pipeline.

    Offsets of `fragment` count from the start of the chunk. `complete` means that nothing is added to it elsewhere, so
    that what it does not say is missing. Where a file is deployed in several ways, texts say in which: what holds in
    all of them is reported, once.
    """

    language: str
    fragment: Fragment
    complete: bool
    way: str = ""


class Chunk(ABC):
    """A part of a file that is parsed on its own: a YAML document, a top-level statement.

    Findings in a chunk are cached by `key` and by what its parts asked of the rest of the file. The key is the text,
    with the state of the cutter that decides how the text is read. Offsets of parts count from the start of the chunk.
    """

    span: Span
    key: Hashable
    broken: bool = False
    """Whether the chunk has a syntax error; its parts are then those that could be recovered."""

    @property
    def seems_broken(self) -> bool:
        """Whether a parse has failed. A chunk that has not been parsed counts as valid; this never parses."""
        return self.broken

    @property
    def begins(self) -> int:
        return self.span.start

    @property
    def content(self) -> Any:
        """What its text says by itself: what queries about the file are made of. Offsets count from its start."""
        raise NotImplementedError

    def words(self, file: FileView) -> Words | None:
        """The words by which rules that find nothing in it are known without parsing it; None if they do not show that.

        What is outside of the chunk is asked of the `file`.
        """
        return None

    def embedded(self) -> Iterable[Embedded]:
        """The texts of other languages in it; rules of these languages that are `in_pipelines` look at them."""
        return ()

    @abstractmethod
    def parts(self, file: FileView) -> Iterable[object]:
        """Everything in the chunk that a rule's first parameter can name, each once, in text order.

        What is outside of the chunk they ask of the `file`. They are created anew for each check.
        """


class Model(ABC):
    """A parsed file."""

    language: ClassVar[str]
    source: Source
    chunks: Sequence[Chunk]

    def parts(self, file: FileView) -> Iterable[object]:
        """What rules for the whole file look at: parts without nodes, which ask the `file`."""
        return ()

    def settled(self) -> Model:
        """The model of the same text once typing pauses, without assumptions about half-typed text."""
        return self

    def span_of(self, fact: Fact) -> Span | None:
        """The current range of a fact, which is compared without its place; None if the file no longer has it.

        A language implements it if findings of its rules relate to facts of the same file (`Place.stated`).
        """
        return None

    @abstractmethod
    def comments(self) -> Sequence[Comment]:
        """All comments in text order; never text inside a string, a heredoc or a block scalar."""

    def exemptions(self) -> Sequence[Exemption]:
        """Ranges where checks are disabled by other means than comments, such as annotations."""
        return ()

    def may_mention(self, marks: Sequence[str]) -> bool:
        """Whether the text contains one of these words, ignoring case. `marks` are lower case."""
        text = self.source.text.lower()
        return any(mark in text for mark in marks)

    def comments_with(self, marks: Sequence[str]) -> Sequence[Comment]:
        """A superset of the comments that contain one of these words, ignoring case. `marks` are lower case."""
        return self.comments() if self.may_mention(marks) else ()

    @abstractmethod
    def construct_after(self, offset: int) -> Span | None:
        """The range of the first instruction, statement, step or key that starts at or after `offset`."""

    @abstractmethod
    def construct_at(self, offset: int) -> Span | None:
        """The range of the innermost construct that contains `offset` and can have a comment line above it.

        It starts after the indentation. None where comments are not possible (JSON).
        """

    def comment_above(self, offset: int, comment: str) -> Edit | None:
        """The edit that inserts a comment above the construct at `offset`, on a line with the same indentation."""
        construct = self.construct_at(offset)
        if construct is None:
            return None
        start = self.source.line_start(construct.start)
        indentation = self.source.indentation(construct.start)
        return Edit(start, start, f"{indentation}{comment}{self.source.newline}")

    def chunks_touching(self, span: Span) -> list[Chunk]:
        return [chunk for chunk in self.chunks if chunk.span.touches(span)]
