from __future__ import annotations

from examples import Project
from playpen_ls.half_typed import unseen
from playpen_ls.rule import Example, rules_of

RULE = next(rule for rule in rules_of("jenkinsfile") if rule.name == "invalid-declarative")


def test_a_brace_that_is_missing_is_told_though_the_file_does_not_parse():
    look = Project(RULE, Example({"Jenkinsfile": "pipeline {\n    agent any\n"})).look()
    assert [hit.finding.message for hit in look.hits] == ["this brace is not closed"]
    assert not unseen(look.hits[0], look.model, [chunk.span for chunk in look.model.chunks if chunk.broken])
