"""Symbols and folding of Jenkinsfiles and Dockerfiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from playpen_ls.languages.registry import LANGUAGES, parse
from playpen_ls.session.outline import Symbol, folds, symbols
from playpen_ls.text.source import Source

PIPELINE = """\
// Builds the shop.
// Deploys it.
pipeline {
    agent any
    stages {
        stage('Build') {
            steps {
                sh '''
                    make
                    make test
                '''
            }
        }
        stage("Test ${env.KIND}") {
            parallel {
                stage('Unit') { steps { sh 'x' } }
                stage('Web') { steps { sh 'y' } }
            }
        }
    }
    post {
        failure { echo 'a' }
        always {
            echo 'b'
        }
    }
}

def notify(String text) {
    if (text) {
        echo text
    }
}
"""
SCRIPTED = "node {\n  stage('A') {\n    parallel(\n      a: { stage('B') { x() } },\n    )\n  }\n}\n"
DOCKERFILE = """\
# syntax=docker/dockerfile:1
# The shop.
FROM debian:12 AS build
RUN apt-get update \\
    && apt-get install -y make
COPY <<EOF /a
b
EOF

FROM playpen/python-base:latest
EXPOSE 8000
HEALTHCHECK --interval=5s CMD curl -f http://localhost:8000/health
CMD ["uvicorn", \\
     "main:app"]
"""


def lines(found: Iterable[Symbol], depth: int = 0) -> Iterator[str]:
    for one in found:
        yield "  " * depth + " ".join(filter(None, (one.kind.value, one.name, one.detail)))
        yield from lines(one.children, depth + 1)


def of(language: str, text: str) -> tuple[Symbol, ...]:
    found = symbols(parse(language, Source("x", text)))
    assert found is not None
    return found


def test_a_declarative_pipeline():
    assert list(lines(of("jenkinsfile", PIPELINE))) == [
        "pipeline pipeline",
        "  stage Build stage",
        "  stage Test ${env.KIND} stage",
        "    stage Unit stage",
        "    stage Web stage",
        "  condition post",
        "    condition failure",
        "    condition always",
        "method notify method",
    ]


def test_a_scripted_pipeline():
    assert list(lines(of("jenkinsfile", SCRIPTED))) == ["stage A stage", "  stage B stage"]


def test_a_dockerfile():
    assert list(lines(of("dockerfile", DOCKERFILE))) == [
        "stage build debian:12",
        "stage playpen/python-base:latest",
        "  instruction EXPOSE 8000",
        "  instruction HEALTHCHECK",
        "  instruction CMD",
    ]


@pytest.mark.parametrize(("language", "text"), [("jenkinsfile", PIPELINE), ("dockerfile", DOCKERFILE)])
def test_names_stand_in_their_symbols_and_children_in_their_parents(language: str, text: str):
    def assert_inside(found: Iterable[Symbol], start: int, end: int) -> None:
        for one in found:
            assert start <= one.span.start <= one.name_span.start < one.name_span.end <= one.span.end <= end
            assert one.kind.value == "instruction" or text[one.name_span.start : one.name_span.end] == one.name
            assert_inside(one.children, one.span.start, one.span.end)

    assert_inside(of(language, text), 0, len(text))


def folded(language: str, text: str) -> list[tuple[str, str, str]]:
    """(first line, last line, kind) of each fold."""
    found = folds(parse(language, Source("x", text)))
    assert found is not None
    rows = text.split("\n")
    return [(rows[one.first].strip(), rows[one.last].strip(), one.kind.value) for one in found]


def test_blocks_comments_and_strings_of_a_jenkinsfile_are_folded():
    assert folded("jenkinsfile", PIPELINE) == [
        ("// Builds the shop.", "// Deploys it.", "comment"),
        ("pipeline {", "}", "region"),
        ("stages {", "}", "region"),
        ("stage('Build') {", "}", "region"),
        ("steps {", "'''", "region"),
        ("sh '''", "'''", "region"),
        ('stage("Test ${env.KIND}") {', "}", "region"),
        ("parallel {", "stage('Web') { steps { sh 'y' } }", "region"),
        ("post {", "}", "region"),
        ("always {", "echo 'b'", "region"),
        ("def notify(String text) {", "}", "region"),
        ("if (text) {", "echo text", "region"),
    ]


def test_stages_and_instructions_of_several_lines_of_a_dockerfile_are_folded():
    assert folded("dockerfile", DOCKERFILE) == [
        ("# syntax=docker/dockerfile:1", "# The shop.", "comment"),
        ("FROM debian:12 AS build", "EOF", "region"),
        ("RUN apt-get update \\", "&& apt-get install -y make", "region"),
        ("COPY <<EOF /a", "EOF", "region"),
        ("FROM playpen/python-base:latest", '"main:app"]', "region"),
        ('CMD ["uvicorn", \\', '"main:app"]', "region"),
    ]


@pytest.mark.parametrize("language", sorted({*LANGUAGES} - {"jenkinsfile", "dockerfile"}))
def test_other_languages_are_left_to_other_servers(language: str):
    model = parse(language, Source("x", "a: 1\n"))
    assert symbols(model) is None
    assert folds(model) is None


@pytest.mark.parametrize(
    "text", ["", "pipeline {", "}", "stage('a') { stage {", "'''", "def f( {", "FROM", "FROM  AS x\n"]
)
@pytest.mark.parametrize("language", ["jenkinsfile", "dockerfile"])
def test_half_typed_text_has_an_outline(language: str, text: str):
    model = parse(language, Source("x", text))
    assert symbols(model) is not None
    assert folds(model) is not None


def test_deep_nesting_ends():
    text = "stage('a') {" * 3_000 + "}" * 3_000
    assert len(list(lines(of("jenkinsfile", text)))) < 100
