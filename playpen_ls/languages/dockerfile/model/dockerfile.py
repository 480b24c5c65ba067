"""A parsed Dockerfile: its stages, instructions, comments, problems and facts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from playpen_ls.api.file_view import FileView
from playpen_ls.languages.dockerfile.model.expansion import expanded
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.model.user import names_dropper
from playpen_ls.languages.dockerfile.model.validation import is_template, problems_of
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import Argument, instruction_of
from playpen_ls.languages.dockerfile.syntax.raw import Cut, Directive
from playpen_ls.languages.dockerfile.syntax.reuse import Cuts, cuts_of
from playpen_ls.languages.dockerfile.syntax.word_filter import Mentions
from playpen_ls.languages.model import Chunk, Comment, Model, Problem
from playpen_ls.text.source import LINE_END, Source
from playpen_ls.text.span import Span

LONGEST_LINEAGE = 20  # base stages whose texts go into a cache key one by one


class Surroundings:
    """The file-level part of a stage's cache key: the path, the parser directives, the instructions before the first
    FROM (of an ARG only that there is one, its default is a separate part of the key), and the stage names.

    Versions of a file with equal values share one object, so that comparing keys is fast.
    """

    def __init__(self, *value: Hashable) -> None:
        self._value = value
        self._hash = hash(value)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Surroundings) and self._value == other._value)


class Section(Chunk):
    """The chunk of one stage, from its FROM to the next one, or of the text before the first FROM."""

    def __init__(self, key: Hashable, begins: int, document: Dockerfile, stage: Stage | None) -> None:
        self.key = key
        self.stage = stage
        self._begins = begins
        self._document = document

    @property
    def begins(self) -> int:
        return self._begins

    @property
    def span(self) -> Span:  # type: ignore[override]  # computed on access
        number = 0 if self.stage is None else self.stage.index + 1
        return Span(self._begins, self._begins + len(self._document.cuts[number].text))

    def parts(self, file: FileView | None = None) -> Iterable[object]:
        """The stage before its image, both before the instructions; ONBUILD's inner ones are not given."""
        if self.stage is None:
            yield from self._document.above
            return
        yield self.stage
        if self.stage.image is not None:
            yield self.stage.image
        yield self.stage.start
        yield from self.stage.instructions


