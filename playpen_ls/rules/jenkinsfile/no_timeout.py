from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.edits.sections import with_entry
from playpen_ls.languages.jenkinsfile.parts import Pipeline

STAGES = "    stages {\n        stage('Build') {\n            steps { sh 'make' }\n        }\n    }\n}\n"


@rule(
    severity=Severity.HINT,
    practice="+",
    absent=True,
    on=False,
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
def no_timeout(pipeline: Pipeline) -> Iterator[Finding]:
    """Pipeline has no timeout.

    A step that hangs occupies its agent until somebody aborts the build. A pipeline with a `timeout`
    in its `options`, in a stage or around a step is not reported.
    """
    if any(call.name == "timeout" for call in pipeline.block.calls):
        return
    fix = Fix(
        "Add a one-hour `timeout` to `options`",
        lambda: [with_entry(pipeline, "options", "timeout(time: 1, unit: 'HOURS')")],
    )
    yield Finding(pipeline.call.name_span, "pipeline has no `timeout`", (fix,))
