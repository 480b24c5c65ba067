from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.file_view import Outline
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.model.queries import frame_problem, frames, pipeline_region
from playpen_ls.languages.jenkinsfile.parts import WholeFile
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.validator import file_faults
from playpen_ls.languages.model import Problem
from playpen_ls.rules.jenkinsfile.invalid_declarative.fixes import fixes_of

BUILD = "        stage('Build') {\n            steps {\n                sh 'make'\n            }\n        }\n"
STAGES = f"    stages {{\n{BUILD}    }}\n"


def pipeline(text: str, stages: str = STAGES) -> str:
    return f"pipeline {{\n    agent any\n{text}{stages}}}\n"


def steps(text: str) -> str:
    return pipeline("", STAGES.replace("sh 'make'", text))


@rule(
    severity=Severity.ERROR,
    practice="Declarative pipelines",
    reports_absence=True,
    bad=[
        example(
            pipeline("    environment {\n        TAG = «${BUILD_NUMBER}»\n    }\n"),
            fixed=pipeline('    environment {\n        TAG = "${BUILD_NUMBER}"\n    }\n'),
        ),
        example(steps("echo «${TAG}»"), fixed=steps('echo "${TAG}"')),
        example(
            pipeline("    «properties» {\n        timestamps() // seen\n    }\n"),
            fixed=pipeline("    options {\n        timestamps() // seen\n    }\n"),
        ),
        example(
            pipeline("").replace("}\n}\n", "}\n    «postBuild» {\n        always { cleanWs() }\n    }\n}\n"),
            fixed=pipeline("").replace("}\n}\n", "}\n    post {\n        always { cleanWs() }\n    }\n}\n"),
        ),
        pipeline("    options {\n        timestamps()\n    }\n    «wrappers» {\n        ansiColor('xterm')\n    }\n"),
        example(
            pipeline("", f"    stages {{\n{BUILD}{BUILD.replace('Build', '«Build»')}    }}\n"),
            fixed=pipeline("", f"    stages {{\n{BUILD}{BUILD.replace('Build', 'Build 2')}    }}\n"),
        ),
        example(
            "«pipeline» { // all\n    options { timestamps() }\n" + STAGES + "}\n",
            fixed="pipeline { // all\n    agent any\n    options { timestamps() }\n" + STAGES + "}\n",
        ),
        example(
            pipeline("    «environment» {\n    }\n"),
            fixed=pipeline(""),
        ),
        example(
            pipeline("    «options» { }; tools { jdk '17' }\n"),
            fixed=pipeline("    tools { jdk '17' }\n"),
        ),
        pipeline("    «options» {\n        // timestamps()\n    }\n"),
        example(
            pipeline("    parameters {\n        «stringParam»(name: 'TAG', defaultValue: '')\n    }\n"),
            fixed=pipeline("    parameters {\n        string(name: 'TAG', defaultValue: '')\n    }\n"),
        ),
        pipeline("    «steps» {\n        sh 'make'\n    }\n"),
        pipeline("    environment {\n        «MY-TAG» = 'x'\n        TAG = «params.TAG»\n        «TAG» = 'y'\n    }\n"),
        pipeline("    agent «linux»\n").replace("    agent any\n", ""),
        pipeline("    agent { docker { «imgae» 'maven:3.9' } }\n")
        .replace("    agent any\n", "")
        .replace("{ docker", "{ «docker»"),
        pipeline("    options {\n        «parameters»([])\n        «sh» 'x'\n    }\n"),
        pipeline("    triggers {\n        cron('@daily')\n        «cron»('@weekly')\n    }\n"),
        steps("«def x = 1»"),
        steps("«if (env.X) { sh 'y' }»"),
        steps("«docker.build»('x')"),
        steps("«timeout»(unit: 'HOURS') { sh 'make' }"),
        steps("timeout(time: «'5'», unit: 'HOURS') { sh 'make' }"),
        steps("sh script: 'make', «retrunStdout»: true"),
        steps("«stage»('Inner') { sh 'make' }"),
        pipeline("    post {\n        «allways» {\n            cleanWs()\n        }\n        «sh 'x'»\n    }\n"),
        pipeline("", STAGES.replace("steps {", "when { «brnach» 'main' }\n            steps {")),
        pipeline("", STAGES.replace("steps {", "input { «mesage» '?' }\n            steps {")).replace(
            "            input", "            «input»"
        ),
        pipeline("", "    stages {\n        stage('«Build»') {\n            agent any\n        }\n    }\n"),
        pipeline("", "    stages {\n        stage('A') {\n            «step» { sh 'x' }\n        }\n    }\n").replace(
            "'A'", "'«A»'"
        ),
        "pipeline «{»\n    agent any\n" + STAGES,
        "timestamps {\n    «pipeline» {\n        stages { stage('A') { steps { sh 'x' } } }\n    }\n}\n",
    ],
    good=[
        pipeline(""),
        pipeline(
            "    environment {\n        A = 'x' + \"${B}\"\n        C = credentials('c')\n        D = f('x')\n    }\n"
        ),
        steps("script { def x = [1]; x.each { echo it } }"),
        steps("acmeDeploy target: 'x', retries: 3"),
        steps("junit testResults: '*.xml', skipMarkingStageUnstable: true"),
        pipeline("    options {\n        withDockerServer(uri: 'tcp://x')\n    }\n"),
        "pipeline {\n    agent {\n        kubernetes {\n            yaml '''\nkind: Pod\nspec: {\n'''\n"
        "            defaultContainer 'kaniko'\n        }\n    }\n" + STAGES + "}\n",
        "pipeline {\n    agent { ecs { inheritFrom 'x' } }\n    options { acmeOption() }\n    triggers { acme() }\n"
        + STAGES
        + "}\n",
        "node {\n    stage('A') { def x = 1 }\n    stage('A') { x.y() }\n}\n",
        "def call() {\n    pipeline {\n        stages { }\n    }\n}\n",
        pipeline(
            "", "    stages {\n        stage('A') { parallel { stage('B') { agent any; steps { sh 'x' } } } }\n    }\n"
        ),
    ],
)
def invalid_declarative(whole: WholeFile) -> Iterator[Finding]:
    """Jenkins will reject this pipeline.

    Reports unclosed brackets and strings, and, with Jenkins' own messages, what its declarative parser
    and validator report when a build starts: unknown, missing, duplicate or empty sections, statements
    that are not steps, and values of the wrong type. Errors apply to every Jenkins; warnings depend on
    the names that Jenkins and its common plugins define. Scripted pipelines, shared libraries and
    unknown steps are not checked.
    """
    file = whole.file
    if file.ask(pipeline_region) is not None:
        for number, problem in file.ask(problems):
            yield Finding(problem.span, problem.message, unparsed=True, chunk=number)
    for number, fault in file.ask(file_faults):
        severity = None if fault.sure else Severity.WARNING
        yield Finding(fault.span, fault.message, fixes_of(file, number, fault), severity, chunk=number)


def problems_in(parsed: Parsed) -> tuple[Problem, ...]:
    return parsed.problems


def problems(outline: Outline) -> tuple[tuple[int, Problem], ...]:
    """The brackets and strings that are not closed, each with its region."""
    unclosed, braces = outline.ask(frames).unclosed, outline.each(frame_problem)
    found = [(number, one) for number, every in enumerate(outline.each(problems_in)) for one in every]
    return (*found, *((number, one) for number in sorted(unclosed) if (one := braces[number]) is not None))
