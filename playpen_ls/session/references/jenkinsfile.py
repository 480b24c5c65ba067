"""References in Jenkinsfiles: credentials, variables, steps of the own shared library, and files that steps name."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.library import FOLDER, library_step
from playpen_ls.languages.jenkinsfile.model.pipeline import EnvironmentEntry
from playpen_ls.languages.jenkinsfile.model.region import Region
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.tree import DOTS, Call
from playpen_ls.session.references.reference import Access, Kind, Reference, Target, file_at
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.pause import pause
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

# Steps and sections with the path of a file from the root of the repository: the argument's name, "" without one.
_FILES = {
    "load": "", "yamlFile": "", "readTrusted": "", "readFile": "file", "readYaml": "file", "readJSON": "file",
    "filename": "",
}  # fmt: skip
_PARAMETERS = frozenset(("string", "booleanParam", "choice", "text", "password", "credentials", "file"))
_BINDING = frozenset(("usernamePassword", "usernameColonPassword", "sshUserPrivateKey", "certificate"))
_CREDENTIALS = ("credentialsId", "credentials")
_WORD = regex(r"[A-Za-z_]\w*")
_ENTRY = regex(r"([A-Za-z_]\w*)=")
_USED = regex(r"(?<!\\)\$(?:\{(?:env\.|params\.)?)?([A-Za-z_]\w*)|\b(?:env|params)\.([A-Za-z_]\w*)")


def references(model: Jenkinsfile, workspace: Workspace, offset: int | None, word: str) -> Iterator[Reference]:
    """The references of the region at the offset, or of those of the file that have the word if it is None."""
    outline, bound = Outline(model.source.path, model.chunks), _Bound(model)
    for number, chunk in enumerate(model.chunks):
        if (offset is None or chunk.span.start <= offset <= chunk.span.end) and word in chunk.content.text:
            pause()
            region = Region(chunk.content, FileView(outline, number))
            yield from _InRegion(region, chunk.begins, bound, workspace).references()


def credentials(region: Region) -> Iterator[StringLiteral]:
    """The literal ids of credentials in a region, in text order."""
    for call in region.calls:
        for one in call.arguments:
            is_id = one.name == "credentialsId" or (one.name is None and call.name in _CREDENTIALS)
            if is_id and one.string is not None and one.value:
                yield one.string


def used(region: Region) -> Iterator[tuple[str, Span]]:
    """The names that code and strings use as variables, bound or not, and where."""
    tokens = region.tokens
    for number, (kind, start, end, text) in enumerate(tokens):
        if kind == "string":
            for found in _USED.finditer(region.text, start, end):
                group = 1 if found[1] else 2
                yield found[group], Span(*found.span(group))
        elif kind == "name" and tokens[number + 1 : number + 2] and tokens[number + 1][0] not in ("(", ":"):
            member = number > 1 and tokens[number - 1][0] in DOTS
            if not member or tokens[number - 2][3] in ("env", "params"):
                yield text, Span(start, end)


class _Bound:
    """The variables that a file binds."""

    def __init__(self, model: Jenkinsfile) -> None:
        self.path = model.source.path
        self._model = model

    def places(self, name: str) -> Sequence[Target]:
        """Where a variable is bound."""
        return self._places.get(name, ())

    @cached_property
    def _places(self) -> Mapping[str, Sequence[Target]]:
        found: dict[str, list[Target]] = {}
        for start, region in self._model.regions:
            for word, span in bindings(region):
                found.setdefault(word, []).append(Target(self.path, span.shifted(start)))
        return found

    @property
    def names(self) -> Collection[str]:
        return self._places.keys()


def bindings(region: Region) -> tuple[tuple[str, Span], ...]:
    """The variables that a region binds, in `environment`, `withCredentials`, `withEnv` and `parameters`."""
    return region.parsed.derived(_bindings)


def _bindings(parsed: Parsed) -> tuple[tuple[str, Span], ...]:
    return tuple(_bound(Region(parsed)))


def _bound(region: Region) -> Iterator[tuple[str, Span]]:
    text = region.text
    if "environment" in text or "environment" in region.frame_names:
        for entry in region.assignments:
            if isinstance(entry, EnvironmentEntry):
                yield entry.name, entry.name_span
    for call in region.named("withEnv") if "withEnv" in text else ():
        for item in (one for argument in call.positional for one in argument.items or ()):
            named = _ENTRY.match(text, item.string.inside.start) if item.string is not None else None
            if named is not None:
                yield named[1], Span(*named.span(1))
    for call in region.calls if "ariable" in text or "name" in text else ():
        is_parameter = call.name in _PARAMETERS
        for one in call.arguments:
            wanted = one.name is not None and one.name.lower().endswith("variable")
            if one.string is None or not _WORD.fullmatch(one.value or ""):
                continue
            if (wanted and _binds(call)) or (is_parameter and one.name == "name"):
                yield one.value or "", one.string.inside


def _binds(call: Call) -> bool:
    return call.name in _BINDING or any(outer.name == "withCredentials" for outer in (call, *call.enclosing))


class _InRegion:
    def __init__(self, region: Region, start: int, bound: _Bound, workspace: Workspace) -> None:
        self._region = region
        self._start = start
        self._bound = bound
        self._workspace = workspace
        self._files = workspace.context(bound.path).files

    def references(self) -> Iterator[Reference]:
        for call in self._region.calls:
            if call.name in _FILES:
                yield from self._file(call)
            elif not call.receiver:
                span = call.name_span.shifted(self._start)
                yield Reference(span, Kind.STEP, call.name, partial(self._step, call.name), word=call.name)
        for literal in credentials(self._region):
            span, name = literal.inside.shifted(self._start), literal.value or ""
            yield Reference(span, Kind.CREDENTIAL, name, partial(self._credential, name), word=name)

        yield from self._variables()

    def _variables(self) -> Iterator[Reference]:
        """The variables that the file binds, where they are bound, and in scripts, strings and code that use them."""
        region, written = self._region, set[Span]()
        for name, span in bindings(region):
            place = Target(self._bound.path, span.shifted(self._start))
            written.add(span)
            yield Reference(place.span, Kind.BINDING, name, partial(self._bound.places, name), place, Access.WRITE)
        for name, span in used(region):
            if span not in written and name in self._bound.names:
                span = span.shifted(self._start)
                yield Reference(span, Kind.BINDING, name, partial(self._bound.places, name))

    def _file(self, call: Call) -> Iterator[Reference]:
        name = _FILES[call.name]
        argument = call.argument(name) if name else None
        argument = argument or next(iter(call.positional), None)
        literal, path = (argument.string, argument.value) if argument is not None else (None, None)
        if literal is not None and path:
            span, word = literal.inside.shifted(self._start), posixpath.basename(path)
            yield Reference(span, Kind.FILE, "", partial(file_at, "", path, self._files), word=word)

    def _step(self, name: str) -> Iterator[Target]:
        path = f"{FOLDER}/{name}.groovy"
        if self._files.exists(path):
            step = library_step(self._files.text(path) or "")
            yield Target(path, step.span) if step is not None else Target(path)

    def _credential(self, name: str) -> Iterator[Target]:
        """The first place in the repository that names it."""
        for path in self._workspace.paths_of("jenkinsfile", name):
            model = self._workspace.model_at(path)
            for start, region in model.regions if isinstance(model, Jenkinsfile) else ():
                for literal in credentials(region):
                    if literal.value == name:
                        yield Target(path, literal.inside.shifted(start))
                        return
