"""What is selected step by step around the cursor (‸)."""

from __future__ import annotations

import pytest

from playpen_ls.languages.registry import parse
from playpen_ls.session.selection import selections
from playpen_ls.text.source import Source

PIPELINE = "node {\n  stage('Build') {\n    sh 'make te‸st all'\n  }\n}\n"
DOCKERFILE = "FROM a AS b\nCOPY --chown=1:1 src/ma‸in.py /x\nFROM c\n"


def around(language: str, text: str) -> list[str] | None:
    bare = text.replace("‸", "")
    found = selections(parse(language, Source("x", bare)), text.index("‸"))
    return None if found is None else [bare[one.start : one.end] for one in found]


def test_a_pipeline():
    assert around("jenkinsfile", PIPELINE) == [
        "test",
        "make test all",
        "'make test all'",
        "sh 'make test all'",
        "\n    sh 'make test all'\n  ",
        "{\n    sh 'make test all'\n  }",
        "stage('Build') {\n    sh 'make test all'\n  }",
        "\n  stage('Build') {\n    sh 'make test all'\n  }\n",
        "{\n  stage('Build') {\n    sh 'make test all'\n  }\n}",
        "node {\n  stage('Build') {\n    sh 'make test all'\n  }\n}",
        PIPELINE.replace("‸", ""),
    ]


def test_a_dockerfile():
    assert around("dockerfile", DOCKERFILE) == [
        "main",
        "src/main.py",
        "src/main.py /x",
        "COPY --chown=1:1 src/main.py /x",
        "FROM a AS b\nCOPY --chown=1:1 src/main.py /x",
        DOCKERFILE.replace("‸", ""),
    ]


@pytest.mark.parametrize("language", ["kubernetes", "python"])
def test_other_languages_are_left_to_other_servers(language: str):
    assert around(language, "a: ‸1\n") is None


@pytest.mark.parametrize("language", ["jenkinsfile", "dockerfile"])
@pytest.mark.parametrize("text", ["‸", "FROM ‸", "node { sh '‸", "\n‸\n", "}‸", "RUN <<E\n‸x\n"])
def test_half_typed_texts(language: str, text: str):
    found = around(language, text)
    assert found is not None
    assert found == [] or found[-1] == text.replace("‸", "")
