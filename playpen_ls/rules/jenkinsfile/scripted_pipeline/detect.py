"""Recognizing scripted pipelines and their statements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.syntax.calls import Call
from playpen_ls.languages.jenkinsfile.syntax.tree import Block, Statement

WRAPPERS = frozenset(
    """node podTemplate timestamps ansiColor timeout retry withEnv withCredentials lock catchError wrap ws dir throttle
    parallel milestone container withDockerRegistry""".split()
)
"""Steps that wrap other steps; in a scripted pipeline also stages."""
_COMPOUND = frozenset(("try", "if", "for", "while"))
OPTIONS = frozenset(("timestamps", "ansiColor", "timeout", "retry"))
JOB_PROPERTIES = frozenset(
    """buildDiscarder disableConcurrentBuilds disableResume durabilityHint overrideIndexTriggers preserveStashes
    quietPeriod rateLimitBuilds copyArtifactPermission""".split()
)
_NOT_STEPS = frozenset(("stage", "properties", "parallel", "node", "pipeline", "podTemplate", "library"))


def scripted_word(file: Jenkinsfile) -> Call | None:
    """The first `node`, else the first `stage`, outside methods of a file without `pipeline {`.

    None for declarative pipelines and shared library code.
    """
    root = file.tree.root
    for statement in root.statements:
        call = statement.call
        if (call is not None and call.name == "pipeline") or statement.text == "return this":
            return None
        if is_definition(statement) and re.match(r"def\s+call\s*\(", statement.text):
            return None  # a step of a shared library
    found = list(_top_steps(root, 0))
    return next((call for call in found if call.name == "node"), next(iter(found), None))


def _top_steps(block: Block, depth: int) -> Iterator[Call]:
    for statement in block.statements:
        call = statement.call
        if call is not None and call.name in ("node", "stage") and (call.block is not None or call.arguments):
            yield call
        if depth < 8 and (statement.word in _COMPOUND or (call is not None and call.name in WRAPPERS | {"stage"})):
            for inner in statement.blocks():
                yield from _top_steps(inner, depth + 1)


def is_definition(statement: Statement) -> bool:
    """Whether the statement is a method definition: `def f(x) {…}`."""
    return bool(
        re.match(
            r"(?:@\w+\s+)*(?:(?:private|static|public|final)\s+)*[\w<>\[\], ]+?\s+\w+\s*\([^{]*\)\s*\{", statement.text
        )
    ) and (statement.word not in _COMPOUND | {"return", "else", "switch"} and statement.call is None)


def is_step(statement: Statement) -> bool:
    """Whether the statement is valid in `steps` as it is: a call without receiver whose closure has only such calls."""
    call = statement.call
    if call is None or call.name in _NOT_STEPS:
        return False
    if any(argument.block is not None for argument in call.arguments):
        return False
    return call.block is None or (not call.block.parameters and all(map(is_step, call.block.statements)))
