"""Checks a declarative pipeline as Jenkins' own parser and validator do when a build starts.

Source of the checks and of all messages: Jenkins' plugin pipeline-model-definition, `ModelParser`,
`ModelValidatorImpl` and their `Messages.properties`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playpen_ls.languages.jenkinsfile.syntax.memo import Memory
from playpen_ls.languages.jenkinsfile.validator.faults import Fault, Faults, block_of
from playpen_ls.languages.jenkinsfile.validator.stages import pipeline

if TYPE_CHECKING:
    from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
    from playpen_ls.languages.jenkinsfile.syntax.calls import Call

__all__ = ["Fault", "validate"]

_SCRIPTED = frozenset(("node", "podTemplate"))


def validate(file: Jenkinsfile, memory: Memory) -> list[Fault]:
    """The faults in text order; empty for scripted pipelines, shared libraries and files that do not parse."""
    faults = Faults()
    if file.problems:
        return []
    one = file.pipeline
    if one is not None:
        pipeline(faults, one, memory)
    elif "pipeline" in file.source.text:
        for call in file.named("pipeline"):
            if not call.receiver:
                _misplaced(faults, call)
    return sorted(faults.found, key=lambda fault: fault.span)


def _misplaced(faults: Faults, call: Call) -> None:
    around = list(call.enclosing)
    if block_of(call) is None:
        if not around and call.statement.block.open < 0 and call.statement.first == call.index and not call.arguments:
            faults.add("PipelineStepWithoutBlock", call.name_span, 'Expected a block with the "pipeline" step')
    elif around and around[-1].statement.block.open < 0 and "stages" in {one.name for one in _inside(call)}:
        message = "pipeline block must be at the top-level, not within another block."
        faults.add("PipelineBlockNotAtTop", call.name_span, message)


def _inside(call: Call) -> list[Call]:
    block = block_of(call)
    return [one.call for one in block.statements if one.call is not None] if block else []
