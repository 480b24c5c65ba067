"""The chunks of a Dockerfile: the text above the first FROM, and each stage from its FROM to the next one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from playpen_ls.languages.cutting import Boundary
from playpen_ls.languages.dockerfile.syntax.parser import Reader, Terminators, interruption
from playpen_ls.languages.model import Comment
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.source import Source


class State(NamedTuple):
    """How the text goes on at a boundary.

    `escape` is the escape character in effect, None at the start of the file, where parser directives can set it.
    `interrupts` is the keyword of the FROM, as written, if the line above asks for a continuation, else "".
    """

    escape: str | None = None
    interrupts: str = ""


START = Boundary(0, State(), 0)


class Cutter:
    """Finds the stages of one text."""

    def __init__(self, text: str) -> None:
        self._terminators = Terminators(text)

    def following(self, text: str, at: Boundary) -> Boundary | None:
        """The next FROM."""
        assert isinstance(at.state, State)
        reader = Reader(text, at.offset, at.state.escape, self._terminators)
        for raw in reader.instructions():
            if raw.keyword.upper() == "FROM" and (raw.start > at.offset or at.state.escape is None):
                state = State(reader.escape, reader.interrupted)
                return Boundary(raw.start, state, max(at.seen, reader.seen))
        return None


class WordFilter:
    """Fast pre-check whether words occur in parts of a text. Words that all of it lacks are ruled out once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._present: dict[tuple[str, ...], tuple[str, ...]] = {}

    @cached_property
    def _lower(self) -> str:
        return self._text.lower()

    def __call__(self, substring: str, words: tuple[str, ...]) -> bool:
        """Whether a part of the text contains one of the `words` (lower case), ignoring case."""
        present = self._present.get(words)
        if present is None:
            present = self._present[words] = tuple(word for word in words if word in self._lower)
        if not present:
            return False
        lower = substring.lower()
        return any(word in lower for word in present)


class Key(NamedTuple):
    """All that decides how a chunk is read.

    `escape` is that of the state at its start, `interrupted_by` the `interrupts` of the state at its end.
    """

    text: str
    escape: str | None = None
    interrupted_by: str = ""


class StageText:
    """The text of a chunk and what it says by itself. Offsets count from its start.

    `escape` is the escape character in effect; `directives` are those of the text above the first FROM. Versions of a
    file share it, so nothing that depends on other text is kept on it. Texts with the same `key` are equal.
    """

    def __init__(self, key: Key) -> None:
        reader = Reader(key.text, 0, key.escape)
        self.key = key
        self.text = key.text
        self.above = key.escape is None
        self.raw = tuple(reader.instructions())
        self.escape = reader.escape
        self.directives = tuple(reader.directives)
        self.comments = tuple(reader.comments)
        if key.interrupted_by:
            last = self.raw[-1]
            reader.problems.append(interruption(last.keyword, last.segments[-1][1], key.interrupted_by))
        self.problems = tuple(reader.problems)
        self._marked: dict[Sequence[str], tuple[Comment, ...]] = {}

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, StageText) and self.key == other.key)

    def __hash__(self) -> int:
        return hash(self.key)

    @cached_property
    def source(self) -> Source:
        """The text as one of lines. It has no path, and never a byte-order mark."""
        source = Source("", "")
        source.text = self.text
        return source

    @cached_property
    def mentions(self) -> WordFilter:
        return WordFilter(self.text)

    @cached_property
    def comment_lines(self) -> frozenset[int]:
        """Where the lines of the comments start."""
        return frozenset(self.source.line_start(comment.span.start) for comment in self.comments)

    def comments_with(self, marks: Sequence[str]) -> tuple[Comment, ...]:
        """The comments that contain one of these words, ignoring case. `marks` are lower case."""
        if not self.comments:
            return ()
        found = self._marked.get(marks)
        if found is None:
            marked = (one for one in self.comments if any(mark in one.text.lower() for mark in marks))
            found = self._marked[marks] = tuple(marked)
        return found
