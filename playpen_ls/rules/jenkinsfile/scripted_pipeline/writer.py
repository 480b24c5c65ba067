"""Converts a scripted pipeline to a declarative one."""

from __future__ import annotations

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.edits.indentation import begins_line, reindented, unit
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile, parse
from playpen_ls.languages.jenkinsfile.syntax.tree import Block, ShellStep, Statement
from playpen_ls.languages.jenkinsfile.validator import faults_of
from playpen_ls.rules.jenkinsfile.scripted_pipeline.detect import is_step
from playpen_ls.rules.jenkinsfile.scripted_pipeline.plan import plan
from playpen_ls.rules.jenkinsfile.scripted_pipeline.stages import Plan, PlannedStage
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


def converted(file: Jenkinsfile) -> list[Edit]:
    """One edit of the whole file. Raises Refused."""
    made = _Writer(file, plan(file)).write()
    _prove(file, parse(Source(file.source.path, made)))
    return [Edit(0, len(file.source.text), made)]


def _prove(before: Jenkinsfile, after: Jenkinsfile) -> None:
    """Raises Refused unless the result is valid and has the same scripts in the same order and the same comments."""
    if after.problems or after.pipeline is None:
        raise Refused("the converted pipeline would not parse")
    for fault in faults_of(after):
        raise Refused(f"Jenkins would reject the converted pipeline: {fault.message}")
    if _work(before) != _work(after):
        raise Refused("the shell steps would not stay the same or in the same order")
    comments = [sorted(" ".join(comment.text.split()) for comment in file.comments()) for file in (before, after)]
    if comments[0] != comments[1]:
        raise Refused("a comment has no place in the declarative pipeline")


def _work(file: Jenkinsfile) -> list[str]:
    """The arguments of shell steps and `echo` in text order, with whitespace normalized: lines are re-indented."""
    said = (step.arguments for step in file.calls if step.name == "echo" or isinstance(step, ShellStep))
    return [" ".join(argument.text.split()) for arguments in said for argument in arguments]


