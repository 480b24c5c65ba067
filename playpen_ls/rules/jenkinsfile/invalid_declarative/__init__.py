from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
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


def stage(text: str) -> str:
    return pipeline("", f"    stages {{\n        stage('A') {{\n{text}        }}\n    }}\n")


def script(text: str) -> str:
    indented = " " * 20
    return steps(f"script {{\n{indented}{text}\n                }}")


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
        pipeline(
            "    environment {\n        «MY-TAG» = 'x'\n        TAG = «[params.TAG]»\n        «TAG» = 'y'\n    }\n"
        ),
        pipeline("    agent «linux»\n").replace("    agent any\n", ""),
        example(
            pipeline("    agent { docker { «imgae» 'maven:3.9' } }\n").replace("    agent any\n", ""),
            fixed=pipeline("    agent { docker { image 'maven:3.9' } }\n").replace("    agent any\n", ""),
        ),
        pipeline("    options {\n        «parameters»([])\n        «sh» 'x'\n    }\n"),
        pipeline("    triggers {\n        cron('@daily')\n        «cron»('@weekly')\n    }\n"),
        example(
            steps("«docker.build»('x')"),
            fixed=steps("script {\n                    docker.build('x')\n                }"),
        ),
        steps("«timeout»(unit: 'HOURS') { sh 'make' }"),
        steps("timeout(time: «'5'», unit: 'HOURS') { sh 'make' }"),
        example(
            steps("sh script: 'make', «retrunStdout»: true"),
            fixed=steps("sh script: 'make', returnStdout: true"),
        ),
        steps("«stage»('Inner') { sh 'make' }"),
        pipeline("    post {\n        always {\n            cleanWs()\n        }\n        «sh 'x'»\n    }\n"),
        example(
            pipeline("", STAGES.replace("steps {", "when { «brnach» 'main' }\n            steps {")),
            fixed=pipeline("", STAGES.replace("steps {", "when { branch 'main' }\n            steps {")),
        ),
        example(
            pipeline("", STAGES.replace("steps {", "input { «mesage» '?' }\n            steps {")),
            fixed=pipeline("", STAGES.replace("steps {", "input { message '?' }\n            steps {")),
        ),
        pipeline("", "    stages {\n        stage('«Build»') {\n            agent any\n        }\n    }\n"),
        example(
            stage("            «step» { sh 'x' }\n"),
            fixed=stage("            steps { sh 'x' }\n"),
        ),
        example(
            stage("            «sh» 'x'\n            echo 'y' // say it\n"),
            fixed=stage(
                "            steps {\n                sh 'x'\n                echo 'y' // say it\n            }\n"
            ),
        ),
        example(
            stage("            agent any\n            «name = readFile 'x'»\n            echo name\n"),
            fixed=stage(
                "            agent any\n            steps {\n                script {\n"
                "                    name = readFile 'x'\n                    echo name\n"
                "                }\n            }\n"
            ),
        ),
        example(
            steps(
                "sh 'make'\n                «def name = readFile 'x'»\n"
                "                echo name\n                sh 'y'"
            ),
            fixed=steps(
                "sh 'make'\n                script {\n                    def name = readFile 'x'\n"
                "                    echo name\n                }\n                sh 'y'"
            ),
        ),
        example(
            stage("            steps { «if (env.X) { sh 'y' }» }\n"),
            fixed=stage("            steps { script { if (env.X) { sh 'y' } } }\n"),
        ),
        example(
            pipeline("    environment {\n        TOOL = «kcli»\n        NUMBER = «BUILD_NUMBER»\n    }\n"),
            fixed=pipeline("    environment {\n        TOOL = 'kcli'\n        NUMBER = \"${BUILD_NUMBER}\"\n    }\n"),
        ),
        # Two calls became one.
        "node {\n    git branch: 'main', git «url»: 'https://example.com/a.git'\n}\n",
        example(
            pipeline("    environment {\n        REGION = «params.REGION»\n        ZONE = 'z' + «env.ZONE»\n    }\n"),
            fixed=pipeline(
                '    environment {\n        REGION = "${params.REGION}"\n        ZONE = \'z\' + "${env.ZONE}"\n    }\n'
            ),
        ),
        example(
            "«pipelin» {\n    agent any\n" + STAGES + "}\n",
            fixed="pipeline {\n    agent any\n" + STAGES + "}\n",
        ),
        example(
            pipeline("", "    «statges» {\n" + BUILD + "    }\n"),
            fixed=pipeline("", "    stages {\n" + BUILD + "    }\n"),
        ),
        example(
            pipeline("    post {\n        «alway» {\n            cleanWs()\n        }\n    }\n"),
            fixed=pipeline("    post {\n        always {\n            cleanWs()\n        }\n    }\n"),
        ),
        example(
            pipeline("    triggers {\n        «crn»('@daily')\n    }\n"),
            fixed=pipeline("    triggers {\n        cron('@daily')\n    }\n"),
        ),
        example(
            script("def m = [a: 1\n                         «b»: 2]"),
            fixed=script("def m = [a: 1,\n                         b: 2]"),
        ),
        example(
            script("sh(script: 'x' «returnStdout»: true)"),
            fixed=script("sh(script: 'x', returnStdout: true)"),
        ),
        example(
            script("sh \"grep '«\\d»' x\""),
            fixed=script("sh \"grep '\\\\d' x\""),
        ),
        example(
            script("bat '.\\node_modules«\\.»bin\\webpack \\'a b\\''"),
            fixed=script("bat '.\\\\node_modules\\\\.bin\\\\webpack \\'a b\\''"),
        ),
        example(
            script('sh "echo «$»(date)"'),
            fixed=script('sh "echo \\$(date)"'),
        ),
        example(
            script("sh 'x' «#» run it"),
            fixed=script("sh 'x' // run it"),
        ),
        example(
            script("return sh «script»: 'x', returnStdout: true"),
            fixed=script("return sh(script: 'x', returnStdout: true)"),
        ),
        example(
            script("if (a) {\n                        x()\n                    } «elseif» (b) { y() }"),
            fixed=script("if (a) {\n                        x()\n                    } else if (b) { y() }"),
        ),
        example(
            script("ok = a\n                        «&&» b"),
            fixed=script("ok = a &&\n                        b"),
        ),
        example(
            script("f(«my-key»: 1)"),
            fixed=script("f('my-key': 1)"),
        ),
        script("if «x» { y() }"),
        "node {\n    def m = [a: 1, «b»]\n}\n",
        "pipeline «{»\n    agent any\n" + STAGES,
        "timestamps {\n    «pipeline» {\n        stages { stage('A') { steps { sh 'x' } } }\n    }\n}\n",
    ],
    good=[
        pipeline(""),
        # The trigger `upstream` has other parameters than the selector of a plugin.
        pipeline(
            "    parameters {\n        buildSelector name: 'BUILD',"
            " defaultSelector: upstream(fallbackToLastSuccessful: true)\n    }\n"
        ),
        pipeline("    triggers {\n        upstream(upstreamProjects: 'base', threshold: Result.SUCCESS)\n    }\n"),
        pipeline(
            "    environment {\n        A = 'x' + \"${B}\"\n        C = credentials('c')\n        D = f('x')\n    }\n"
        ),
        steps("script { def x = [1]; x.each { echo it } }"),
        steps("acmeDeploy target: 'x', retries: 3"),
        steps("junit testResults: '*.xml', skipMarkingStageUnstable: true"),
        pipeline("    options {\n        withDockerServer(uri: 'tcp://x')\n    }\n"),
        stage(
            "            options {\n                checkoutToSubdirectory 'linux'\n            }\n"
            "            steps {\n                echo 'x'\n            }\n"
        ),
        "pipeline {\n    agent {\n        kubernetes {\n            yaml '''\nkind: Pod\nspec: {\n'''\n"
        "            defaultContainer 'kaniko'\n        }\n    }\n" + STAGES + "}\n",
        "pipeline {\n    agent { ecs { inheritFrom 'x' } }\n    options { acmeOption() }\n    triggers { acme() }\n"
        + STAGES
        + "}\n",
        "node {\n    stage('A') { def x = 1 }\n    stage('A') { x.y() }\n}\n",
        script("x = [a: [1, 2], 'b': c ? d : e,\n *: f]; sh(script: \"\\$(x)\", returnStatus: true)"),
        "shopPipeline {\n    service = 'web'\n    stages { }\n}\n",
        {
            "Jenkinsfile": "pipelines {\n    agent any\n    stages { stage('A') { } }\n}\n",
            "vars/pipelines.groovy": "def call(Closure body) { body() }\n",
        },
        "def call() {\n    pipeline {\n        stages { }\n    }\n}\n",
        pipeline(
            "", "    stages {\n        stage('A') { parallel { stage('B') { agent any; steps { sh 'x' } } } }\n    }\n"
        ),
    ],
)
def invalid_declarative(whole: WholeFile, files: Files) -> Iterator[Finding]:
    """Jenkins will reject this pipeline.

    Reports unclosed brackets and strings, and, with Jenkins' own messages, what its declarative parser
    and validator report when a build starts: unknown, missing, duplicate or empty sections, statements
    that are not steps, and values of the wrong type. Errors apply to every Jenkins; warnings depend on
    the names that Jenkins and its common plugins define, and a misspelling of one of them is an error.
    Of scripted pipelines only Groovy's syntax is checked; shared libraries and unknown steps are not checked.
    """
    file = whole.file
    if file.ask(pipeline_region) is not None:
        for number, problem in file.ask(problems):
            yield Finding(problem.span, problem.message, unparsed=True, chunk=number)
    for number, fault in file.ask(file_faults):
        if fault.kind == "MisspelledPipeline" and files.exists(f"vars/{fault.text}.groovy"):
            continue  # a step of the repository's own library
        severity = None if fault.sure else Severity.WARNING
        message = f"{fault.message}; did you mean `{fault.meant}`?" if fault.meant else fault.message
        unparsed = fault.kind.startswith("Groovy.")
        yield Finding(fault.span, message, fixes_of(file, number, fault), severity, unparsed=unparsed, chunk=number)


def problems_in(parsed: Parsed) -> tuple[Problem, ...]:
    return parsed.problems


def problems(outline: Outline) -> tuple[tuple[int, Problem], ...]:
    """The brackets and strings that are not closed, each with its region."""
    unclosed, braces = outline.ask(frames).unclosed, outline.each(frame_problem)
    found = [(number, one) for number, every in enumerate(outline.each(problems_in)) for one in every]
    return (*found, *((number, one) for number in sorted(unclosed) if (one := braces[number]) is not None))
