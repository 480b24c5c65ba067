"""The cases of the reordering: what is offered, and that the result is exactly the text expected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples import Project
from playpen_ls.api.example import Example
from playpen_ls.api.finding import Refused
from playpen_ls.engine.fixer import verified
from playpen_ls.engine.registry import rules_of

CASES = json.loads(Path(__file__).with_name("copy-before-install.json").read_text())
RULE = next(rule for rule in rules_of("dockerfile") if rule.name == "copy-before-install")
SILENT = {"32-cargo", "46-onbuild", "52-exclude-flag"}


def project_of(case: dict) -> Project:
    files = {"Dockerfile": case["before"], **case["fs"]}
    if case["ignore"]:
        files[".dockerignore"] = case["ignore"]
    return Project(RULE, Example(files))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_what_is_offered(case: dict):
    project = project_of(case)
    look = project.look()
    if case["offer"] == "clean" or case["id"] in SILENT:
        assert look.diagnostics == []
        return
    (diagnostic,) = look.diagnostics
    (fix,) = diagnostic.finding.fixes
    if case["offer"] == "none":
        with pytest.raises(Refused):
            verified(look, diagnostic, fix, project.look, project.text)
        return
    change = verified(look, diagnostic, fix, project.look, project.text)
    assert case["offer"] == ("quickfix" if fix.safe else "manual")
    result = project.source.edited(change.edits["Dockerfile"])
    assert result.text == case["after"]
    assert set(change.edits) == {"Dockerfile"}
    assert project.look(result, change.creates).diagnostics == []
    assert bool(change.creates) == (case["id"] == "21-npm-node-modules-not-ignored")


@pytest.mark.parametrize("case", [case for case in CASES if case["after"]], ids=lambda case: case["id"])
def test_only_copies_are_added(case: dict):
    lines = case["after"].split("\n")
    for added in case["added"]:
        lines.remove(added)
    assert sorted(line for line in lines if line) == sorted(line for line in case["before"].split("\n") if line)
