from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from playpen_ls.api.example import example
from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.edits.change import whole_file_change
from playpen_ls.languages.jenkinsfile.edits.indentation import begins_line, ends_line, reindented, unit, whole_lines
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.queries import frames, section
from playpen_ls.languages.jenkinsfile.parts import Region, Stage, WholeFile
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.rules.jenkinsfile.sequential_stages.independence import (
    StageSummary,
    StageWork,
    can_be_independent,
    can_run_together,
    summary_of,
    work_of,
)
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span

_MOST = 20  # stages of one parallel block

SHAPE = "pipeline {{\n    agent any\n    stages {{\n{}    }}\n}}\n"


def pipeline(*stages: str) -> str:
    return SHAPE.format("".join(stages))


def stage(name: str, step: str, indentation: str = "        ", extra: str = "") -> str:
    lines = [
        f"stage('{name}') {{",
        *([f"    {extra}"] if extra else []),
        "    steps {",
        f"        {step}",
        "    }",
        "}",
    ]
    return "".join(f"{indentation}{line}\n" for line in lines)


DEEP = " " * 16


@rule(
    severity=Severity.HINT,
    practice="Parallel execution",
    bad=[
        example(
            pipeline(stage("Unit tests", "sh 'make test'"), "        // style\n", stage("«Lint»", "sh 'make lint'")),
            fixed=pipeline(
                "        stage('Verify') {\n            parallel {\n",
                stage("Unit tests", "sh 'make test'", DEEP),
                "                // style\n",
                stage("Lint", "sh 'make lint'", DEEP),
                "            }\n        }\n",
            ),
        ),
        example(
            pipeline(
                stage("Unit", "sh '''\n  pytest tests/unit\n'''"),
                stage("«Types»", "sh 'mypy src'"),
                stage("Verify", "sh 'make build'"),
            ),
            fixed=pipeline(
                "        stage('Verify 2') {\n            parallel {\n",
                stage("Unit", "sh '''\n  pytest tests/unit\n'''", DEEP),
                stage("Types", "sh 'mypy src'", DEEP),
                "            }\n        }\n",
                stage("Verify", "sh 'make build'"),
            ).replace(f"{DEEP}  pytest", "  pytest"),
        ),
        example(
            pipeline(
                "        stage('Checks') {\n            parallel {\n",
                stage("Unit", "sh 'make unit'", DEEP),
                stage("Types", "sh 'make types'", DEEP),
                "            }\n        }\n\n        // last\n",
                stage("«Lint»", "sh 'make lint'"),
            ),
            fixed=pipeline(
                "        stage('Checks') {\n            parallel {\n",
                stage("Unit", "sh 'make unit'", DEEP),
                stage("Types", "sh 'make types'", DEEP),
                "                // last\n",
                stage("Lint", "sh 'make lint'", DEEP),
                "            }\n        }\n",
            ),
        ),
    ],
    good=[
        pipeline(
            "        stage('Test') {\n            parallel {\n",
            stage("Unit Tests", "sh 'pytest tests/unit'", DEEP),
            stage("Integration Tests", "sh 'pytest tests/integration'", DEEP),
            "            }\n        }\n",
        ),
        pipeline(stage("Build", "sh 'make build'"), stage("Test", "sh 'make test'")),
        pipeline(stage("Check", "sh 'until curl $URL; do sleep 1; done'"), stage("Test", "sh 'make test'")),
        pipeline(stage("Test", "sh 'mvn test'"), stage("Checkstyle", "sh 'mvn checkstyle:check'")),
        pipeline(stage("Test", "sh 'pytest --junitxml=out.xml'"), stage("Check results", "sh 'check out.xml'")),
        pipeline(stage("Unit test", "sh 'make test'"), stage("Push", "sh 'docker push nexus:5000/app:1.0'")),
        pipeline(stage("Test", "stash 'x'\n sh 'make test'"), stage("Scan", "unstash 'x'\n sh 'scan'")),
        pipeline(
            stage("Unit test", "script { env.V = sh(script: 'u', returnStdout: true) }"), stage("Lint", "sh 'lint'")
        ),
        pipeline(stage("Unit test", "runTests()"), stage("Lint", "sh 'make lint'")),
        pipeline(stage("Unit test", "sh 'make test'"), stage("Sonar scan", "sh 'sonar-scanner'")),
        pipeline(stage("Unit test", "sh 'make test'"), stage("Lint", "sh 'make lint'", extra="input { message '?' }")),
    ],
)
def sequential_stages(whole: WholeFile) -> Iterator[Finding]:
    """Independent stages run one after another.

    Stages that do not depend on each other can run in parallel, so that the build waits only for the
    slowest of them. Reported are stages that only run checks, and stages with the same kind of build on
    different agents, if none reads the output of another. Stages with unknown steps are not reported.
    """
    for group in whole.file.ask(independent_stages):
        yield _joined(whole.file, group) if group.joins else _together(whole.file, group)


class Group(NamedTuple):
    """Stages that can run in parallel, each with its region; the first has number `first` in the pipeline.

    With `joins` the first has a section `parallel`, and the second could be in it.
    """

    first: int
    joins: bool
    stages: tuple[tuple[int, StageSummary], ...]


def summary(parsed: Parsed) -> StageSummary | None:
    """What a region says that is a stage of a declarative pipeline; None for other regions."""
    stage = next(iter(Region(parsed).stages), None)
    return summary_of(stage) if stage is not None else None


def work(parsed: Parsed) -> StageWork:
    """What the stage does that a region is."""
    return work_of(next(iter(Region(parsed).stages)))


