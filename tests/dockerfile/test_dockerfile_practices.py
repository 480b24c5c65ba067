"""The practices page is law: its good Dockerfiles are silent, its bad ones become the good ones."""

from __future__ import annotations

import pytest

from examples import Project
from playpen_ls.rule import Example, rules_of

OWN = "FROM playpen/python-base:latest\n"
DEPENDENCIES_FIRST = "COPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\n"
EVERYTHING_FIRST = "COPY . .\nRUN pip install --no-cache-dir -r requirements.txt\n"
TWO_STAGES = """\
# Build stage
FROM playpen/python-base:latest AS builder
WORKDIR /build
COPY requirements.txt .
RUN pip install --user -r requirements.txt
# Runtime stage
FROM playpen/python-base:latest
WORKDIR /app
COPY --from=builder /root/.local /root/.local
COPY . .
ENV PATH=/root/.local/bin:$PATH
CMD ["python", "app.py"]
"""
BESIDE = {"requirements.txt": "flask==3.0.0\n", "app.py": "", ".dockerignore": ".git\n"}
RULES = rules_of("dockerfile")


@pytest.mark.parametrize("text", [OWN, OWN + DEPENDENCIES_FIRST, TWO_STAGES], ids=["base", "layers", "stages"])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_the_page_calls_good_is_silent(rule, text):
    assert Project(rule, Example({"Dockerfile": text, **BESIDE})).look().hits == []


@pytest.mark.parametrize(
    ("name", "avoid", "words", "good"),
    [
        ("foreign-base-image", "FROM python:3.11\n", "python:3.11", OWN),
        ("copy-before-install", OWN + EVERYTHING_FIRST, "COPY . .", OWN + DEPENDENCIES_FIRST),
    ],
)
def test_what_the_page_says_to_avoid_becomes_what_it_calls_good(name, avoid, words, good):
    rule = next(rule for rule in RULES if rule.name == name)
    project = Project(rule, Example({"Dockerfile": avoid, **BESIDE}))
    (hit,) = project.look().hits
    assert project.source.of(hit.span) == words
    assert project.fixed().source.text == good
