"""A parsed Dockerfile: a list of chunks, which are the stages and what is above the first one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Sequence

from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.languages.cutting import Boundary, joined, recut
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.model.validation import duplicate_names, ports_of_host, problems
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import instruction_of
from playpen_ls.languages.dockerfile.syntax.raw import Directive, RawInstruction
from playpen_ls.languages.dockerfile.syntax.stage_text import START, Cutter, Key, StageText, State
from playpen_ls.languages.model import Chunk, Comment, Model, Problem
from playpen_ls.text.edit import Edit, narrowed
from playpen_ls.text.source import LINE_END, Source
from playpen_ls.text.span import Span


class Dockerfile:
    """The whole file, for rules that look at all of it."""

    def __init__(self, file: FileView) -> None:
        self.file = file

    @property
    def problems(self) -> tuple[tuple[int, Problem], ...]:
        """What BuildKit rejects, each with the number of the chunk from whose start its range counts."""
        return self.file.ask(problems)

    @property
    def duplicate_names(self) -> tuple[tuple[int, Problem], ...]:
        """The stage names that an earlier stage has, as `problems`."""
        return self.file.ask(duplicate_names)

    @property
    def ports_of_host(self) -> tuple[tuple[int, Problem], ...]:
        """What EXPOSE says of ports and addresses of the host, as `problems`."""
        return self.file.ask(ports_of_host)


class StageChunk(Chunk):
    """A stage from its FROM to the next one, or the text above the first FROM."""

    def __init__(self, content: StageText, begins: int) -> None:
        self.key: Hashable = content.key
        self._content = content
        self._begins = begins

    @property
    def content(self) -> StageText:
        return self._content

    @property
    def begins(self) -> int:
        return self._begins

    @property
    def span(self) -> Span:  # type: ignore[override]  # computed on access
        return Span(self._begins, self._begins + len(self._content.text))

    def parts(self, file: FileView) -> Iterable[object]:
        """The stage before its image, both before the instructions; ONBUILD's inner ones are not given."""
        content = self._content
        if content.above:
            yield from (instruction_of(content, raw, index, file) for index, raw in enumerate(content.raw))
            return
        stage = Stage(content, file)
        yield stage
        if stage.image is not None:
            yield stage.image
        yield stage.start
        yield from stage.instructions


