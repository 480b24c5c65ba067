"""Parser and model of Jenkinsfiles: Groovy tokens, statements, calls, and the declarative pipeline."""

from collections.abc import Iterable

from playpen_ls.api.facts import Fact
from playpen_ls.languages.jenkinsfile.facts import facts
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile as _Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import WholeFile
from playpen_ls.languages.jenkinsfile.model.pipeline import Assignment, EnvironmentEntry, Pipeline, Sectioned, Stage
from playpen_ls.languages.jenkinsfile.model.region import Region
from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.tree import Argument, Block, Call, Expression, ShellStep, Statement
from playpen_ls.languages.model import Model
from playpen_ls.text.source import Source


class Jenkinsfile(_Jenkinsfile):
    """The model with its facts, which are made of it."""

    def facts(self) -> Iterable[Fact]:
        return facts(self)


def parse(source: Source, previous: Model | None = None) -> Jenkinsfile:
    return Jenkinsfile(source, previous if isinstance(previous, Jenkinsfile) else None)


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
    "parse",
]
