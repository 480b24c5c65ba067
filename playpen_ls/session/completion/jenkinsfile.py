"""Completion in Jenkinsfiles: sections and steps where they can stand, credentials, variables, parameters of steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.library import FOLDER
from playpen_ls.languages.jenkinsfile.model.region import Region
from playpen_ls.languages.jenkinsfile.validator import known_steps as known
from playpen_ls.session.completion.item import Item, Proposals, Sort
from playpen_ls.session.references.jenkinsfile import bindings, credentials
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_CREDENTIAL = regex(r"(?:\bcredentialsId\s*:\s*|\bcredentials\s*\(\s*)[\"'](?P<word>[\w.-]*)$")
_VARIABLE = regex(r"(?<!\\)\$\{?(?:env\.|params\.)?(?P<word>\w*)$|\b(?:env|params)\.(?P<member>\w*)$")
_PARAMETER = regex(r"\b(?P<step>\w+)\s*\((?:[^()\"']|\"[^\"]*\"|'[^']*')*?(?:(?<=\()|,)\s*(?P<word>\w*)$")
_STATEMENT = regex(r"(?:^|[{;])[ \t]*(?P<word>\w*)$")
_SET_BY_JENKINS = (
    "BRANCH_NAME BUILD_DISPLAY_NAME BUILD_ID BUILD_NUMBER BUILD_TAG BUILD_URL CHANGE_ID CHANGE_TARGET EXECUTOR_NUMBER "
    "GIT_BRANCH GIT_COMMIT GIT_URL JENKINS_URL JOB_BASE_NAME JOB_NAME JOB_URL NODE_NAME STAGE_NAME TAG_NAME WORKSPACE"
).split()
_SECTIONS: dict[str, Iterable[str]] = {
    "pipeline": known.PIPELINE_SECTIONS, "stages": ("stage",), "parallel": ("stage",), "stage": known.STAGE_SECTIONS,
    "matrix": known.MATRIX_SECTIONS, "post": known.CONDITIONS, "when": known.WHEN,
    "agent": [one for one in known.AGENTS if one not in ("any", "none")], "options": known.BUILT_IN_OPTIONS,
    "triggers": known.NEAR_TRIGGERS, "parameters": known.NEAR_PARAMETERS, "tools": known.NEAR_TOOLS,
    "input": known.INPUT_FIELDS, "environment": (), "axes": ("axis",), "excludes": ("exclude",), "libraries": ("lib",),
    "allOf": known.WHEN, "anyOf": known.WHEN, "not": known.WHEN,
}  # fmt: skip
"""What can stand in a section of a declarative pipeline."""


def proposals(model: Jenkinsfile, workspace: Workspace, offset: int) -> Proposals | None:
    """What can stand at the offset."""
    source = model.source
    start = source.line_start(offset)
    line = source.text[start:offset]
    if begun := _CREDENTIAL.search(line):
        return Proposals.of(Span(start + begun.start("word"), offset), _credentials(workspace, source.path))
    if begun := _VARIABLE.search(line):
        group = "member" if begun["word"] is None else "word"
        return Proposals.of(Span(start + begun.start(group), offset), _variables(model))
    if any(comment.span.start < offset <= comment.span.end for comment in model.comments()):
        return None
    chunk = next(one for one in reversed(model.chunks) if one.begins <= offset)
    region = Region(chunk.content)
    at = offset - chunk.begins
    if region.string_around(at - 1) is not None and region.string_around(at) is not None:
        return None
    if begun := _PARAMETER.search(line):
        return Proposals.of(Span(start + begun.start("word"), offset), _parameters(begun["step"]))
    begun = _STATEMENT.search(line)
    if begun is None:
        return None
    return Proposals.of(Span(start + begun.start("word"), offset), _statements(_around(region, at), workspace))


def _around(region: Region, at: int) -> list[str]:
    """The names of the calls whose closures are around an offset, outermost first; "" for other blocks."""
    names = [name or "" for name in region.frame_names]
    for block in region.blocks:
        if block.start < at and (at < block.end or not block.closed):
            names.append(block.call.name if block.call is not None else "")
    return names


def _statements(around: list[str], workspace: Workspace) -> Iterator[Item]:
    inner = around[-1] if around else ""
    if not around:
        yield Item("pipeline", Sort.SECTION, "declarative pipeline")
        yield Item("node", Sort.STEP, "scripted pipeline", 1)
    elif around[0] == "pipeline" and "steps" not in around and not {*around} & {*known.CONDITIONS}:
        yield from (Item(name, Sort.SECTION, f"in {inner}") for name in _SECTIONS.get(inner, ()))
    else:
        yield from (Item(name, Sort.STEP, "step") for name in known.STEPS)
        if around[0] == "pipeline" and "script" not in around:
            yield Item("script", Sort.STEP, "code of scripted pipelines")
        for name in workspace.context("").files.names(FOLDER):
            if name.endswith(".groovy"):
                yield Item(name.removesuffix(".groovy"), Sort.STEP, f"step in {FOLDER}/{name}")


def _parameters(step: str) -> Iterator[Item]:
    found = known.STEPS.get(step)
    for name in found.kinds if found is not None else ():
        needed = found is not None and name in found.required
        yield Item(f"{name}: ", Sort.KEY, "required" if needed else "", 0 if needed else 1)


def _variables(model: Jenkinsfile) -> Iterator[Item]:
    for _, region in model.regions:
        yield from (Item(name, Sort.VARIABLE, "set in this file") for name, _ in bindings(region))
    yield from (Item(name, Sort.VARIABLE, "set by Jenkins", 1) for name in _SET_BY_JENKINS)


def _credentials(workspace: Workspace, path: str) -> Iterator[Item]:
    """The ids that the pipelines of the project name, and those of the platform."""
    for host, name in workspace.context(path).platform.credentials.items():
        yield Item(name, Sort.VALUE, f"for {host}", 1)
    for other in workspace.paths_of("jenkinsfile", "redentials"):
        model = workspace.model_at(other)
        for _, region in model.regions if isinstance(model, Jenkinsfile) else ():
            for literal in credentials(region):
                yield Item(literal.value or "", Sort.VALUE, f"used in {other}", 0 if other == path else 1)
