"""The model of a Jenkinsfile: its regions, and for fixes the whole file as one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, cast

from playpen_ls.api.file_view import FileView
from playpen_ls.languages.jenkinsfile.model.constructs import construct_after, construct_at
from playpen_ls.languages.jenkinsfile.model.images import Mention, image_variables, mentions, receivers
from playpen_ls.languages.jenkinsfile.model.pipeline import Assignment, Pipeline
from playpen_ls.languages.jenkinsfile.model.pods import pods
from playpen_ls.languages.jenkinsfile.model.queries import frame_problem, frames_of, moves
from playpen_ls.languages.jenkinsfile.model.region import Region
from playpen_ls.languages.jenkinsfile.syntax.region import Cut, Parsed, cut
from playpen_ls.languages.jenkinsfile.syntax.tree import Block, Call, ShellStep, Statement
from playpen_ls.languages.model import Chunk, Comment, Embedded, Model, Problem
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


@dataclass(frozen=True)
class WholeFile:
    """What rules for the whole file look at: they ask what its regions say."""

    file: FileView


class RegionChunk(Chunk):
    """A region of a file."""

    def __init__(self, content: Parsed, start: int, unclosed: bool) -> None:
        self.key = content.key
        self.start = start
        self._content = content
        self._unclosed = unclosed

    @property
    def content(self) -> Parsed:
        return self._content

    @property
    def begins(self) -> int:
        return self.start

    @property
    def unclosed(self) -> bool:
        """Whether it opens a frame that is not closed."""
        return self._unclosed

    @property
    def span(self) -> Span:  # type: ignore[override]
        return Span(self.start, self.start + len(self._content.text))

    @property
    def broken(self) -> bool:  # type: ignore[override]
        return self._unclosed or bool(self._content.problems)

    def parts(self, file: FileView) -> Iterator[object]:
        return Region(self._content, file).parts()

    def embedded(self) -> Iterator[Embedded]:
        for pod in self._content.derived(pods):
            yield Embedded("kubernetes", pod.fragment, not pod.inherits)


class Jenkinsfile(Model):
    """A file as its `chunks`, which are what is looked at while typing.

    The rest sees the file as one `tree`, which is parsed when it is first needed: for the change of a fix.
    """

    language: ClassVar[str] = "jenkinsfile"

    def __init__(self, source: Source, previous: Jenkinsfile | None = None) -> None:
        self.source = source
        self._cuts: tuple[Cut, ...] = cut(source, previous._cuts if previous is not None else ())
        last = self._cuts[-1]
        # Where all braces are there, all frames are closed.
        unclosed = frames_of([moves(one) for one in last.parsed]).unclosed if len(self._cuts) > 1 else frozenset()
        self.chunks: Sequence[RegionChunk] = [
            RegionChunk(parsed, at.offset, number in unclosed)
            for number, (at, parsed) in enumerate(zip(last.boundaries, last.parsed, strict=True))
        ]

    def parts(self, file: FileView) -> Iterable[object]:
        return (WholeFile(file),)

    @property
    def regions(self) -> list[tuple[int, Region]]:
        """The regions with their starts, in text order."""
        return [(chunk.begins, Region(chunk.content)) for chunk in self.chunks]

    @property
    def problems(self) -> Sequence[Problem]:
        """Brackets and strings that are not closed, in text order."""
        found = []
        for chunk in self.chunks:
            if chunk.broken:
                every = (*chunk.content.problems, frame_problem(chunk.content) if chunk.unclosed else None)
                found += [Problem(one.span.shifted(chunk.begins), one.message) for one in every if one is not None]
        return sorted(found, key=lambda problem: problem.span)

    @cached_property
    def _comments(self) -> tuple[Comment, ...]:
        source, text = self.source, self.source.text
        made = []
        for span in (one.shifted(chunk.begins) for chunk in self.chunks for one in chunk.content.comments):
            line = source.line_of(span.start)
            before = text[source.line_starts[line] : span.start]
            after = text[span.end : source.line_span(source.line_of(span.end)).end]
            made.append(Comment(span, text[span.start : span.end], not before.strip() and not after.strip()))
        return tuple(made)

    def comments(self) -> Sequence[Comment]:
        return self._comments

    def may_mention(self, marks: Sequence[str]) -> bool:
        return any(chunk.content.derived(_mentions_any, tuple(marks)) for chunk in self.chunks)

    # The file as one

    @cached_property
    def tree(self) -> Region:
        return Region(Parsed.whole(self.source))

    @property
    def calls(self) -> Sequence[Call]:
        return self.tree.calls

    @property
    def shell_steps(self) -> Sequence[ShellStep]:
        return self.tree.shell_steps

    @property
    def assignments(self) -> Sequence[Assignment]:
        return self.tree.assignments

    @cached_property
    def statements(self) -> Sequence[Statement]:
        """Every statement in text order, each before those in its blocks."""
        return tuple(self.tree.statements)

    @property
    def pipeline(self) -> Pipeline | None:
        """The declarative pipeline at the top level of the file."""
        for statement in self.tree.root.statements:
            call = statement.call
            if call is not None and call.name == "pipeline" and call.block is not None:
                return Pipeline(call, call.block)
        return None

    @cached_property
    def stages_by_name(self) -> dict[str, list[int]]:
        """Where the names of the declarative stages begin, in text order."""
        found: dict[str, list[int]] = {}
        for stage in self.pipeline.all_stages() if self.pipeline is not None else ():
            if stage.name is not None:
                found.setdefault(stage.name, []).append(stage.name_span.start)
        return found

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """The image references: first those in shell scripts, then those in `docker` steps."""
        return tuple(mentions(self.tree, receivers(self.tree, set(image_variables(self.tree)))))

    def call_at(self, offset: int) -> Call | None:
        """The call whose name begins at this offset."""
        index = bisect_left(self.tree.tokens, offset, key=lambda token: token[1])
        call = self.tree.call_at(index)
        return call if call is not None and call.name_span.start == offset else None

    @cached_property
    def indentation(self) -> str:
        """One level of indentation, as in the first block that shows one."""
        shown = (indentation_in(self.source, block) for block in self.tree.blocks)
        return next(filter(None, shown), "    ")

    def construct_after(self, offset: int) -> Span | None:
        """The next statement; inside brackets the rest of the list element, or of its line."""
        for chunk in self.chunks[self._number_at(offset) :]:
            tree = Region(chunk.content)
            found = construct_after(tree, offset - chunk.start)
            if found is not None:
                return found.shifted(chunk.start)
            if tree.structure.frame_at >= 0:
                break
        return construct_after(self.tree, offset)

    def construct_at(self, offset: int) -> Span | None:
        """The innermost statement around `offset` that starts its line."""
        chunk = self.chunks[self._number_at(offset)]
        found = construct_at(Region(chunk.content), offset - chunk.start)
        return found.shifted(chunk.start) if found is not None else construct_at(self.tree, offset)

    def _number_at(self, offset: int) -> int:
        return bisect_right(self.chunks, offset, key=lambda chunk: chunk.start) - 1


def model_of(file: FileView) -> Jenkinsfile:
    """The whole file, when the change of a fix is computed. Raises UnrecordedRead before."""
    return cast(Jenkinsfile, file.model)


def parse(source: Source, previous: Model | None = None) -> Jenkinsfile:
    return Jenkinsfile(source, previous if isinstance(previous, Jenkinsfile) else None)


def indentation_in(source: Source, block: Block) -> str:
    """What the first statement of a block is indented by; "" if it does not show that."""
    if not block.statements:
        return ""
    start = block.statements[0].start
    outer, inner = source.indentation(block.start), source.indentation(start)
    begins_line = not source.text[source.line_start(start) : start].strip(" \t")
    return inner[len(outer) :] if begins_line and inner.startswith(outer) else ""


def _mentions_any(parsed: Parsed, marks: tuple[str, ...]) -> bool:
    text = parsed.text.lower()
    return any(mark in text for mark in marks)
