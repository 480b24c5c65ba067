"""The parts of a Jenkinsfile that rules look at: the pipeline, its stages, calls, assignments, and the whole file."""

from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.pipeline import Assignment, EnvironmentEntry, Pipeline, Sectioned, Stage
from playpen_ls.languages.jenkinsfile.model.region import Passage
from playpen_ls.languages.jenkinsfile.model.steps import ShellStep
from playpen_ls.languages.jenkinsfile.syntax.calls import Call
from playpen_ls.languages.jenkinsfile.syntax.expressions import Argument, Expression
from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.tree import Block, Statement

__all__ = [
    "Argument",
    "Assignment",
    "Block",
    "Call",
    "EnvironmentEntry",
    "Expression",
    "Jenkinsfile",
    "Passage",
    "Pipeline",
    "Sectioned",
    "ShellStep",
    "Stage",
    "Statement",
    "StringLiteral",
]
