"""Checks a declarative pipeline as Jenkins' own parser and validator do when a build starts.

Source of the checks and of all messages: Jenkins' plugin pipeline-model-definition, `ModelParser`,
`ModelValidatorImpl` and their `Messages.properties`.

Each region is judged by itself; what depends on several regions (sections that are repeated or missing, stages of the
same name) is put together of what they say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from playpen_ls.api.file_view import Outline
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.queries import frames, in_pipeline, pipeline_region
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import Call, Tree
from playpen_ls.languages.jenkinsfile.validator.faults import Fault, Faults, block_of, misspelled
from playpen_ls.languages.jenkinsfile.validator.groovy import file_groovy_faults
from playpen_ls.languages.jenkinsfile.validator.matrix import calls_of
from playpen_ls.languages.jenkinsfile.validator.stages import NO_STAGES, check_section, check_stage, duplicate_stage
from playpen_ls.text.span import Span

__all__ = ["Fault", "faults_of", "file_faults"]

_PIPELINE = ["pipeline"]
_STAGES = ["pipeline", "stages"]
_REQUIRED = ("stages", "agent")
_NOT_AT_TOP = "pipeline block must be at the top-level, not within another block."


class Entry(NamedTuple):
    """A section of the pipeline, or a stage; `start` is that of its statement, `text` the source of `span`."""

    name: str
    span: Span
    start: int
    text: str


class Judged(NamedTuple):
    """What a region says of a declarative pipeline."""

    faults: tuple[Fault, ...] = ()
    sections: tuple[Entry, ...] = ()
    stages: tuple[Entry, ...] = ()
    empty: bool = True
    """It begins no statement."""


def judged(parsed: Parsed) -> Judged:
    """A summary; empty for a region that is not directly in `pipeline {` or its `stages {`."""
    tree, found = Tree(parsed), Faults()
    sections, stages = list[Entry](), list[Entry]()
    if tree.frame_names == _PIPELINE:
        for call in calls_of(found, tree.root, repeated=False):
            check_section(found, call)
            sections.append(_entry(tree, call.name, call.name_span, call.span.start))
    elif tree.frame_names == _STAGES:
        for statement in tree.root.statements:
            name, span = check_stage(found, statement)
            if name is not None:
                stages.append(_entry(tree, name, span, statement.start))
    faults = (replace(one, text=tree.of(one.span)) for one in found.found)
    return Judged(tuple(faults), tuple(sections), tuple(stages), not tree.root.statements)


def _entry(tree: Tree, name: str, span: Span, start: int) -> Entry:
    return Entry(name, span, start, tree.of(span))


def has_problems(parsed: Parsed) -> bool:
    return bool(parsed.problems)


def head(parsed: Parsed) -> Entry | None:
    """The call that opens a frame."""
    tree = Tree(parsed)
    call = tree.call_of(1) if tree.structure.frame_at >= 0 else None
    return _entry(tree, call.name, call.name_span, call.span.start) if call is not None else None


def file_faults(outline: Outline) -> tuple[tuple[int, Fault], ...]:
    """What Jenkins would reject, each with its region, in text order.

    Of scripted pipelines only what Groovy rejects, and of files whose brackets do not match only single characters.
    """
    found = outline.ask(file_groovy_faults)
    if any(outline.each(has_problems)) or outline.ask(frames).unclosed:
        return tuple(one for one in found if one[1].kind in _OF_CHARACTERS)
    wrong = {number for number, _ in found}
    opened = outline.ask(pipeline_region)
    declarative = _in_pipeline(outline, opened) if opened is not None else _without_pipeline(outline)
    others = [one for one in declarative if one[0] not in wrong]
    return tuple(sorted([*found, *others], key=lambda one: (one[0], one[1].span)))


_OF_CHARACTERS = ("Groovy.comment", "Groovy.character", "Groovy.space")


def faults_of(file: Jenkinsfile) -> list[Fault]:
    """What Jenkins would reject in a file, in text order."""
    found = Outline(file.source.path, file.chunks).ask(file_faults)
    return [fault.shifted(file.chunks[number].begins) for number, fault in found]


Found = Iterator[tuple[int, Fault]]


def _in_pipeline(outline: Outline, opened: int) -> Found:
    around, every = outline.ask(frames).around, outline.each(judged)
    regions = outline.ask(in_pipeline)
    meant = {one.meant for number in regions for one in every[number].faults if one.kind == "UndefinedSection"}
    sections = [(number, one) for number in regions for one in every[number].sections]
    seen: set[str] = set()
    for number, one in sections:
        if one.name in seen:
            message = f"Multiple occurrences of the {one.name} section"
            yield number, Fault("MultipleOfSection", one.span, message, anchor=one.start, text=one.text)
        seen.add(one.name)
    for number in regions:
        yield from ((number, fault) for fault in every[number].faults)
    yield from _repeated_stages((around[number][-1], number, one) for number in regions for one in every[number].stages)
    heads, filled = outline.each(head), {around[number][-1:] for number in regions if not every[number].empty}
    for number, one in sections:
        if heads[number] == one and one.name == "stages" and (number,) not in filled:
            yield number, Fault("NoStages", one.span, NO_STAGES, anchor=one.span.start, text=one.text)
    start = heads[opened]
    for name in _REQUIRED:
        if name not in seen and name not in meant and start is not None:
            message = f'Missing required section "{name}"'
            yield opened, Fault("RequiredSection", start.span, message, anchor=start.start, text=start.text)


def _repeated_stages(stages: Iterable[tuple[int, int, Entry]]) -> Found:
    """`stages` are (region that opens the frame, region of the stage, stage)."""
    seen = defaultdict[int, set[str]](set)
    for frame, number, one in stages:
        if one.name in seen[frame]:
            message = duplicate_stage(one.name)
            yield number, Fault("DuplicateStageName", one.span, message, anchor=one.start, text=one.text)
        seen[frame].add(one.name)


# A pipeline that is not at the top level of the file, or not called so


def _without_pipeline(outline: Outline) -> Found:
    yield from _misplaced(outline)
    yield from ((number, one) for number, found in enumerate(outline.each(misspelled_pipelines)) for one in found)


def misspelled_pipelines(parsed: Parsed) -> tuple[Fault, ...]:
    """The calls at the top level of the file whose blocks have the sections of a pipeline: `pipelin {`."""
    if parsed.state.frames or "stages" not in parsed.text:
        return ()
    return tuple(_misspelled_pipelines(Tree(parsed)))


def _misspelled_pipelines(tree: Tree) -> Iterator[Fault]:
    for statement in tree.root.statements:
        call = statement.call
        if call is None or call.arguments or misspelled(call.name, ("pipeline",)) == "":
            continue
        if {"agent", "stages"} <= {one.name for one in _inside(call)}:
            message = f"`{call.name}` is not a step that Jenkins knows"
            yield Fault("MisspelledPipeline", call.name_span, message, True, call.span.start, call.name, "pipeline")


class Misplaced(NamedTuple):
    """A call of `pipeline` that is a fault as it stands, or if it `opens` a frame that has a section `stages`."""

    fault: Fault
    opens: bool


def misplaced(parsed: Parsed) -> tuple[Misplaced, ...]:
    return tuple(_misplaced_in(Tree(parsed))) if "pipeline" in parsed.text else ()


def _misplaced_in(tree: Tree) -> Iterator[Misplaced]:
    for call in tree.named("pipeline"):
        if call.receiver:
            continue
        around, statement, frames_around = list(call.enclosing), call.statement, tree.parsed.state.frames
        span, start = call.name_span, call.span.start
        if block_of(call) is None:
            at_top = not around and not frames_around and statement.block.open < 0
            if at_top and statement.first == call.index and not call.arguments:
                message = 'Expected a block with the "pipeline" step'
                yield Misplaced(Fault("PipelineStepWithoutBlock", span, message, anchor=start, text="pipeline"), False)
        elif around and _is_at_top(tree, around[-1]):
            opens = call.opens_frame
            if opens or "stages" in {one.name for one in _inside(call)}:
                yield Misplaced(Fault("PipelineBlockNotAtTop", span, _NOT_AT_TOP, anchor=start, text="pipeline"), opens)


def _is_at_top(tree: Tree, call: Call) -> bool:
    if tree.frame_names:
        return tree.frame_names[0] is not None
    return call.statement.block.open < 0


def _inside(call: Call) -> list[Call]:
    block = block_of(call)
    return [one.call for one in block.statements if one.call is not None] if block else []


def begins_stages(parsed: Parsed) -> bool:
    """It has a call `stages` that is in no block of its own."""
    return any(one.call is not None and one.call.name == "stages" for one in Tree(parsed).root.statements)


def _misplaced(outline: Outline) -> Found:
    found = [(number, one) for number, some in enumerate(outline.each(misplaced)) for one in some]
    if found:
        around, begins = outline.ask(frames).around, outline.each(begins_stages)
        with_stages = {one[-1:] for number, one in enumerate(around) if begins[number]}
        yield from ((number, one.fault) for number, one in found if not one.opens or (number,) in with_stages)
