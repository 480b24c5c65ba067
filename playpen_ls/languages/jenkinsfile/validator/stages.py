"""Validation of `pipeline {…}`, its stages, and the sections of each."""

from __future__ import annotations

from collections.abc import Iterable

from playpen_ls.languages.jenkinsfile.syntax.tree import Block, Call, Statement
from playpen_ls.languages.jenkinsfile.validator import sections
from playpen_ls.languages.jenkinsfile.validator.agents import agent
from playpen_ls.languages.jenkinsfile.validator.conditions import boolean_setting, input_, when
from playpen_ls.languages.jenkinsfile.validator.environment import environment
from playpen_ls.languages.jenkinsfile.validator.faults import (
    Faults,
    block_of,
    misspelled,
    needs_block,
    shown,
    words_of,
)
from playpen_ls.languages.jenkinsfile.validator.known_steps import (
    MATRIX_SECTIONS,
    PIPELINE_SECTIONS,
    RENAMED,
    STAGE_SECTIONS,
)
from playpen_ls.languages.jenkinsfile.validator.matrix import axes, calls_of, excludes
from playpen_ls.languages.jenkinsfile.validator.steps import post, steps
from playpen_ls.text.span import Span

_DEPTH = 30  # nested stages
_CONTENTS = ("steps", "parallel", "matrix", "stages")


def check_section(faults: Faults, call: Call) -> None:
    """Check what stands directly in `pipeline {…}`; whether it is repeated or missing is not known here."""
    if call.name in RENAMED:
        faults.add(f"Renamed.{call.name}", call.name_span, RENAMED[call.name])
    elif call.name not in PIPELINE_SECTIONS:
        meant = misspelled_section(call, PIPELINE_SECTIONS)
        faults.add("UndefinedSection", call.name_span, f'Undefined section "{call.name}"', meant=meant)
    elif call.name != "stages":
        _section(faults, call)
    elif not call.opens_frame:
        _stages(faults, call, within=False, depth=0)


def misspelled_section(call: Call, known: Iterable[str]) -> str:
    """The section of which a name is a misspelling; "" for one that is used in another way: `stage('x') {…}`."""
    meant = misspelled(call.name, known)
    return meant if meant == "agent" or not call.arguments else ""


def _section(faults: Faults, call: Call) -> None:
    """Check a section that both a pipeline and a stage can have."""
    if call.name == "environment":
        environment(faults, call)
    elif call.name == "post":
        post(faults, call)
    elif call.name == "agent":
        agent(faults, call)
    elif call.name == "tools":
        sections.tools(faults, call)
    elif call.name == "options":
        sections.options(faults, call, in_stage=False)
    elif call.name == "parameters":
        sections.parameters(faults, call)
    elif call.name == "triggers":
        sections.triggers(faults, call)
    elif call.name == "libraries":
        sections.libraries(faults, call)


def _stages(faults: Faults, call: Call, within: bool, depth: int) -> None:
    block = needs_block(faults, call)
    if block is None or depth > _DEPTH:
        return
    seen: set[str] = set()
    for statement in block.statements:
        name, place = check_stage(faults, statement, within, depth)
        if name is not None and name in seen:
            faults.add("DuplicateStageName", place, duplicate_stage(name), anchor=statement.start)
        if name is not None:
            seen.add(name)
    if not block.statements:
        faults.add("NoStages", call.name_span, NO_STAGES)


NO_STAGES = "No stages specified"


def duplicate_stage(name: str) -> str:
    return f'Duplicate stage name: "{name}"'


def check_stage(faults: Faults, statement: Statement, within: bool = False, depth: int = 0) -> tuple[str | None, Span]:
    """Check a stage, which is `within` a parallel one. Returns (name or None if it is not literal, its span)."""
    call = statement.call
    block = block_of(call) if call is not None else None
    if call is None or block is None or call.name != "stage":
        faults.add("ExpectedStage", words_of(statement), "Expected a stage")
        return None, statement.span
    arguments = [one for one in call.arguments if one.block is None]
    if not arguments:
        message = "Expected a stage name but did not find any"
        faults.add("ExpectedStageName", call.name_span, message)
        return None, statement.span
    first = arguments[0]
    name = first.value if first.string else first.text if first.last == first.first + 1 else None
    if name is None:
        faults.add("ExpectedStringLiteral", first.span, "Expected string literal")
    if len(arguments) > 1:
        faults.add("StageWithoutBlock", call.name_span, "Stage does not have a block")
    else:
        _body(faults, call, block, name or "error", within, depth)
    return name, call.arguments[0].string.inside if call.arguments[0].string else call.name_span


