"""What is selected step by step around a place: word, argument, command, block, stage, file.

Only of Jenkinsfiles and Dockerfiles; other servers have it for YAML and Python.
"""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.model import Model
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_WORD = regex(r"\w+")
_ARGUMENT = regex(r"[^\s\"',]+")


def selections(model: Model, offset: int) -> list[Span] | None:
    """The ranges around an offset, each inside the next; None for a language that is left to other servers."""
    if isinstance(model, Jenkinsfile):
        found = [*_in_jenkinsfile(model, offset)]
    elif isinstance(model, DockerfileModel):
        found = [*_in_dockerfile(model, offset)]
    else:
        return None
    text = model.source.text
    start = model.source.line_start(offset)
    line = model.source.line_span(model.source.line_of(offset))
    for pattern in (_WORD, _ARGUMENT):
        found += [Span(*one.span()) for one in pattern.finditer(text, start, line.end)]
    found.append(Span(0, len(text)))
    nested: list[Span] = []
    for span in sorted({one for one in found if one.start <= offset <= one.end}, key=lambda one: one.end - one.start):
        last = nested[-1] if nested else Span(offset, offset)
        if span.start <= last.start and last.end <= span.end and span != last:
            nested.append(span)
    return nested


def _in_dockerfile(model: DockerfileModel, offset: int) -> Iterator[Span]:
    for number, chunk in enumerate(model.chunks):
        if number and chunk.begins <= offset <= chunk.begins + len(chunk.content.text):
            stage = model.stage(number)
            yield stage.span.shifted(chunk.begins)
            for one in (stage.start, *stage.instructions):
                if one.span.shifted(chunk.begins).touches(Span(offset, offset)):
                    yield one.span.shifted(chunk.begins)
                    yield one.arguments_span.shifted(chunk.begins)
                    spans = (*(word.span for word in one.words), *(flag.span for flag in one.flags))
                    yield from (span.shifted(chunk.begins) for span in spans)


def _in_jenkinsfile(model: Jenkinsfile, offset: int) -> Iterator[Span]:
    tree = model.tree
    for statement in tree.statements:
        if statement.start <= offset <= statement.end:
            yield statement.span
            for call in statement.calls:
                if call.span.touches(Span(offset, offset)):
                    yield call.span
                    for argument in call.arguments:
                        yield argument.span
                        yield from (string.inside for string in argument.strings)
                        yield from (string.span for string in argument.strings)
    for block in tree.blocks:
        if block.start <= offset <= block.end:
            yield block.inside
            yield Span(block.start, block.end)
