"""What holds of every conversion of a scripted pipeline, whatever it looks like."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples import unmarked
from playpen_ls.api.file_view import Outline
from playpen_ls.api.finding import Refused
from playpen_ls.engine.registry import rules_of
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import parse
from playpen_ls.languages.jenkinsfile.parts import Jenkinsfile, ShellStep
from playpen_ls.languages.jenkinsfile.validator import faults_of
from playpen_ls.rules.jenkinsfile.scripted_pipeline.detect import scripted_word
from playpen_ls.rules.jenkinsfile.scripted_pipeline.writer import converted
from playpen_ls.text.source import Source

CASES = json.loads((Path(__file__).parent / "jenkinsfile-fixes.json").read_text())
RULE = next(rule for rule in rules_of("jenkinsfile") if rule.name == "scripted-pipeline")
TEXTS = {
    **{case["title"]: case["before"] for case in CASES if case["fix"] == "scripted-to-declarative" and case["after"]},
    **{f"example {n}": unmarked(one.files["Jenkinsfile"])[0] for n, one in enumerate(RULE.bad, 1) if one.fixed},
}


def model(text: str) -> Jenkinsfile:
    return parse(Source("Jenkinsfile", text))


def said(file: Jenkinsfile) -> list[tuple[str, str]]:
    """What `sh`, `bat` and `echo` are given, blanks as one."""
    steps = [call for call in file.calls if isinstance(call, ShellStep) or call.name == "echo"]
    return [(step.name, " ".join(one.text.split())) for step in steps for one in step.arguments]


BRANCHES = """\
node('linux') {
    stage('Verify') {
        parallel(
            unit: {
                stage('Compile') {
                    sh 'make' // all
                }
                // then
                stage('Test') {
                    sh 'make test'
                }
            },
            "it's lint": {
                node('lint') {
                    stage('Lint') { sh 'make lint' }
                }
            }
        )
    }
}
"""
TEXTS["branches of several stages"] = BRANCHES


@pytest.fixture(params=TEXTS.values(), ids=TEXTS.keys())
def pair(request: pytest.FixtureRequest) -> tuple[Jenkinsfile, Jenkinsfile]:
    before = model(request.param)
    return before, model(before.source.edited(converted(before)).text)


def test_the_result_parses_and_jenkins_takes_it(pair: tuple[Jenkinsfile, Jenkinsfile]):
    _, after = pair
    assert after.pipeline is not None
    assert list(after.problems) == []
    assert [fault.message for fault in faults_of(after)] == []


def test_the_same_scripts_run_in_the_same_order(pair: tuple[Jenkinsfile, Jenkinsfile]):
    before, after = pair
    assert said(after) == said(before)


def test_comments_are_kept(pair: tuple[Jenkinsfile, Jenkinsfile]):
    before, after = pair
    assert [comment.text for comment in after.comments()] == [comment.text for comment in before.comments()]


def test_the_result_is_converted_no_more(pair: tuple[Jenkinsfile, Jenkinsfile]):
    _, after = pair
    assert Outline("Jenkinsfile", after.chunks).ask(scripted_word) is None


def test_a_branch_of_several_stages_has_stages():
    before = model(BRANCHES)
    after = before.source.edited(converted(before)).text
    assert (
        "\n".join(after.split("\n")[6:35])
        == """\
        stage('Verify') {
            parallel {
                stage('unit') {
                    stages {
                        stage('Compile') {
                            steps {
                                sh 'make' // all
                            }
                        }
                        // then
                        stage('Test') {
                            steps {
                                sh 'make test'
                            }
                        }
                    }
                }
                stage('it\\'s lint') {
                    agent { label 'lint' }
                    stages {
                        stage('Lint') {
                            steps {
                                sh 'make lint'
                            }
                        }
                    }
                }
            }
        }"""
    )


def test_a_literal_declared_between_wrapper_and_stages_moves_above_the_pipeline():
    before = model(
        "timestamps {\n    def url = 'u'\n    stage('A') {\n        node('x') { sh \"get ${url}\" }\n    }\n}\n"
    )
    after = before.source.edited(converted(before)).text
    assert after.startswith("def url = 'u'\npipeline {\n    agent none\n    options {\n        timestamps()\n")


def test_an_entry_of_several_lines_keeps_them():
    before = model(
        "properties([\n    parameters([\n        choice(\n            name: 'A',\n            choices: ['b', 'c']\n"
        "        )\n    ])\n])\nnode {\n    stage('A') { sh 'x' }\n}\n"
    )
    after = before.source.edited(converted(before)).text
    assert (
        "    parameters {\n        choice(\n            name: 'A',\n            choices: ['b', 'c']\n        )\n    }\n"
        in after
    )


def test_a_parallel_in_a_branch_stays_a_script():
    inner = "a: { stage('A') { parallel x: { sh 'x' }, y: { sh 'y' } } }"
    before = model(f"node {{\n    stage('V') {{\n        parallel {inner}, b: {{ sh 'b' }}\n    }}\n}}\n")
    after = before.source.edited(converted(before)).text
    assert f"script {{\n                    parallel {inner}, b: {{ sh 'b' }}\n" in after


def test_it_is_one_edit_of_the_whole_file():
    before = model("node {\n    stage('A') {\n        sh 'x'\n    }\n}\n")
    assert [(edit.start, edit.end) for edit in converted(before)] == [(0, len(before.source.text))]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("node {\n    stage('A') { sh 'x' }\n    foo()\n    stage('B') { sh 'y' }\n}\n", "between or after the stages"),
        ("node {\n    stage('A') { sh 'x' }\n    stage('A') { sh 'y' }\n}\n", "same name"),
        ("node(env.L) {\n    stage('A') { sh 'x' }\n}\n", "computed label"),
        ("node {\n    stage(env.NAME) { sh 'x' }\n}\n", "name is computed"),
        ("node {\n    withCredentials([]) {\n        stage('A') { sh 'x' }\n    }\n}\n", "around stages cannot be converted"),
        ("node {\n    try {\n        stage('A') { sh 'x' }\n    } catch (e) {\n        echo \"${e}\"\n        throw e\n    }\n}\n", "uses `e`"),
        ("node {\n    try {\n        stage('A') { sh 'x' }\n    } catch (e) {\n        echo 'no'\n    }\n}\n", "does not rethrow"),
        ("node {\n    stage('A') { sh 'x'\n", "does not parse"),
        ("node {\n    echo 'a'\n    try {\n        stage('A') { sh 'x' }\n    } finally {\n        cleanWs()\n    }\n}\n", "next to other steps"),
        ("list << 'a'\nproperties([disableConcurrentBuilds()])\nnode {\n    stage('A') { sh 'x' }\n}\n", "before `properties`"),
        ("timestamps {\n    stage('A') { sh 'x' }\n    def a = 'b'\n    stage('B') { sh a }\n}\n", "outside the stages"),
    ],
)  # fmt: skip
def test_what_cannot_be_proved_is_refused_with_its_reason(text: str, reason: str):
    with pytest.raises(Refused, match=reason):
        converted(model(text))
