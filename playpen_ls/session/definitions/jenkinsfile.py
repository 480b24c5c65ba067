"""References in Jenkinsfiles: steps of the repository's own shared library, and files that steps name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.api.rule import RuleContext
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.library import FOLDER, library_step
from playpen_ls.languages.jenkinsfile.syntax.tree import Call, Tree
from playpen_ls.session.definitions.reference import Reference, Target, file_at

# Steps and sections with the path of a file from the root of the repository: the argument's name, "" without one.
_FILES = {
    "load": "", "yamlFile": "", "readTrusted": "", "readFile": "file", "readYaml": "file", "readJSON": "file",
    "filename": "",
}  # fmt: skip


def references(model: Jenkinsfile, context: RuleContext, offset: int) -> Iterator[Reference]:
    """The references of the region at the offset."""
    outline = Outline(model.source.path, model.chunks)
    for number, chunk in enumerate(model.chunks):
        if chunk.span.start <= offset <= chunk.span.end:
            tree = Tree(chunk.content, FileView(outline, number))
            for call in tree.calls:
                if call.name in _FILES:
                    yield from _file(call, chunk.begins, context)
                elif not call.receiver:
                    yield Reference(call.name_span.shifted(chunk.begins), partial(_step, call.name, context))


def _file(call: Call, start: int, context: RuleContext) -> Iterator[Reference]:
    name = _FILES[call.name]
    argument = call.argument(name) if name else None
    argument = argument or next(iter(call.positional), None)
    literal, path = (argument.string, argument.value) if argument is not None else (None, None)
    if literal is not None and path:
        yield Reference(literal.inside.shifted(start), partial(file_at, "", path, context.files))


def _step(name: str, context: RuleContext) -> Iterator[Target]:
    path = f"{FOLDER}/{name}.groovy"
    if context.files.exists(path):
        step = library_step(context.files.text(path) or "")
        yield Target(path, step.span) if step is not None else Target(path)
