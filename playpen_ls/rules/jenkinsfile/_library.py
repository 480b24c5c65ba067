"""The steps of the repository's own shared library, for the pipelines in the same repository.

Jenkins loads them from another commit if the pipeline loads a library by a name, so they are known only in pipelines
that load none, or the repository that they are in.
"""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.facts import Files
from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.languages.jenkinsfile.model.library import FOLDER, LibraryStep, library_methods, library_step
from playpen_ls.languages.jenkinsfile.parts import Argument, Call
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.text.regex import regex

_LIBRARY = regex(r"@Library\b|\blibrar(?:y|ies)\b")
# `library identifier: 'x@main', retriever: legacySCM(scm)` is the commit of the pipeline itself.
_OWN = regex(r"\blibrary\b[^;{}]{0,200}?\b(?:legacySCM|modernSCM)\s*\(\s*scm\s*\)")


def library_of(name: str) -> str:
    """The path of the file that would define a step."""
    return f"{FOLDER}/{name}.groovy"


def own_steps(file: FileView, files: Files) -> frozenset[str]:
    """The names of the library's files in pipelines that load no other library."""
    names = (name.removesuffix(".groovy") for name in files.names(FOLDER) if name.endswith(".groovy"))
    known = frozenset(names)
    return known if known and not file.ask(loads_other_library) else frozenset()


def own_step(name: str, files: Files) -> LibraryStep | None:
    text = files.text(library_of(name))
    return library_step(text) if text is not None else None


def own_methods(name: str, files: Files) -> frozenset[str]:
    return library_methods(files.text(library_of(name)) or "")


def scripts_of(call: Call, files: Files) -> Iterator[Argument]:
    """The arguments of a step of the library that it runs as scripts."""
    step = own_step(call.name, files)
    for place in step.scripts if step is not None else ():
        if isinstance(place, str):
            found = call.argument(place)
            if found is not None:
                yield found
        elif place < len(call.positional) and len(call.positional) == len(call.arguments):
            yield call.positional[place]


def loads_library(parsed: Parsed) -> bool:
    return "librar" in parsed.text.lower() and _LIBRARY.search(_OWN.sub("", parsed.text)) is not None


def loads_other_library(outline: Outline) -> bool:
    """Whether the pipeline loads a library that is not its own repository."""
    return any(outline.each(loads_library))
