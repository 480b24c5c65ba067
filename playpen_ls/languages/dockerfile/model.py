"""A Dockerfile: its stages, instructions, comments, and what it tells other files."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from playpen_ls.facts import Exposed, Fact, ImageUse
from playpen_ls.finding import Place
from playpen_ls.languages.base import Chunk, Comment, Model, Problem
from playpen_ls.languages.dockerfile.checks import problems_of
from playpen_ls.languages.dockerfile.instructions import Instruction
from playpen_ls.languages.dockerfile.kinds import Argument, Cmd, Entrypoint, Expose, From, Shell, instruction_of
from playpen_ls.languages.dockerfile.reader import Directive, read
from playpen_ls.languages.dockerfile.stages import Stage
from playpen_ls.languages.dockerfile.values import expanded
from playpen_ls.source import LINE_END, Source, Span

_SERVERS = re.compile(r"uvicorn|gunicorn|hypercorn|flask|fastapi")
_PORT_OPTIONS = ("--port", "-b", "--bind", "-p")


class WholeFile(Chunk):
    """A Dockerfile is read again as a whole: what a line means hangs on those above it."""

    def __init__(self, document: Dockerfile) -> None:
        self.document = document
        self.span = Span(0, len(document.source.text))
        self.key = document.source.text

    def parts(self) -> Iterable[object]:
        """Stages before their image, both before their instructions; ONBUILD's inner ones are not given."""
        starts = {stage.start.index: stage for stage in self.document.stages}
        for instruction in self.document.instructions:
            stage = starts.get(instruction.index)
            if stage is not None:
                yield stage
                if stage.image is not None:
                    yield stage.image
            yield instruction