class Dockerfile(Model):
    """`escape` is the escape and line continuation character; `directives` are the parser directives.

    `cuts[0]` is the text before the first FROM, `cuts[n]` that of stage n - 1; `starts` are their offsets.
    Instructions are created lazily, stage by stage: a keystroke needs those of one stage only.
    """

    language = "dockerfile"

    def __init__(self, source: Source, previous: Dockerfile | None = None) -> None:
        self.source = source
        self._reading: Cuts = cuts_of(source.text, previous._reading if previous is not None else None)
        reading = self._reading
        self.escape = reading.escape
        self.directives: Sequence[Directive] = reading.directives
        self.cuts: Sequence[Cut] = reading.cuts
        self.starts: Sequence[int] = reading.starts
        self.stages: list[Stage] = []
        self._used: list[Stage] = []
        named: dict[str, Stage] = {}
        count = len(self.cuts[0].pieces)
        for number in range(1, len(self.cuts)):
            stage = Stage(self, number - 1, count, named)
            self.stages.append(stage)
            count += len(self.cuts[number].pieces)
            if stage.name:
                named[stage.name] = stage
        self.chunks: Sequence[Section] = tuple(self._sections(previous))

    def _sections(self, previous: Dockerfile | None) -> Iterator[Section]:
        head, stages = self.cuts[0], self.stages
        if previous is not None and previous.global_defaults == self.global_defaults:
            head.made["defaults"] = previous.global_defaults  # the same object, so caches that compare it stay valid
        surroundings = Surroundings(
            self.source.path,
            tuple((one.key, one.value) for one in self.directives),
            tuple("ARG" if piece.keyword.upper() == "ARG" else piece.logical for piece in head.pieces),
            tuple([stage.name for stage in stages]),
        )
        if previous is not None and previous._surroundings == surroundings:
            surroundings = previous._surroundings
        self._surroundings: Surroundings = surroundings
        yield Section((head.text, bool(stages), surroundings), 0, self, None)
        drops = any(names_dropper(cut) for cut in self.cuts)
        continued = {stage.base.index for stage in stages if stage.base is not None}
        final = len(stages) - 1
        for number, (stage, start) in enumerate(zip(stages, self.starts[1:], strict=True)):
            text, defaults = stage.text, self._defaults_in(stage.cut)
            below = tuple(self._below(stage)) if stage.base is not None else ()
            key = (text, number, number == final, number in continued, drops, defaults, below, surroundings)
            yield Section(key, start, self, stage)

    def _below(self, stage: Stage) -> Iterator[Hashable]:
        """The cache keys of its base stages; the text of the whole file beyond `LONGEST_LINEAGE` of them."""
        base = stage.base
        for _ in range(LONGEST_LINEAGE):
            if base is None:
                return
            yield base.text
            yield self._defaults_in(base.cut)
            base = base.base
        yield self.source.text

    def _defaults_in(self, cut: Cut) -> tuple[tuple[str, str], ...]:
        """The global ARG defaults whose names occur in the text."""
        defaults = self.global_defaults
        if not defaults:
            return ()
        kept: tuple[Mapping[str, str], tuple[tuple[str, str], ...]] | None = cut.made.get("defaults")
        if kept is None or kept[0] is not defaults:
            joined = "".join([piece.logical for piece in cut.pieces if len(piece.segments) > 1])
            used = tuple([pair for pair in defaults.items() if pair[0] in cut.text or pair[0] in joined])
            kept = cut.made["defaults"] = (defaults, used)
        return kept[1]

    def release(self) -> None:
        for stage in self._used:
            vars(stage).clear()
        self.stages, self.chunks = [], ()
        self._used.clear()
        for name in ("instructions", "above"):
            vars(self).pop(name, None)

    def made(
        self, number: int, index: int, stage: Stage | None, first: int = 0, end: int | None = None
    ) -> list[Instruction]:
        """Creates the instructions `first:end` of cut `number`, whose first instruction has `index` in the file."""
        cut = self.cuts[number]
        by = self.starts[number] - cut.start
        if stage is not None:
            self._used.append(stage)
        found = []
        for place, piece in enumerate(cut.pieces[first:end], index + first):
            instruction = instruction_of(self, piece.shifted(by), place)
            instruction.stage = stage
            found.append(instruction)
        return found

    @cached_property
    def mentions(self) -> Mentions:
        """The word filter of the text before the first FROM."""
        return Mentions(self.cuts[0].text)

    @cached_property
    def above(self) -> Sequence[Instruction]:
        """The instructions before the first FROM."""
        return self.made(0, 0, None)

    @cached_property
    def instructions(self) -> Sequence[Instruction]:
        """All instructions of the file."""
        return [*self.above, *(one for stage in self.stages for one in stage.every)]

    @property
    def global_defaults(self) -> Mapping[str, str]:
        """The defaults of the global ARGs (before the first FROM), by name; ARGs without a default are left out."""
        values: dict[str, str] | None = self.cuts[0].made.get("defaults")
        if values is None:
            values = self.cuts[0].made["defaults"] = {}
            for instruction in self.above:
                for pair in instruction.pairs if isinstance(instruction, Argument) else ():
                    value = None if pair.value is None else expanded(pair.value, values)
                    if value is not None:
                        values[pair.name] = value
        return values

    @cached_property
    def fixed_tags(self) -> Mapping[str, set[str]]:
        """The tags other than `latest` that the stages use, by repository."""
        tags: dict[str, set[str]] = {}
        for stage in self.stages:
            reference = stage.pulled_by_name
            if reference is not None and not reference.floats:
                tags.setdefault(reference.repository, set()).add(reference.tag)
        return tags

    def stage_named(self, name: str) -> Stage | None:
        """The stage that `--from=name` refers to: by name, or by index from 0."""
        named = self._stages_by_name.get(name.lower())
        if named is not None:
            return named
        return self.stages[int(name)] if name.isascii() and name.isdigit() and int(name) < len(self.stages) else None

    @cached_property
    def _stages_by_name(self) -> Mapping[str, Stage]:
        return {stage.name: stage for stage in reversed(self.stages) if stage.name}

    def posix_shell_at(self, instruction: Instruction) -> bool:
        """Whether a POSIX shell runs the instruction; assumed not to be the case if the escape character is a backtick,
        which is used for Windows images."""
        if self.escape != "\\":
            return False
        shell = instruction.stage.shell_at(instruction) if instruction.stage is not None else None
        return shell is None or shell.posix

    @cached_property
    def problems(self) -> Sequence[Problem]:
        return () if is_template(self) else sorted(problems_of(self), key=lambda problem: problem.span)

    def comments(self) -> Sequence[Comment]:
        """Includes the parser directives, since `# check=skip=…` suppresses findings."""
        return self._comments

    @cached_property
    def _comments(self) -> Sequence[Comment]:
        return [one for number, cut in enumerate(self.cuts) for one in self._placed(number, cut.comments)]

    def _placed(self, number: int, comments: Sequence[Comment]) -> Iterable[Comment]:
        by = self.starts[number] - self.cuts[number].start
        return (Comment(one.span.shifted(by), one.text, one.alone) for one in comments) if by else comments

    def comments_with(self, marks: Sequence[str]) -> Sequence[Comment]:
        found: list[Comment] = []
        for number, cut in enumerate(self.cuts):
            kept: tuple[Sequence[str], list[Comment]] | None = cut.made.get("marked")
            if kept is None or kept[0] is not marks:
                marked = [one for one in cut.comments if any(mark in one.text.lower() for mark in marks)]
                kept = cut.made["marked"] = (marks, marked)
            if kept[1]:
                found += self._placed(number, kept[1])
        return found

    def _instructions_from(self, offset: int) -> Iterator[Instruction]:
        """The instructions from the last one that begins at or before `offset`; created one stage at a time."""
        number = bisect_right(self.starts, offset) - 1
        around = self._of_cut(number)
        first = bisect_right(around, offset, key=lambda one: one.piece.start) - 1
        yield from islice(around, max(first, 0), None)
        for below in range(number + 1, len(self.cuts)):
            yield from self._of_cut(below)

    def _of_cut(self, number: int) -> Sequence[Instruction]:
        stage = self.stages[number - 1] if number else None
        return self.above if stage is None else stage.every

    def instruction_at(self, offset: int) -> Instruction | None:
        found = next(self._instructions_from(offset), None)
        return found if found is not None and found.piece.start <= offset <= found.piece.end else None

    def construct_after(self, offset: int) -> Span | None:
        """After a comment between continued lines, the span of the instruction's next line."""
        around = self.instruction_at(offset)
        if around is not None and around.piece.start < offset < around.piece.segments[-1][0]:
            for start, end in around.piece.segments:
                if start >= offset:
                    text = self.source.text
                    indentation = len(text[start:end]) - len(text[start:end].lstrip())
                    line_end = LINE_END.search(text, end)
                    return Span(start + indentation, line_end.start() if line_end else len(text))
        below = (one for one in self._instructions_from(offset) if one.piece.start >= offset)
        first = next(below, None)
        return first.span if first is not None else None

    def construct_at(self, offset: int) -> Span | None:
        instruction = self.instruction_at(offset)
        return instruction.span if instruction else None


def parse(source: Source, previous: Model | None = None) -> Dockerfile:
    """Incremental: stages of `previous` are reused where neither their text nor their cache key has changed."""
    if not isinstance(previous, Dockerfile):
        return Dockerfile(source)
    if previous.source.text == source.text and previous.source.path == source.path:
        return previous
    return Dockerfile(source, previous)
