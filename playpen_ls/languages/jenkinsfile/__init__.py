"""Jenkinsfiles: Groovy's tokens, statements and calls, and the pipeline that they describe."""

from playpen_ls.languages.jenkinsfile.calls import Call
from playpen_ls.languages.jenkinsfile.declarative import Assignment, EnvironmentEntry, Pipeline, Sectioned, Stage
from playpen_ls.languages.jenkinsfile.expressions import Argument, Expression
from playpen_ls.languages.jenkinsfile.model import Jenkinsfile, parse
from playpen_ls.languages.jenkinsfile.passage import Passage
from playpen_ls.languages.jenkinsfile.steps import ShellStep
from playpen_ls.languages.jenkinsfile.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.tree import Block, Statement

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
    "parse",
]
