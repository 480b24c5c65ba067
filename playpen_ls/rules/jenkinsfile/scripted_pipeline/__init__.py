from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.edits.change import whole_file_change
from playpen_ls.languages.jenkinsfile.parts import WholeFile
from playpen_ls.rules.jenkinsfile.scripted_pipeline.detect import scripted_word
from playpen_ls.rules.jenkinsfile.scripted_pipeline.writer import converted

DECLARATIVE = """\
pipeline {
    agent { label 'linux' }
    options {
        skipDefaultCheckout()
    }
    stages {
        stage('Build') {
            steps {
                sh 'make build' // all of it
            }
        }
    }
}
"""


@rule(
    severity=Severity.WARNING,
    practice="Declarative pipelines",
    bad=[
        example(
            "«node»('linux') {\n    stage('Build') {\n        sh 'make build' // all of it\n    }\n}\n",
            fixed=DECLARATIVE,
        ),
        example(
            "// The build.\ndef image = 'app'\n\ntimestamps {\n  «node» {\n    checkout scm\n"
            "    // first\n    stage('Build') {\n"
            '      if (env.FAST) {\n        sh """\n  make fast\n"""\n      }\n    }\n  }\n}\n',
            fixed="// The build.\ndef image = 'app'\n\npipeline {\n  agent any\n  options {\n"
            "    timestamps()\n  }\n  stages {\n"
            "    // first\n    stage('Build') {\n      steps {\n        script {\n          if (env.FAST) {\n"
            '            sh """\n  make fast\n"""\n          }\n        }\n      }\n    }\n  }\n}\n',
        ),
        example(
            "«node»('linux') {\n    checkout scm\n"
            "    docker.withRegistry('https://nexus:5000', 'nexus-credentials') {\n"
            "        docker.image('maven:3.9').inside('-v /m2:/m2') {\n            stage('Build') {\n"
            "                sh 'mvn verify'\n            }\n        }\n    }\n}\n",
            fixed="pipeline {\n    agent {\n        docker {\n            image 'maven:3.9'\n"
            "            args '-v /m2:/m2'\n            label 'linux'\n            registryUrl 'https://nexus:5000'\n"
            "            registryCredentialsId 'nexus-credentials'\n        }\n    }\n    stages {\n"
            "        stage('Build') {\n            steps {\n                sh 'mvn verify'\n            }\n"
            "        }\n    }\n}\n",
        ),
        "«node» {\n    docker.image(env.IMAGE).inside {\n        stage('Build') { sh 'make' }\n    }\n}\n",
        "«node» {\n    sh 'x'\n    docker.image('a:1').inside { stage('Build') { sh 'make' } }\n}\n",
        "«node» {\n    try {\n        docker.image('a:1').inside { stage('Build') { sh 'make' } }\n    } finally {\n"
        "        sh 'x'\n    }\n}\n",
        "podTemplate(yaml: '''kind: Pod''') {\n    «node»(POD_LABEL) {\n        stage('A') { sh 'make' }\n    }\n}\n",
        "«node» {\n    def home = tool 'M3'\n    stage('Build') { sh \"${home}/bin/mvn verify\" }\n}\n",
        "«stage» 'Build'\nnode_label = 'x'\n",
        "«node» {\n    stage('Build') { sh 'make' }\n    if (currentBuild.result == 'UNSTABLE') { return }\n}\n",
    ],
    good=[
        DECLARATIVE,
        "@Library('acme') _\nbuildPlugin(useContainerAgent: true) {\n    stage('x') { sh 'make' }\n}\n",
        "@Library('acme') _\nbuildApp(name: 'web')\n",
        "def call(Map config) {\n    node { stage('Build') { sh 'make' } }\n}\n",
        "def deploy() {\n    node { sh 'x' }\n}\nreturn this\n",
        DECLARATIVE + "\ndef helper() {\n    node { sh 'x' }\n}\n",
    ],
)
def scripted_pipeline(whole: WholeFile) -> Iterator[Finding]:
    """Pipeline is scripted, not declarative.

    Jenkins validates the sections and steps of a declarative pipeline before it runs, and can restart it
    from a stage; it can do neither with a scripted pipeline. The fix converts a pipeline only if the
    declarative one behaves the same.
    """
    found = whole.file.ask(scripted_word)
    if found is not None:
        number, word = found
        fix = Fix("Convert to a declarative pipeline", whole_file_change(whole.file, converted))
        yield Finding(word, "pipeline is scripted, not declarative", (fix,), chunk=number)