def _body(faults: Faults, stage: Call, block: Block, name: str, within: bool, depth: int) -> None:
    found: dict[str, Call] = {}
    seen: list[Call] = []
    branches: list[str] = []
    present = {statement.call.name for statement in block.statements if statement.call is not None}
    stray = list(without_steps(block))
    for statement in block.statements:
        call = statement.call
        if call is None:
            if statement not in stray[1:]:
                text = (
                    f'Not a valid stage section definition: "{shown(statement)}". Some extra configuration is required.'
                )
                faults.add("InvalidStageSectionDefinition", words_of(statement), text)
            continue
        section = call.name
        if section not in STAGE_SECTIONS and statement not in stray[1:]:
            section = misspelled_section(call, STAGE_SECTIONS - present)
            text = (
                f'Unknown stage section "{call.name}". Starting with version 0.5, steps in a stage must be in a '
                "‘steps’ block."
            )
            faults.add("UnknownStageSection", call.name_span, text, meant=section)
        seen.append(call)
        found.setdefault(section, call)
        if section == "steps":
            inner = needs_block(faults, call)
            if inner is not None:
                branches += steps(faults, call, inner)
        elif section in ("parallel", "stages"):
            _stages(faults, call, within or section == "parallel", depth + 1)
        elif section == "matrix":
            _matrix(faults, call, depth)
        elif call.name in STAGE_SECTIONS:
            stage_section(faults, call)
    if not stray:
        faults.repeated(seen)
        _contents(faults, stage, name, found, branches, within)


_NO_STEPS = frozenset(("stage", "node", "pipeline", "properties"))


def without_steps(block: Block) -> list[Statement]:
    """The statements of a stage that has steps, but no `steps {…}` around them; empty for other stages."""
    found = []
    for statement in block.statements:
        call = statement.call
        if call is not None and (call.name in _CONTENTS or call.name in _NO_STEPS):
            return []
        if call is None or call.name not in STAGE_SECTIONS:
            if call is not None and misspelled_section(call, STAGE_SECTIONS):
                return []
            found.append(statement)
    return found


def stage_section(faults: Faults, call: Call) -> None:
    """Check a section of a stage or a matrix."""
    if call.name == "when":
        when(faults, call)
    elif call.name == "input":
        input_(faults, call)
    elif call.name == "options":
        sections.options(faults, call, in_stage=True)
    elif call.name == "failFast":
        boolean_setting(faults, call)
    else:
        _section(faults, call)


def _contents(
    faults: Faults, stage: Call, name: str, found: dict[str, Call], branches: list[str], within: bool
) -> None:
    span = _name_span(stage)
    kinds = [one for one in _CONTENTS if one in found]
    nested = found.get("matrix") or found.get("parallel")
    if within and (nested is not None or len(branches) > 1):
        message = '"matrix" or "parallel" cannot be nested inside another "matrix" or "parallel".'
        faults.add("NoNestedWithinNestedStages", (nested or found["steps"]).name_span, message)
    elif len(kinds) > 1:
        message = f'Only one of "matrix", "parallel", "stages", or "steps" allowed for stage "{name}"'
        faults.add("TwoOfStepsStagesParallel", span, message)
    elif not kinds or (kinds == ["steps"] and not branches and block_of(found["steps"]) is not None):
        message = f'Expected one of "steps", "stages", or "parallel" for stage "{name}"'
        faults.add("NothingForStage", span, message)
    elif nested is not None:
        for section, kind in (("agent", "AgentInNestedStages"), ("tools", "ToolsInNestedStages")):
            if section in found:
                message = f'"{section}" is not allowed in stage "{name}" as it contains parallel or matrix stages'
                faults.add(kind, found[section].name_span, message)


def _name_span(stage: Call) -> Span:
    first = stage.arguments[0]
    return first.string.inside if first.string and first.string.inside.start < first.string.inside.end else first.span


def _matrix(faults: Faults, call: Call, depth: int) -> None:
    block = needs_block(faults, call)
    if block is None:
        return
    found = calls_of(faults, block)
    names = {one.name for one in found}
    for one in found:
        if one.name == "axes":
            axes(faults, one)
        elif one.name == "excludes":
            excludes(faults, one)
        elif one.name == "stages":
            _stages(faults, one, within=True, depth=depth + 1)
        elif one.name in MATRIX_SECTIONS:
            stage_section(faults, one)
        else:
            meant = misspelled_section(one, MATRIX_SECTIONS - names)
            names.add(meant)
            faults.add("UndefinedSection", one.name_span, f'Undefined section "{one.name}"', meant=meant)
    for name in ("axes", "stages"):
        if name not in names:
            faults.add("RequiredSection", call.name_span, f'Missing required section "{name}"')
