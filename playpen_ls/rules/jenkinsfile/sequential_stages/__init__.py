from __future__ import annotations

from collections.abc import Callable, Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.edits.indentation import begins_line, ends_line, reindented, unit, whole_lines
from playpen_ls.languages.jenkinsfile.parts import Pipeline, Stage
from playpen_ls.rules.jenkinsfile.sequential_stages.independence import StageWork, can_run_together, in_sequence
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
def sequential_stages(pipeline: Pipeline) -> Iterator[Finding]:
    """Independent stages run one after another.

    Stages that do not depend on each other can run in parallel, so that the build waits only for the
    slowest of them. Reported are stages that only run checks, and stages with the same kind of build on
    different agents, if none reads the output of another. Stages with unknown steps are not reported.
    """
    if in_sequence(pipeline):
        return
    works = [StageWork(stage, pipeline.memory) for stage in pipeline.stages]
    at = 0
    while at < len(works) - 1:
        if "parallel" in works[at].text and works[at].stage.section("parallel") is not None:
            if _can_join(pipeline, works[at].stage, works[at + 1]):
                yield _joined(pipeline, works[at].stage, works[at + 1].stage)
            at += 1
            continue
        end = at + 1
        while end < min(len(works), at + _MOST) and all(can_run_together(one, works[end]) for one in works[at:end]):
            end += 1
        if end - at > 1:
            yield _together(pipeline, [work.stage for work in works[at:end]])
        at = end


def _can_join(pipeline: Pipeline, parallel: Stage, work: StageWork) -> bool:
    sections = parallel.sections.keys()
    inner = [StageWork(stage, pipeline.memory) for stage in parallel.children]
    if not inner or not sections <= {"parallel", "when", "environment", "options"}:
        return False
    return "when" not in sections and all(can_run_together(one, work) for one in inner)


def _together(pipeline: Pipeline, stages: list[Stage]) -> Finding:
    second = stages[1]
    *others, last = [f"`{stage.name}`" for stage in stages]
    names = f"{', '.join(others)} and {last}"
    message = f"stages {names} are independent and could run in parallel"
    fix = Fix(f"Run {names} in parallel", _parallel(pipeline, stages), kind="refactor.rewrite")
    return Finding(second.name_span, message, (fix,))


def _parallel(pipeline: Pipeline, stages: list[Stage]) -> Callable[[], list[Edit]]:
    def change() -> list[Edit]:
        tree, source = pipeline.call.tree, pipeline.call.tree.source
        for stage in stages:
            if not begins_line(source, stage.call.span.start) or not ends_line(source, stage.call.span.end):
                raise Refused("the stages are not on lines of their own")
        first, last = stages[0].call.span, stages[-1].call.span
        region = Span(source.line_start(first.start), source.next_line_start(last.end))
        indentation, newline, by = source.indentation(first.start), source.newline, unit(source, tree)
        body = reindented(tree, region, indentation, indentation + by + by)
        ends = body.endswith(("\n", "\r"))
        text = (
            f"{indentation}stage('{_free_name(pipeline)}') {{{newline}{indentation}{by}parallel {{{newline}"
            f"{body}{'' if ends else newline}{indentation}{by}}}{newline}{indentation}}}{newline if ends else ''}"
        )
        return [Edit(region.start, region.end, text)]

    return change


def _free_name(pipeline: Pipeline) -> str:
    taken = {stage.name for stage in pipeline.all_stages()}
    names = ("Verify", *(f"Verify {number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _joined(pipeline: Pipeline, parallel: Stage, stage: Stage) -> Finding:
    message = f"stage `{stage.name}` is independent of the parallel stages in `{parallel.name}` and could run with them"
    title = f"Move `{stage.name}` into the `parallel` block of `{parallel.name}`"
    fix = Fix(title, _moved(parallel, stage), kind="refactor.rewrite")
    return Finding(stage.name_span, message, (fix,))


def _moved(parallel: Stage, stage: Stage) -> Callable[[], list[Edit]]:
    def change() -> list[Edit]:
        tree, source = stage.call.tree, stage.call.tree.source
        section = parallel.section("parallel")
        assert section is not None
        assert section.block is not None
        brace = section.block.end - 1
        if whole_lines(source, stage.call.span) is None or not ends_line(source, parallel.call.span.end):
            raise Refused("the stages are not on lines of their own")
        if not begins_line(source, brace):
            raise Refused("the `parallel` block does not end on a line of its own")
        inner = source.indentation(parallel.children[-1].call.span.start)
        start = source.next_line_start(parallel.call.span.end)
        region = Span(start, source.next_line_start(stage.call.span.end))
        moved = reindented(tree, region, source.indentation(stage.call.span.start), inner).lstrip("\r\n")
        at = source.line_start(brace)
        return [Edit(at, at, moved), Edit(region.start, region.end, "")]

    return change
