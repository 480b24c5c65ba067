from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.file_view import Outline, each
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.edits.change import whole_file_change
from playpen_ls.languages.jenkinsfile.edits.sections import with_entry
from playpen_ls.languages.jenkinsfile.model.queries import in_pipeline, pipeline_region, pipeline_word
from playpen_ls.languages.jenkinsfile.parts import WholeFile
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import Tree

STAGES = "    stages {\n        stage('Build') {\n            steps { sh 'make' }\n        }\n    }\n}\n"


@rule(
    severity=Severity.HINT,
    practice="+",
    reports_absence=True,
    enabled=False,
    bad=[
        example(
            "«pipeline» {\n    agent any\n" + STAGES,
            fixed="pipeline {\n    agent any\n    options {\n        timeout(time: 1, unit: 'HOURS')\n    }\n" + STAGES,
        ),
        example(
            "«pipeline» {\n    agent any\n    options { timestamps() }\n" + STAGES,
            fixed="pipeline {\n    agent any\n    options { timestamps(); timeout(time: 1, unit: 'HOURS') }\n" + STAGES,
        ),
        example(
            "«pipeline» {\n    options {\n        timestamps() // seen\n    }\n" + STAGES,
            fixed="pipeline {\n    options {\n        timestamps() // seen\n"
            "        timeout(time: 1, unit: 'HOURS')\n    }\n" + STAGES,
        ),
    ],
    good=[
        "pipeline {\n    agent any\n    options {\n        timeout(time: 2, unit: 'HOURS')\n    }\n" + STAGES,
        "pipeline {\n    agent any\n" + STAGES.replace("sh 'make'", "timeout(5) { sh 'make' }"),
        "node { sh 'make' }\n",
    ],
)
def no_timeout(whole: WholeFile) -> Iterator[Finding]:
    """Pipeline has no timeout.

    A step that hangs occupies its agent until somebody aborts the build. A pipeline with a `timeout`
    in its `options`, in a stage or around a step is not reported.
    """
    opened = whole.file.ask(pipeline_region)
    if opened is None or whole.file.ask(has_timeout):
        return
    word = whole.file.ask(each, pipeline_word)[opened]
    assert word is not None
    entry = "timeout(time: 1, unit: 'HOURS')"
    change = whole_file_change(whole.file, lambda model: [with_entry(model, "options", entry)])
    fix = Fix("Add a one-hour `timeout` to `options`", change)
    yield Finding(word, "pipeline has no `timeout`", (fix,), chunk=opened)


def calls_timeout(parsed: Parsed) -> bool:
    return bool(Tree(parsed).named("timeout"))


def has_timeout(outline: Outline) -> bool:
    """Whether anything in the declarative pipeline has a timeout."""
    calls = outline.each(calls_timeout)
    return any(calls[number] for number in outline.ask(in_pipeline))