class DockerfileModel(Model):
    """The chunks of a file: the text above the first FROM, then stage by stage."""

    language = "dockerfile"

    def __init__(self, source: Source, previous: DockerfileModel | None = None) -> None:
        self.source = source
        text = source.text
        boundaries: Sequence[Boundary] = (START,)
        chunks: Sequence[StageChunk] = ()
        edit = Edit(0, 0, text)
        if previous is not None:
            boundaries, chunks = previous._boundaries, previous.chunks
            edit = narrowed(0, previous.source.text, text)
        cut = keep, new, resume, _ = recut(text, edit, boundaries, Cutter(text).following)
        self._boundaries: Sequence[Boundary] = joined(edit, boundaries, *cut)
        # The text of the last chunk that is kept may end elsewhere now.
        first, last = keep - 1, keep + len(new)
        known = {chunk.key: chunk.content for chunk in chunks[first:resume]}
        anew = [self._chunk(number, known) for number in range(first, last)]
        grown = len(edit.text) - (edit.end - edit.start)
        below = chunks[resume:]
        moved = [StageChunk(one.content, one.begins + grown) for one in below] if grown else below
        self.chunks: Sequence[StageChunk] = [*chunks[:first], *anew, *moved]
        self.outline: Outline = Outline(source.path, self.chunks, previous.outline if previous is not None else None)

    def _chunk(self, number: int, known: dict[Hashable, StageText]) -> StageChunk:
        at = self._boundaries[number]
        below = self._boundaries[number + 1] if number + 1 < len(self._boundaries) else None
        text = self.source.text[at.offset : below.offset if below is not None else None]
        key = Key(text, _state(at).escape, _state(below).interrupts if below is not None else "")
        return StageChunk(known.get(key) or StageText(key), at.offset)

    def parts(self, file: FileView) -> Iterable[object]:
        return (Dockerfile(file),)

    @property
    def directives(self) -> Sequence[Directive]:
        return self.chunks[0].content.directives

    @property
    def escape(self) -> str:
        """The escape and line continuation character."""
        return self.chunks[0].content.escape

    # Parts that see the whole file, for facts and fixes. They are made anew for each call.

    @property
    def above(self) -> Sequence[Instruction]:
        """The instructions before the first FROM."""
        content, file = self.chunks[0].content, self._view(0)
        return [instruction_of(content, raw, index, file) for index, raw in enumerate(content.raw)]

    @property
    def stages(self) -> Sequence[Stage]:
        return [self.stage(number) for number in range(1, len(self.chunks))]

    def stage(self, number: int) -> Stage:
        """The stage of the chunk with this number, from 1; negative numbers count from the end."""
        number %= len(self.chunks)
        return Stage(self.chunks[number].content, self._view(number))

    def _view(self, number: int) -> FileView:
        file = FileView(self.outline, number)
        file.open(self, self.chunks[number].begins)
        return file

    @property
    def problems(self) -> Sequence[Problem]:
        return [
            Problem(one.span.shifted(self.chunks[number].begins), one.message)
            for number, one in self.outline.ask(problems)
        ]

    def comments(self) -> Sequence[Comment]:
        """Includes the parser directives, since `# check=skip=…` suppresses findings."""
        return [one for chunk in self.chunks for one in _placed(chunk.content.comments, chunk.begins)]

    def comments_with(self, marks: Sequence[str]) -> Sequence[Comment]:
        return [one for chunk in self.chunks for one in _placed(chunk.content.comments_with(marks), chunk.begins)]

    def _instructions_from(self, offset: int) -> Iterator[tuple[int, RawInstruction]]:
        """The instructions from the last one that begins at or before `offset`, each with the start of its chunk."""
        number = max(bisect_right(self.chunks, offset, key=lambda chunk: chunk.begins) - 1, 0)
        around = self.chunks[number].content.raw
        first = bisect_right(around, offset - self.chunks[number].begins, key=lambda raw: raw.start) - 1
        yield from ((self.chunks[number].begins, raw) for raw in around[max(first, 0) :])
        for chunk in self.chunks[number + 1 :]:
            yield from ((chunk.begins, raw) for raw in chunk.content.raw)

    def construct_after(self, offset: int) -> Span | None:
        """After a comment between continued lines, the span of the instruction's next line."""
        for begins, raw in self._instructions_from(offset):
            if begins + raw.start >= offset:
                return raw.span.shifted(begins)
            if offset < begins + raw.segments[-1][0]:
                return self._line_below(offset, begins, raw)
        return None

    def _line_below(self, offset: int, begins: int, raw: RawInstruction) -> Span:
        """The first line of a continued instruction that starts at or after `offset`."""
        start, end = next((start, end) for start, end in raw.segments if begins + start >= offset)
        text = self.source.text
        line = text[begins + start : begins + end]
        line_end = LINE_END.search(text, begins + end)
        indentation = len(line) - len(line.lstrip())
        return Span(begins + start + indentation, line_end.start() if line_end else len(text))

    def construct_at(self, offset: int) -> Span | None:
        begins, raw = next(self._instructions_from(offset), (0, None))
        if raw is None:
            return None
        span = raw.span.shifted(begins)
        return span if span.start <= offset <= span.end else None


def model_of(file: FileView) -> DockerfileModel:
    """The whole file, for a fix whose change is computed. Raises UnrecordedRead while a rule runs."""
    model = file.model
    assert isinstance(model, DockerfileModel)
    return model


def _state(boundary: Boundary) -> State:
    assert isinstance(boundary.state, State)
    return boundary.state


def _placed(comments: Sequence[Comment], by: int) -> Iterable[Comment]:
    return (Comment(one.span.shifted(by), one.text, one.alone) for one in comments) if by else comments


def parse(source: Source, previous: Model | None = None) -> DockerfileModel:
    """Incremental: only the stages around what has changed since `previous` are read again."""
    if not isinstance(previous, DockerfileModel) or previous.source.path != source.path:
        return DockerfileModel(source)
    return previous if previous.source.text == source.text else DockerfileModel(source, previous)
