"""Symbols of files, and the folding of Jenkinsfiles and Dockerfiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.syntax.tree import Statement
from playpen_ls.languages.registry import LANGUAGES, parse
from playpen_ls.session.outline import Symbol, folds, symbols
from playpen_ls.session.outline_beside import symbols_beside
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
MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      initContainers:
        - {name: migrate, image: "nexus:5000/shop:1.0"}
      containers:
        - name: shop
          image: nexus:5000/shop:1.0
          ports:
            - {name: http, containerPort: 8000}
            - containerPort: 9000
          readinessProbe: {httpGet: {path: /ready, port: http}}
          livenessProbe: {exec: {command: [check, "--password=x"]}}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  ports: [{name: http, port: 80}]
---
kind: List
apiVersion: v1
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {A: b}}
"""
MODULE = """\
from fastapi import APIRouter
from sqlalchemy import create_engine

router = APIRouter(prefix="/api")
engine = create_engine("postgresql://u:p@h/d")


@router.get("/health")
def health():
    return {}


@router.api_route("/items", methods=["GET", "POST"])
def items():
    return []
"""


def lines(found: Iterable[Symbol], depth: int = 0) -> Iterator[str]:
    for one in found:
        yield "  " * depth + " ".join(filter(None, (one.kind.value, one.name, one.detail)))
        yield from lines(one.children, depth + 1)


def of(language: str, text: str) -> tuple[Symbol, ...]:
    model = parse(language, Source("x", text))
    found = symbols(model)
    assert (found is None) == (language in ("kubernetes", "python"))
    return symbols_beside(model) if found is None else found


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


def test_the_objects_of_a_manifest():
    assert list(lines(of("kubernetes", MANIFESTS))) == [
        "object Deployment shop",
        "  container init container migrate nexus:5000/shop:1.0",
        "  container container shop nexus:5000/shop:1.0",
        "    port port 8000 http",
        "    port port 9000",
        "    probe readiness /ready",
        "    probe liveness command",
        "object Service shop",
        "  port port 80 http",
        "object ConfigMap settings",
    ]


def test_a_module_lists_nothing_that_a_server_for_python_can_name():
    assert list(lines(of("python", MODULE))) == [
        "engine database engine",
        "route GET /api/health",
        "route GET/POST /api/items",
    ]
    migration = 'revision = "4f3a"\ndown_revision = "1b2c"\n\n\ndef upgrade():\n    pass\n'
    assert list(lines(of("python", migration))) == ["migration migration 4f3a"]


@pytest.mark.parametrize(
    ("language", "text"),
    [("jenkinsfile", PIPELINE), ("dockerfile", DOCKERFILE), ("kubernetes", MANIFESTS), ("python", MODULE)],
)
def test_names_stand_in_their_symbols_and_children_in_their_parents(language: str, text: str):
    def assert_inside(found: Iterable[Symbol], start: int, end: int) -> None:
        for one in found:
            assert start <= one.span.start <= one.name_span.start < one.name_span.end <= one.span.end <= end
            named = text[one.name_span.start : one.name_span.end]
            assert language not in ("jenkinsfile", "dockerfile") or one.kind.value == "instruction" or named == one.name
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
def test_folding_in_other_languages_is_left_to_other_servers(language: str):
    assert folds(parse(language, Source("x", "a: 1\n"))) is None


@pytest.mark.parametrize(
    "text", ["", "pipeline {", "}", "stage('a') { stage {", "'''", "def f( {", "FROM", "FROM  AS x\n"]
)
@pytest.mark.parametrize("language", ["jenkinsfile", "dockerfile", "kubernetes", "python"])
def test_half_typed_text_has_an_outline(language: str, text: str):
    of(language, text)
    assert (folds(parse(language, Source("x", text))) is None) == (language in ("kubernetes", "python"))


def test_deep_nesting_ends():
    text = "stage('a') {" * 3_000 + "}" * 3_000
    assert len(list(lines(of("jenkinsfile", text)))) < 100


@pytest.mark.parametrize(
    "text",
    [
        PIPELINE, SCRIPTED, f"{SCRIPTED}def f() {{ stage('x') {{ }} }}\n{PIPELINE}", "node {\n  stage('A') { x() }\n}\n",
        "pipeline {\n  stages { stage('q') { steps { sh 'a' } } } }\ndef x = 1\nnode { stage('z') { y() } }\n",
        "def f() {\n  stage('x') { sh 'y' }\n}\nnode('a') {\n  timestamps {\n    stage('b') { f() }\n  }\n}\n",
    ],
)  # fmt: skip
def test_the_symbols_of_regions_are_those_of_the_whole_file(text: str):
    def by_the_tree(statements: Iterable[Statement]) -> list[tuple[str, int, int]]:
        calls = ((one.call.name, one.start, one.end) for one in statements if one.call is not None)
        return [call for call in calls if call[0] in ("stage", "pipeline", "post")]

    def listed(symbols: Iterable[Symbol]) -> Iterator[tuple[str, int, int]]:
        for one in symbols:
            name = one.detail if one.detail == "stage" else one.name
            if name in ("stage", "pipeline", "post"):
                yield name, one.span.start, one.span.end
            yield from listed(one.children)

    model = parse("jenkinsfile", Source("x", text))
    assert isinstance(model, Jenkinsfile)
    assert len(model.chunks) > 1
    assert sorted(listed(of("jenkinsfile", text))) == sorted(by_the_tree(model.statements))