def independent_stages(outline: Outline) -> tuple[Group, ...]:
    opened, around = outline.ask(section, "stages"), outline.ask(frames).around
    if opened is None or outline.ask(in_sequence):
        return ()
    found = ((number, one) for number, one in enumerate(outline.each(summary)) if one is not None)
    return tuple(_groups(outline, [one for one in found if around[one[0]][-1:] == (opened,)]))


Stages = Sequence[tuple[int, StageSummary]]


def _groups(outline: Outline, stages: Stages) -> Iterator[Group]:
    at = 0
    while at < len(stages) - 1:
        if stages[at][1].is_parallel:
            if _can_join(outline, *stages[at : at + 2]):
                yield Group(at, True, tuple(stages[at : at + 2]))
            at += 1
            continue
        end = at + 1
        while end < min(len(stages), at + _MOST) and _suits(outline, stages[at:end], stages[end]):
            end += 1
        if end - at > 1:
            yield Group(at, False, tuple(stages[at:end]))
        at = end


def _work(outline: Outline, number: int) -> StageWork:
    parsed: Parsed = outline.content(number)
    return parsed.derived(work)


def _suits(outline: Outline, before: Stages, one: tuple[int, StageSummary]) -> bool:
    """Whether a stage can run together with all of those before it."""
    number, stage = one
    if not all(can_be_independent(other, stage) for _, other in before):
        return False
    mine = _work(outline, number)
    return all(can_run_together(_work(outline, there), mine) for there, _ in before)


def _can_join(outline: Outline, parallel: tuple[int, StageSummary], one: tuple[int, StageSummary]) -> bool:
    """Whether a stage can run together with those in the section `parallel` of the one before it."""
    if not parallel[1].sections <= {"parallel", "environment", "options"}:
        return False
    inner = _work(outline, parallel[0]).parallel
    return bool(inner) and all(can_run_together(other, _work(outline, one[0])) for other in inner)


def keeps_order(parsed: Parsed) -> bool:
    """Whether the order of stages matters by an option: `skipStagesAfterUnstable`."""
    return "skipStagesAfterUnstable" in parsed.text


def in_sequence(outline: Outline) -> bool:
    number = outline.ask(section, "options")
    return number is not None and outline.each(keeps_order)[number]


def _together(file: FileView, group: Group) -> Finding:
    number, second = group.stages[1]
    *others, last = [f"`{stage.name}`" for _, stage in group.stages]
    names = f"{', '.join(others)} and {last}"
    message = f"stages {names} are independent and could run in parallel"
    change = whole_file_change(file, _parallel(group.first, len(group.stages)))
    fix = Fix(f"Run {names} in parallel", change, kind="refactor.rewrite")
    return Finding(second.name_span, message, (fix,), chunk=number)


def _joined(file: FileView, group: Group) -> Finding:
    (_, parallel), (number, stage) = group.stages
    message = f"stage `{stage.name}` is independent of the parallel stages in `{parallel.name}` and could run with them"
    title = f"Move `{stage.name}` into the `parallel` block of `{parallel.name}`"
    fix = Fix(title, whole_file_change(file, _moved(group.first)), kind="refactor.rewrite")
    return Finding(stage.name_span, message, (fix,), chunk=number)


def _stages(file: Jenkinsfile, first: int, count: int) -> Sequence[Stage]:
    """Some stages of the pipeline, from number `first` on. Raises Refused."""
    stages = file.pipeline.stages[first : first + count] if file.pipeline is not None else ()
    if len(stages) < count:
        raise Refused("the pipeline does not parse")
    return stages


def _parallel(first: int, count: int) -> Callable[[Jenkinsfile], list[Edit]]:
    def change(file: Jenkinsfile) -> list[Edit]:
        stages, source = _stages(file, first, count), file.source
        for stage in stages:
            if not begins_line(source, stage.call.span.start) or not ends_line(source, stage.call.span.end):
                raise Refused("the stages are not on lines of their own")
        region = Span(source.line_start(stages[0].call.span.start), source.next_line_start(stages[-1].call.span.end))
        indentation, newline, by = source.indentation(stages[0].call.span.start), source.newline, unit(file)
        body = reindented(file, region, indentation, indentation + by + by)
        ends = body.endswith(("\n", "\r"))
        text = (
            f"{indentation}stage('{_free_name(file)}') {{{newline}{indentation}{by}parallel {{{newline}"
            f"{body}{'' if ends else newline}{indentation}{by}}}{newline}{indentation}}}{newline if ends else ''}"
        )
        return [Edit(region.start, region.end, text)]

    return change


def _free_name(file: Jenkinsfile) -> str:
    taken = {stage.name for stage in file.pipeline.all_stages()} if file.pipeline is not None else set()
    names = ("Verify", *(f"Verify {number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _moved(first: int) -> Callable[[Jenkinsfile], list[Edit]]:
    """Move the stage after number `first` into the parallel block of that."""

    def change(file: Jenkinsfile) -> list[Edit]:
        (parallel, stage), source = _stages(file, first, 2), file.source
        section = parallel.section("parallel")
        if section is None or section.block is None:
            raise Refused("the pipeline does not parse")
        brace = section.block.end - 1
        if whole_lines(source, stage.call.span) is None or not ends_line(source, parallel.call.span.end):
            raise Refused("the stages are not on lines of their own")
        if not begins_line(source, brace):
            raise Refused("the `parallel` block does not end on a line of its own")
        inner = source.indentation(parallel.children[-1].call.span.start)
        start = source.next_line_start(parallel.call.span.end)
        region = Span(start, source.next_line_start(stage.call.span.end))
        moved = reindented(file, region, source.indentation(stage.call.span.start), inner).lstrip("\r\n")
        at = source.line_start(brace)
        return [Edit(at, at, moved), Edit(region.start, region.end, "")]

    return change
