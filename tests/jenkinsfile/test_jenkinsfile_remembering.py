"""What is remembered from one keystroke to the next: nothing that a fresh look would see in another way."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import leave_unrecorded

from playpen_ls.api.facts import Facts
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import Configured, RuleContext
from playpen_ls.engine.cache import EMPTY_CACHE
from playpen_ls.engine.check import check
from playpen_ls.engine.registry import rules_of
from playpen_ls.engine.rule_set import RuleSet
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import parse
from playpen_ls.languages.jenkinsfile.model.queries import (
    credentials_around,
    declares,
    is_credential_id,
    sets_literal,
)
from playpen_ls.languages.jenkinsfile.parts import Jenkinsfile, Region
from playpen_ls.languages.registry import model_facts
from playpen_ls.project.filesystem import ProjectFiles
from playpen_ls.text.source import Source

RULES = RuleSet(Configured(rule) for rule in rules_of("jenkinsfile"))
LIBRARY = {
    "vars/shopDeploy.groovy": "def call(Map config) { }\n",
    "vars/shopTest.groovy": "def call(String target) { echo target }\n",
}


class Repository(ProjectFiles):
    """A repository with a shared library of its own, and no other file."""

    def names(self, folder: str) -> tuple[str, ...]:
        return tuple(path.rpartition("/")[2] for path in LIBRARY if path.rpartition("/")[0] == folder)

    def text(self, path: str) -> str | None:
        return LIBRARY.get(path)


FILES = Repository(Path("/nonexistent-project"), lambda path: None)
GIVEN = RuleContext(Platform(), FILES, lambda kind: Facts(kind, (), False))

DECLARATIVE = """\
@Library('acme@1') _
def GIT_TOKEN = 'f81jf9sk2mzn'
pipeline {
    agent { docker { image 'maven:latest' } }
    environment {
        NEXUS = credentials('nexus-credentials')
        CHANGE_TITLE = 'app'
        TAG = 'latest'
    }
    stages {
        stage('Unit test') {
            steps { sh "make test" }
        }
        stage('Lint') {
            steps { sh 'make lint' }
        }
        stage('Push') {
            when { branch 'main' }
            environment { DB_PASSWORD = 'pg' }
            steps {
                withCredentials([string(credentialsId: GIT_TOKEN, variable: 'TOKEN')]) {
                    sh "curl -H 'X: ${TOKEN}' -u ${NEXUS_USR}:${NEXUS_PSW} https://api/"
                }
                sh 'docker login -u admin -p hunter2 nexus:5000'
                sh "docker push nexus:5000/app:${TAG}"
                sh 'ping db.playpen-platform.svc.cluster.local'
                sh "git tag ${CHANGE_TITLE}"
            }
        }
        stage('Push') {
            steps {
                script {
                    def img = docker.build('ghcr.io/acme/app:latest')
                    img.push()
                    img.push('latest')
                }
                git 'https://robot:s3cr3t-9f8e7d@git.example.test/team/app.git'
                sh 'ping db.playpen-platform.svc.cluster.local'
            }
        }
    }
    post { always { sh "echo ${NEXUS_PSW}" } }
}
def helper(x) {
    sh "echo ${NEXUS_PSW} ${x ?: 'a'}"
}
"""
SCRIPTED = """\
node('linux') {
    checkout scm
    def TOKEN = 'x'
    withCredentials([usernamePassword(credentialsId: 'n', usernameVariable: 'U', passwordVariable: 'P')]) {
        stage('Build') {
            sh "docker login -u ${U} -p ${P} nexus:5000"
            docker.withRegistry('https://index.docker.io/v1/', 'hub') {
                docker.build('acme/app').push()
            }
        }
        try {
            stage('Test') { sh "test ${P}" }
        } catch (e) {
            echo "failed ${P}"
            throw e
        } finally {
            junit '*.xml'
        }
        sh '''
            mysqldump -u root -phunter2 db > out
        '''
    }
    parallel(
        a: { stage('A') { sh 'docker push nexus:5000/app' } },
        b: { stage('B') { sh "x ${TOKEN}" } }
    )
}
"""
POD = """\
yaml '''
spec:
  containers:
    - {name: maven, image: 'maven:3.9'}
'''"""
PODS = f"""\
pipeline {{
    agent {{
        kubernetes {{
            {POD}
        }}
    }}
    parameters {{ string(name: 'REF', defaultValue: 'main') }}
    stages {{
        stage('Build') {{
            steps {{
                container('mavn') {{ sh "git checkout ${{params.REF}} && make" }}
                script {{
                    def tag = sh(script: 'git describe', returnStdout: true)
                    docker.build("web:${{tag}}")
                }}
                sh 'docker run --rm -v /var/run/docker.sock:/var/run/docker.sock aquasec/trivy image x'
            }}
        }}
        stage('All') {{
            parallel {{
                stage('A') {{
                    steps {{ sh './a > out.log' }}
                }}
                stage('B') {{
                    steps {{ sh './b > out.log' }}
                }}
            }}
        }}
        stage('Deploy') {{
            steps {{
                input 'Deploy?'
                sh 'kubectl apply -f k8s/'
                sh 'curl -k https://nexus/a.tgz'
                shopDeplyo target: 'test'
            }}
        }}
    }}
}}
"""
TEXTS = [
    *(DECLARATIVE, SCRIPTED, DECLARATIVE.replace("\n", "\r\n"), DECLARATIVE.replace("pipeline {", "pipelin {", 1)),
    *(PODS, PODS.replace(POD, "yamlFile 'pods.yaml'"), "node {\n    shopTest target: 'a'\n}\n"),
]
PIECES = [
    *("", "x", " ", "\n", "{", "}", "(", ")", "[", "'", '"', "'" * 3, '"' * 3, "${", "/", "/*", "*/", "//", "\\", ";"),
    *("stage('x') {", "}\n", "sh 'docker push nexus:5000/app:latest'\n", "TOKEN", "NEXUS", "def P = 1\n", "latest"),
    *("withCredentials([string(credentialsId: 'a', variable: 'NEXUS_PSW')]) {\n", "node", "try", "pipeline", "@", "U"),
]


def found(file: Jenkinsfile, memory: object = None) -> tuple[list[tuple[object, ...]], object]:
    checked = check(file, RULES, GIVEN, memory)  # type: ignore[arg-type]
    assert not checked.failed
    hits = [
        (hit.rule.id, hit.span, hit.finding.message, hit.severity, hit.finding.related) for hit in checked.diagnostics
    ]
    return hits, checked.memory


def fresh(text: str) -> list[tuple[object, ...]]:
    return found(parse(Source("Jenkinsfile", text)))[0]


def test_the_texts_have_something_of_every_rule():
    ids = {hit[0] for text in TEXTS for hit in fresh(text)}
    assert ids == {one.rule.id for one in RULES.rules}


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_after_any_edits_the_findings_are_those_of_a_fresh_look(data: st.DataObject):
    text = data.draw(st.sampled_from(TEXTS))
    file = parse(Source("Jenkinsfile", text))
    memory = found(file, EMPTY_CACHE)[1]
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.sampled_from([0, 0, 0, 1, 1, 2, 10, 60]))
        text = text[:start] + data.draw(st.sampled_from(PIECES)) + text[end:]
        file = parse(Source("Jenkinsfile", text), file)
        hits, memory = found(file, memory)
        assert hits == fresh(text)
        assert list(model_facts(file)) == list(model_facts(parse(Source("Jenkinsfile", text))))


@pytest.mark.parametrize("text", TEXTS)
def test_typing_a_line_anywhere_finds_what_a_fresh_look_finds(text: str):
    for place in [match.end() for match in re.finditer(r"\n", text)][::11]:
        line = "sh \"login ${P} '${NEXUS_PSW}'\" /* x */ { y }"
        file = parse(Source("Jenkinsfile", text))
        memory = found(file, EMPTY_CACHE)[1]
        for end in range(1, len(line) + 1):
            now = text[:place] + line[:end] + text[place:]
            file = parse(Source("Jenkinsfile", now), file)
            hits, memory = found(file, memory)
            assert hits == fresh(now)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("CHANGE_TITLE = 'app'", "TITLE = 'app'"),  # else whoever writes the change chooses it
        ("credentialsId: GIT_TOKEN", "credentialsId: 'x'"),  # a name that is no id may hold a secret
        ("NEXUS = credentials('nexus-credentials')", "NEXUS = 'nexus'"),
        ("def helper(x) {", "def NEXUS_PSW = 'x'\ndef helper(x) {"),
        ("        sh 'ping db", "        sh 'ping pg"),
        ("img.push()", "img.pull()"),
        ("stage('Push') {\n            when", "stage('Pull') {\n            when"),
    ],
)
def test_what_changes_elsewhere_counts(old: str, new: str):
    file = parse(Source("Jenkinsfile", DECLARATIVE))
    hits, memory = found(file, EMPTY_CACHE)
    changed = DECLARATIVE.replace(old, new, 1)
    said = [[hit[2] for hit in fresh(text)] for text in (DECLARATIVE, changed)]
    assert said[0] != said[1]
    for text in (changed, DECLARATIVE):
        file = parse(Source("Jenkinsfile", text), file)
        hits, memory = found(file, memory)
        assert hits == fresh(text)


@pytest.mark.parametrize(
    ("query", "old", "new"),
    [
        (sets_literal, "CHANGE_TITLE = 'app'", "TITLE = 'app'"),
        (is_credential_id, "credentialsId: GIT_TOKEN", "credentialsId: 'x'"),
        (credentials_around, "NEXUS = credentials('nexus-credentials')", "NEXUS = 'nexus'"),
        (declares, "def helper(x) {", "def NEXUS_PSW = 'x'\ndef helper(x) {"),
    ],
)
def test_a_question_that_is_not_recorded_gives_stale_findings(
    query: Callable[..., object], old: str, new: str, monkeypatch: pytest.MonkeyPatch
):
    leave_unrecorded(query, monkeypatch)
    file = parse(Source("Jenkinsfile", DECLARATIVE))
    _, memory = found(file, EMPTY_CACHE)
    changed = DECLARATIVE.replace(old, new, 1)
    hits, _ = found(parse(Source("Jenkinsfile", changed), file), memory)
    assert hits != fresh(changed)


def test_a_keystroke_looks_at_one_region(monkeypatch: pytest.MonkeyPatch):
    stages = "".join(
        f"        stage('S{n}') {{\n            steps {{ sh 'make {n}' }}\n        }}\n" for n in range(40)
    )
    text = f"pipeline {{\n    agent any\n    stages {{\n{stages}    }}\n}}\n"
    file = parse(Source("Jenkinsfile", text))
    memory = found(file, EMPTY_CACHE)[1]
    looked: list[str] = []
    parts = Region.parts
    monkeypatch.setattr(Region, "parts", lambda self: [looked.append(self.text), *parts(self)][1:])
    for now in (text.replace("make 20'", "make 20x'"), text.replace("make 20'", "make 20")):
        looked.clear()
        file = parse(Source("Jenkinsfile", now), file)
        hits, memory = found(file, memory)
        assert hits == fresh(now)
        # The rest is what the fresh look at all regions adds.
        assert len(looked) - len(file.chunks) == 1
        assert "make 20" in looked[0]
