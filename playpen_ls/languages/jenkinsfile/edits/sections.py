"""Adding an entry to a section of a declarative pipeline."""

from __future__ import annotations

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.edits.indentation import begins_line, ends_line, unit
from playpen_ls.languages.jenkinsfile.model.pipeline import Pipeline
from playpen_ls.text.edit import Edit


def with_entry(pipeline: Pipeline, name: str, entry: str) -> Edit:
    """Add a line to `options {…}` or the like, behind its others; make the section if there is none."""
    tree, source = pipeline.call.tree, pipeline.call.tree.source
    newline = source.newline
    section = pipeline.section(name)
    if section is None:
        return _new_section(pipeline, name, entry)
    block = section.block
    if block is None or not block.closed:
        raise Refused(f"`{name}` is no block")
    brace = block.end - 1
    if not begins_line(source, brace):
        if not block.statements:
            return Edit(block.start + 1, brace, f" {entry} ")
        end = block.statements[-1].end
        return Edit(end, end, f"; {entry}")
    at = source.line_start(brace)
    indentation = source.indentation(brace) + unit(source, tree)
    if block.statements and begins_line(source, block.statements[-1].start):
        indentation = source.indentation(block.statements[-1].start)
    return Edit(at, at, f"{indentation}{entry}{newline}")


def _new_section(pipeline: Pipeline, name: str, entry: str) -> Edit:
    """Behind `agent`, else at the top of the pipeline."""
    tree, source = pipeline.call.tree, pipeline.call.tree.source
    agent = pipeline.section("agent")
    end = agent.span.end if agent is not None else pipeline.block.start + 1
    first = pipeline.block.statements[0].start if pipeline.block.statements else end
    if not ends_line(source, end) or not begins_line(source, first):
        raise Refused("the pipeline's sections do not stand on lines of their own")
    outer, by, newline = source.indentation(first), unit(source, tree), source.newline
    at = source.next_line_start(end)
    return Edit(at, at, f"{outer}{name} {{{newline}{outer}{by}{entry}{newline}{outer}}}{newline}")
