"""Adding an entry to a section of a declarative pipeline."""

from __future__ import annotations

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.edits.indentation import begins_line, ends_line, unit
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.pipeline import Pipeline
from playpen_ls.text.edit import Edit


def with_entry(file: Jenkinsfile, name: str, entry: str) -> Edit:
    """Append an entry to a section such as `options {…}`; add the section if it is missing. Raises Refused."""
    pipeline, source = file.pipeline, file.source
    if pipeline is None:
        raise Refused("the file has no declarative pipeline")
    newline = source.newline
    section = pipeline.section(name)
    if section is None:
        return _new_section(file, pipeline, name, entry)
    block = section.block
    if block is None or not block.closed:
        raise Refused(f"`{name}` is not a block")
    brace = block.end - 1
    if not begins_line(source, brace):
        if not block.statements:
            return Edit(block.start + 1, brace, f" {entry} ")
        end = block.statements[-1].end
        return Edit(end, end, f"; {entry}")
    at = source.line_start(brace)
    indentation = source.indentation(brace) + unit(file)
    if block.statements and begins_line(source, block.statements[-1].start):
        indentation = source.indentation(block.statements[-1].start)
    return Edit(at, at, f"{indentation}{entry}{newline}")


def _new_section(file: Jenkinsfile, pipeline: Pipeline, name: str, entry: str) -> Edit:
    """Add the section after `agent`, else at the start of the pipeline."""
    source = file.source
    agent = pipeline.section("agent")
    end = agent.span.end if agent is not None else pipeline.block.start + 1
    first = pipeline.block.statements[0].start if pipeline.block.statements else end
    if not ends_line(source, end) or not begins_line(source, first):
        raise Refused("the sections of the pipeline are not on lines of their own")
    outer, by, newline = source.indentation(first), unit(file), source.newline
    at = source.next_line_start(end)
    return Edit(at, at, f"{outer}{name} {{{newline}{outer}{by}{entry}{newline}{outer}}}{newline}")
