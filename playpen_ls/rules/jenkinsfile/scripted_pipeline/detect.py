"""Recognizing scripted pipelines and their statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from playpen_ls.api.file_view import Outline
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import Block, Call, Statement, Tree
from playpen_ls.text.span import Span

WRAPPERS = frozenset(
    """node podTemplate timestamps ansiColor timeout retry withEnv withCredentials lock catchError wrap ws dir throttle
    parallel milestone container withDockerRegistry""".split()
)
"""Steps that wrap other steps; in a scripted pipeline also stages."""
_COMPOUND = frozenset(("try", "catch", "finally", "if", "for", "while"))
_DEPTH = 8  # nested blocks that are searched
OPTIONS = frozenset(("timestamps", "ansiColor", "timeout", "retry"))
JOB_PROPERTIES = frozenset(
    """buildDiscarder disableConcurrentBuilds disableResume durabilityHint overrideIndexTriggers preserveStashes
    quietPeriod rateLimitBuilds copyArtifactPermission""".split()
)
_NOT_STEPS = frozenset(("stage", "properties", "parallel", "node", "pipeline", "podTemplate", "library"))


class Scripted(NamedTuple):
    """What a region says of whether the pipeline is scripted.

    `never` is true for a declarative pipeline and for shared library code. `node` and `stage` are the ranges of the
    first such words outside of methods.
    """

    never: bool = False
    node: Span | None = None
    stage: Span | None = None


def scripted(parsed: Parsed) -> Scripted:
    tree = Tree(parsed)
    frames = parsed.state.frames
    if not frames and any(_is_never_scripted(statement) for statement in tree.root.statements):
        return Scripted(never=True)
    if len(frames) > _DEPTH or not all(_is_searched(Tree.of_frame(frame).root.statements[0]) for frame in frames):
        return Scripted()
    found = list(_top_steps(tree.root, len(frames)))
    first = {call.name: call.name_span for call in reversed(found)}
    return Scripted(False, first.get("node"), first.get("stage"))


def _is_never_scripted(statement: Statement) -> bool:
    call = statement.call
    if (call is not None and call.name == "pipeline") or statement.text == "return this":
        return True
    # A step of a shared library.
    return is_definition(statement) and re.match(r"def\s+call\s*\(", statement.text) is not None


def scripted_word(outline: Outline) -> tuple[int, Span] | None:
    """The first `node`, else the first `stage`, outside methods of a file without `pipeline {`; with its region.

    None for declarative pipelines and shared library code.
    """
    every = outline.each(scripted)
    if any(one.never for one in every):
        return None
    nodes = ((number, one.node) for number, one in enumerate(every) if one.node is not None)
    stages = ((number, one.stage) for number, one in enumerate(every) if one.stage is not None)
    return next(nodes, None) or next(stages, None)


def _is_searched(statement: Statement) -> bool:
    """Whether what is in its blocks runs as part of the pipeline."""
    call = statement.call
    return statement.word in _COMPOUND or (call is not None and call.name in WRAPPERS | {"stage"})


def _top_steps(block: Block, depth: int) -> Iterator[Call]:
    for statement in block.statements:
        call = statement.call
        if call is not None and call.name in ("node", "stage") and (call.block is not None or call.arguments):
            yield call
        if depth < _DEPTH and _is_searched(statement):
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
