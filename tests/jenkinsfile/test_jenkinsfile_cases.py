"""Texts before and after each fix; where `after` is missing, no fix may be offered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples import Project
from playpen_ls.api.example import Example
from playpen_ls.api.rule import Rule
from playpen_ls.engine.registry import rules_of
from playpen_ls.text.source import Source

CASES = json.loads((Path(__file__).parent / "jenkinsfile-fixes.json").read_text())
RULES = {rule.name: rule for rule in rules_of("jenkinsfile")}
RULES_OF_FIX = {
    "scripted-to-declarative": ["scripted-pipeline"],
    "parallelise": ["sequential-stages"],
    "credentials": ["literal-credential", "interpolated-secret"],
    "image-tag": ["moving-tag"],
}


@pytest.fixture(autouse=True)
def _no_rule_fails(caplog: pytest.LogCaptureFixture):
    yield
    assert not [record.getMessage() for record in caplog.records if record.name == "playpen_ls"]


def rules_for(case: dict[str, str]) -> list[Rule]:
    return [RULES[name] for name in RULES_OF_FIX[case["fix"]]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']} {case['title']}")
def test_case(case: dict[str, str]):
    source = Source("Jenkinsfile", case["before"])
    for rule in rules_for(case):
        project = Project(rule, Example({"Jenkinsfile": source.text}))
        if case["after"] is None:
            assert [fix.title for _, fix in project.possible_fixes()] == []
        source = project.fixed().source
    assert source.text == (case["after"] or case["before"])


def test_every_fix_has_its_rule():
    assert {case["fix"] for case in CASES} == RULES_OF_FIX.keys()
    assert all(name in RULES for names in RULES_OF_FIX.values() for name in names)
