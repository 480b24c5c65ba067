"""How loud a finding is: a rule's own severity, or a quieter one where the text leaves room for doubt."""

from __future__ import annotations

import pytest

from examples import Project
from playpen_ls.api.example import Example
from playpen_ls.engine.registry import rules_of

RULES = {rule.name: rule for rule in rules_of("jenkinsfile")}


@pytest.mark.parametrize(
    ("name", "text", "severities"),
    [
        # Passwords of a database that only this build uses.
        ("literal-credential", "withEnv(['DB=postgres://ci:ci@db/ci']) { sh 'make' }\n", ["warning"]),
        ("literal-credential", "withEnv(['MQ=amqp://guest:guest@mq:5672/']) { sh 'make' }\n", ["warning"]),
        ("literal-credential", "withEnv(['DB=postgres://ci_user:ci_password@db/ci']) { sh 'make' }\n", ["warning"]),
        ("literal-credential", "withEnv(['DB=postgres://ci:Zebra-9912@db/ci']) { sh 'make' }\n", ["error"]),
        ("literal-credential", "node { sh 'psql postgres://ci:ci@db/ci' }\n", ["warning"]),
        ("literal-credential", "node { sh 'psql postgres://ci:Zebra-9912@db/ci' }\n", ["error"]),
        ("literal-credential", "image.inside('-e DB=postgres://ci:ci@db/ci') { sh 'make' }\n", ["warning"]),
        ("literal-credential", "image.inside('-e DB=postgres://ci:Zebra-9912@db/ci') { sh 'make' }\n", ["error"]),
    ],
)
def test_a_finding_is_as_loud_as_it_is_sure(name: str, text: str, severities: list[str]):
    look = Project(RULES[name], Example({"Jenkinsfile": text})).look()
    assert [diagnostic.severity.label for diagnostic in look.diagnostics] == severities
