"""The parts of a Jenkinsfile that rules look at: regions, stages, calls, assignments, and the whole file."""

from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile, WholeFile
from playpen_ls.languages.jenkinsfile.model.pipeline import Assignment, EnvironmentEntry, Pipeline, Sectioned, Stage
from playpen_ls.languages.jenkinsfile.model.region import Region
from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.tree import Argument, Block, Call, Expression, ShellStep, Statement

__all__ = [
    "Argument",
    "Assignment",
    "Block",
    "Call",
    "EnvironmentEntry",
    "Expression",
    "Jenkinsfile",
    "Pipeline",
    "Region",
    "Sectioned",
    "ShellStep",
    "Stage",
    "Statement",
    "StringLiteral",
    "WholeFile",
]