class Dockerfile(Model):
    """`escape` is the escape and continuation character; `directives` stand above everything else."""

    language = "dockerfile"

    def __init__(self, source: Source) -> None:
        self.source = source
        reading = read(source.text)
        self.escape = reading.escape
        self.directives: Sequence[Directive] = reading.directives
        self._comments = reading.comments
        self._read_problems = reading.problems
        self.instructions = [instruction_of(self, piece, index) for index, piece in enumerate(reading.pieces)]
        self._starts = [piece.start for piece in reading.pieces]
        self.stages: list[Stage] = []
        self._present: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._words: dict[str, bool] = {}
        self._number_stages()
        self.chunks = (WholeFile(self),)

    def _number_stages(self) -> None:
        named: dict[str, Stage] = {}
        stage = None
        for instruction in self.instructions:
            if isinstance(instruction, From):
                stage = Stage(self, instruction, len(self.stages), named)
                self.stages.append(stage)
                if stage.name:
                    named[stage.name] = stage
            elif stage is not None:
                stage.instructions.append(instruction)
            instruction.stage = stage

    def release(self) -> None:
        for instruction in self.instructions:
            instruction.stage = None
        for stage in self.stages:
            vars(stage).clear()
        self.instructions, self.stages, self.chunks = [], [], ()

    @cached_property
    def global_defaults(self) -> Mapping[str, str]:
        """The defaults of the build arguments above the first FROM; those without one are left out."""
        values: dict[str, str] = {}
        for instruction in self.instructions:
            if isinstance(instruction, From):
                break
            if isinstance(instruction, Argument):
                for pair in instruction.pairs:
                    value = None if pair.value is None else expanded(pair.value, values)
                    if value is not None:
                        values[pair.name] = value
        return values

    @cached_property
    def fixed_tags(self) -> Mapping[str, set[str]]:
        """The tags other than `latest` under which the stages name an image, by its repository."""
        tags: dict[str, set[str]] = {}
        for stage in self.stages:
            image = stage.image
            if image and image.external and image.literal and not image.reference.floats:
                tags.setdefault(image.reference.repository, set()).add(image.reference.tag)
        return tags

    def mentions(self, text: str, words: tuple[str, ...]) -> bool:
        """A piece of the file has one of the lower-case words. Words that the file lacks cost nothing."""
        present = self._present.get(words)
        if present is None:
            present = self._present[words] = tuple(word for word in words if self._has(word))
        if not present:
            return False
        lower = text.lower()
        return any(word in lower for word in present)

    def _has(self, word: str) -> bool:
        found = self._words.get(word)
        if found is None:
            found = self._words[word] = word in self._lower
        return found

    @cached_property
    def _lower(self) -> str:
        return self.source.text.lower()

    def stage_named(self, name: str) -> Stage | None:
        """The stage that `--from=name` means: by name, or by number from 0."""
        named = self._stages_by_name.get(name.lower())
        if named is not None:
            return named
        return self.stages[int(name)] if name.isascii() and name.isdigit() and int(name) < len(self.stages) else None

    @cached_property
    def _stages_by_name(self) -> Mapping[str, Stage]:
        return {stage.name: stage for stage in reversed(self.stages) if stage.name}

    @cached_property
    def _shells(self) -> bool:
        return any(isinstance(instruction, Shell) for instruction in self.instructions)

    def posix_shell_at(self, instruction: Instruction) -> bool:
        """A POSIX shell runs its text. A Dockerfile with the backquote as escape is written for Windows."""
        if self.escape != "\\":
            return False
        if not self._shells or instruction.stage is None:
            return True
        shell = next((one for one in instruction.stage.before(instruction) if isinstance(one, Shell)), None)
        return shell is None or shell.posix

    @cached_property
    def problems(self) -> Sequence[Problem]:
        return sorted([*self._read_problems, *problems_of(self)], key=lambda problem: problem.span)

    def comments(self) -> Sequence[Comment]:
        """The parser directives too, since `# check=skip=…` silences findings."""
        return self._comments

    def facts(self) -> Iterator[Fact]:
        path = self.source.path
        for stage in self.stages:
            image = stage.image
            if image and image.external and image.literal and image.reference.tag and not image.reference.floats:
                yield ImageUse(Place(path, image.span), image.reference.text)
        if not self.stages:
            return
        for instruction in self.stages[-1].instructions:
            if isinstance(instruction, Expose):
                for word in instruction.words:
                    port = word.text.partition("/")[0]
                    if port.isascii() and port.isdigit() and len(port) < 6:
                        yield Exposed(Place(path, word.span), int(port))
            elif isinstance(instruction, (Cmd, Entrypoint)) and _SERVERS.search(instruction.logical):
                yield from self._served(instruction)

    def _served(self, instruction: Cmd | Entrypoint) -> Iterator[Exposed]:
        for command in instruction.commands:
            if not _SERVERS.fullmatch(command.name):
                continue
            for option in command.options:
                port = option.text.rpartition(":")[2]
                if option.name in _PORT_OPTIONS and port.isascii() and port.isdigit() and len(port) < 6:
                    yield Exposed(Place(self.source.path, option.value_span), int(port))

    def instruction_at(self, offset: int) -> Instruction | None:
        index = bisect_right(self._starts, offset) - 1
        if index < 0 or offset > self.instructions[index].piece.end:
            return None
        return self.instructions[index]

    def construct_after(self, offset: int) -> Span | None:
        """Behind a comment inside a continued instruction, that is its next line."""
        around = self.instruction_at(offset)
        if around is not None and around.piece.start < offset < around.piece.segments[-1][0]:
            for start, end in around.piece.segments:
                if start >= offset:
                    text = self.source.text
                    indentation = len(text[start:end]) - len(text[start:end].lstrip())
                    line_end = LINE_END.search(text, end)
                    return Span(start + indentation, line_end.start() if line_end else len(text))
        index = bisect_left(self._starts, offset)
        return self.instructions[index].span if index < len(self.instructions) else None

    def construct_at(self, offset: int) -> Span | None:
        instruction = self.instruction_at(offset)
        return instruction.span if instruction else None
