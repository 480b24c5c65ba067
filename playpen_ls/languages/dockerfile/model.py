"""A Dockerfile: its stages, instructions, comments, and what it tells other files."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise

from playpen_ls.facts import Fact
from playpen_ls.languages.base import Chunk, Comment, Model, Problem
from playpen_ls.languages.dockerfile.checks import is_template, problems_of
from playpen_ls.languages.dockerfile.instructions import Instruction
from playpen_ls.languages.dockerfile.kinds import Argument, From, Shell, instruction_of
from playpen_ls.languages.dockerfile.mentions import Mentions
from playpen_ls.languages.dockerfile.reader import Directive, Reading, read
from playpen_ls.languages.dockerfile.stages import Stage
from playpen_ls.languages.dockerfile.users import drops_root
from playpen_ls.languages.dockerfile.values import expanded
from playpen_ls.source import LINE_END, Source, Span

MOST_PLAIN = 50_000  # texts, before the set is begun anew
LONGEST_LINEAGE = 20  # stages of which each continues the one before


class Surroundings:
    """What rules see of a file besides a stage and those that it continues: the text above, and every FROM.

    Versions of a file that agree in it share one object, so that comparing it costs nothing.
    """

    def __init__(self, head: str, starts: tuple[str, ...]) -> None:
        self._value = (head, starts)
        self._hash = hash(self._value)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Surroundings) and self._value == other._value)


class Section(Chunk):
    """A stage from its FROM to the next one, or what stands above the first."""

    def __init__(self, span: Span, key: Hashable, stage: Stage | None, instructions: Sequence[Instruction]) -> None:
        self.span = span
        self.key = key
        self.stage = stage
        self.instructions = instructions

    def parts(self) -> Iterable[object]:
        """The stage before its image, both before the instructions; ONBUILD's inner ones are not given."""
        if self.stage is not None:
            yield self.stage
            if self.stage.image is not None:
                yield self.stage.image
            yield self.stage.start
        yield from self.instructions


class Dockerfile(Model):
    """`escape` is the escape and continuation character; `directives` stand above everything else.

    `plain` has logical texts in which nothing is wrong, wherever they stand: versions of a file share it.
    """

    language = "dockerfile"

    def __init__(self, source: Source, previous: Dockerfile | None = None) -> None:
        self.source = source
        reading = read(source.text, (previous.source.text, previous._reading) if previous is not None else None)
        self._reading: Reading = reading
        self.plain: set[str] = (
            previous.plain if previous is not None and len(previous.plain) < MOST_PLAIN else set[str]()
        )
        self.escape = reading.escape
        self.directives: Sequence[Directive] = reading.directives
        self._comments = reading.comments
        self._read_problems = reading.problems
        self.instructions = [instruction_of(self, piece, index) for index, piece in enumerate(reading.pieces)]
        self._starts = [piece.start for piece in reading.pieces]
        self.stages: list[Stage] = []
        self._number_stages()
        self.chunks: Sequence[Section] = tuple(self._sections(previous))

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

    def _sections(self, previous: Dockerfile | None) -> Iterator[Section]:
        text, stages = self.source.text, self.stages
        starts = [stage.start.piece.start for stage in stages]
        head = Span(0, starts[0] if starts else len(text))
        self._surroundings = Surroundings(
            text[head.start : head.end], (self.source.path, *(stage.start.logical for stage in stages))
        )
        if previous is not None and previous._surroundings == self._surroundings:
            self._surroundings = previous._surroundings
        self.mentions = Mentions(text[head.start : head.end])
        above = self.instructions[: stages[0].start.index if stages else None]
        yield Section(head, ("", self._surroundings), None, above)
        spans = [Span(*pair) for pair in pairwise([*starts, len(text)])]
        texts = [text[span.start : span.end] for span in spans]
        drops = bool(stages) and drops_root(stages[0])
        for stage, span in zip(stages, spans, strict=True):
            stage.mentions = Mentions(texts[stage.index])
            below = tuple(self._texts_below(stage, texts))
            key = (texts[stage.index], stage.index, stage.final, drops, below, self._surroundings)
            yield Section(span, key, stage, stage.instructions)

    def _texts_below(self, stage: Stage, texts: Sequence[str]) -> Iterator[str]:
        """The texts of the stages that it continues; the whole file's where those are too many to compare."""
        base = stage.base
        for _ in range(LONGEST_LINEAGE):
            if base is None:
                return
            yield texts[base.index]
            base = base.base
        yield self.source.text

    def release(self) -> None:
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
        if is_template(self):
            return ()
        return sorted([*self._read_problems, *problems_of(self)], key=lambda problem: problem.span)

    def comments(self) -> Sequence[Comment]:
        """The parser directives too, since `# check=skip=…` silences findings."""
        return self._comments

    def facts(self) -> Iterator[Fact]:
        from playpen_ls.languages.dockerfile.facts import facts

        return facts(self)

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