class _Writer:
    def __init__(self, file: Jenkinsfile, plan: Plan) -> None:
        self.file, self.plan = file, plan
        self.tree, self.source, self.text = file.tree, file.source, file.source.text
        self.by, self.newline = unit(file), file.source.newline
        self.lines: list[str] = []
        self.waiting = [span for span in file.tree.comments if plan.first.start <= span.start < self._end()]

    def _end(self) -> int:
        return self.source.line_span(self.source.line_of(self.plan.last.end)).end

    def write(self) -> str:
        plan = self.plan
        if not begins_line(self.source, plan.first.start):
            raise Refused("the pipeline does not start on a line of its own")
        for _, block, dropped in plan.post:
            self._taken(block.inside, dropped)
        header = self._header()
        for statement in plan.hoisted:
            header += statement.text + self.newline
        self._open(0, "pipeline")
        self._agent()
        options = plan.options + ([] if plan.implicit_checkout else ["skipDefaultCheckout()"])
        self._section("options", options)
        self._section("parameters", plan.parameters)
        self._section("triggers", plan.triggers)
        self._section("environment", plan.environment)
        self._open(1, "stages")
        for stage in plan.stages:
            self._comments(2, stage.start)
            self._stage(stage, 2)
        self._comments(2, len(self.text))
        self._line(1, "}")
        if plan.post:
            self._post()
        self._line(0, "}")
        tail = self.text[self._end() :]
        return header + self.newline.join(self.lines) + tail

    def _agent(self) -> None:
        if not self.plan.docker:
            self._line(1, f"agent {self.plan.agent or 'any'}")
            return
        self._open(1, "agent")
        self._open(2, "docker")
        order = ("image", "args", "label", "registryUrl", "registryCredentialsId")
        for entry in sorted(self.plan.docker, key=lambda entry: order.index(entry.split()[0])):
            self._line(3, entry)
        self._line(2, "}")
        self._line(1, "}")

    def _header(self) -> str:
        start = self.source.line_start(self.plan.first.start)
        call = self.plan.properties
        if call is None:
            return self.text[:start]
        first, last = self.source.line_start(call.span.start), self.source.next_line_start(call.span.end)
        if not begins_line(self.source, call.span.start) or self.text[call.span.end : last].strip() or last > start:
            raise Refused("`properties` is not on lines of its own")
        inside = Span(first, last)
        if any(inside.contains(comment.start) for comment in self.tree.comments):
            raise Refused("`properties` contains a comment")
        return (self.text[:first] + self.text[last:start]).lstrip("\r\n")

    def _line(self, depth: int, text: str) -> None:
        self.lines.append(self.by * depth + text)

    def _open(self, depth: int, name: str) -> None:
        self._line(depth, f"{name} {{")

    def _section(self, name: str, entries: list[str]) -> None:
        if entries:
            self._open(1, name)
            for entry in entries:
                self._line(2, entry)
            self._line(1, "}")

    def _comments(self, depth: int, before: int) -> None:
        """Write the comments before an offset that are not part of copied code."""
        while self.waiting and self.waiting[0].start < before:
            self._line(depth, self.source.of(self.waiting.pop(0)))

    def _taken(self, span: Span, dropped: list[Statement]) -> None:
        """Mark the comments of a copied range as written. Raises Refused if it has comments and `dropped`."""
        inside = [one for one in self.waiting if span.start <= one.start < span.end]
        if inside and dropped:
            raise Refused("a comment belongs to a block from which a statement is dropped")
        self.waiting = [one for one in self.waiting if one not in inside]

    def _stage(self, stage: PlannedStage, depth: int) -> None:
        self._open(depth, f"stage({stage.name})")
        if stage.agent:
            self._line(depth + 1, f"agent {stage.agent}")
        if stage.when:
            self._open(depth + 1, "when")
            self._line(depth + 2, f"expression {{ {stage.when} }}")
            self._line(depth + 1, "}")
        if stage.branches:
            if stage.fails_fast:
                self._line(depth + 1, "failFast true")
            self._open(depth + 1, "parallel")
            for branch in stage.branches:
                self._comments(depth + 2, branch.start)
                self._stage(branch, depth + 2)
            self._line(depth + 1, "}")
        elif stage.stages:
            self._open(depth + 1, "stages")
            for inner in stage.stages:
                self._comments(depth + 2, inner.start)
                self._stage(inner, depth + 2)
            self._line(depth + 1, "}")
        else:
            self._open(depth + 1, "steps")
            if stage.body is not None:
                self._comments(depth + 2, stage.body.start)
                self._body(stage.body, stage.body.statements, depth + 2)
            else:
                span = Span(stage.start, stage.end)
                self._copy(span, depth + 2)
            self._line(depth + 1, "}")
        self._line(depth, "}")

    def _body(self, block: Block, statements: list[Statement], depth: int) -> None:
        inside = block.inside
        raw = self.text[inside.start : inside.end]
        span = Span(inside.start + len(raw) - len(raw.lstrip()), inside.start + len(raw.rstrip()))
        if all(map(is_step, statements)):
            self._copy(span, depth)
        else:
            self._open(depth, "script")
            self._copy(span, depth + 1)
            self._line(depth, "}")

    def _copy(self, span: Span, depth: int) -> None:
        """Write the text of a range, re-indented except inside multi-line strings."""
        new = self.by * depth
        self._taken(span, [])
        lines_end = self.source.next_line_start(span.start)
        first = next((one for one in self.file.statements if one.start >= span.start), None)
        at = (
            first.start
            if first is not None and first.start < span.end and begins_line(self.source, first.start)
            else span.start
        )
        old = self.source.indentation(at)
        text = new + self.text[span.start : min(lines_end, span.end)]
        if lines_end < span.end:
            text += reindented(self.file, Span(lines_end, span.end), old, new)
        self.lines.append(text)

    def _post(self) -> None:
        self._open(1, "post")
        for condition, block, dropped in self.plan.post:
            self._open(2, condition)
            rest = [one for one in block.statements if one not in dropped]
            if not dropped:
                self._body(block, rest, 3)
            else:
                script = not all(map(is_step, rest))
                if script:
                    self._open(3, "script")
                for one in rest:
                    self._copy(one.span, 4 if script else 3)
                if script:
                    self._line(3, "}")
            self._line(2, "}")
        self._line(1, "}")
