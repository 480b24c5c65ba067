from __future__ import annotations

from pathlib import Path

from examples import Project
from playpen_ls.api.example import Example
from playpen_ls.engine.registry import rules_of
from playpen_ls.session.stability import is_unseen
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source

RULE = next(rule for rule in rules_of("jenkinsfile") if rule.name == "invalid-declarative")


def test_a_brace_that_is_missing_is_told_though_the_file_does_not_parse():
    look = Project(RULE, Example({"Jenkinsfile": "pipeline {\n    agent any\n"})).look()
    assert [diagnostic.finding.message for diagnostic in look.diagnostics] == ["unclosed `{`"]
    assert not is_unseen(look.diagnostics[0], [chunk.span for chunk in look.model.chunks if chunk.broken])


def test_a_parser_problem_that_is_mended_goes_though_another_place_is_broken(tmp_path: Path):
    text = """\
pipeline {
    agent any
    options {
        timestamps()
    stages {
        stage('A') {
            steps {
                echo('x'
            }
        }
    }
}
"""
    workspace = Workspace(tmp_path)
    workspace.index.complete = True
    workspace.open(Source("Jenkinsfile", text), "jenkinsfile")
    brace, parenthesis = (diagnostic.finding.message for diagnostic in workspace.check("Jenkinsfile").diagnostics)
    assert (brace, parenthesis) == ("unclosed `{`", "unclosed `(`")
    for at, inserted in ((text.index("    stages"), "    }\n"), (0, "// above\n")):
        source = workspace.documents["Jenkinsfile"].source
        edits = [Edit(at, at, inserted)]
        workspace.edit("Jenkinsfile", source.edited(edits), edits)
        assert [diagnostic.finding.message for diagnostic in workspace.check("Jenkinsfile").diagnostics] == [
            parenthesis
        ]
